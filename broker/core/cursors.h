/* cursors.h - where followers stand, kept for ever: one small value a cursor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. A cursor is in memory from the moment that a follow names it until
 * that follow has left and everything is durable. One follow holds it: a newer one takes it over.
 * Kept under "cursor/AGENCY/NAME"; how many an agency has, under "cursors/AGENCY". One save a
 * cursor is in flight; the next one holds the latest, so acks that come meanwhile are one.
 *
 * The count is saved before the cursor that it counts, so a crash between the two may count one too
 * many, never too few.
 */
#ifndef BROKER_CORE_CURSORS_H
#define BROKER_CORE_CURSORS_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"
#include "broker/core/terms.h"

#define CURSORS_NONE UINT32_MAX

struct cursors;

/* What is kept beside the terms. */
struct cursor_place {
    uint64_t incarnation; /* of the log that the numbers are of */
    uint64_t origin;      /* the head when it was made or last set */
    uint64_t acked;       /* follows go on after this */
    uint64_t highest;     /* ack ever */
    int64_t active_ms;    /* UTC, when a follow last held or acknowledged */
};

enum cursor_state {
    CURSOR_LOADING, /* not known yet */
    CURSOR_ABSENT,  /* there is none; it may be made */
    CURSOR_LIMITED, /* there is none, and the agency has as many as it may */
    CURSOR_KNOWN,
    CURSOR_DAMAGED, /* what is kept cannot be read; it is left as it is */
    CURSOR_NO_ROOM  /* no memory left for its filters */
};

/* Takes all memory; terms are pieces of `blocks`, which is borrowed. NULL: none. */
struct cursors *cursors_new(const struct core_limits *limits, struct blocks *blocks);

/* Gives it back; NULL is let pass. */
void cursors_free(struct cursors *cursors);

/* Whether a cursor may be called so: 1 to 64 of A-Z, a-z, 0-9, dot, dash, underscore. */
bool cursors_name_is_valid(struct bytes name);

/* `holder` (a number of the caller's) takes the cursor; *loser is who held it, or CURSORS_NONE.
 * Returns the cursor, or CURSORS_NONE: no room now. */
uint32_t cursors_hold(struct cursors *cursors, struct bytes agency, struct bytes name,
                      uint32_t holder, uint32_t *loser);

/* Its holder leaves; what is not durable yet is still saved. */
void cursors_release(struct cursors *cursors, uint32_t index);

enum cursor_state cursors_state(const struct cursors *cursors, uint32_t index);

/* Of a KNOWN cursor; until it changes. */
const struct cursor_place *cursors_place(const struct cursors *cursors, uint32_t index);
struct terms *cursors_terms(const struct cursors *cursors, uint32_t index);

/* Whether the terms of a KNOWN cursor are durable; if not, cursors_saved() tells when they are. */
bool cursors_terms_are_durable(const struct cursors *cursors, uint32_t index);

/* Makes an ABSENT cursor; keeps `terms`. cursors_saved() tells whether it became durable. False: by
 * now the agency has as many as it may. */
bool cursors_make(struct cursors *cursors, uint32_t index, const struct cursor_place *place,
                  struct terms *terms);

/* A KNOWN cursor gets other terms (kept); cursors_saved() tells when they are durable. */
void cursors_change(struct cursors *cursors, uint32_t index, struct terms *terms,
                    int64_t active_ms);

/* Everything up to `through` was processed. True: that is durable already. False: cursors_saved()
 * tells when it is, with the latest `number`. */
bool cursors_ack(struct cursors *cursors, uint32_t index, uint64_t through, uint64_t number,
                 int64_t active_ms);

/* IN_LOADED with a token of TOKEN_CURSORS. Returns the holder whose cursor is not LOADING any more,
 * or CURSORS_NONE. */
uint32_t cursors_loaded(struct cursors *cursors, uint64_t token, enum status status,
                        struct bytes value);

/* What became durable. */
struct cursor_saved {
    uint32_t cursor;
    uint32_t holder;
    uint64_t through; /* acked up to here */
    uint64_t number;  /* of the latest ack in it; 0: none */
    bool is_all;      /* nothing of the cursor waits to be saved */
    bool is_unmade;   /* no room on disk: the cursor was not made, and is gone, its hold too */
};

/* IN_SAVED with a token of TOKEN_CURSORS. False: nothing that a holder waits for. FULL is tried
 * again after a second, but for a cursor that was to be made. */
bool cursors_saved(struct cursors *cursors, uint64_t token, enum status status, uint64_t now_ms,
                   struct cursor_saved *saved);

/* Emits the loads and saves that are owed, as far as `fx` has room. */
void cursors_continue(struct cursors *cursors, uint64_t now_ms, struct effects *fx);

/* When cursors_continue() has something to do; UINT64_MAX: never. */
uint64_t cursors_deadline_ms(const struct cursors *cursors);

/* How many are in memory. */
uint32_t cursors_count(const struct cursors *cursors);

#endif
