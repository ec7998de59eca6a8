/* cursors_inner.h - cursors from inside: what is in memory, and what is on its way to or from disk.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only cursors*.c include this.
 */
#ifndef BROKER_CORE_CURSORS_INNER_H
#define BROKER_CORE_CURSORS_INNER_H

#include "broker/core/cursors.h"
#include "broker/core/cursors_tally.h"

enum want { WANT_NOTHING, WANT_LOAD, WANT_LOAD_TALLY, WANT_SAVE };

#define CURSOR_KEY_PREFIX "cursor/"

struct cursor {
    uint8_t *key; /* "cursor/AGENCY/NAME", a piece of `blocks`; NULL: the place is free */
    uint16_t key_length;
    uint8_t agency_length;
    uint8_t state; /* enum cursor_state */
    uint8_t want;  /* enum want; in line as long as it is something */
    bool is_flying;
    bool is_changed;                     /* since the save in flight was made */
    bool is_made;                        /* was durable once */
    bool has_new_terms, is_flying_terms; /* not yet in a save; in the one in flight */
    uint32_t holder;
    uint32_t next; /* in line, or the next free place */
    uint32_t tally;
    struct terms *terms;
    struct cursor_place place;
    uint64_t durable; /* acked up to here on disk */
    uint64_t number;  /* of the latest ack not yet in a save */
    uint64_t flying_acked, flying_number;
};

struct cursors {
    struct cursor *cursors;
    struct blocks *blocks;
    struct map map;
    struct tallies tallies;
    uint32_t room, count, agency_max;
    uint32_t free_place;
    uint32_t line_first, line_last;
    uint64_t rest_until_ms;
};

/* The cursor in that place, which is taken. */
struct cursor *cursor_at(const struct cursors *cursors, uint32_t index);

/* Its key: lives as long as the cursor is in memory. */
struct bytes cursor_key(const void *owner, uint32_t index);

/* Puts it into the line of those who want something, or takes the first one out. */
void cursor_line_append(struct cursors *cursors, uint32_t index, enum want want);
void cursor_line_take_first(struct cursors *cursors);

/* Asks for a save unless one is on its way, after which it is asked for. */
void cursor_touch(struct cursors *cursors, uint32_t index);

/* Forgets it when nobody holds it and nothing of it is on its way. */
void cursor_forget_unused(struct cursors *cursors, uint32_t index);

#endif
