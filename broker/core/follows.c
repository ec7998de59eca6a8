/* follows.c - places, lines and sessions are lists through the same array.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/follows.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/map.h"

struct line_ends {
    uint32_t first, last;
};

struct session {
    uint32_t first; /* follow */
    uint32_t count;
    bool is_muted;
};

struct follows {
    struct follow *follows;
    struct session *sessions;
    struct blocks *blocks;
    struct map map;
    struct line_ends lines[LINE_COUNT];
    uint32_t room, count, session_room, session_max;
    uint32_t free_place; /* linked through `next` */
    bool is_turned;      /* which of two lines is COVERED and which ROUND */
};

static const struct refusal refusal_id = {
    .code = "FIELD_INVALID",
    .field = "follow",
    .reason = "A follow has a number of its own in its session, and that is not 0.",
};

static const struct refusal refusal_limit = {
    .code = "FOLLOW_LIMIT",
    .field = "",
    .reason = "There are as many follows as are allowed.",
};

static struct bytes follow_key(const void *owner, uint32_t index)
{
    const struct follows *follows = owner;
    return bytes_of(&follows->follows[index].key, sizeof follows->follows[index].key);
}

struct follows *follows_new(const struct core_limits *limits, struct blocks *blocks)
{
    struct follows *follows = calloc(1, sizeof *follows);
    if (follows == NULL) {
        return NULL;
    }
    follows->blocks = blocks;
    follows->room = limits->follows;
    follows->session_room = limits->sessions;
    follows->session_max = limits->follows_session;
    follows->follows = calloc(limits->follows, sizeof *follows->follows);
    follows->sessions = calloc(limits->sessions, sizeof *follows->sessions);
    if (follows->follows == NULL || follows->sessions == NULL ||
        map_init(&follows->map, limits->follows, follow_key, follows) != STATUS_OK) {
        follows_free(follows);
        return NULL;
    }
    for (uint32_t index = 0; index < follows->room; index++) {
        follows->follows[index].next = index + 1 < follows->room ? index + 1 : FOLLOW_NONE;
    }
    for (uint32_t index = 0; index < follows->session_room; index++) {
        follows->sessions[index].first = FOLLOW_NONE;
    }
    for (uint32_t line = 0; line < LINE_COUNT; line++) {
        follows->lines[line] = (struct line_ends){FOLLOW_NONE, FOLLOW_NONE};
    }
    return follows;
}

void follows_free(struct follows *follows)
{
    if (follows == NULL) {
        return;
    }
    map_deinit(&follows->map);
    free(follows->sessions);
    free(follows->follows);
    free(follows);
}

struct follow *follows_at(const struct follows *follows, uint32_t index)
{
    assert(index < follows->room && follows->follows[index].state != FOLLOW_FREE);
    return &follows->follows[index];
}

bool follows_is_taken(const struct follows *follows, uint32_t index)
{
    return index < follows->room && follows->follows[index].state != FOLLOW_FREE;
}

uint32_t follows_find(const struct follows *follows, uint64_t peer, uint64_t id)
{
    struct follow wanted = {
        .key = {peer, id}
    };
    return map_find(&follows->map, bytes_of(&wanted.key, sizeof wanted.key));
}

const struct refusal *follows_take(struct follows *follows, uint64_t peer, uint32_t session,
                                   uint64_t id, uint32_t *index)
{
    assert(session < follows->session_room);
    struct session *mine = &follows->sessions[session];
    if (id == 0 || follows_find(follows, peer, id) != MAP_NONE) {
        return &refusal_id;
    }
    if (follows->free_place == FOLLOW_NONE || mine->count == follows->session_max) {
        return &refusal_limit;
    }
    *index = follows->free_place;
    struct follow *follow = &follows->follows[*index];
    follows->free_place = follow->next;
    *follow = (struct follow){
        .key = {peer, id},
        .state = FOLLOW_OPENING,
        .session = session,
        .session_next = mine->first,
        .session_before = FOLLOW_NONE,
        .cursor = FOLLOW_NONE,
        .through = FOLLOW_NO_END,
        .through_time_ms = INT64_MAX,
    };
    if (mine->first != FOLLOW_NONE) {
        follows->follows[mine->first].session_before = *index;
    }
    mine->first = *index;
    mine->count++;
    follows->count++;
    bool is_in = map_insert(&follows->map, *index);
    assert(is_in);
    return NULL;
}

static void session_leave(struct follows *follows, const struct follow *follow)
{
    struct session *mine = &follows->sessions[follow->session];
    if (follow->session_before == FOLLOW_NONE) {
        mine->first = follow->session_next;
    } else {
        follows->follows[follow->session_before].session_next = follow->session_next;
    }
    if (follow->session_next != FOLLOW_NONE) {
        follows->follows[follow->session_next].session_before = follow->session_before;
    }
    mine->count--;
    mine->is_muted = mine->is_muted && mine->count > 0;
}

void follows_give(struct follows *follows, uint32_t index)
{
    struct follow *follow = follows_at(follows, index);
    follows_line(follows, index, LINE_NONE);
    session_leave(follows, follow);
    map_remove(&follows->map, follow_key(follows, index));
    terms_drop(follows->blocks, follow->terms);
    *follow = (struct follow){.next = follows->free_place};
    follows->free_place = index;
    follows->count--;
}

uint32_t follows_of_session(const struct follows *follows, uint32_t session, uint32_t after)
{
    assert(session < follows->session_room);
    return after == FOLLOW_NONE ? follows->sessions[session].first
                                : follows_at(follows, after)->session_next;
}

/* The line that stands for `line` in this round. */
static enum follow_line line_of(const struct follows *follows, enum follow_line line)
{
    if (follows->is_turned && (line == LINE_COVERED || line == LINE_ROUND)) {
        return line == LINE_COVERED ? LINE_ROUND : LINE_COVERED;
    }
    return line;
}

static void line_leave(struct follows *follows, struct follow *follow)
{
    struct line_ends *ends = &follows->lines[follow->line];
    if (follow->line == LINE_NONE) {
        return;
    }
    if (follow->before == FOLLOW_NONE) {
        ends->first = follow->next;
    } else {
        follows->follows[follow->before].next = follow->next;
    }
    if (follow->next == FOLLOW_NONE) {
        ends->last = follow->before;
    } else {
        follows->follows[follow->next].before = follow->before;
    }
    follow->line = LINE_NONE;
}

void follows_line(struct follows *follows, uint32_t index, enum follow_line line)
{
    struct follow *follow = follows_at(follows, index);
    line_leave(follows, follow);
    if (line == LINE_NONE) {
        return;
    }
    follow->line = (uint8_t)line_of(follows, line);
    struct line_ends *ends = &follows->lines[follow->line];
    follow->next = FOLLOW_NONE;
    follow->before = ends->last;
    if (ends->last == FOLLOW_NONE) {
        ends->first = index;
    } else {
        follows->follows[ends->last].next = index;
    }
    ends->last = index;
}

void follows_line_front(struct follows *follows, uint32_t index, enum follow_line line)
{
    struct follow *follow = follows_at(follows, index);
    assert(line != LINE_NONE);
    line_leave(follows, follow);
    follow->line = (uint8_t)line_of(follows, line);
    struct line_ends *ends = &follows->lines[follow->line];
    follow->before = FOLLOW_NONE;
    follow->next = ends->first;
    if (ends->first == FOLLOW_NONE) {
        ends->last = index;
    } else {
        follows->follows[ends->first].before = index;
    }
    ends->first = index;
}

void follows_start_round(struct follows *follows)
{
    assert(follows_first(follows, LINE_ROUND) == FOLLOW_NONE);
    follows->is_turned = !follows->is_turned;
}

uint32_t follows_first(const struct follows *follows, enum follow_line line)
{
    return follows->lines[line_of(follows, line)].first;
}

void follows_mute(struct follows *follows, uint32_t session)
{
    assert(session < follows->session_room);
    follows->sessions[session].is_muted = true;
}

bool follows_is_muted(const struct follows *follows, uint32_t session)
{
    return follows->sessions[session].is_muted;
}

bool follows_unmute(struct follows *follows, uint32_t session)
{
    assert(session < follows->session_room);
    bool was_muted = follows->sessions[session].is_muted;
    follows->sessions[session].is_muted = false;
    return was_muted;
}

uint32_t follows_count(const struct follows *follows)
{
    return follows->count;
}
