/* cursors_tally.h - how many cursors each agency has, loaded when first asked for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A part of cursors; pure, one thread.
 */
#ifndef BROKER_CORE_CURSORS_TALLY_H
#define BROKER_CORE_CURSORS_TALLY_H

#include "broker/base/map.h"
#include "broker/core/effect.h"

enum { TALLY_KEY_BYTES_MAX = 8 + AGENCY_BYTES_MAX };

struct tally {
    uint8_t key[TALLY_KEY_BYTES_MAX]; /* "cursors/AGENCY" */
    uint8_t key_length;
    bool is_known;
    bool is_dirty;
    uint32_t saves; /* in flight */
    uint32_t users; /* cursors in memory that count on it */
    uint32_t count;
};

struct tallies {
    struct tally *tallies;
    struct map map;
    uint32_t count, room;
    uint32_t dirty_count;
};

/* Takes the memory for `agencies` of them. MEMORY. */
enum status tallies_init(struct tallies *tallies, uint32_t agencies) STATUS_MUST_CHECK;

/* Gives it back; zeroed ones are let pass. */
void tallies_deinit(struct tallies *tallies);

/* The agency's, known or not, with one user more; MAP_NONE: all places are in use. */
uint32_t tallies_use(struct tallies *tallies, struct bytes agency);

/* One user less. */
void tallies_leave(struct tallies *tallies, uint32_t index);

/* What was loaded; ignored when it is known already. What cannot be read counts as none. */
void tally_loaded(struct tally *tally, enum status status, struct bytes value);

/* Sets a known count, to be saved. */
void tallies_set(struct tallies *tallies, uint32_t index, uint32_t count);

/* Emits saves with tokens of TOKEN_CURSORS, `token_base` + index. False: no room for all. */
bool tallies_continue(struct tallies *tallies, uint64_t token_base, struct effects *fx);

/* A save ended. */
void tallies_saved(struct tallies *tallies, uint32_t index, enum status status);

#endif
