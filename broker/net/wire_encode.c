/* wire_encode.c - writes first frames.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "broker/net/wire_private.h"
#include "proto/c/codes.h"

static enum status message_pack(const ProtobufCMessage *message, struct blob **frame)
{
    *frame = blob_new_empty(protobuf_c_message_get_packed_size(message));
    if (*frame == NULL) {
        return STATUS_MEMORY;
    }
    (void)protobuf_c_message_pack(message, blob_room(*frame));
    return STATUS_OK;
}

/* protobuf-c's fields are not const; packing only reads them. */
static char *text_of(const char *text)
{
    return (char *)text;
}

static ProtobufCBinaryData binary_of(const uint8_t *data, size_t length)
{
    return (ProtobufCBinaryData){.len = length, .data = (uint8_t *)data};
}

/* A view as the NUL-terminated text that protobuf-c wants, or NULL. */
static char *text_copy(struct wire *wire, struct bytes text)
{
    char *copy = wire_arena_take(&wire->outgoing, text.length + 1);
    if (copy != NULL && text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    return copy;
}

static void identity_fill(const struct wire *wire, Kentongan__V1__LogIdentity *identity)
{
    kentongan__v1__log_identity__init(identity);
    identity->uuid = binary_of(wire->options.uuid, sizeof wire->options.uuid);
    identity->incarnation = wire->options.incarnation;
}

/* A code's class and words are its own; an answer may say more, never less. */
static void refusal_fill(const struct refusal *refusal, Kentongan__V1__Refusal *out)
{
    const struct code *code = code_find(bytes_of_text(refusal->code));
    assert(code != NULL);
    kentongan__v1__refusal__init(out);
    bool has_reason = refusal->reason != NULL && refusal->reason[0] != '\0';
    out->code = text_of(refusal->code);
    out->field = text_of(refusal->field != NULL ? refusal->field : "");
    out->reason = text_of(has_reason ? refusal->reason : code->meaning);
    out->retryable = refusal->is_retryable || code->class == CODE_RETRYABLE;
    out->retry_after_ms = refusal->retry_after_ms;
}

static enum status encode_body(const struct answer *answer, Kentongan__V1__FromBroker *body,
                               struct blob **first)
{
    body->request = answer->number;
    return message_pack(&body->base, first);
}

static enum status marks_fill(struct wire *wire, const struct answer *answer,
                              Kentongan__V1__Welcome *welcome)
{
    uint32_t count = answer->of.welcome.mark_count;
    Kentongan__V1__Mark *marks = wire_arena_take(&wire->outgoing, count * sizeof *marks);
    welcome->marks = wire_arena_take(&wire->outgoing, count * sizeof(Kentongan__V1__Mark *));
    if (marks == NULL || welcome->marks == NULL) {
        return STATUS_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct mark *mark = &answer->of.welcome.marks[i];
        kentongan__v1__mark__init(&marks[i]);
        marks[i].producer = binary_of(mark->producer, PRODUCER_BYTES);
        marks[i].mark = mark->number;
        welcome->marks[i] = &marks[i];
    }
    welcome->n_marks = count;
    return STATUS_OK;
}

static enum status encode_welcome(struct wire *wire, const struct answer *answer, int64_t wall_ms,
                                  struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    const struct wire_options *options = &wire->options;
    Kentongan__V1__Welcome welcome = KENTONGAN__V1__WELCOME__INIT;
    Kentongan__V1__Limits limits = KENTONGAN__V1__LIMITS__INIT;
    Kentongan__V1__LogIdentity identity;
    Google__Protobuf__Timestamp now = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    identity_fill(wire, &identity);
    limits.event_bytes = options->event_bytes;
    limits.batch_bytes = options->batch_bytes;
    limits.window_events = options->window_events;
    limits.follows = options->follows;
    limits.filters = options->filters;
    now.seconds = wall_ms / 1000;
    now.nanos = (int32_t)(wall_ms % 1000) * 1000000;
    welcome.version = answer->of.welcome.version;
    welcome.agency = text_copy(wire, answer->of.welcome.agency);
    welcome.site = wire->site_name;
    welcome.log = &identity;
    welcome.head = answer->of.welcome.head;
    welcome.limits = &limits;
    welcome.heartbeat_ms = options->heartbeat_ms;
    welcome.now = &now;
    if (welcome.agency == NULL || marks_fill(wire, answer, &welcome) != STATUS_OK) {
        return STATUS_MEMORY;
    }
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_WELCOME;
    body.welcome = &welcome;
    return encode_body(answer, &body, first);
}

/* A receipt with everything that its outcome may need beside it. */
struct receipt_parts {
    Kentongan__V1__Receipt receipt;
    union {
        Kentongan__V1__Stored stored;
        Kentongan__V1__Refusal refused;
        Kentongan__V1__Mark mark;
    } of;
};

static Kentongan__V1__Mark *mark_fill(const struct receipt *receipt, struct receipt_parts *parts)
{
    kentongan__v1__mark__init(&parts->of.mark);
    parts->of.mark.producer = binary_of(receipt->producer, PRODUCER_BYTES);
    parts->of.mark.mark = receipt->mark;
    return &parts->of.mark;
}

static void receipt_fill(const struct receipt *receipt, struct receipt_parts *parts)
{
    Kentongan__V1__Receipt *out = &parts->receipt;
    kentongan__v1__receipt__init(out);
    out->producer = binary_of(receipt->producer, PRODUCER_BYTES);
    out->number = receipt->number;
    switch (receipt->kind) {
    case RECEIPT_STORED:
        kentongan__v1__stored__init(&parts->of.stored);
        parts->of.stored.seq = receipt->seq;
        parts->of.stored.duplicate = receipt->is_duplicate;
        out->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_STORED;
        out->stored = &parts->of.stored;
        break;
    case RECEIPT_REFUSED:
        refusal_fill(&receipt->refusal, &parts->of.refused);
        out->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED;
        out->refused = &parts->of.refused;
        break;
    case RECEIPT_GAP:
        out->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_GAP;
        out->gap = mark_fill(receipt, parts);
        break;
    case RECEIPT_REUSED:
        out->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_NUMBER_REUSED;
        out->number_reused = mark_fill(receipt, parts);
        break;
    case RECEIPT_SKIPPED:
        out->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_NUMBER_SKIPPED;
        out->number_skipped = mark_fill(receipt, parts);
        break;
    }
}

static enum status encode_receipts(struct wire *wire, const struct answer *answer,
                                   struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    uint32_t count = answer->of.receipts.count;
    Kentongan__V1__Receipts receipts = KENTONGAN__V1__RECEIPTS__INIT;
    Kentongan__V1__LogIdentity identity;
    struct receipt_parts *parts = wire_arena_take(&wire->outgoing, count * sizeof *parts);
    receipts.receipts = wire_arena_take(&wire->outgoing, count * sizeof(Kentongan__V1__Receipt *));
    if (parts == NULL || receipts.receipts == NULL) {
        return STATUS_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        receipt_fill(&answer->of.receipts.receipts[i], &parts[i]);
        receipts.receipts[i] = &parts[i].receipt;
    }
    identity_fill(wire, &identity);
    receipts.n_receipts = count;
    receipts.log = &identity;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS;
    body.receipts = &receipts;
    return encode_body(answer, &body, first);
}

static enum status filters_fill(struct wire *wire, const struct following_answer *following,
                                Kentongan__V1__Following *out)
{
    out->filters = wire_arena_take(&wire->outgoing, following->filter_count * sizeof(char *));
    for (uint32_t i = 0; i < following->filter_count && out->filters != NULL; i++) {
        out->filters[i] = text_copy(wire, following->filters[i]);
        if (out->filters[i] == NULL) {
            return STATUS_MEMORY;
        }
    }
    out->n_filters = following->filter_count;
    return out->filters != NULL ? STATUS_OK : STATUS_MEMORY;
}

static enum status encode_following(struct wire *wire, const struct answer *answer,
                                    struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    const struct following_answer *following = &answer->of.following;
    Kentongan__V1__Following out = KENTONGAN__V1__FOLLOWING__INIT;
    Kentongan__V1__LogIdentity identity;
    uint8_t token[RESUME_BYTES];
    if (filters_fill(wire, following, &out) != STATUS_OK) {
        return STATUS_MEMORY;
    }
    if (following->is_resumable) {
        wire_resume_seal(wire, following, token);
        out.resume = binary_of(token, sizeof token);
    }
    identity_fill(wire, &identity);
    out.follow = following->follow;
    out.first = following->first;
    out.narrowed = following->is_narrowed;
    out.head = following->head;
    out.origin = following->origin;
    out.through = following->through;
    out.log = &identity;
    out.created = following->is_created;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING;
    body.following = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_deliver(const struct answer *answer, struct blob **first,
                                  struct blob **second)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    const struct deliver_answer *deliver = &answer->of.deliver;
    Kentongan__V1__Deliver out = KENTONGAN__V1__DELIVER__INIT;
    if (deliver->count > 0 && wire_batch_of_delivery(deliver, second) != STATUS_OK) {
        return STATUS_MEMORY;
    }
    out.follow = deliver->follow;
    out.first = deliver->first;
    out.last = deliver->last;
    out.count = deliver->count;
    out.replay_through = deliver->replay_through;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_DELIVER;
    body.deliver = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_acked(const struct answer *answer, struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Acked out = KENTONGAN__V1__ACKED__INIT;
    out.follow = answer->of.acked.follow;
    out.through = answer->of.acked.through;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ACKED;
    body.acked = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_ended(const struct answer *answer, struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Ended out = KENTONGAN__V1__ENDED__INIT;
    Kentongan__V1__Refusal refusal;
    refusal_fill(&answer->of.ended.refusal, &refusal);
    out.follow = answer->of.ended.follow;
    out.refusal = &refusal;
    out.first = answer->of.ended.first;
    out.last = answer->of.ended.last;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ENDED;
    body.ended = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_event(const struct answer *answer, struct blob **first,
                                struct blob **second)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Answer out = KENTONGAN__V1__ANSWER__INIT;
    out.seq = answer->of.event.seq;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ANSWER;
    body.answer = &out;
    if (wire_batch_of_event(answer->of.event.page, answer->of.event.index,
                            answer->of.event.with_personal, second) != STATUS_OK) {
        return STATUS_MEMORY;
    }
    return encode_body(answer, &body, first);
}

static enum status encode_pong(const struct answer *answer, struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Pong out = KENTONGAN__V1__PONG__INIT;
    out.head = answer->of.pong.head;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_PONG;
    body.pong = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_bye(const struct answer *answer, struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Bye out = KENTONGAN__V1__BYE__INIT;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_BYE;
    body.bye = &out;
    return encode_body(answer, &body, first);
}

static enum status encode_error(struct wire *wire, const struct answer *answer, struct blob **first)
{
    Kentongan__V1__FromBroker body = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Error out = KENTONGAN__V1__ERROR__INIT;
    Kentongan__V1__LogIdentity identity;
    Kentongan__V1__Refusal refusal;
    identity_fill(wire, &identity);
    refusal_fill(&answer->of.error.refusal, &refusal);
    out.refusal = &refusal;
    out.theirs = answer->of.error.theirs;
    out.ours = answer->of.error.ours;
    out.log = &identity;
    body.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ERROR;
    body.error = &out;
    return encode_body(answer, &body, first);
}

enum status wire_encode(struct wire *wire, const struct answer *answer, int64_t wall_ms,
                        struct blob **first, struct blob **second)
{
    enum status status = STATUS_MEMORY;
    *first = NULL;
    *second = NULL;
    wire_arena_reset(&wire->outgoing);
    switch (answer->kind) {
    case ANSWER_WELCOME:
        status = encode_welcome(wire, answer, wall_ms, first);
        break;
    case ANSWER_RECEIPTS:
        status = encode_receipts(wire, answer, first);
        break;
    case ANSWER_FOLLOWING:
        status = encode_following(wire, answer, first);
        break;
    case ANSWER_DELIVER:
        status = encode_deliver(answer, first, second);
        break;
    case ANSWER_ACKED:
        status = encode_acked(answer, first);
        break;
    case ANSWER_ENDED:
        status = encode_ended(answer, first);
        break;
    case ANSWER_EVENT:
        status = encode_event(answer, first, second);
        break;
    case ANSWER_PONG:
        status = encode_pong(answer, first);
        break;
    case ANSWER_BYE:
        status = encode_bye(answer, first);
        break;
    case ANSWER_ERROR:
        status = encode_error(wire, answer, first);
        break;
    }
    if (status != STATUS_OK) {
        blob_drop(*second);
        *second = NULL;
    }
    return status;
}
