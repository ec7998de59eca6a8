/* small_broker.h - a broker of a few lines on a thread of its own: it stores, delivers,
 * acknowledges, forgets.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the library alone: plain connections on loopback, one agency, no rights.
 */
#ifndef TESTS_UNIT_SMALL_BROKER_H
#define TESTS_UNIT_SMALL_BROKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/check.h"

enum { SMALL_EVENTS_MAX = 20000 };

struct small_record {
    uint8_t *bytes; /* an encoded Record */
    size_t length;
};

struct small_broker {
    pthread_t thread;
    void *context;
    char endpoint[64];
    atomic_bool is_ending;
    atomic_int silence;   /* 1: reads nothing, says nothing */
    atomic_int is_silent; /* it has taken note of that */
    atomic_int refuse;    /* 1: every publish is refused with RIGHTS */
    atomic_int busy;      /* so many publishes are answered BUSY first */
    atomic_ulong stored;  /* of `records` */
    atomic_ulong acked;
    struct small_record records[SMALL_EVENTS_MAX];
    /* The thread's alone: */
    void *socket;
    uint8_t peer[64];
    size_t peer_bytes;
    uint64_t follow, delivered, credit; /* of the one follow */
    uint64_t marks[8];
    uint8_t producers[8][16];
    unsigned producer_count;
};

/* Listens on a free port; `port` > 0: on that one. */
void small_broker_start(struct small_broker *broker, int port);
void small_broker_stop(struct small_broker *broker);

/* Returns once nothing is read or said any more. */
void small_broker_silence(struct small_broker *broker);

#endif
