/* suite_world.h - one open store under test, and short words for what checks do with it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A word that fails its expectation fails the check.
 */
#ifndef TESTS_CONTRACT_SUITE_WORLD_H
#define TESTS_CONTRACT_SUITE_WORLD_H

#include "broker/store/store.h"
#include "tests/unit/check.h"

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

struct suite_world {
    const struct suite_engine *engine;
    void *place;
    struct store *store;
    uint64_t token; /* the last one given */
};

int world_set_up(void **state);
int world_tear_down(void **state);

/* Closes the store and opens its log again. */
void world_reopen(struct suite_world *world);

/* Asks, and expects to be let in; returns the token. Chunks are made of `fill` by world_chunk(). */
uint64_t world_ask_append(struct suite_world *world, uint64_t expect, uint64_t last, size_t length);
uint64_t world_ask_put(struct suite_world *world, enum store_space space, struct bytes key,
                       struct bytes value);
uint64_t world_ask_read(struct suite_world *world, uint64_t seq);
uint64_t world_ask_get(struct suite_world *world, enum store_space space, struct bytes key);

/* The next completion. The caller drops its blob. */
struct store_done world_wait(struct suite_world *world);

/* The next completion is of `token` and ended with `status`, without a blob. */
void world_expect(struct suite_world *world, uint64_t token, enum status status);

/* Asks and waits. */
enum status world_append(struct suite_world *world, uint64_t expect, uint64_t last, size_t length);
enum status world_put(struct suite_world *world, enum store_space space, const char *key,
                      const char *value);

/* The value of `key` is `value`; NULL: there is none. */
void world_expect_value(struct suite_world *world, enum store_space space, const char *key,
                        const char *value);

/* `seq` is in the chunk first..last that world_append() made with `length`; last 0: nowhere. */
void world_expect_chunk(struct suite_world *world, uint64_t seq, uint64_t first, uint64_t last,
                        size_t length);

/* The log ends with `last`. */
void world_expect_last(struct suite_world *world, uint64_t last);

struct store_statistics world_statistics(struct suite_world *world);

/* Appends one-event chunks of SUITE_CHUNK_BYTES until the store is full; returns the last. */
uint64_t world_fill(struct suite_world *world);

/* The chunk that starts with `first`: `length` bytes that differ from those of any other. */
struct blob *world_chunk(uint64_t first, size_t length);

/* One check of the suite. */
struct suite_check {
    const char *name;
    CMUnitTestFunction run;
};

struct suite_checks {
    const struct suite_check *checks;
    size_t count;
};

extern const struct suite_checks suite_log_checks, suite_read_checks, suite_value_checks,
    suite_limit_checks, suite_life_checks;

#endif
