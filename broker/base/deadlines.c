/* deadlines.c - a binary heap that knows where each id is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/deadlines.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

static const uint32_t nowhere = UINT32_MAX;

enum status deadlines_init(struct deadlines *deadlines, uint32_t room)
{
    assert(room > 0 && room < nowhere);
    *deadlines = (struct deadlines){.room = room};
    deadlines->heap = malloc(room * sizeof *deadlines->heap);
    deadlines->places = malloc(room * sizeof *deadlines->places);
    if (deadlines->heap == NULL || deadlines->places == NULL) {
        deadlines_deinit(deadlines);
        return STATUS_MEMORY;
    }
    for (uint32_t id = 0; id < room; id++) {
        deadlines->places[id] = nowhere;
    }
    return STATUS_OK;
}

void deadlines_deinit(struct deadlines *deadlines)
{
    free(deadlines->heap);
    free(deadlines->places);
    *deadlines = (struct deadlines){0};
}

static bool deadline_is_before(struct deadline a, struct deadline b)
{
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.id < b.id;
}

static void deadlines_put(struct deadlines *deadlines, uint32_t place, struct deadline deadline)
{
    deadlines->heap[place] = deadline;
    deadlines->places[deadline.id] = place;
}

/* Puts `deadline` at `place` or above, moving later ones down. */
static void deadlines_raise(struct deadlines *deadlines, uint32_t place, struct deadline deadline)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (!deadline_is_before(deadline, deadlines->heap[parent])) {
            break;
        }
        deadlines_put(deadlines, place, deadlines->heap[parent]);
        place = parent;
    }
    deadlines_put(deadlines, place, deadline);
}

/* Puts `deadline` at `place` or below, moving earlier ones up. */
static void deadlines_sink(struct deadlines *deadlines, uint32_t place, struct deadline deadline)
{
    for (;;) {
        size_t child = 2 * (size_t)place + 1;
        if (child + 1 < deadlines->count &&
            deadline_is_before(deadlines->heap[child + 1], deadlines->heap[child])) {
            child++;
        }
        if (child >= deadlines->count || !deadline_is_before(deadlines->heap[child], deadline)) {
            break;
        }
        deadlines_put(deadlines, place, deadlines->heap[child]);
        place = (uint32_t)child;
    }
    deadlines_put(deadlines, place, deadline);
}

/* Puts `deadline` where it belongs, starting from `place`, which is free. */
static void deadlines_settle(struct deadlines *deadlines, uint32_t place, struct deadline deadline)
{
    if (place > 0 && deadline_is_before(deadline, deadlines->heap[(place - 1) / 2])) {
        deadlines_raise(deadlines, place, deadline);
    } else {
        deadlines_sink(deadlines, place, deadline);
    }
}

void deadlines_set(struct deadlines *deadlines, uint32_t id, uint64_t at_ms)
{
    assert(id < deadlines->room);
    if (at_ms == DEADLINES_NEVER) {
        deadlines_remove(deadlines, id);
        return;
    }
    uint32_t place = deadlines->places[id];
    if (place == nowhere) {
        assert(deadlines->count < deadlines->room);
        place = deadlines->count++;
    }
    deadlines_settle(deadlines, place, (struct deadline){.at_ms = at_ms, .id = id});
}

void deadlines_remove(struct deadlines *deadlines, uint32_t id)
{
    assert(id < deadlines->room);
    uint32_t place = deadlines->places[id];
    if (place == nowhere) {
        return;
    }
    deadlines->places[id] = nowhere;
    struct deadline last = deadlines->heap[--deadlines->count];
    if (last.id != id) {
        deadlines_settle(deadlines, place, last);
    }
}

uint64_t deadlines_of(const struct deadlines *deadlines, uint32_t id)
{
    assert(id < deadlines->room);
    uint32_t place = deadlines->places[id];
    return place == nowhere ? DEADLINES_NEVER : deadlines->heap[place].at_ms;
}

uint64_t deadlines_first_ms(const struct deadlines *deadlines)
{
    return deadlines->count == 0 ? DEADLINES_NEVER : deadlines->heap[0].at_ms;
}

bool deadlines_take_due(struct deadlines *deadlines, uint64_t now_ms, uint32_t *id)
{
    if (deadlines->count == 0 || deadlines->heap[0].at_ms > now_ms) {
        return false;
    }
    *id = deadlines->heap[0].id;
    deadlines_remove(deadlines, *id);
    return true;
}
