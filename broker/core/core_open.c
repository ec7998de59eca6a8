/* core_open.c - from a request to a follow that is fed: cursor, start, end, and what is kept.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

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

/* A cursor that is there: goes on where it stands, with the filters that are asked for now. */
static void open_known_cursor(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    const struct cursor_place *place = cursors_place(core->cursors, follow->cursor);
    uint64_t reach = place->acked > place->origin ? place->acked : place->origin;
    if (follow->from != FROM_ABSENT) {
        core_follow_end(core, index, &refusal_cursor_exists, 0, 0);
    } else if (place->incarnation != core->incarnation) {
        core_follow_end(core, index, &core_log_changed, place->incarnation, core->incarnation);
    } else if (reach > follow->head) {
        core_follow_end(core, index, &core_log_changed, reach, follow->head);
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
        core_follow_end(core, index, &core_filter_room, 0, 0);
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
    } else if (follow->cursor != FOLLOW_NONE &&
               !cursors_terms_are_durable(core->cursors, follow->cursor)) {
        follow->stage = STAGE_KEEPING; /* another follow made or changed it a moment ago */
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
