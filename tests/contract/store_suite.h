/* store_suite.h - what every engine behind store.h must do, as one list of named checks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CONTRACT_STORE_SUITE_H
#define TESTS_CONTRACT_STORE_SUITE_H

#include "broker/store/store.h"

enum {
    SUITE_QUEUE_WRITES = 64,
    SUITE_QUEUE_READS = 16,
    /* An engine under test has room for at least SUITE_CHUNKS_MIN such chunks, and is full before
     * SUITE_CHUNKS_MAX. */
    SUITE_CHUNK_BYTES = 512 * 1024,
    SUITE_CHUNKS_MIN = 10,
    SUITE_CHUNKS_MAX = 100
};

extern const uint8_t suite_uuid[16];
extern const uint8_t suite_secret[32];

/* How the suite gets at an engine. */
struct suite_engine {
    const char *name;
    void *(*make)(void);                 /* a place with a new, empty log of suite_uuid */
    struct store *(*open)(void *place);  /* with the suite's queues */
    void (*settle)(struct store *store); /* lets what was asked for be done, until a completion
                                            waits */
    void (*remove)(void *place);         /* after the store was closed */
};

/* Runs every check; returns the number of failures. */
int store_suite_run(const struct suite_engine *engine);

#endif
