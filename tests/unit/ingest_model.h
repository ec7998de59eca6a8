/* ingest_model.h - architecture §4 written down naively: every number and every id that ever was.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_INGEST_MODEL_H
#define TESTS_UNIT_INGEST_MODEL_H

#include "tests/unit/ingest_world.h"

enum { MODEL_EVENTS_MAX = WORLD_EVENTS_MAX, MODEL_LANES_MAX = 16, MODEL_OPEN_MAX = 4096 };

/* A lane's number that was used, by an event of its own or by a duplicate of another. */
struct model_number {
    uint64_t number, seq, id, digest;
    uint64_t barrier; /* undone if this sequence never becomes durable */
    bool is_own;
};

struct model_lane {
    char agency;
    uint8_t producer[PRODUCER_BYTES];
    uint64_t mark, settled;
    struct model_number *numbers; /* rising, of MODEL_EVENTS_MAX */
    uint32_t count;
};

/* What one item must be answered; `may_differ`: it depends on when the log was looked at. */
struct model_answer {
    uint64_t peer, request;
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number, seq, mark, id, digest;
    enum receipt_kind kind;
    const char *code;
    uint32_t lane;
    bool is_duplicate, is_looked_up, was_in_window, was_used;
};

struct model {
    struct model_lane lanes[MODEL_LANES_MAX];
    uint32_t lane_count;
    struct content *events; /* of sequence s at s, with what is pending */
    uint64_t durable, next;
    uint64_t window_events;
    struct model_answer *open; /* in order of asking */
    uint32_t open_count;
};

void model_open(struct model *model, uint64_t window_events);
void model_close(struct model *model);

/* Judges an item and notes what must be answered. `is_busy`: the broker said BUSY, and nothing
 * moves. */
void model_publish(struct model *model, uint64_t peer, uint64_t request,
                   const struct content *content, bool is_busy);

/* Everything up to `last` is durable. */
void model_settle(struct model *model, uint64_t last);

/* An append failed: what is not durable never was, and is answered STORE_FULL. */
void model_fail(struct model *model);

/* The process died, and the log ends at `last`; nobody will be answered. */
void model_crash(struct model *model, uint64_t last);

/* One receipt that came: asserts that it is the next one owed to that request, and right. */
void model_receive(struct model *model, uint64_t peer, uint64_t request,
                   const struct receipt *receipt);

/* The event that the window knows by that id; 0: none. */
uint64_t model_find_id(const struct model *model, char agency, uint64_t id, uint64_t low);

#endif
