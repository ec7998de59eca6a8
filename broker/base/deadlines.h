/* deadlines.h - what is due first: a min-heap of times, at most one for each of a fixed set of ids.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Equal times come in order of id, so that runs repeat. All memory is taken at init. One thread.
 */
#ifndef BROKER_BASE_DEADLINES_H
#define BROKER_BASE_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/base/status.h"

#define DEADLINES_NEVER UINT64_MAX

struct deadline {
    uint64_t at_ms;
    uint32_t id;
};

struct deadlines {
    struct deadline *heap;
    uint32_t *places; /* of each id in the heap; UINT32_MAX: none set */
    uint32_t count;
    uint32_t room;
};

/* Takes the memory for ids 0 to `room` - 1. MEMORY. */
enum status deadlines_init(struct deadlines *deadlines, uint32_t room) STATUS_MUST_CHECK;

/* Gives the memory back; zeroed deadlines are let pass. */
void deadlines_deinit(struct deadlines *deadlines);

/* Sets or moves the deadline of `id`; DEADLINES_NEVER removes it. */
void deadlines_set(struct deadlines *deadlines, uint32_t id, uint64_t at_ms);

/* Removes the deadline of `id`, if it has one. */
void deadlines_remove(struct deadlines *deadlines, uint32_t id);

/* The deadline of `id`; DEADLINES_NEVER: none. */
uint64_t deadlines_of(const struct deadlines *deadlines, uint32_t id);

/* The earliest time; DEADLINES_NEVER: none. */
uint64_t deadlines_first_ms(const struct deadlines *deadlines);

/* Takes the earliest out if it is at or before `now_ms`. False: nothing is due. */
bool deadlines_take_due(struct deadlines *deadlines, uint64_t now_ms, uint32_t *id);

#endif
