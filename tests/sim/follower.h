/* follower.h - an agency's system that follows, takes its time, acknowledges and crashes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_FOLLOWER_H
#define TESTS_SIM_FOLLOWER_H

#include "tests/sim/endpoint.h"

enum { FOLLOWER_QUEUE = 4096 };

struct follower_options {
    uint32_t credit_events;
    uint64_t credit_bytes;
    uint32_t answer_ms, backoff_ms, backoff_ms_max, connect_ms;
    uint32_t look_up;      /* after a delivery, in a million */
    uint64_t think_ms_max; /* for one delivery */
    uint64_t retry_ms_max; /* after a follow was refused or had ended */
};

/* A delivery that the application has not processed. */
struct follower_item {
    uint64_t last, events, bytes, due_ms;
};

struct follower {
    struct endpoint endpoint; /* first */
    struct follower_options options;
    uint32_t place, life;
    bool is_following, is_later; /* it goes by its later filters */
    bool has_stopped;            /* it follows no more, once this follow has ended */
    uint64_t id;
    uint64_t retry_ms;
    uint64_t processed; /* in the application's own books, which survive it */
    uint64_t looked_up; /* how many lookups it has asked for */
    uint64_t through;   /* where a reading ends */
    bool is_empty;      /* the log was, when it began */
    struct follower_item queue[FOLLOWER_QUEUE];
    uint32_t head, count;
    struct link_follow_spec spec;
    struct bytes filters[CAST_FILTERS_MAX], kinds[1], incidents[1];
    uint16_t categories[1];
};

/* Runs at once. */
void follower_init(struct follower *follower, uint32_t place,
                   const struct follower_options *options, const struct around *around,
                   struct prng *prng);
void follower_deinit(struct follower *follower);

void follower_start(struct follower *follower);
void follower_crash(struct follower *follower);

#endif
