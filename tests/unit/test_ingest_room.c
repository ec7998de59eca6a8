/* test_ingest_room.c - what happens when memory, disk or patience run out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_bench.h"

#include "tests/unit/check.h"

/* Fills memory with low priorities until BUSY; how many were accepted. */
static uint32_t fill_memory(struct bench *bench, uint8_t first_lane, uint8_t priority)
{
    uint32_t accepted = 0;
    for (uint8_t lane = first_lane; lane < first_lane + 4; lane++) {
        for (uint64_t number = 1; number <= 8; number++) {
            struct content content = bench_event(bench, lane, number, number - 1);
            content.agency = (char)('a' + lane % 2);
            content.priority = priority;
            uint32_t heard = bench->heard.count;
            bench_ask(bench, &content, 1);
            if (bench->heard.count > heard) {
                assert_refused(&bench->heard.receipts[heard], "BUSY", true);
                return accepted;
            }
            accepted++;
        }
    }
    return accepted;
}

static void urgent_events_have_a_tenth_of_memory(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.pending_bytes = 20 * sizeof(struct content);
    struct bench *bench = bench_open(&limits);
    assert_int_equal(fill_memory(bench, 1, 7), 18);
    assert_int_equal(fill_memory(bench, 5, 8), 2);
    world_drain(&bench->world);
    assert_int_equal(bench->world.last, 20);
    assert_stored(bench_outcome(bench, bench_event(bench, 9, 1, 0)), 21, false);
    bench_close(bench);
}

static void urgent_events_have_a_tenth_of_the_places(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.pending_events = 20;
    struct bench *bench = bench_open(&limits);
    assert_int_equal(fill_memory(bench, 1, 0), 18);
    assert_int_equal(fill_memory(bench, 5, 10), 2);
    world_drain(&bench->world);
    assert_int_equal(bench->world.last, 20);
    bench_close(bench);
}

static void a_producer_has_a_window(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[9];
    for (uint64_t number = 1; number <= 9; number++) {
        contents[number - 1] = bench_event(bench, 1, number, number - 1);
    }
    bench_ask(bench, contents, 9);
    world_drain(&bench->world);
    assert_stored(&bench->heard.receipts[7], 8, false);
    assert_refused(&bench->heard.receipts[8], "BUSY", true);
    assert_stored(bench_outcome(bench, contents[8]), 9, false);
    bench_close(bench);
}

/* «Later items of the same producer» would be a gap: they hear the same as the first. */
static void what_follows_a_busy_one_is_busy_too(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.window_events = 1;
    struct bench *bench = bench_open(&limits);
    struct content contents[4] = {bench_event(bench, 1, 1, 0), bench_event(bench, 1, 2, 1),
                                  bench_event(bench, 1, 3, 2), bench_event(bench, 2, 1, 0)};
    bench_ask(bench, contents, 4);
    world_drain(&bench->world);
    assert_stored(&bench->heard.receipts[0], 1, false);
    assert_refused(&bench->heard.receipts[1], "BUSY", true);
    assert_refused(&bench->heard.receipts[2], "BUSY", true);
    assert_stored(&bench->heard.receipts[3], 2, false);
    /* Asked for alone, it is a gap. */
    assert_mark(bench_outcome(bench, contents[2]), RECEIPT_GAP, 1);
    bench_close(bench);
}

static void rings_that_are_all_needed_make_busy(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.rings = 1;
    struct bench *bench = bench_open(&limits);
    struct content first = bench_event(bench, 1, 1, 0), second = bench_event(bench, 2, 1, 0);
    bench_ask(bench, &first, 1);
    bench_ask(bench, &second, 1);
    assert_refused(&bench->heard.receipts[0], "BUSY", true);
    assert_int_equal(bench_mark(bench, 'a', 2), 0);
    world_drain(&bench->world);
    assert_stored(bench_outcome(bench, second), 2, false);
    /* The first one's number is remembered by the log alone. */
    assert_stored(bench_outcome(bench, first), 1, true);
    bench_close(bench);
}

static void tell_room(struct bench *bench, uint64_t room_bytes)
{
    bench->world.room_bytes = room_bytes;
    ingest_room(bench->world.ingest, room_bytes);
}

static void a_full_disk_is_said_before_it_is_met(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content low = bench_event(bench, 1, 1, 0), urgent = bench_event(bench, 2, 1, 0);
    urgent.priority = 8;
    tell_room(bench, UINT64_C(1) << 37); /* about a tenth of what there was at start is kept */
    tell_room(bench, UINT64_C(1) << 36);
    assert_refused(bench_outcome(bench, low), "STORE_FULL", true);
    assert_int_equal(bench->world.appends, 0);
    assert_stored(bench_outcome(bench, urgent), 1, false);
    tell_room(bench, 100);
    urgent = bench_event(bench, 2, 2, 1);
    urgent.priority = 8;
    assert_refused(bench_outcome(bench, urgent), "STORE_FULL", true);
    /* It asks to be told when there is room again: else nobody would ever know. */
    assert_true(ingest_deadline_ms(bench->world.ingest) <= bench->world.now_ms + 1000);
    tell_room(bench, UINT64_C(1) << 40);
    assert_stored(bench_outcome(bench, urgent), 2, false);
    assert_stored(bench_outcome(bench, low), 3, false);
    bench_close(bench);
}

static void a_failed_append_is_undone_whole(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[6];
    for (uint64_t number = 1; number <= 6; number++) {
        contents[number - 1] = bench_event(bench, 1, number, number - 1);
    }
    bench_ask(bench, contents, 6);
    struct content by_id = contents[5], late = bench_event(bench, 3, 1, 0);
    memset(by_id.producer, 2, PRODUCER_BYTES);
    by_id.number = 1;
    by_id.after = 0;
    bench_ask(bench, &by_id, 1);
    bench_ask(bench, &late, 1);
    /* The first chunk of the group is stored, the second is not, the third waits. */
    assert_true(world_complete_write(&bench->world, false));
    assert_true(world_complete_write(&bench->world, true));
    world_continue(&bench->world);
    assert_int_equal(bench->heard.count, 8);
    for (uint32_t index = 0; index < 8; index++) {
        const struct receipt *receipt = &bench->heard.receipts[index];
        if (bench->heard.requests[index] == 1 && receipt->number <= 4) {
            assert_stored(receipt, receipt->number, false);
        } else {
            assert_refused(receipt, "STORE_FULL", true);
        }
    }
    assert_int_equal(bench_mark(bench, 'a', 1), 4);
    assert_int_equal(bench_mark(bench, 'a', 2), 0);
    assert_int_equal(bench_mark(bench, 'a', 3), 0);
    assert_int_equal(ingest_head(bench->world.ingest), 4);
    struct ingest_statistics statistics;
    ingest_statistics(bench->world.ingest, &statistics);
    assert_int_equal(statistics.producers, 1);
    assert_int_equal(statistics.stored, 4);
    assert_int_equal(statistics.pending_events, 0);
    /* Nothing of it is left: neither numbers nor ids. */
    assert_stored(bench_outcome(bench, by_id), 5, false);
    assert_stored(bench_outcome(bench, contents[4]), 6, false);
    assert_stored(bench_outcome(bench, contents[5]), 5, true);
    bench_close(bench);
}

static void answers_of_a_failed_group_that_come_late_are_let_pass(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[8];
    for (uint64_t number = 1; number <= 8; number++) {
        contents[number - 1] = bench_event(bench, 1, number, number - 1);
    }
    bench_ask(bench, contents, 8);
    assert_int_equal(bench->world.appends, 2);
    assert_true(world_complete_write(&bench->world, true));
    bench_ask(bench, contents, 1);
    assert_int_equal(bench->world.appends, 2);
    assert_true(world_complete_write(&bench->world, false));
    world_drain(&bench->world);
    assert_int_equal(bench->world.last, 1);
    assert_stored(&bench->heard.receipts[bench->heard.count - 1], 1, false);
    bench_close(bench);
}

static void look_ups_are_bounded(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.pending_events = 4;
    struct bench *bench = bench_open(&limits);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 100, 0)), 1, false);
    struct content contents[5];
    for (uint64_t number = 1; number <= 5; number++) {
        contents[number - 1] = bench_event(bench, 1, number, 0);
    }
    bench_ask(bench, contents, 5);
    world_drain(&bench->world);
    for (uint32_t index = 1; index <= 4; index++) {
        assert_mark(&bench->heard.receipts[index], RECEIPT_SKIPPED, 100);
    }
    assert_refused(&bench->heard.receipts[5], "BUSY", true);
    bench_close(bench);
}

static void a_request_without_a_place_for_its_receipts_is_refused_whole(void **state)
{
    (void)state;
    struct core_limits limits;
    bench_limits(&limits);
    limits.pending_events = 1;
    struct bench *bench = bench_open(&limits);
    struct content contents[64];
    uint32_t requests = 0;
    for (uint32_t index = 0; index < 64; index++) {
        contents[index] = bench_event(bench, 1, index + 1, index);
    }
    /* Receipts that are known wait for a core that is never asked to go on. */
    while (!world_publish(&bench->world, 1, ++requests, contents, 64)) {
        assert_true(requests < 1000);
    }
    assert_true(requests > 100);
    bench_close(bench);
}

static void damage_in_the_way_is_said(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[30];
    for (uint64_t number = 1; number <= 30; number++) {
        contents[number - 1] = bench_event(bench, 1, number, number - 1);
        (void)bench_outcome(bench, contents[number - 1]);
    }
    bench->world.damaged_first = 10;
    bench->world.damaged_last = 12;
    assert_stored(bench_outcome(bench, contents[14]), 15, true);
    assert_refused(bench_outcome(bench, contents[4]), "STORE_CORRUPT", true);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 31, 30)), 31, false);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_events_have_a_tenth_of_memory),
        cmocka_unit_test(urgent_events_have_a_tenth_of_the_places),
        cmocka_unit_test(a_producer_has_a_window),
        cmocka_unit_test(what_follows_a_busy_one_is_busy_too),
        cmocka_unit_test(rings_that_are_all_needed_make_busy),
        cmocka_unit_test(a_full_disk_is_said_before_it_is_met),
        cmocka_unit_test(a_failed_append_is_undone_whole),
        cmocka_unit_test(answers_of_a_failed_group_that_come_late_are_let_pass),
        cmocka_unit_test(look_ups_are_bounded),
        cmocka_unit_test(a_request_without_a_place_for_its_receipts_is_refused_whole),
        cmocka_unit_test(damage_in_the_way_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
