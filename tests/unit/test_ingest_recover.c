/* test_ingest_recover.c - after any crash and loss of checkpoints the broker knows what it knew.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_bench.h"

#include "broker/core/ingest_checkpoint.h"
#include "tests/unit/check.h"

enum { LANES = 6, EVENTS = 160 };

static struct bench *open_with_checkpoints(uint32_t checkpoint_events)
{
    struct core_limits limits;
    bench_limits(&limits);
    limits.producers = 64;
    limits.producers_agency = 64;
    limits.checkpoint_events = checkpoint_events;
    limits.checkpoint_ms = UINT32_MAX;
    return bench_open(&limits);
}

/* Stores `count` events in lanes in turn; what was stored is noted by sequence. */
static void store(struct bench *bench, struct content *stored, uint32_t count)
{
    uint64_t marks[LANES] = {0};
    for (uint64_t seq = 1; seq <= bench->world.last; seq++) {
        marks[stored[seq].producer[0] % LANES] = stored[seq].number;
    }
    for (uint32_t index = 0; index < count; index++) {
        uint64_t seq = bench->world.last + 1;
        uint32_t lane = (uint32_t)(seq * seq) % LANES;
        struct content content =
            bench_event(bench, (uint8_t)(LANES + lane), marks[lane] + 2, marks[lane]);
        marks[lane] = content.number;
        stored[seq] = content;
        bench->heard.count = 0;
        assert_stored(bench_outcome(bench, content), seq, false);
    }
}

/* Everything that was stored is a duplicate, everything else is not; nothing is stored twice. */
static void check_memory(struct bench *bench, const struct content *stored)
{
    uint64_t last = bench->world.last, marks[LANES] = {0};
    for (uint64_t seq = 1; seq <= last; seq++) {
        bench->heard.count = 0;
        assert_stored(bench_outcome(bench, stored[seq]), seq, true);
        marks[stored[seq].producer[0] % LANES] = stored[seq].number;
    }
    for (uint64_t seq = last; seq + 30 > last && seq > 0; seq--) {
        struct content by_id = stored[seq];
        memset(by_id.producer, 99, PRODUCER_BYTES);
        by_id.number = seq;
        by_id.after = bench_mark(bench, 'a', 99);
        by_id.number = by_id.after + 1;
        bench->heard.count = 0;
        assert_stored(bench_outcome(bench, by_id), seq, true);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        assert_int_equal(bench_mark(bench, 'a', (uint8_t)(LANES + lane)), marks[lane]);
    }
    assert_int_equal(bench->world.last, last);
}

static void only_what_follows_a_checkpoint_is_read(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(20);
    store(bench, stored, EVENTS);
    world_wait(&bench->world, 10);
    uint32_t before = bench->world.pages_read;
    world_crash(&bench->world, UINT32_MAX);
    assert_true(bench->world.pages_read - before <= 20);
    check_memory(bench, stored);
    bench_close(bench);
}

static void without_a_checkpoint_the_log_is_read(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(UINT32_MAX);
    store(bench, stored, EVENTS);
    assert_int_equal(bench->world.parts_written, 0);
    world_crash(&bench->world, UINT32_MAX);
    assert_int_equal(bench->world.pages_read, EVENTS);
    check_memory(bench, stored);
    bench_close(bench);
}

/* Each part in turn is lost, and then damaged by one bit. */
static void a_lost_or_damaged_part_costs_time_only(void **state)
{
    (void)state;
    for (uint32_t turn = 0;; turn++) {
        struct content stored[EVENTS + 1] = {0};
        struct bench *bench = open_with_checkpoints(50);
        struct world *world = &bench->world;
        store(bench, stored, EVENTS);
        bool is_over = turn / 2 >= world->part_count;
        assert_true(world->part_count > 8);
        if (!is_over && turn % 2 == 0) {
            world_lose_part(world, &world->parts[turn / 2]);
        } else if (!is_over) {
            struct part *part = &world->parts[turn / 2];
            part->value[part->length * 2 / 3] ^= 4;
        }
        world_crash(world, UINT32_MAX);
        check_memory(bench, stored);
        store(bench, stored, 0);
        world_crash(world, UINT32_MAX);
        check_memory(bench, stored);
        bench_close(bench);
        if (is_over) {
            return;
        }
    }
}

/* Eight events of each of four lanes at once, which is more than an interval. */
static void ask_storm(struct bench *bench)
{
    for (uint32_t turn = 0; turn < 4; turn++) {
        struct content contents[8];
        uint8_t lane = (uint8_t)(LANES + turn);
        uint64_t mark = bench_mark(bench, 'a', lane);
        for (uint64_t index = 0; index < COUNT_OF(contents); index++) {
            contents[index] = bench_event(bench, lane, mark + index + 1, mark + index);
        }
        bench_ask(bench, contents, COUNT_OF(contents));
    }
}

/* However fast it is published, and wherever it is cut. */
static void what_follows_a_checkpoint_never_passes_the_interval(void **state)
{
    (void)state;
    const uint32_t interval = 20;
    uint64_t longest = 0;
    for (uint32_t steps = 0;; steps++) {
        struct content stored[EVENTS + 1] = {0};
        struct ingest_statistics statistics;
        struct bench *bench = open_with_checkpoints(interval);
        struct world *world = &bench->world;
        store(bench, stored, 30);
        ask_storm(bench);
        for (uint32_t step = 0; step < steps; step++) {
            (void)world_complete_write(world, false);
            world_wait(world, step % 4 == 3);
        }
        bool is_over = world->last == 62;
        world_crash(world, UINT32_MAX);
        ingest_statistics(world->ingest, &statistics);
        uint64_t follows = world->last - statistics.checkpoint_seq;
        assert_in_range(follows, 0, interval);
        longest = follows > longest ? follows : longest;
        bench_close(bench);
        if (is_over) {
            break;
        }
        assert_in_range(steps, 0, 1000);
    }
    assert_int_equal(longest, interval);
}

/* A start reads one chunk after the other, so that their number counts too. */
static void many_small_chunks_are_not_read_again_either(void **state)
{
    (void)state;
    const uint32_t count = CHECKPOINT_CHUNKS + 500;
    struct content *stored = calloc(count + 1, sizeof *stored);
    struct bench *bench = open_with_checkpoints(UINT32_MAX);
    assert_non_null(stored);
    store(bench, stored, CHECKPOINT_CHUNKS - 1);
    assert_int_equal(bench->world.parts_written, 0);
    store(bench, stored, count - CHECKPOINT_CHUNKS + 1);
    uint32_t before = bench->world.pages_read;
    world_crash(&bench->world, UINT32_MAX);
    assert_in_range(bench->world.pages_read - before, 490, 500);
    bench_close(bench);
    free(stored);
}

/* For every point between two parts of the second checkpoint: the crash is harmless. */
static void a_crash_between_any_two_parts_is_harmless(void **state)
{
    (void)state;
    uint32_t parts = 1;
    for (uint32_t kept = 0; kept <= parts; kept++) {
        struct content stored[EVENTS + 1] = {0};
        struct bench *bench = open_with_checkpoints(40);
        struct world *world = &bench->world;
        store(bench, stored, 119);
        struct content next = bench_event(bench, 6, 5000, bench_mark(bench, 'a', 6));
        stored[120] = next;
        /* The checkpoint goes on while this one is pending, then everything that was asked for is
         * cut after `kept` writes. */
        bench_ask(bench, &next, 1);
        for (uint32_t wait = 0; wait < 60; wait++) {
            world_wait(world, 5);
            if (wait == 5) {
                assert_true(world_complete_write(world, false));
            }
        }
        parts = world->queue_count;
        world_crash(world, kept);
        check_memory(bench, stored);
        bench_close(bench);
    }
    assert_true(parts > 5);
}

static void a_checkpoint_of_another_incarnation_is_not_used(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(20);
    struct world *world = &bench->world;
    store(bench, stored, EVENTS);
    /* Restored from a backup that ends earlier. */
    world->incarnation++;
    world->last = 50;
    world->pages_read = 0;
    world_crash(world, 0);
    assert_int_equal(world->pages_read, 50);
    check_memory(bench, stored);
    bench_close(bench);
}

static void parts_do_not_grow_in_number(void **state)
{
    (void)state;
    struct bench *bench = open_with_checkpoints(10);
    uint64_t mark = 0;
    uint32_t most = 0;
    for (uint32_t count = 0; count < 3000; count++) {
        bench->heard.count = 0;
        (void)bench_outcome(bench, bench_event(bench, 1, mark + 1, mark));
        mark++;
        most = bench->world.part_count > most ? bench->world.part_count : most;
    }
    assert_true(bench->world.parts_written > 1000);
    assert_true(most < 16);
    bench_close(bench);
}

/* «Damage is named, and new events go on unless it is the tail.» */
static void damage_is_passed_but_not_at_the_tail(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(UINT32_MAX);
    struct world *world = &bench->world;
    store(bench, stored, 20);
    world->damaged_first = 5;
    world->damaged_last = 6;
    world_crash(world, 0);
    bench->heard.count = 0;
    assert_stored(bench_outcome(bench, stored[20]), 20, true);
    struct content next = bench_event(bench, 50, 1, 0);
    assert_stored(bench_outcome(bench, next), 21, false);
    world->damaged_first = 21;
    world->damaged_last = 21;
    world_crash(world, 0);
    assert_refused(bench_outcome(bench, bench_event(bench, 51, 1, 0)), "STORE_CORRUPT", true);
    assert_stored(bench_outcome(bench, stored[20]), 20, true);
    bench_close(bench);
}

/* «A resend below what is kept is a duplicate without a sequence.» */
static void what_was_trimmed_is_a_duplicate_without_a_sequence(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(20);
    struct world *world = &bench->world;
    store(bench, stored, EVENTS);
    world_drain(world);
    world->log_first = 140;
    world_crash(world, UINT32_MAX);
    bench->heard.count = 0;
    assert_stored(bench_outcome(bench, stored[3]), 0, true);
    assert_stored(bench_outcome(bench, stored[150]), 150, true);
    /* A producer whose mark was moved by a duplicate alone has no record that could be gone. */
    struct content by_id = stored[150];
    memset(by_id.producer, 77, PRODUCER_BYTES);
    by_id.number = 5;
    by_id.after = 0;
    assert_stored(bench_outcome(bench, by_id), 150, true);
    assert_mark(bench_outcome(bench, bench_event(bench, 77, 3, 0)), RECEIPT_SKIPPED, 5);
    bench_close(bench);
}

static void a_changed_limit_reads_the_log_once(void **state)
{
    (void)state;
    struct content stored[EVENTS + 1] = {0};
    struct bench *bench = open_with_checkpoints(20);
    struct world *world = &bench->world;
    store(bench, stored, EVENTS);
    world->limits.id_window_events = 40;
    world->limits.rings = 3;
    world->pages_read = 0;
    world_crash(world, UINT32_MAX);
    assert_int_equal(world->pages_read, EVENTS);
    check_memory(bench, stored);
    /* The new layout's parts are written as soon as there is something new. */
    bench->heard.count = 0;
    (void)bench_outcome(bench, bench_event(bench, 51, 1, 0));
    world_drain(world);
    world->pages_read = 0;
    world_crash(world, UINT32_MAX);
    assert_true(world->pages_read <= 20);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_follows_a_checkpoint_is_read),
        cmocka_unit_test(without_a_checkpoint_the_log_is_read),
        cmocka_unit_test(a_lost_or_damaged_part_costs_time_only),
        cmocka_unit_test(what_follows_a_checkpoint_never_passes_the_interval),
        cmocka_unit_test(many_small_chunks_are_not_read_again_either),
        cmocka_unit_test(a_crash_between_any_two_parts_is_harmless),
        cmocka_unit_test(a_checkpoint_of_another_incarnation_is_not_used),
        cmocka_unit_test(parts_do_not_grow_in_number),
        cmocka_unit_test(damage_is_passed_but_not_at_the_tail),
        cmocka_unit_test(what_was_trimmed_is_a_duplicate_without_a_sequence),
        cmocka_unit_test(a_changed_limit_reads_the_log_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
