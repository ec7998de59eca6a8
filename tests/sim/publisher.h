/* publisher.h - an agency's system that makes bulletins, keeps them in an outbox and crashes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_PUBLISHER_H
#define TESTS_SIM_PUBLISHER_H

#include "tests/sim/endpoint.h"
#include "tests/sim/outbox_fake.h"

struct publisher_options {
    uint64_t interval_ms_max; /* between two bulletins */
    uint64_t flush_ms_max;    /* between two flushes of the outbox */
    uint32_t bulletins;       /* how many to make */
    uint32_t window_events;
    uint32_t answer_ms, backoff_ms, backoff_ms_max, connect_ms;
    uint32_t conflict;  /* an id of its own is given to another event, in a million */
    uint32_t borrow;    /* a bulletin of the agency's other house is published here too */
    uint32_t republish; /* what a crash lost is published again */
};

struct publisher {
    struct endpoint endpoint; /* first */
    struct publisher_options options;
    uint32_t place; /* in the cast */
    struct bulletins *bulletins;
    struct outbox_fake outbox;
    uint32_t made;
    uint64_t make_ms, flush_ms;
    const struct bulletin **lost; /* to be published again */
    uint32_t lost_count, lost_room;
    bool has_stopped; /* makes nothing more */
};

enum publisher_end {
    PUBLISHER_KILLED,    /* all that it wrote is there */
    PUBLISHER_POWER_CUT, /* what was not flushed is lost */
    PUBLISHER_RESTORED   /* the outbox is an old copy */
};

/* Runs at once. */
void publisher_init(struct publisher *publisher, uint32_t place,
                    const struct publisher_options *options, const struct around *around,
                    struct bulletins *bulletins, struct prng *prng);
void publisher_deinit(struct publisher *publisher);

void publisher_start(struct publisher *publisher);
void publisher_crash(struct publisher *publisher, enum publisher_end end);

/* Whether it has made all its bulletins and every one of them is answered. */
bool publisher_is_done(const struct publisher *publisher);

#endif
