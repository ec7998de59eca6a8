/* busy_store.h - a store in front of another that kills the process at a chosen write.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SCALE_BUSY_STORE_H
#define TESTS_SCALE_BUSY_STORE_H

#include "broker/store/store.h"

enum { BUSY_PEERS_MAX = 8 };

/* When the process is killed, once the log has the events that were asked for. */
enum busy_end {
    END_MID_INTERVAL,   /* half a checkpoint interval after the last manifest */
    END_BEFORE_MANIFEST /* all parts of a checkpoint are written but the one that makes it count */
};

struct busy_plan {
    uint64_t events;
    uint32_t peers;        /* 1 to BUSY_PEERS_MAX, each with a producer of its own */
    uint32_t batch_events; /* in one publish */
    enum busy_end end;
};

struct busy_store {
    struct store store; /* what the engine is given */
    struct store *inner;
    const struct busy_plan *plan;
    uint64_t manifest_seq; /* the log's end when the last manifest was asked for */
    uint64_t last;         /* the log's end with all that was asked for */
    uint64_t durable;      /* as far as was told */
};

/* In place; `inner` and `plan` are borrowed. */
void busy_store_init(struct busy_store *busy, struct store *inner, const struct busy_plan *plan);

#endif
