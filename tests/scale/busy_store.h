/* busy_store.h - a store in front of another that kills the process at a chosen write.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SCALE_BUSY_STORE_H
#define TESTS_SCALE_BUSY_STORE_H

#include "tests/scale/busy_site.h"

struct busy_store {
    struct store store; /* what the engine is given */
    struct store *inner;
    const struct busy_plan *plan;
    uint64_t manifest_seq; /* the log's end when the last manifest was asked for */
    uint64_t last;         /* the log's end with all that was asked for */
};

/* In place; `inner` and `plan` are borrowed. */
void busy_store_init(struct busy_store *busy, struct store *inner, const struct busy_plan *plan);

#endif
