/* gets.h - lookups of one event that wait for their page or for room to answer.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. A fixed number of places, in lists.
 */
#ifndef BROKER_CORE_GETS_H
#define BROKER_CORE_GETS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/base/status.h"

#define GETS_NONE UINT32_MAX

struct get {
    uint64_t peer;    /* the net's handle */
    uint64_t request; /* its number */
    uint64_t seq;
    uint32_t modes;     /* bits that were asked for */
    enum status status; /* of the read that it waited for */
    uint32_t next, before;
    bool is_taken, is_ready;
};

struct gets;

/* Takes memory for `room` lookups; NULL: none. */
struct gets *gets_new(uint32_t room);

/* Gives it back; NULL is let pass. */
void gets_free(struct gets *gets);

/* A place for a lookup, in no list; or GETS_NONE: all are taken. */
uint32_t gets_take(struct gets *gets, const struct get *get);

/* Frees the place. */
void gets_give(struct gets *gets, uint32_t index);

/* The lookup in that place, which is taken. */
struct get *gets_at(const struct gets *gets, uint32_t index);

/* Its turn has come, or (not ready) it waits again. */
void gets_set_ready(struct gets *gets, uint32_t index, bool is_ready);

/* The first whose turn it is, or GETS_NONE. */
uint32_t gets_first_ready(const struct gets *gets);

#endif
