/* ingest_rule.c - the rule of architecture §4, item by item.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>

#define PRIORITY_RESERVED 8

const struct refusal ingest_busy = {
    .code = "BUSY",
    .field = "",
    .reason = "too much is waiting to be stored",
    .retry_after_ms = BUSY_RETRY_MS,
    .is_retryable = true,
};
const struct refusal ingest_store_full = {
    .code = "STORE_FULL",
    .field = "",
    .reason = "the broker's disk has no room for more events",
    .retry_after_ms = STORE_FULL_RETRY_MS,
    .is_retryable = true,
};
const struct refusal ingest_store_corrupt = {
    .code = "STORE_CORRUPT",
    .field = "",
    .reason = "a damaged part of the log stands in the way",
    .retry_after_ms = LONG_RETRY_MS,
    .is_retryable = true,
};
static const struct refusal producer_limit = {
    .code = "PRODUCER_LIMIT",
    .field = "producer",
    .reason = "the agency has as many producers as it may have: an operator can retire some",
    .retry_after_ms = LONG_RETRY_MS,
    .is_retryable = true,
};
const struct refusal ingest_conflict = {
    .code = "CONFLICT",
    .field = "id",
    .reason = "an event with this id and another content is stored already",
};
static const struct refusal system_mode = {
    .code = "RIGHTS",
    .field = "mode",
    .reason = "mode SYSTEM is the broker's own",
};
static const struct refusal system_topic = {
    .code = "RIGHTS",
    .field = "topic",
    .reason = "topics under $ are the broker's own",
};
static const struct refusal no_right = {
    .code = "RIGHTS",
    .field = "topic",
    .reason = "the agency may not publish to this topic",
};
static const struct refusal source_mismatch = {
    .code = "SOURCE_MISMATCH",
    .field = "source",
    .reason = "the event names another agency as its source",
};
static const struct refusal no_items = {
    .code = "BAD_FRAME",
    .field = "",
    .reason = "a publish without an item",
};

/* A producer that was told to come again: what follows it in the same publish must, too. */
struct blocked {
    const uint8_t *producer;
    const struct refusal *refusal;
};

/* One publish while it is judged. */
struct judging {
    struct ingest *ingest;
    const struct ingest_publish *publish;
    const struct ingest_ask *ask;
    uint32_t ticket;
    uint32_t blocked_count;
    struct blocked blocked[HELLO_PRODUCERS_MAX];
};

/* One item of it. */
struct item {
    const struct publish_item *scanned;
    const struct sent_facts *facts;
    const uint8_t *key; /* for the id window */
    uint64_t digest;
    uint32_t receipt;
    uint32_t producer; /* its slot; PRODUCER_NONE: unknown */
    struct producer_key producer_key;
};

static uint64_t mark_of(const struct ingest *ingest, uint32_t producer)
{
    return producer == PRODUCER_NONE ? 0 : producers_at(&ingest->producers, producer)->mark;
}

static void refuse(struct judging *judging, const struct item *item, const struct refusal *refusal)
{
    struct ingest_statistics *statistics = &judging->ingest->statistics;
    if (refusal->is_retryable) {
        statistics->busy++;
    } else {
        statistics->refused++;
    }
    receipts_tell_refused(&judging->ingest->receipts, item->receipt, refusal);
}

/* Refuses for now, and with it what follows of the same producer: numbers stay in order. */
static void block(struct judging *judging, const struct item *item, const struct refusal *refusal)
{
    refuse(judging, item, refusal);
    if (judging->blocked_count < HELLO_PRODUCERS_MAX) {
        judging->blocked[judging->blocked_count++] =
            (struct blocked){item->facts->producer, refusal};
    }
}

static const struct refusal *find_block(const struct judging *judging, const uint8_t *producer)
{
    for (uint32_t index = 0; index < judging->blocked_count; index++) {
        if (memcmp(judging->blocked[index].producer, producer, PRODUCER_BYTES) == 0) {
            return judging->blocked[index].refusal;
        }
    }
    return NULL;
}

static void tell_mark(struct judging *judging, const struct item *item, enum receipt_kind kind)
{
    struct ingest *ingest = judging->ingest;
    ingest->statistics.gaps += kind == RECEIPT_GAP;
    receipts_tell_mark(&ingest->receipts, item->receipt, kind, mark_of(ingest, item->producer));
}

/* «number <= mark, with the id and digest of the record that has this number: a duplicate, from a
 * ring, else a cold look-up.» The digest covers the id. */
static void judge_known_number(struct judging *judging, const struct item *item)
{
    struct ingest *ingest = judging->ingest;
    const struct producer *producer = producers_at(&ingest->producers, item->producer);
    const struct ring_entry *entry =
        producers_recall(&ingest->producers, item->producer, item->facts->number);
    if (entry != NULL && entry->digest == item->digest) {
        ingest_tell_duplicate(ingest, item->receipt, entry->seq);
        return;
    }
    if (entry != NULL) {
        tell_mark(judging, item, RECEIPT_REUSED);
        return;
    }
    struct lookup lookup = {.number = item->facts->number,
                            .digest = item->digest,
                            .seq = producer->last_seq,
                            .producer = item->producer,
                            .receipt = item->receipt};
    memcpy(lookup.key, item->key, ID_BYTES);
    if (lookup.seq > ingest->pending.durable) {
        lookup.seq = ingest->pending.durable;
    }
    if (lookup.seq < ingest->log_first) {
        /* Without any record (its mark was moved by duplicates) nothing of it was trimmed. */
        struct lookup_end end = {.lookup = lookup, .result = LOOKUP_NEVER};
        if (ingest->log_first > 1 && lookup.seq > 0) {
            end.result = LOOKUP_TRIMMED;
        }
        ingest_end_lookup(ingest, &end);
    } else if (!lookups_add(&ingest->lookups, &ingest->producers, &lookup)) {
        refuse(judging, item, &ingest_busy);
    }
}

/* What keeps another move of this producer's mark out, or NULL. */
static const struct refusal *judge_move(const struct ingest *ingest, const struct item *item,
                                        uint32_t reserve)
{
    if (item->producer == PRODUCER_NONE) {
        if (!producers_have_room(&ingest->producers, &item->producer_key)) {
            return &producer_limit;
        }
    } else if (producers_at(&ingest->producers, item->producer)->pending >=
               ingest->limits.window_events) {
        return &ingest_busy;
    }
    return pending_has_room(&ingest->pending, reserve) ? NULL : &ingest_busy;
}

/* The producer's slot with a ring, added if it is new; PRODUCER_NONE: every ring is needed. */
static uint32_t take_producer(struct ingest *ingest, const struct item *item)
{
    uint32_t producer = item->producer;
    if (producer == PRODUCER_NONE) {
        producer = producers_add(&ingest->producers, &item->producer_key);
        assert(producer != PRODUCER_NONE);
    }
    if (!producers_take_ring(&ingest->producers, producer)) {
        ingest_forget_if_unused(ingest, producer);
        return PRODUCER_NONE;
    }
    return producer;
}

/* «A duplicate by `id` stores nothing and moves the mark in memory.» */
static void judge_known_id(struct judging *judging, const struct item *item, uint64_t seq)
{
    struct ingest *ingest = judging->ingest;
    const struct refusal *refusal = judge_move(ingest, item, 0);
    if (refusal == &producer_limit) {
        ingest_tell_duplicate(ingest, item->receipt, seq);
        return;
    }
    uint32_t producer = refusal == NULL ? take_producer(ingest, item) : PRODUCER_NONE;
    if (producer == PRODUCER_NONE) {
        block(judging, item, &ingest_busy);
        return;
    }
    struct pending_move move;
    ingest_move_mark(ingest, producer, (struct ring_entry){item->facts->number, seq, item->digest},
                     &move);
    if (pending_events(&ingest->pending) > 0) {
        pending_add_move(&ingest->pending, &move);
    } else {
        ingest_settle_move(ingest, &move);
    }
    ingest_tell_duplicate(ingest, item->receipt, seq);
}

/* Rules that refuse a new event for good. */
static const struct refusal *judge_rights(const struct judging *judging, const struct item *item)
{
    const struct event_facts *event = &item->facts->event;
    if (event->source.length > 0 && !bytes_are_equal(event->source, judging->publish->agency)) {
        return &source_mismatch;
    }
    if (event->mode == MODE_SYSTEM) {
        return &system_mode;
    }
    if (event->topic.length > 0 && event->topic.data[0] == '$') {
        return &system_topic;
    }
    return judging->ask->may_publish(judging->ask->context, event->topic) ? NULL : &no_right;
}

/* Priority 8 and above may use the last tenth of memory and disk. */
static const struct refusal *judge_room(struct judging *judging, const struct item *item)
{
    struct ingest *ingest = judging->ingest;
    bool is_urgent = item->facts->event.priority >= PRIORITY_RESERVED;
    const struct refusal *refusal =
        judge_move(ingest, item, is_urgent ? 0 : ingest->limits.pending_events / 10);
    if (refusal != NULL) {
        return refusal;
    }
    size_t frame_bytes = 0, limit_bytes = ingest->limits.pending_bytes;
    if (ingest->receipts.tickets[judging->ticket].frame == NULL) {
        frame_bytes = blob_bytes(judging->publish->publish->frame).length;
    }
    limit_bytes -= is_urgent ? 0 : limit_bytes / 10;
    size_t held_bytes = ingest->receipts.frame_bytes;
    if (held_bytes > 0 && held_bytes + frame_bytes > limit_bytes) {
        return &ingest_busy;
    }
    uint64_t needed = ingest->pending.item_bytes + item->scanned->sent.length +
                      item->scanned->personal.length + ITEM_OVERHEAD_BYTES +
                      (is_urgent ? 0 : ingest->reserve_bytes);
    if (needed > ingest->room_bytes) {
        if (ingest->room_ms == UINT64_MAX) {
            ingest->room_ms = judging->publish->now_ms + ROOM_RETRY_MS;
        }
        return &ingest_store_full;
    }
    return ingest->is_tail_damaged ? &ingest_store_corrupt : NULL;
}

static void accept(struct judging *judging, const struct item *item, uint32_t producer)
{
    struct ingest *ingest = judging->ingest;
    struct ticket *ticket = &ingest->receipts.tickets[judging->ticket];
    struct clock_stamp stamp = clock_stamp(&ingest->clock, item->facts->sent_at_ms);
    uint64_t seq = ingest->pending.next;
    struct append_item append = {.sent = item->scanned->sent,
                                 .personal = item->scanned->personal,
                                 .agency = bytes_of(ticket->agency, ticket->agency_length),
                                 .seq = seq,
                                 .recorded_at_ms = stamp.recorded_at_ms,
                                 .sender_skewed = stamp.sender_skewed,
                                 .clock_jumped = stamp.clock_jumped};
    memcpy(append.key_id, ticket->key_id, KEY_ID_BYTES);
    struct pending_move move;
    ingest_move_mark(ingest, producer, (struct ring_entry){item->facts->number, seq, item->digest},
                     &move);
    move.seq = seq;
    producers_at(&ingest->producers, producer)->last_seq = seq;
    window_push(&ingest->window, item->key, item->digest);
    receipts_hold(&ingest->receipts, judging->ticket, judging->publish->publish->frame);
    pending_add_event(&ingest->pending, &append, judging->ticket, &move);
    ingest->pending.waiters[pending_place(&ingest->pending, seq)] = item->receipt;
}

/* «after = mark»: the next of its producer. New, or known by its id. */
static void judge_next_number(struct judging *judging, const struct item *item)
{
    struct ingest *ingest = judging->ingest;
    uint64_t seq, digest;
    if (window_find(&ingest->window, item->key, &seq, &digest)) {
        if (digest == item->digest) {
            judge_known_id(judging, item, seq);
        } else {
            refuse(judging, item, &ingest_conflict);
        }
        return;
    }
    const struct refusal *refusal = judge_rights(judging, item);
    if (refusal != NULL) {
        refuse(judging, item, refusal);
        return;
    }
    refusal = judge_room(judging, item);
    uint32_t producer = refusal == NULL ? take_producer(ingest, item) : PRODUCER_NONE;
    if (producer == PRODUCER_NONE) {
        block(judging, item, refusal == NULL ? &ingest_busy : refusal);
        return;
    }
    accept(judging, item, producer);
}

static void judge_item(struct judging *judging, const struct item *item)
{
    const struct scan_fault *fault = &item->scanned->fault;
    const struct refusal *refusal = NULL;
    if (fault->code != NULL) {
        refuse(
            judging, item,
            &(struct refusal){.code = fault->code, .field = fault->field, .reason = fault->reason});
        return;
    }
    refusal = judging->ask->judge_producer(judging->ask->context, item->facts->producer);
    if (refusal == NULL) {
        refusal = find_block(judging, item->facts->producer);
    }
    uint64_t mark = mark_of(judging->ingest, item->producer);
    if (refusal != NULL) {
        refuse(judging, item, refusal);
    } else if (item->facts->number <= mark) {
        judge_known_number(judging, item);
    } else if (item->facts->after != mark) {
        tell_mark(judging, item, RECEIPT_GAP);
    } else {
        judge_next_number(judging, item);
    }
}

const struct refusal *ingest_publish(struct ingest *ingest, const struct ingest_publish *publish,
                                     const struct ingest_ask *ask)
{
    assert(ingest->phase == PHASE_READY && publish->agency.length <= AGENCY_BYTES_MAX);
    const struct publish_request *request = publish->publish;
    if (request->count == 0) {
        return &no_items;
    }
    uint32_t ticket =
        receipts_open(&ingest->receipts, publish->peer, publish->number, request->count);
    if (ticket == RECEIPT_NONE) {
        ingest->statistics.busy += request->count;
        return &ingest_busy;
    }
    receipts_stamp(&ingest->receipts, ticket, publish->agency, publish->key_id);
    clock_read(&ingest->clock, publish->now_ms, publish->wall_ms);
    struct judging judging = {.ingest = ingest, .publish = publish, .ask = ask, .ticket = ticket};
    for (uint32_t index = 0; index < request->count; index++) {
        const struct publish_item *scanned = &request->items[index];
        struct item item = {.scanned = scanned,
                            .facts = &scanned->facts,
                            .key = request->window_keys[index],
                            .digest = request->digests[index]};
        item.receipt =
            receipts_add(&ingest->receipts, ticket, item.facts->producer, item.facts->number);
        item.producer_key = producers_key(publish->agency, item.facts->producer);
        item.producer = producers_find(&ingest->producers, &item.producer_key);
        judge_item(&judging, &item);
    }
    receipts_seal(&ingest->receipts, ticket);
    return NULL;
}
