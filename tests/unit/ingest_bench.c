/* ingest_bench.c - asks, waits and compares.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_bench.h"

#include "tests/unit/check.h"

static void hear(void *context, const struct answer *answer)
{
    struct heard *heard = context;
    for (uint32_t index = 0; index < answer->of.receipts.count; index++) {
        assert_true(heard->count < HEARD_MAX);
        heard->requests[heard->count] = answer->number;
        heard->receipts[heard->count++] = answer->of.receipts.receipts[index];
    }
}

void bench_limits(struct core_limits *limits)
{
    core_limits_default(limits);
    limits->producers = 8;
    limits->producers_agency = 4;
    limits->rings = 4;
    limits->window_events = 8;
    limits->id_window_events = 64;
    limits->pending_events = 40;
    limits->pending_bytes = (size_t)64 * 1024;
    limits->chunk_bytes = 4 * (sizeof(struct content) + 512);
}

struct bench *bench_open(const struct core_limits *limits)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct core_limits small;
    assert_non_null(bench);
    bench_limits(&small);
    world_open(&bench->world, limits == NULL ? &small : limits);
    bench->world.on_receipts = hear;
    bench->world.context = &bench->heard;
    return bench;
}

void bench_close(struct bench *bench)
{
    world_close(&bench->world);
    free(bench);
}

/* The next event of a lane: agency 'a', producer bytes all `lane`. */
struct content bench_event(struct bench *bench, uint8_t lane, uint64_t number, uint64_t after)
{
    struct content content = {.number = number,
                              .after = after,
                              .id = ++bench->next_id,
                              .digest = 1000 + bench->next_id,
                              .agency = 'a',
                              .topic = 't'};
    memset(content.producer, lane, PRODUCER_BYTES);
    return content;
}

void bench_ask(struct bench *bench, const struct content *contents, uint32_t count)
{
    assert_false(world_publish(&bench->world, 1, ++bench->next_request, contents, count));
    world_continue(&bench->world);
}

/* The last thing heard, after everything that can be done was done. */
const struct receipt *bench_outcome(struct bench *bench, struct content content)
{
    bench_ask(bench, &content, 1);
    world_drain(&bench->world);
    const struct heard *heard = &bench->heard;
    assert_true(heard->count > 0 && heard->requests[heard->count - 1] == bench->next_request);
    return &heard->receipts[heard->count - 1];
}

void assert_stored(const struct receipt *receipt, uint64_t seq, bool is_duplicate)
{
    assert_int_equal(receipt->kind, RECEIPT_STORED);
    assert_int_equal(receipt->seq, seq);
    assert_int_equal(receipt->is_duplicate, is_duplicate);
}

void assert_refused(const struct receipt *receipt, const char *code, bool is_retryable)
{
    assert_int_equal(receipt->kind, RECEIPT_REFUSED);
    assert_string_equal(receipt->refusal.code, code);
    assert_int_equal(receipt->refusal.is_retryable, is_retryable);
    assert_int_equal(receipt->refusal.retry_after_ms > 0, is_retryable);
}

void assert_mark(const struct receipt *receipt, enum receipt_kind kind, uint64_t mark)
{
    assert_int_equal(receipt->kind, kind);
    assert_int_equal(receipt->mark, mark);
}

uint64_t bench_mark(const struct bench *bench, char agency, uint8_t lane)
{
    uint8_t producer[PRODUCER_BYTES];
    memset(producer, lane, sizeof producer);
    return ingest_mark(bench->world.ingest, bytes_of(&agency, 1), producer);
}
