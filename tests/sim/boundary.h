/* boundary.h - stands between the engine and its core: watches, and plants bugs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The linker hands every call of core_step() to it (--wrap=core_step), so the product knows nothing
 * of it. One boundary is entered at a time.
 */
#ifndef TESTS_SIM_BOUNDARY_H
#define TESTS_SIM_BOUNDARY_H

#include "broker/core/limits.h"
#include "tests/sim/plant.h"
#include "tests/sim/around.h"

enum { BOUNDARY_PUBLISHES = 64 };

struct boundary {
    struct plant *plant;
    struct around around;
    uint64_t now_ms;
    uint32_t steps; /* at this moment */
    uint32_t reads; /* asked for and not answered */
    struct core_limits limits;
    struct {
        uint64_t peer, request;
        struct blob *frame;
    } publishes[BOUNDARY_PUBLISHES]; /* the last ones, for the plant that sends one again */
    uint32_t publish_count;
};

void boundary_init(struct boundary *boundary, enum plant_kind kind, const struct around *around);
void boundary_deinit(struct boundary *boundary);

/* Another broker starts, with these limits. */
void boundary_start(struct boundary *boundary, const struct core_limits *limits);

/* From now on core_step() goes through this one. */
void boundary_enter(struct boundary *boundary);

#endif
