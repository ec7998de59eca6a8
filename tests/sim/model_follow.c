/* model_follow.c - every delivery against filter, modes, rights and what came before it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_follow.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "kentongan/v1/record.pb-c.h"

enum { LIVES = 1000 };

uint64_t model_follow_id(uint32_t who, uint32_t life)
{
    assert(who < CAST_FOLLOWERS && life < UINT32_MAX / LIVES);
    return (uint64_t)life * LIVES + who + 1;
}

static uint32_t who_of(uint64_t follow)
{
    return (uint32_t)((follow - 1) % LIVES);
}

struct model_follow *model_find_follow(struct model *model, uint64_t peer, uint64_t follow)
{
    for (uint32_t index = 0; index < model->follows.count; index++) {
        struct model_follow *found = &model->follows.list[index];
        if (found->peer == peer && found->follow == follow)
            return found;
    }
    return NULL;
}

static void forget(struct model *model, const struct model_follow *follow)
{
    MODEL_REMOVE(model->follows, (uint32_t)(follow - model->follows.list));
}

/* -- where filters stand -- */

static struct model_filter *cursor_filter(struct model_cursor *cursor, const char *text)
{
    for (uint32_t index = 0; index < cursor->filter_count; index++)
        if (strcmp(cursor->filters[index].text, text) == 0)
            return &cursor->filters[index];
    return NULL;
}

struct model_filter *model_filter_of(struct model *model, struct model_follow *follow,
                                     uint32_t index)
{
    if (!follow->has_cursor)
        return &follow->own[index];
    struct model_filter *filter =
        cursor_filter(&model->cursors[follow->who], follow->filters[index]);
    assert(filter != NULL);
    return filter;
}

/* A filter of a cursor is added, at the earliest, when the request with it comes. */
static void add_filters(struct model *model, struct model_follow *follow)
{
    struct model_cursor *cursor = &model->cursors[follow->who];
    for (uint32_t index = 0; follow->filters[index] != NULL; index++) {
        const char *text = follow->filters[index];
        if (cursor_filter(cursor, text) != NULL)
            continue;
        assert(cursor->filter_count < MODEL_FILTERS);
        cursor->filters[cursor->filter_count++] = (struct model_filter){
            text, {model->head, UINT64_MAX}
        };
    }
}

static const struct model_token *find_token(const struct model *model, uint32_t who,
                                            const ProtobufCBinaryData *resume)
{
    for (uint32_t index = 0; index < model->tokens.count; index++) {
        const struct model_token *token = &model->tokens.list[index];
        if (token->who == who && token->length == resume->len &&
            memcmp(token->bytes, resume->data, resume->len) == 0)
            return token;
    }
    return NULL;
}

static void keep_token(struct model *model, const struct model_follow *follow,
                       const ProtobufCBinaryData *resume)
{
    if (resume->len == 0 || find_token(model, follow->who, resume) != NULL)
        return;
    assert(resume->len <= MODEL_RESUME_BYTES);
    struct model_token *token = MODEL_ADD(model->tokens);
    token->who = follow->who;
    token->length = (uint32_t)resume->len;
    memcpy(token->bytes, resume->data, resume->len);
    memcpy(token->filters, follow->own, sizeof token->filters);
    token->origin = follow->origin;
}

/* -- to the broker -- */

static void see_follow(struct model *model, uint64_t peer, uint64_t request,
                       const Kentongan__V1__Follow *wanted)
{
    uint32_t who = who_of(wanted->follow);
    const struct cast_follower *wish = &cast_followers[who];
    struct model_follow *follow = model_find_follow(model, peer, wanted->follow);
    if (follow != NULL && follow->is_over)
        forget(model, follow);
    follow = MODEL_ADD(model->follows);
    follow->peer = peer;
    follow->follow = wanted->follow;
    follow->request = request;
    follow->who = who;
    follow->is_replay = wanted->replay;
    follow->has_cursor = wish->cursor != NULL;
    bool is_later =
        wish->filters_later != NULL && strcmp(wanted->filters[0], wish->filters_later[0]) == 0;
    follow->filters = is_later ? wish->filters_later : wish->filters;
    follow->head = model->head;
    follow->credit_events = (int64_t)wanted->credit_events;
    follow->credit_bytes = (int64_t)wanted->credit_bytes;
    if (wanted->from != NULL) {
        follow->from_start = wanted->from->at_case == KENTONGAN__V1__FROM__AT_START;
        follow->from_seq =
            wanted->from->at_case == KENTONGAN__V1__FROM__AT_SEQ ? wanted->from->seq : 0;
    }
    if (follow->has_cursor) {
        struct model_cursor *cursor = &model->cursors[who];
        uint64_t start = follow->from_start ? 1 : model->head + 1;
        if (!cursor->is_asked || start < cursor->start.low)
            cursor->start.low = start;
        cursor->is_asked = true;
        add_filters(model, follow);
        return;
    }
    const struct model_token *token = find_token(model, who, &wanted->resume);
    follow->is_resumed = token != NULL;
    if (token != NULL) {
        memcpy(follow->own, token->filters, sizeof follow->own);
        follow->origin = token->origin;
    }
}

static void see_ack(struct model *model, uint64_t peer, const Kentongan__V1__Ack *ack)
{
    const struct model_follow *follow = model_find_follow(model, peer, ack->follow);
    if (follow == NULL || !follow->has_cursor)
        return;
    struct model_cursor *cursor = &model->cursors[follow->who];
    if (ack->through > model->applications[follow->who].processed &&
        ack->through > model->applications[follow->who].covered)
        model_fail(model, "P3", "%s acknowledged %" PRIu64 ", which it has not",
                   cast_followers[follow->who].name, ack->through);
    if (ack->through > cursor->acked_asked)
        cursor->acked_asked = ack->through;
}

void model_follow_to_broker(struct model *model, uint64_t peer, const Kentongan__V1__ToBroker *said)
{
    struct model_follow *follow;
    switch ((int)said->body_case) {
    case KENTONGAN__V1__TO_BROKER__BODY_FOLLOW:
        see_follow(model, peer, said->request, said->follow);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_ACK:
        see_ack(model, peer, said->ack);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_CREDIT:
        follow = model_find_follow(model, peer, said->credit->follow);
        if (follow != NULL) {
            follow->credit_events += (int64_t)said->credit->events;
            follow->credit_bytes += (int64_t)said->credit->bytes;
        }
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_UNFOLLOW:
        follow = model_find_follow(model, peer, said->unfollow->follow);
        if (follow != NULL)
            forget(model, follow);
        break;
    default:
        break;
    }
}

void model_follow_refused(struct model *model, uint64_t peer, uint64_t request)
{
    for (uint32_t index = 0; index < model->follows.count; index++) {
        const struct model_follow *follow = &model->follows.list[index];
        if (follow->peer == peer && follow->request == request && !follow->is_live) {
            tally_add(model->tally, TALLY_FOLLOW_REFUSED);
            forget(model, follow);
            return;
        }
    }
}

/* -- from the broker -- */

/* Where a cursor may stand: after what was answered `acked`, never beyond what was acked. */
static void check_cursor(struct model *model, const struct model_follow *follow,
                         const Kentongan__V1__Following *told)
{
    struct model_cursor *cursor = &model->cursors[follow->who];
    const char *name = cast_followers[follow->who].name;
    if (told->created && cursor->is_made)
        model_fail(model, "P3", "the cursor of %s was forgotten", name);
    if (!cursor->is_made)
        cursor->start.high = follow->from_start ? 1 : told->head + 1;
    if (cursor->is_made && told->origin != cursor->origin)
        model_fail(model, "P3", "the origin of %s moved from %" PRIu64 " to %" PRIu64, name,
                   cursor->origin, told->origin);
    cursor->origin = told->origin;
    cursor->is_made = true;
    uint64_t low = cursor->acked_told + 1, high = cursor->acked_asked + 1;
    low = low < cursor->start.low ? cursor->start.low : low;
    high = high < cursor->start.high ? cursor->start.high : high;
    if (told->first < low || told->first > high)
        model_fail(model, "P3",
                   "the cursor of %s goes on at %" PRIu64 ", not between %" PRIu64 " and %" PRIu64,
                   name, told->first, low, high);
    for (uint32_t index = 0; index < cursor->filter_count; index++)
        if (cursor->filters[index].since.high == UINT64_MAX)
            cursor->filters[index].since.high = told->head;
}

static void check_start(struct model *model, struct model_follow *follow,
                        const Kentongan__V1__Following *told)
{
    const char *name = cast_followers[follow->who].name;
    uint64_t low = follow->head + 1, high = told->head + 1;
    if (follow->from_start)
        low = high = 1;
    if (follow->from_seq != 0)
        low = high = follow->from_seq;
    if (told->first < low || told->first > high)
        model_fail(model, "P3",
                   "the follow of %s starts at %" PRIu64 ", not between %" PRIu64 " and %" PRIu64,
                   name, told->first, low, high);
    if (follow->is_resumed && told->origin != follow->origin)
        model_fail(model, "P3", "the origin of %s moved from %" PRIu64 " to %" PRIu64, name,
                   follow->origin, told->origin);
    follow->origin = told->origin;
    if (follow->is_resumed)
        tally_add(model->tally, TALLY_RESUMED);
    for (uint32_t index = 0; !follow->is_resumed && index < CAST_FILTERS_MAX; index++)
        follow->own[index].since = (struct model_span){follow->head, told->head};
    keep_token(model, follow, &told->resume);
}

static void see_following(struct model *model, uint64_t peer, const Kentongan__V1__Following *told)
{
    struct model_follow *follow = model_find_follow(model, peer, told->follow);
    if (follow == NULL || follow->is_live) {
        model_fail(model, "P3", "a follow was told of that nobody asked for");
        return;
    }
    if (told->head > model_head(model))
        model_fail(model, "P1", "the head was told as %" PRIu64 ", the disk ends with %" PRIu32,
                   told->head, model->records.count);
    follow->is_live = true;
    follow->rights = model->rights.count - 1;
    follow->next = told->first;
    follow->acked = model->cursors[follow->who].acked_told;
    if (follow->has_cursor)
        check_cursor(model, follow, told);
    else
        check_start(model, follow, told);
}

/* Notes what the broker decided of a sequence. True: it was shown before, and is again. */
static bool note(struct model_application *application, uint64_t seq, bool is_shown)
{
    while (application->shown_room <= seq) {
        uint64_t room = application->shown_room == 0 ? 4096 : application->shown_room * 2;
        application->shown = realloc(application->shown, room);
        assert(application->shown != NULL);
        memset(application->shown + application->shown_room, DECISION_NONE,
               room - application->shown_room);
        application->shown_room = room;
    }
    bool was_shown = application->shown[seq] == DECISION_SHOWN;
    application->shown[seq] = is_shown ? DECISION_SHOWN : DECISION_HIDDEN;
    return was_shown && is_shown;
}

static void judge(struct model *model, struct model_follow *follow, uint64_t seq, bool is_shown)
{
    const char *name = cast_followers[follow->who].name;
    if (note(&model->applications[follow->who], seq, is_shown))
        tally_add(model->tally, TALLY_RECORD_REPEATED);
    enum model_verdict verdict = model_judge(model, follow, seq);
    char since[MODEL_FAULT_BYTES / 2];
    model_tell_since(model, since, sizeof since);
    if (verdict == VERDICT_DRILL && is_shown)
        model_fail(model, "P8", "%s was sent %" PRIu64 ", of a mode that it did not ask for", name,
                   seq);
    if (verdict == VERDICT_NEVER && is_shown)
        model_fail(model, "P5", "%s was sent %" PRIu64 ", which it may or would not see (%s)", name,
                   seq, since);
    if (verdict == VERDICT_MUST && !is_shown)
        model_fail(model, "P3",
                   "%s was told that it is covered beyond %" PRIu64 " and was not sent it (%s)",
                   name, seq, since);
}

void model_check_record(struct model *model, uint32_t agency, const char *name,
                        const Kentongan__V1__Batch *batch, size_t index)
{
    const Kentongan__V1__Record *record = batch->records[index];
    uint64_t seq = record->stamp->seq;
    const struct bulletin *bulletin = model->bulletins->list[model->records.list[seq - 1].bulletin];
    if (!bytes_are_equal(bulletin->event,
                         bytes_of(record->sent->event.data, record->sent->event.len)))
        model_fail(model, "P2", "%s got another event than the one stored under %" PRIu64, name,
                   seq);
    bool has_personal = false;
    for (size_t other = 0; other < batch->n_personals; other++)
        has_personal |= batch->personals[other]->seq == seq;
    bool may_see = model_grants(model, agency, RIGHT_PERSONAL, bulletin->topic);
    if (has_personal != (may_see && bulletin->block.length > 0))
        model_fail(model, "P5", "%s got %" PRIu64 " with%s its personal block", name, seq,
                   has_personal ? "" : "out");
    if (bulletin->block.length > 0 && !may_see)
        tally_add(model->tally, TALLY_WITHHELD_PERSONAL);
    tally_add(model->tally, TALLY_RECORD);
}

static void check_batch(struct model *model, struct model_follow *follow,
                        const Kentongan__V1__Deliver *told, const Kentongan__V1__Batch *batch)
{
    const struct cast_follower *wish = &cast_followers[follow->who];
    size_t at = 0;
    for (uint64_t seq = told->first; seq <= told->last; seq++) {
        bool is_shown = at < batch->n_records && batch->records[at]->stamp->seq == seq;
        judge(model, follow, seq, is_shown);
        if (is_shown)
            model_check_record(model, wish->agency, wish->name, batch, at++);
    }
    follow->rights = model->rights.count - 1;
    if (at != batch->n_records || at != told->count)
        model_fail(model, "P2", "%s got records that are out of sequence or out of range",
                   wish->name);
}

/* «The broker sends as long as both credits are above zero» */
static void check_credit(struct model *model, struct model_follow *follow, uint32_t count,
                         size_t bytes)
{
    if (count == 0) {
        tally_add(model->tally, TALLY_EMPTY_DELIVERY);
        return;
    }
    tally_add(model->tally, TALLY_DELIVERY);
    if (follow->credit_events <= 0 || follow->credit_bytes <= 0)
        model_fail(model, "P6", "%s was sent more than it gave credit for",
                   cast_followers[follow->who].name);
    follow->credit_events -= count;
    follow->credit_bytes -= (int64_t)bytes;
}

/* «true for the replay verbs, for s <= origin, and for s <= the highest ack; else false» */
static void check_replay_flag(struct model *model, const struct model_follow *follow,
                              const Kentongan__V1__Deliver *told)
{
    const struct model_cursor *cursor = &model->cursors[follow->who];
    uint64_t low = follow->origin, high = follow->origin;
    if (follow->has_cursor) {
        low = follow->acked > cursor->origin ? follow->acked : cursor->origin;
        high = cursor->acked_asked > cursor->origin ? cursor->acked_asked : cursor->origin;
    }
    if (follow->is_replay ? told->replay_through < told->last
                          : told->replay_through < low || told->replay_through > high)
        model_fail(model, "P3",
                   "%s was told that %" PRIu64 " to %" PRIu64 " is replay up to %" PRIu64
                   ", not between %" PRIu64 " and %" PRIu64,
                   cast_followers[follow->who].name, told->first, told->last, told->replay_through,
                   low, high);
}

static void see_deliver(struct model *model, uint64_t peer, const Kentongan__V1__Deliver *told,
                        struct bytes second)
{
    struct model_follow *follow = model_find_follow(model, peer, told->follow);
    if (follow == NULL)
        return; /* the request to end it came meanwhile */
    const char *name = cast_followers[follow->who].name;
    if (follow->is_over)
        model_fail(model, "P3", "%s got something after its follow had ended", name);
    if (told->first != follow->next || told->last < told->first)
        model_fail(model, "P3", "%s got %" PRIu64 " to %" PRIu64 ", next is %" PRIu64, name,
                   told->first, told->last, follow->next);
    if (told->last > model_head(model))
        model_fail(model, "P1", "%s was told of %" PRIu64 ", the disk ends with %" PRIu32, name,
                   told->last, model->records.count);
    if (!model->rights.list[model->rights.count - 1]
             .policy.has_key[cast_followers[follow->who].agency])
        model_fail(model, "P5", "%s was sent something after its key was revoked", name);
    if (model_fault(model) != NULL)
        return;
    follow->next = told->last + 1;
    check_replay_flag(model, follow, told);
    check_credit(model, follow, told->count, second.length);
    Kentongan__V1__Batch *batch = kentongan__v1__batch__unpack(NULL, second.length, second.data);
    if (batch == NULL)
        model_fail(model, "P3", "%s got a batch that cannot be read", name);
    else
        check_batch(model, follow, told, batch);
    if (batch != NULL)
        kentongan__v1__batch__free_unpacked(batch, NULL);
}

static void see_acked(struct model *model, uint64_t peer, const Kentongan__V1__Acked *told)
{
    const struct model_follow *follow = model_find_follow(model, peer, told->follow);
    if (follow == NULL || !follow->has_cursor)
        return;
    struct model_cursor *cursor = &model->cursors[follow->who];
    if (told->through > cursor->acked_asked)
        model_fail(model, "P3", "%s was told that %" PRIu64 " is acknowledged, it said %" PRIu64,
                   cast_followers[follow->who].name, told->through, cursor->acked_asked);
    if (told->through > cursor->acked_told)
        cursor->acked_told = told->through;
}

static void see_ended(struct model *model, uint64_t peer, const Kentongan__V1__Ended *told)
{
    struct model_follow *follow = model_find_follow(model, peer, told->follow);
    if (follow == NULL)
        return;
    bool is_taken = strcmp(told->refusal->code, "CURSOR_TAKEN") == 0;
    tally_add(model->tally, is_taken ? TALLY_CURSOR_TAKEN : TALLY_FOLLOW_ENDED);
    follow->is_over = true; /* of what was delivered, acks may still come */
    if (is_taken)
        forget(model, follow);
}

void model_follow_from_broker(struct model *model, uint64_t peer,
                              const Kentongan__V1__FromBroker *said, struct bytes second)
{
    switch ((int)said->body_case) {
    case KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING:
        see_following(model, peer, said->following);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_DELIVER:
        see_deliver(model, peer, said->deliver, second);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ACKED:
        see_acked(model, peer, said->acked);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ENDED:
        see_ended(model, peer, said->ended);
        break;
    default:
        break;
    }
}
