/* link_wire.c - frames of the broker to link_heard.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire.h"

#include <stdlib.h>

#include "clients/c/src/link_wire_codec.h"
#include "clients/c/src/link_wire_scan.h"
#include "kentongan/v1/wire.pb-c.h"

enum { SAID_BYTES_MAX = 8 * 1024 * 1024, HEARD_BYTES_MAX = 8 * 1024 * 1024 };

struct link_wire *link_wire_new(void)
{
    struct link_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return NULL;
    arena_init(&wire->said, SAID_BYTES_MAX);
    arena_init(&wire->heard, HEARD_BYTES_MAX);
    return wire;
}

void link_wire_free(struct link_wire *wire)
{
    if (wire == NULL)
        return;
    arena_deinit(&wire->said);
    arena_deinit(&wire->heard);
    free(wire->records);
    free(wire);
}

static struct bytes view(ProtobufCBinaryData data)
{
    return bytes_of(data.data, data.len);
}

static bool hear_log(const Kentongan__V1__LogIdentity *from, struct link_log *log)
{
    if (from == NULL || from->uuid.len != sizeof log->uuid || from->incarnation == 0)
        return false;
    memcpy(log->uuid, from->uuid.data, sizeof log->uuid);
    log->incarnation = from->incarnation;
    return true;
}

/* A session must know which log it talks to; elsewhere the identity may be left out. */
static bool hear_log_or_none(const Kentongan__V1__LogIdentity *from, struct link_log *log)
{
    return from == NULL || hear_log(from, log);
}

static bool hear_refusal(const Kentongan__V1__Refusal *from, struct link_refusal *refusal)
{
    if (from == NULL || from->code[0] == '\0')
        return false;
    *refusal = (struct link_refusal){
        .code = bytes_of_text(from->code),
        .field = bytes_of_text(from->field),
        .reason = bytes_of_text(from->reason),
        .retry_after_ms = from->retry_after_ms,
        .is_retryable = from->retryable,
    };
    return true;
}

static int64_t hear_time_ms(const Google__Protobuf__Timestamp *time)
{
    const int64_t seconds_max = 253402300799; /* the end of year 9999 */
    if (time == NULL || time->seconds < -seconds_max || time->seconds > seconds_max)
        return 0;
    return time->seconds * 1000 + time->nanos / 1000000;
}

static bool hear_marks(struct arena *arena, const Kentongan__V1__Welcome *from,
                       struct link_heard *heard)
{
    struct link_mark *marks = arena_take_array(arena, from->n_marks + 1, sizeof *marks);
    if (marks == NULL)
        return false;
    for (size_t i = 0; i < from->n_marks; i++) {
        if (from->marks[i]->producer.len != PRODUCER_BYTES)
            return false;
        memcpy(marks[i].producer, from->marks[i]->producer.data, PRODUCER_BYTES);
        marks[i].number = from->marks[i]->mark;
    }
    heard->of.welcome.marks = marks;
    heard->of.welcome.mark_count = (uint32_t)from->n_marks;
    return true;
}

static bool hear_welcome(struct arena *arena, const Kentongan__V1__Welcome *from,
                         struct link_heard *heard)
{
    heard->kind = LINK_HEARD_WELCOME;
    heard->of.welcome.version = from->version;
    heard->of.welcome.agency = bytes_of_text(from->agency);
    heard->of.welcome.site = bytes_of_text(from->site);
    heard->of.welcome.head = from->head;
    heard->of.welcome.heartbeat_ms = from->heartbeat_ms;
    heard->of.welcome.now_ms = hear_time_ms(from->now);
    if (from->limits != NULL) {
        heard->of.welcome.event_bytes = from->limits->event_bytes;
        heard->of.welcome.batch_bytes = from->limits->batch_bytes;
        heard->of.welcome.window_events = from->limits->window_events;
    }
    return hear_log(from->log, &heard->of.welcome.log) && hear_marks(arena, from, heard);
}

static bool hear_outcome(const Kentongan__V1__Receipt *from, struct link_receipt *receipt)
{
    const Kentongan__V1__Mark *mark = NULL;
    switch (from->outcome_case) {
    case KENTONGAN__V1__RECEIPT__OUTCOME_STORED:
        receipt->outcome = LINK_STORED;
        receipt->seq = from->stored->seq;
        receipt->is_duplicate = from->stored->duplicate;
        return true;
    case KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED:
        receipt->outcome = LINK_REFUSED;
        return hear_refusal(from->refused, &receipt->refusal);
    case KENTONGAN__V1__RECEIPT__OUTCOME_GAP:
        receipt->outcome = LINK_GAP;
        mark = from->gap;
        break;
    case KENTONGAN__V1__RECEIPT__OUTCOME_NUMBER_REUSED:
        receipt->outcome = LINK_NUMBER_REUSED;
        mark = from->number_reused;
        break;
    case KENTONGAN__V1__RECEIPT__OUTCOME_NUMBER_SKIPPED:
        receipt->outcome = LINK_NUMBER_SKIPPED;
        mark = from->number_skipped;
        break;
    default:
        return false;
    }
    receipt->mark = mark->mark;
    return true;
}

static bool hear_receipts(struct arena *arena, const Kentongan__V1__Receipts *from,
                          struct link_heard *heard)
{
    struct link_receipt *receipts = arena_take_array(arena, from->n_receipts + 1, sizeof *receipts);
    if (receipts == NULL)
        return false;
    for (size_t i = 0; i < from->n_receipts; i++) {
        const Kentongan__V1__Receipt *receipt = from->receipts[i];
        if (receipt->producer.len != PRODUCER_BYTES || receipt->number == 0 ||
            !hear_outcome(receipt, &receipts[i]))
            return false;
        memcpy(receipts[i].producer, receipt->producer.data, PRODUCER_BYTES);
        receipts[i].number = receipt->number;
    }
    heard->kind = LINK_HEARD_RECEIPTS;
    heard->of.receipts.receipts = receipts;
    heard->of.receipts.count = (uint32_t)from->n_receipts;
    return hear_log_or_none(from->log, &heard->of.receipts.log);
}

static bool hear_following(struct arena *arena, const Kentongan__V1__Following *from,
                           struct link_heard *heard)
{
    struct bytes *filters = arena_take_array(arena, from->n_filters + 1, sizeof *filters);
    if (filters == NULL || from->n_filters > LINK_FILTERS_MAX ||
        from->resume.len > LINK_RESUME_BYTES)
        return false;
    for (size_t i = 0; i < from->n_filters; i++)
        filters[i] = bytes_of_text(from->filters[i]);
    heard->kind = LINK_HEARD_FOLLOWING;
    heard->of.following.follow = from->follow;
    heard->of.following.first = from->first;
    heard->of.following.head = from->head;
    heard->of.following.origin = from->origin;
    heard->of.following.through = from->through;
    heard->of.following.filters = filters;
    heard->of.following.filter_count = (uint32_t)from->n_filters;
    heard->of.following.is_narrowed = from->narrowed;
    heard->of.following.is_created = from->created;
    heard->of.following.resume = view(from->resume);
    return hear_log(from->log, &heard->of.following.log);
}

static bool hear_deliver(struct link_wire *wire, const Kentongan__V1__Deliver *from,
                         struct bytes second, struct link_heard *heard, bool *is_memory)
{
    uint32_t count;
    struct link_lost *lost = arena_take_array(&wire->heard, from->n_lost + 1, sizeof *lost);
    if (lost == NULL || from->n_lost > LINK_LOST_MAX || from->first == 0 ||
        !link_wire_batch(wire, second, &count, is_memory) || count != from->count)
        return false;
    for (size_t i = 0; i < from->n_lost; i++)
        lost[i] = (struct link_lost){.first = from->lost[i]->first,
                                     .last = from->lost[i]->last,
                                     .reason = bytes_of_text(from->lost[i]->reason)};
    heard->kind = LINK_HEARD_DELIVER;
    heard->of.deliver.follow = from->follow;
    heard->of.deliver.first = from->first;
    heard->of.deliver.last = from->last;
    heard->of.deliver.replay_through = from->replay_through;
    heard->of.deliver.records = wire->records;
    heard->of.deliver.count = count;
    heard->of.deliver.lost = lost;
    heard->of.deliver.lost_count = (uint32_t)from->n_lost;
    return true;
}

static bool hear_answer(struct link_wire *wire, struct bytes second, struct link_heard *heard,
                        bool *is_memory)
{
    uint32_t count;
    if (!link_wire_batch(wire, second, &count, is_memory) || count != 1)
        return false;
    heard->kind = LINK_HEARD_ANSWER;
    heard->of.answer.record = wire->records[0];
    return true;
}

static bool hear_error(const Kentongan__V1__Error *from, struct link_heard *heard)
{
    heard->kind = LINK_HEARD_ERROR;
    heard->of.error.theirs = from->theirs;
    heard->of.error.ours = from->ours;
    return hear_refusal(from->refusal, &heard->of.error.refusal) &&
           hear_log_or_none(from->log, &heard->of.error.log);
}

static bool hear_ended(const Kentongan__V1__Ended *from, struct link_heard *heard)
{
    heard->kind = LINK_HEARD_ENDED;
    heard->of.ended.follow = from->follow;
    heard->of.ended.first = from->first;
    heard->of.ended.last = from->last;
    return hear_refusal(from->refusal, &heard->of.ended.refusal);
}

static bool hear_body(struct link_wire *wire, const Kentongan__V1__FromBroker *from,
                      struct bytes second, struct link_heard *heard, bool *is_memory)
{
    switch (from->body_case) {
    case KENTONGAN__V1__FROM_BROKER__BODY_WELCOME:
        return hear_welcome(&wire->heard, from->welcome, heard);
    case KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS:
        return hear_receipts(&wire->heard, from->receipts, heard);
    case KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING:
        return hear_following(&wire->heard, from->following, heard);
    case KENTONGAN__V1__FROM_BROKER__BODY_DELIVER:
        return hear_deliver(wire, from->deliver, second, heard, is_memory);
    case KENTONGAN__V1__FROM_BROKER__BODY_ACKED:
        heard->kind = LINK_HEARD_ACKED;
        heard->of.acked.follow = from->acked->follow;
        heard->of.acked.through = from->acked->through;
        return true;
    case KENTONGAN__V1__FROM_BROKER__BODY_ENDED:
        return hear_ended(from->ended, heard);
    case KENTONGAN__V1__FROM_BROKER__BODY_ANSWER:
        return hear_answer(wire, second, heard, is_memory);
    case KENTONGAN__V1__FROM_BROKER__BODY_PONG:
        heard->kind = LINK_HEARD_PONG;
        heard->of.pong.head = from->pong->head;
        return true;
    case KENTONGAN__V1__FROM_BROKER__BODY_BYE:
        heard->kind = LINK_HEARD_BYE;
        return true;
    case KENTONGAN__V1__FROM_BROKER__BODY_ERROR:
        return hear_error(from->error, heard);
    default:
        return false;
    }
}

bool link_wire_decode(struct link_wire *wire, struct bytes first, struct bytes second,
                      struct link_heard *heard)
{
    arena_reset(&wire->heard);
    *heard = (struct link_heard){.kind = LINK_HEARD_BAD};
    if (first.length == 0 || first.length > LINK_FRAME_BYTES_MAX ||
        second.length > LINK_BATCH_BYTES_MAX ||
        !scan_message(&kentongan__v1__from_broker__descriptor, first))
        return true;
    Kentongan__V1__FromBroker *from =
        kentongan__v1__from_broker__unpack(&wire->heard.allocator, first.length, first.data);
    if (from == NULL)
        return true;
    heard->request = from->request;
    bool is_memory = false;
    if (!hear_body(wire, from, second, heard, &is_memory))
        heard->kind = LINK_HEARD_BAD;
    return !is_memory;
}
