/* world.h - a run: one clock, one seed, no threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "tests/sim/model.h"
#include "tests/sim/plant.h"
#include "tests/sim/story.h"

struct world_result {
    char fault[MODEL_FAULT_BYTES]; /* empty: nothing was found */
    uint64_t events;               /* in the log at the end */
    uint64_t end_ms;
};

/* Runs a seed to its end or to the first fault; adds what it met to `tally`. */
void world_run(uint64_t seed, enum plant_kind plant, struct story *story, struct tally *tally,
               struct world_result *result);

#endif
