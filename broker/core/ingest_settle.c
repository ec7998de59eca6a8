/* ingest_settle.c - what follows when an append or a look-up has ended.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>

void ingest_move_mark(struct ingest *ingest, uint32_t slot, struct ring_entry entry,
                      struct pending_move *move)
{
    struct producer *producer = producers_at(&ingest->producers, slot);
    assert(entry.number > producer->mark);
    *move = (struct pending_move){
        .mark_before = producer->mark, .number = entry.number, .producer = slot};
    producers_push(&ingest->producers, slot, entry);
    producer->mark = entry.number;
    producer->pending++;
}

void ingest_tell_duplicate(struct ingest *ingest, uint32_t receipt, uint64_t seq)
{
    if (seq <= ingest->pending.durable) {
        ingest->statistics.duplicates++;
        receipts_tell_stored(&ingest->receipts, receipt, seq, true);
        return;
    }
    /* «A duplicate of what is being flushed is answered when that flush is done, never before.» */
    uint32_t *waiters = &ingest->pending.waiters[pending_place(&ingest->pending, seq)];
    struct receipt_slot *slot = &ingest->receipts.slots[receipt];
    slot->receipt.is_duplicate = true;
    slot->next_waiter = *waiters;
    *waiters = receipt;
}

void ingest_forget_if_unused(struct ingest *ingest, uint32_t slot)
{
    const struct producer *producer = producers_at(&ingest->producers, slot);
    if (producer->mark == 0 && producer->pending == 0 && producer->lookups == PRODUCER_NONE) {
        producers_remove(&ingest->producers, slot);
    }
}

void ingest_settle_move(struct ingest *ingest, const struct pending_move *move)
{
    struct producer *producer = producers_at(&ingest->producers, move->producer);
    assert(producer->pending > 0 && producer->settled < move->number);
    producer->pending--;
    producer->settled = move->number;
    ingest->producers.is_changed[move->producer] = true;
    ingest->producers.is_ring_changed[producer->ring] = true;
}

static void settle_event(struct ingest *ingest, uint64_t seq)
{
    uint32_t place = pending_place(&ingest->pending, seq);
    uint32_t receipt = ingest->pending.waiters[place];
    while (receipt != RECEIPT_NONE) {
        const struct receipt_slot *slot = &ingest->receipts.slots[receipt];
        uint32_t next = slot->next_waiter;
        ingest->statistics.stored += !slot->receipt.is_duplicate;
        ingest->statistics.duplicates += slot->receipt.is_duplicate;
        receipts_tell_stored(&ingest->receipts, receipt, seq, slot->receipt.is_duplicate);
        receipt = next;
    }
    receipts_release(&ingest->receipts, ingest->pending.tickets[place]);
}

void ingest_settle(struct ingest *ingest)
{
    uint64_t durable = ingest->pending.durable;
    struct pending_move move;
    while (pending_take_settled(&ingest->pending, &move)) {
        ingest_settle_move(ingest, &move);
        if (move.seq != 0) {
            settle_event(ingest, move.seq);
        }
    }
    uint32_t place = pending_place(&ingest->pending, durable);
    window_settle(&ingest->window, durable, ingest->pending.items[place].recorded_at_ms);
}

static void undo_event(struct ingest *ingest, uint64_t seq)
{
    uint32_t place = (uint32_t)(seq % ingest->pending.room);
    uint32_t receipt = ingest->pending.waiters[place];
    while (receipt != RECEIPT_NONE) {
        uint32_t next = ingest->receipts.slots[receipt].next_waiter;
        ingest->receipts.slots[receipt].receipt.is_duplicate = false;
        ingest->statistics.busy++;
        receipts_tell_refused(&ingest->receipts, receipt, &ingest_store_full);
        receipt = next;
    }
    receipts_release(&ingest->receipts, ingest->pending.tickets[place]);
    window_pop(&ingest->window);
}

void ingest_undo(struct ingest *ingest)
{
    struct pending_move move;
    while (pending_take_newest(&ingest->pending, &move)) {
        struct producer *producer = producers_at(&ingest->producers, move.producer);
        assert(producer->mark == move.number && producer->pending > 0);
        producers_pop(&ingest->producers, move.producer, move.number);
        producer->mark = move.mark_before;
        producer->pending--;
        if (move.seq != 0) {
            undo_event(ingest, move.seq);
        }
        ingest_forget_if_unused(ingest, move.producer);
    }
    assert(pending_events(&ingest->pending) == 0);
}

/* «Never stored: NUMBER_SKIPPED, after the id window was asked.» */
static void end_never(struct ingest *ingest, const struct lookup *lookup)
{
    uint64_t seq, digest, mark = producers_at(&ingest->producers, lookup->producer)->mark;
    if (!window_find(&ingest->window, lookup->key, &seq, &digest)) {
        /* The mark may have fallen while the log was read: then the number is open again. */
        receipts_tell_mark(&ingest->receipts, lookup->receipt,
                           lookup->number > mark ? RECEIPT_GAP : RECEIPT_SKIPPED, mark);
    } else if (digest == lookup->digest) {
        ingest_tell_duplicate(ingest, lookup->receipt, seq);
    } else {
        receipts_tell_refused(&ingest->receipts, lookup->receipt, &ingest_conflict);
    }
}

/* «A resend below what is kept is a duplicate without a sequence», unless the window knows better.
 * */
static void end_trimmed(struct ingest *ingest, const struct lookup *lookup)
{
    uint64_t seq, digest;
    bool is_known =
        window_find(&ingest->window, lookup->key, &seq, &digest) && digest == lookup->digest;
    ingest_tell_duplicate(ingest, lookup->receipt, is_known ? seq : 0);
}

void ingest_end_lookup(struct ingest *ingest, const struct lookup_end *end)
{
    const struct lookup *lookup = &end->lookup;
    switch (end->result) {
    case LOOKUP_SAME:
        ingest_tell_duplicate(ingest, lookup->receipt, end->seq);
        break;
    case LOOKUP_OTHER:
        receipts_tell_mark(&ingest->receipts, lookup->receipt, RECEIPT_REUSED,
                           producers_at(&ingest->producers, lookup->producer)->mark);
        break;
    case LOOKUP_NEVER:
        end_never(ingest, lookup);
        break;
    case LOOKUP_TRIMMED:
        end_trimmed(ingest, lookup);
        break;
    case LOOKUP_DAMAGED:
        ingest->statistics.busy++;
        receipts_tell_refused(&ingest->receipts, lookup->receipt, &ingest_store_corrupt);
        break;
    }
}
