/* plant.h - bugs that are planted to see them found.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The product has no switch for any of them: each is done to what passes between the core and its
 * world, so that the whole behaves as if the core, the store or the engine had the bug
 * (docs/decisions/0010-simulator.md).
 */
#ifndef TESTS_SIM_PLANT_H
#define TESTS_SIM_PLANT_H

#include "broker/core/effect.h"

enum plant_kind {
    PLANT_NONE,
    PLANT_ACK_BEFORE_COMMIT,
    PLANT_CURSOR_SAVED_ON_SEND,
    PLANT_MARKS_LOST,
    PLANT_EVENT_MISSED_AT_PAGE_EDGE,
    PLANT_SEQUENCE_REUSED,
    PLANT_DRILL_LEAKED,
    PLANT_GAP_IGNORED,
    PLANT_BATCH_REORDERED,
    PLANT_KINDS
};

/* "gap-ignored". */
const char *plant_name(enum plant_kind kind);

/* The plant of that name; PLANT_KINDS: none. */
enum plant_kind plant_find(const char *name);

enum { PLANT_ITEMS = 4096, PLANT_FOLLOWS = 64, PLANT_INDEXES = 65536 };

/* A publish whose GAP is to be ignored: one item of it goes in again. */
struct plant_again {
    uint64_t peer, request, number, mark;
    uint8_t producer[PRODUCER_BYTES];
    bool is_owed;
};

/* An ack that nobody sent. */
struct plant_ack {
    uint64_t peer, follow, through;
    bool is_owed;
};

/* One planted bug and the room that it works in. */
struct plant {
    enum plant_kind kind;
    bool is_recovering; /* the broker has started and is not ready */
    struct publish_item items[1];
    struct append_item appended[PLANT_ITEMS];
    uint32_t indexes[PLANT_INDEXES];
    struct {
        uint64_t peer, follow;
    } cursors[PLANT_FOLLOWS]; /* follows that have one */
    uint32_t cursor_count;
    struct page *veiled; /* in the input of this step */
    struct plant_again again;
    struct plant_ack ack;
};

/* Requests that the plant makes up have numbers from here on. */
#define PLANT_REQUEST (UINT64_C(1) << 63)

/* Changes what the core is about to be told. False: it is not told at all. */
bool plant_input(struct plant *plant, struct input *input);

/* Changes what the core has asked for; what must not be performed is made a FX_TRACE. */
void plant_effects(struct plant *plant, struct effects *fx);

/* Forgets everything: another broker starts. */
void plant_restart(struct plant *plant);

#endif
