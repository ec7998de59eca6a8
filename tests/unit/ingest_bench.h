/* ingest_bench.h - one client of ingest alone, and what it was answered.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_INGEST_BENCH_H
#define TESTS_UNIT_INGEST_BENCH_H

#include "tests/unit/ingest_world.h"

enum { HEARD_MAX = 256 };

/* What was answered, in order. */
struct heard {
    struct receipt receipts[HEARD_MAX];
    uint64_t requests[HEARD_MAX];
    uint32_t count;
};

struct bench {
    struct world world;
    struct heard heard;
    uint64_t next_id, next_request;
};

/* Limits that a test reaches in a few steps. */
void bench_limits(struct core_limits *limits);

/* `limits` NULL: those. */
struct bench *bench_open(const struct core_limits *limits);
void bench_close(struct bench *bench);

/* A new event of agency 'a', as the producer whose bytes are all `lane`. */
struct content bench_event(struct bench *bench, uint8_t lane, uint64_t number, uint64_t after);

/* Publishes them in one request, and lets the core say what it owes once. */
void bench_ask(struct bench *bench, const struct content *contents, uint32_t count);

/* Publishes one, does everything that can be done, and returns its receipt. */
const struct receipt *bench_outcome(struct bench *bench, struct content content);

uint64_t bench_mark(const struct bench *bench, char agency, uint8_t lane);

void assert_stored(const struct receipt *receipt, uint64_t seq, bool is_duplicate);
void assert_refused(const struct receipt *receipt, const char *code, bool is_retryable);
void assert_mark(const struct receipt *receipt, enum receipt_kind kind, uint64_t mark);

#endif
