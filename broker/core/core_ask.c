/* core_ask.c - what a request to follow may ask for: bounds, rights, memory, its cursor.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

static const struct refusal refusal_bounds = {
    .code = "TOO_MANY",
    .field = "",
    .reason = "a follow has 1 to 64 filters, up to 16 incidents, 256 categories, and known modes",
};
static const struct refusal refusal_cursor_name = {
    .code = "CURSOR_INVALID",
    .field = "cursor",
    .reason = "a cursor is named with 1 to 64 of A-Z, a-z, 0-9, dot, dash, underscore",
};
static const struct refusal refusal_cursor_replay = {
    .code = "CURSOR_INVALID",
    .field = "cursor",
    .reason = "a replay keeps no cursor",
};
static const struct refusal refusal_cursor_taken = {
    .code = "CURSOR_TAKEN",
    .field = "cursor",
    .reason = "another follow of the same cursor took over",
};
static const struct refusal refusal_from = {
    .code = "FROM_INVALID",
    .field = "from",
    .reason = "the sequence is 0 or lies beyond the head",
};
static const struct refusal refusal_through = {
    .code = "FROM_INVALID",
    .field = "through",
    .reason = "a replay ends at the head at the latest",
};
static const struct refusal refusal_resume = {
    .code = "RESUME_INVALID",
    .field = "resume",
    .reason = "to resume is to go on from a sequence: `from.seq` is missing",
};
const struct refusal core_log_changed = {
    .code = "LOG_CHANGED",
    .field = "",
    .reason = "the log is not the one that was followed, or ends before the place named",
};
static const struct refusal refusal_rights = {
    .code = "RIGHTS",
    .field = "filters",
    .reason = "the policy leaves nothing of the filters",
};
static const struct refusal refusal_past = {
    .code = "RIGHTS",
    .field = "from",
    .reason = "the past takes the right `replay`, which the policy grants on none of the filters",
};
const struct refusal core_filter_room = {
    .code = "LIMIT",
    .field = "filters",
    .reason = "the memory for filters is full",
};
static const struct refusal refusal_cursor_room = {
    .code = "BUSY",
    .field = "cursor",
    .reason = "too many cursors are being saved",
    .retry_after_ms = 1000,
    .is_retryable = true,
};

/* What can be said of a request before anything is kept of it; NULL: nothing is wrong. */
static const struct refusal *request_judge(const struct core *core,
                                           const struct follow_request *request)
{
    bool is_seq = request->from == FROM_SEQ;
    if (request->filter_count == 0 || request->filter_count > FILTERS_MAX ||
        request->incident_count > INCIDENTS_MAX || request->category_count > TERMS_CATEGORIES_MAX ||
        request->modes == 0 || request->modes > UINT8_MAX) {
        return &refusal_bounds;
    }
    if (request->cursor.length > 0 && !cursors_name_is_valid(request->cursor)) {
        return &refusal_cursor_name;
    }
    if (request->cursor.length > 0 && request->is_replay) {
        return &refusal_cursor_replay;
    }
    if (request->is_resumed && !is_seq) {
        return &refusal_resume;
    }
    if (is_seq && request->from_value > core->head + 1 && request->is_resumed) {
        return &core_log_changed;
    }
    if (is_seq && (request->from_value == 0 || request->from_value > core->head + 1)) {
        return &refusal_from;
    }
    return request->is_replay && request->through > core->head ? &refusal_through : NULL;
}

/* Whether it asks for events that were there before it. */
static bool request_reaches_back(const struct core *core, const struct follow_request *request)
{
    bool is_now = request->from == FROM_ABSENT || request->from == FROM_NOW ||
                  (request->from == FROM_SEQ && request->from_value > core->head);
    return !is_now && core->head >= core->log_first;
}

static const struct refusal *follow_judge_rights(const struct core *core, const struct peer *peer,
                                                 const struct follow_request *request,
                                                 const struct terms *terms)
{
    enum right right = request->is_replay ? RIGHT_REPLAY : RIGHT_SUBSCRIBE;
    if (!core_terms_have(core, peer->agency, right, terms)) {
        return &refusal_rights;
    }
    bool is_past = request_reaches_back(core, request) && !request->is_resumed;
    if (is_past && !core_terms_have(core, peer->agency, RIGHT_REPLAY, terms)) {
        return &refusal_past;
    }
    return NULL;
}

/* Makes its filters findable, hidden until it is live. A replay never is. */
static bool follow_add_routes(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    for (uint32_t filter = 0; !follow->is_replay && filter < follow->terms->filter_count;
         filter++) {
        if (routes_add(core->routes, index, terms_filter(follow->terms, filter), filter) != 0) {
            return false;
        }
    }
    routes_hide(core->routes, index);
    return true;
}

static void follow_fill(const struct core *core, struct follow *follow,
                        const struct follow_request *request, uint64_t number)
{
    bool is_resumed = request->is_resumed && request->cursor.length == 0;
    follow->request = number;
    follow->head = core->head;
    follow->since = is_resumed ? request->resume_since : core->head;
    follow->origin = is_resumed ? request->resume_origin : core->head;
    follow->is_replay = request->is_replay;
    follow->is_resumed = is_resumed;
    follow->until_end = request->until_end;
    follow->replay_through = request->is_replay ? UINT64_MAX : follow->origin;
    follow->through = request->through == 0 ? FOLLOW_NO_END : request->through;
    if ((request->until_end || request->is_replay) && core->head < follow->through) {
        follow->through = core->head;
    }
    follow->through_time_ms = request->through_time_ms;
    follow->credit_events = request->credit_events;
    follow->credit_bytes =
        request->credit_bytes < INT64_MAX ? (int64_t)request->credit_bytes : INT64_MAX;
    memcpy(follow->selection, request->selection, SELECTION_BYTES);
    follow->from = request->from;
    follow->from_value = request->from_value;
    if (request->is_replay && request->from == FROM_ABSENT) {
        follow->from = FROM_START;
    }
}

/* One that was told its end is there for late acks only. */
static void follow_forget_ended(struct core *core, uint32_t index)
{
    if (follows_at(core->follows, index)->state == FOLLOW_ENDED) {
        core_follow_free(core, index);
    }
}

/* A place for the follow; those that ended make room for it. */
static const struct refusal *follow_take_place(struct core *core, const struct peer *peer,
                                               uint64_t id, uint32_t *index)
{
    uint32_t same = follows_find(core->follows, peer->handle, id);
    if (same != FOLLOW_NONE) {
        follow_forget_ended(core, same);
    }
    const struct refusal *refusal =
        follows_take(core->follows, peer->handle, peer->slot, id, index);
    if (refusal == NULL) {
        return NULL;
    }
    uint32_t one = follows_of_session(core->follows, peer->slot, FOLLOW_NONE);
    while (one != FOLLOW_NONE) {
        uint32_t next = follows_of_session(core->follows, peer->slot, one);
        follow_forget_ended(core, one);
        one = next;
    }
    return follows_take(core->follows, peer->handle, peer->slot, id, index);
}

/* Takes its cursor, over from another follow if that holds it. */
static const struct refusal *follow_hold_cursor(struct core *core, const struct peer *peer,
                                                uint32_t index, struct bytes name)
{
    uint32_t loser = CURSORS_NONE;
    uint32_t cursor = cursors_hold(core->cursors, peer_agency_name(peer), name, index, &loser);
    if (cursor == CURSORS_NONE) {
        return &refusal_cursor_room;
    }
    follows_at(core->follows, index)->cursor = cursor;
    if (loser != CURSORS_NONE) {
        follows_at(core->follows, loser)->cursor = FOLLOW_NONE;
        core_follow_end(core, loser, &refusal_cursor_taken, 0, 0);
        follow_forget_ended(core, loser);
    }
    return NULL;
}

/* Everything that can fail at once; NULL: the follow is opening. */
static const struct refusal *follow_begin(struct core *core, const struct peer *peer,
                                          const struct request *request, uint32_t index)
{
    const struct follow_request *asked = &request->of.follow;
    struct follow *follow = follows_at(core->follows, index);
    follow_fill(core, follow, asked, request->number);
    follow->terms = terms_pack(&core->blocks, asked, follow->since);
    if (follow->terms == NULL) {
        return &core_filter_room;
    }
    const struct refusal *refusal = follow_judge_rights(core, peer, asked, follow->terms);
    if (refusal != NULL) {
        return refusal;
    }
    if (!follow_add_routes(core, index)) {
        return &core_filter_room;
    }
    follow->stage = STAGE_FROM;
    if (asked->cursor.length > 0) {
        follow->stage = STAGE_CURSOR;
        return follow_hold_cursor(core, peer, index, asked->cursor);
    }
    return NULL;
}

void core_follow(struct core *core, struct peer *peer, const struct request *request)
{
    const struct follow_request *asked = &request->of.follow;
    uint32_t index = FOLLOW_NONE;
    const struct refusal *refusal = request_judge(core, asked);
    if (refusal == NULL) {
        refusal = follow_take_place(core, peer, asked->follow, &index);
    }
    if (refusal == NULL) {
        refusal = follow_begin(core, peer, request, index);
    }
    if (refusal == NULL) {
        core_open_continue(core, index);
        return;
    }
    if (index != FOLLOW_NONE) {
        core_follow_free(core, index);
    }
    core_refuse(core, peer->handle, request->number, refusal);
    if (refusal == &core_log_changed) {
        struct answer *answer = &core->fx->list[core->fx->count - 1].of.send;
        answer->of.error.theirs = asked->from_value - 1;
        answer->of.error.ours = core->head;
    }
}
