/* plant_store.h - the fake store as a store with a planted bug shows it to the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_PLANT_STORE_H
#define TESTS_SIM_PLANT_STORE_H

#include "tests/sim/plant.h"
#include "tests/sim/store_fake.h"

enum { PLANT_APPENDS = 1024 };

struct plant_store {
    struct store store; /* first: the table that the engine is given */
    struct store *real;
    enum plant_kind kind;
    struct store_done early[PLANT_APPENDS]; /* appends told as done before they are */
    uint32_t early_first, early_count;
};

/* `real` is borrowed. Without a bug for the store, every call goes through. */
void plant_store_init(struct plant_store *planted, enum plant_kind kind, struct store *real);

/* Does to the disk what a broker with the bug does to it when it starts. */
void plant_store_before_start(enum plant_kind kind, struct fake_disk *disk);

#endif
