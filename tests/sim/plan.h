/* plan.h - what a seed is about: bounds, speeds, and how often each thing goes wrong.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include "tests/sim/follower.h"
#include "tests/sim/host.h"
#include "tests/sim/publisher.h"

enum { PLAN_BULLETINS_MIN = 1000 };

/* Rates are in a million, asked of every moment at which chaos has its turn. */
struct plan {
    struct sim_net_rates net;
    struct host_options host;
    struct publisher_options publisher;
    struct follower_options follower;
    uint32_t bulletins;      /* of all publishers, at least */
    uint32_t broker_crashes; /* at least two */
    uint32_t reconfigure;    /* a broker comes back with other limits */
    uint32_t crash_again;    /* a broker that starts dies while it does */
    uint64_t chaos_ms_max;   /* between two turns of chaos */
    uint64_t down_ms_max;    /* of whoever crashed */
    uint64_t freeze_ms_max;
    uint64_t full_ms_max; /* how long the disk is full */
    uint32_t publisher_crash, follower_crash, freeze, policy, key, full, slow, flush_failure;
    uint64_t disk_bytes;
};

/* Draws anew what an operator may change while the broker is stopped. */
void plan_redraw(struct core_limits *limits, struct prng *prng);

/* Draws a plan. */
void plan_draw(struct plan *plan, struct prng *prng, enum plant_kind plant);

#endif
