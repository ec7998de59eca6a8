/* core_open.c - from a request to a follow that is fed: rights, cursor, start, end, answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

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
static const struct refusal refusal_cursor_exists = {
    .code = "CURSOR_EXISTS",
    .field = "from",
    .reason = "the cursor has a place already: leave `from` out, or move it with `cursor set`",
};
static const struct refusal refusal_cursor_limit = {
    .code = "CURSOR_LIMIT",
    .field = "cursor",
    .reason = "the agency has as many cursors as are allowed",
};
static const struct refusal refusal_cursor_damaged = {
    .code = "STORE_CORRUPT",
    .field = "cursor",
    .reason = "what is kept of the cursor cannot be read",
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
static const struct refusal refusal_log_changed = {
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
static const struct refusal refusal_filter_room = {
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
        return &refusal_log_changed;
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
        return &refusal_filter_room;
    }
    const struct refusal *refusal = follow_judge_rights(core, peer, asked, follow->terms);
    if (refusal != NULL) {
        return refusal;
    }
    if (!follow_add_routes(core, index)) {
        return &refusal_filter_room;
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
        refusal = follows_take(core->follows, peer->handle, peer->slot, asked->follow, &index);
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
    if (refusal == &refusal_log_changed) {
        struct answer *answer = &core->fx->list[core->fx->count - 1].of.send;
        answer->of.error.theirs = asked->from_value - 1;
        answer->of.error.ours = core->head;
    }
}

/* A cursor that is there: goes on where it stands, with the filters that are asked for now. */
static void open_known_cursor(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    const struct cursor_place *place = cursors_place(core->cursors, follow->cursor);
    uint64_t reach = place->acked > place->origin ? place->acked : place->origin;
    if (follow->from != FROM_ABSENT) {
        core_follow_end(core, index, &refusal_cursor_exists, 0, 0);
    } else if (place->incarnation != core->incarnation) {
        core_follow_end(core, index, &refusal_log_changed, place->incarnation, core->incarnation);
    } else if (reach > follow->head) {
        core_follow_end(core, index, &refusal_log_changed, reach, follow->head);
    } else {
        terms_inherit(follow->terms, cursors_terms(core->cursors, follow->cursor));
        follow->position = place->acked + 1;
        follow->position = follow->position < core->log_first ? core->log_first : follow->position;
        follow->origin = place->origin;
        follow->replay_through = place->highest > place->origin ? place->highest : place->origin;
        follow->stage = STAGE_THROUGH;
    }
}

/* False: it must wait. */
static bool open_cursor(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    switch (cursors_state(core->cursors, follow->cursor)) {
    case CURSOR_LOADING:
        return false;
    case CURSOR_ABSENT:
        follow->stage = STAGE_FROM;
        break;
    case CURSOR_KNOWN:
        open_known_cursor(core, index);
        break;
    case CURSOR_LIMITED:
        core_follow_end(core, index, &refusal_cursor_limit, 0, 0);
        break;
    case CURSOR_DAMAGED:
        core_follow_end(core, index, &refusal_cursor_damaged, 0, 0);
        break;
    case CURSOR_NO_ROOM:
        core_follow_end(core, index, &refusal_filter_room, 0, 0);
        break;
    }
    return true;
}

/* The start as a time; saturates. */
static int64_t from_time_ms(const struct core *core, const struct follow *follow)
{
    if (follow->from == FROM_TIME) {
        return (int64_t)follow->from_value;
    }
    bool is_all = follow->from_value > (uint64_t)INT64_MAX ||
                  core->wall_ms < INT64_MIN + (int64_t)follow->from_value;
    return is_all ? INT64_MIN : core->wall_ms - (int64_t)follow->from_value;
}

static void open_from(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    follow->stage = STAGE_THROUGH;
    switch ((enum from_kind)follow->from) {
    case FROM_ABSENT:
    case FROM_NOW:
        follow->position = follow->head + 1;
        break;
    case FROM_START:
        follow->position = core->log_first;
        break;
    case FROM_SEQ:
        follow->position =
            follow->from_value < core->log_first ? core->log_first : follow->from_value;
        break;
    case FROM_TIME:
    case FROM_AGE:
        follow->stage = STAGE_SEEK_FROM;
        seek_time(&core->seeks[index], core->log_first, follow->head, from_time_ms(core, follow));
        break;
    case FROM_LAST:
        follow->stage = STAGE_SEEK_FROM;
        seek_last(&core->seeks[index], core->log_first, follow->head, follow->from_value);
        break;
    }
}

static void open_through(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    follow->stage = STAGE_KEEP;
    if (follow->through_time_ms < INT64_MAX) {
        follow->stage = STAGE_SEEK_THROUGH;
        seek_time(&core->seeks[index], core->log_first, follow->head, follow->through_time_ms + 1);
    }
}

/* What a backward count asks of each record. */
struct opening {
    struct core *core;
    const struct follow *follow;
};

static bool opening_counts(void *context, const struct record *record)
{
    const struct opening *opening = context;
    struct permit permit;
    return core_follow_wants(opening->core, opening->follow, record, &permit);
}

static void open_sought(struct follow *follow, const struct seek *seek)
{
    if (follow->stage == STAGE_SEEK_FROM) {
        follow->position = seek->answer;
        follow->stage = STAGE_THROUGH;
        return;
    }
    /* With every event at or before the time, the end is yet to come, unless it is a replay's. */
    uint64_t through = seek->answer - 1;
    if (through < follow->head || follow->is_replay) {
        follow->through = through < follow->through ? through : follow->through;
        follow->through_time_ms = INT64_MAX;
    }
    follow->stage = STAGE_KEEP;
}

/* One page further. False: it must wait for its page or, in line, for its next turn. */
static bool open_seek(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    struct seek *seek = &core->seeks[index];
    if (seek->probe == 0) {
        open_sought(follow, seek);
        return true;
    }
    const struct page *page = pages_find(core->pages, seek->probe);
    if (page == NULL) {
        pages_cancel(core->pages, index);
        pages_wait(core->pages, index, seek->probe);
        return false;
    }
    if (follow->stage == STAGE_SEEK_FROM && follow->from == FROM_LAST) {
        struct opening opening = {.core = core, .follow = follow};
        seek_feed_last(seek, page, opening_counts, &opening);
    } else {
        seek_feed_time(seek, page);
    }
    follows_line(core->follows, index, LINE_OPENING);
    return false;
}

/* Makes the cursor, or gives it the filters that are new. */
static void open_keep(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    struct cursor_place place = {
        .incarnation = core->incarnation,
        .origin = follow->origin,
        .acked = follow->position - 1,
        .active_ms = core->wall_ms,
    };
    if (follow->cursor != FOLLOW_NONE &&
        cursors_state(core->cursors, follow->cursor) == CURSOR_ABSENT) {
        follow->is_created = true;
        if (cursors_make(core->cursors, follow->cursor, &place, follow->terms)) {
            follow->stage = STAGE_KEEPING;
        } else {
            core_follow_end(core, index, &refusal_cursor_limit, 0, 0);
        }
    } else if (follow->cursor != FOLLOW_NONE &&
               !terms_are_equal(cursors_terms(core->cursors, follow->cursor), follow->terms)) {
        cursors_change(core->cursors, follow->cursor, follow->terms, core->wall_ms);
        follow->stage = STAGE_KEEPING;
    } else {
        follow->state = FOLLOW_OWING;
        follows_line(core->follows, index, LINE_OWING);
    }
}

void core_open_continue(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    follows_line(core->follows, index, LINE_NONE);
    bool may_go_on = core_session_is_valid(core, core_session_at(core, follow));
    while (may_go_on && follow->state == FOLLOW_OPENING) {
        switch ((enum follow_stage)follow->stage) {
        case STAGE_CURSOR:
            may_go_on = open_cursor(core, index);
            break;
        case STAGE_FROM:
            open_from(core, index);
            break;
        case STAGE_THROUGH:
            open_through(core, index);
            break;
        case STAGE_SEEK_FROM:
        case STAGE_SEEK_THROUGH:
            may_go_on = open_seek(core, index);
            break;
        case STAGE_KEEP:
            open_keep(core, index);
            break;
        case STAGE_KEEPING:
        case STAGE_OPEN:
            may_go_on = false;
            break;
        }
    }
}
