/* test_ingest.c - the rule of publishing, case by case.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_bench.h"

#include "tests/unit/check.h"

static void stored_is_said_after_the_flush(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0);
    bench_ask(bench, &first, 1);
    assert_int_equal(bench->heard.count, 0);
    assert_int_equal(bench_mark(bench, 'a', 1), 1);
    assert_int_equal(ingest_head(bench->world.ingest), 0);
    assert_true(world_complete_write(&bench->world, false));
    assert_int_equal(ingest_head(bench->world.ingest), 1);
    world_continue(&bench->world);
    assert_int_equal(bench->heard.count, 1);
    assert_stored(&bench->heard.receipts[0], 1, false);
    bench_close(bench);
}

static void one_group_is_in_flight_and_the_rest_waits(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0), more[7];
    bench_ask(bench, &first, 1);
    for (uint64_t number = 2; number <= 8; number++) {
        more[number - 2] = bench_event(bench, 1, number, number - 1);
    }
    bench_ask(bench, more, 3);
    bench_ask(bench, more + 3, 4);
    assert_int_equal(bench->world.appends, 1);
    assert_true(world_complete_write(&bench->world, false));
    world_continue(&bench->world);
    /* Seven events, at most four a chunk. */
    assert_int_equal(bench->world.appends, 3);
    assert_int_equal(bench->world.queue[0].count, 4);
    assert_int_equal(bench->world.queue[1].count, 3);
    world_drain(&bench->world);
    assert_int_equal(bench->heard.count, 8);
    for (uint32_t index = 0; index < 8; index++) {
        assert_stored(&bench->heard.receipts[index], index + 1, false);
    }
    bench_close(bench);
}

static void a_duplicate_of_what_is_flushed_waits_for_it(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0), by_id = first;
    memset(by_id.producer, 2, PRODUCER_BYTES);
    bench_ask(bench, &first, 1);
    bench_ask(bench, &first, 1);
    bench_ask(bench, &by_id, 1);
    assert_int_equal(bench->heard.count, 0);
    assert_int_equal(bench_mark(bench, 'a', 2), 1);
    world_drain(&bench->world);
    assert_int_equal(bench->heard.count, 3);
    uint32_t first_ones = 0;
    for (uint32_t index = 0; index < 3; index++) {
        assert_stored(&bench->heard.receipts[index], 1, bench->heard.requests[index] != 1);
        first_ones += bench->heard.requests[index] == 1;
    }
    assert_int_equal(first_ones, 1);
    assert_int_equal(bench->world.last, 1);
    bench_close(bench);
}

static void receipts_of_a_request_come_in_order(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[3] = {bench_event(bench, 1, 1, 0), bench_event(bench, 1, 2, 1),
                                  bench_event(bench, 1, 3, 1)};
    contents[1].topic = 'x';
    bench_ask(bench, contents, 3);
    assert_int_equal(bench->heard.count, 0);
    world_drain(&bench->world);
    assert_int_equal(bench->heard.count, 3);
    assert_stored(&bench->heard.receipts[0], 1, false);
    assert_refused(&bench->heard.receipts[1], "RIGHTS", false);
    assert_stored(&bench->heard.receipts[2], 2, false);
    bench_close(bench);
}

static void numbers_follow_their_mark(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 5, 4)), RECEIPT_GAP, 0);
    struct content first = bench_event(bench, 1, 5, 0);
    assert_stored(bench_outcome(bench, first), 1, false);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 7, 6)), RECEIPT_GAP, 5);
    assert_stored(bench_outcome(bench, first), 1, true);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 5, 0)), RECEIPT_REUSED, 5);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 3, 0)), RECEIPT_SKIPPED, 5);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 9, 4)), RECEIPT_GAP, 5);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 9, 0)), RECEIPT_GAP, 5);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 9, 5)), 2, false);
    assert_int_equal(bench_mark(bench, 'a', 1), 9);
    bench_close(bench);
}

static void ids_are_known_across_producers(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0), again = first, other = first;
    assert_stored(bench_outcome(bench, first), 1, false);
    memset(again.producer, 2, PRODUCER_BYTES);
    again.number = 4;
    assert_stored(bench_outcome(bench, again), 1, true);
    assert_int_equal(bench_mark(bench, 'a', 2), 4);
    again.number = 6;
    again.after = 4;
    again.digest++;
    assert_refused(bench_outcome(bench, again), "CONFLICT", false);
    assert_int_equal(bench_mark(bench, 'a', 2), 4);
    /* Below the mark and never stored, but known by its id. */
    again.number = 2;
    again.digest = first.digest;
    assert_stored(bench_outcome(bench, again), 1, true);
    /* Another agency's events are its own. */
    other.agency = 'b';
    assert_stored(bench_outcome(bench, other), 2, false);
    assert_int_equal(bench->world.last, 2);
    bench_close(bench);
}

static void a_number_that_no_ring_remembers_is_looked_up(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content contents[30];
    for (uint64_t number = 1; number <= 30; number++) {
        contents[number - 1] = bench_event(bench, 1, number * 2, number * 2 - 2);
        assert_stored(bench_outcome(bench, contents[number - 1]), number, false);
    }
    uint32_t before = bench->world.pages_read;
    assert_stored(bench_outcome(bench, contents[2]), 3, true);
    assert_true(bench->world.pages_read > before);
    struct content other = contents[2];
    other.digest++;
    assert_mark(bench_outcome(bench, other), RECEIPT_REUSED, 60);
    other = contents[2];
    other.id += 500;
    assert_mark(bench_outcome(bench, other), RECEIPT_REUSED, 60);
    /* An odd number was never used: the record with a lower one ends the scan. */
    before = bench->world.pages_read;
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 57, 56)), RECEIPT_SKIPPED, 60);
    assert_true(bench->world.pages_read - before <= 3);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 7, 6)), RECEIPT_SKIPPED, 60);
    struct content known = contents[9];
    known.number = 7;
    assert_stored(bench_outcome(bench, known), 10, true);
    known.digest++;
    assert_refused(bench_outcome(bench, known), "CONFLICT", false);
    assert_int_equal(bench->world.last, 30);
    bench_close(bench);
}

struct refusal_row {
    const char *name;
    struct content change;
    const char *code, *field;
};

static const struct refusal_row refusals[] = {
    {"what the scan refused",     {.topic = 't', .is_faulty = true},  "UTF8_INVALID",    "topic" },
    {"a topic without the right", {.topic = 'x'},                     "RIGHTS",          "topic" },
    {"a topic of the broker",     {.topic = '$'},                     "RIGHTS",          "topic" },
    {"mode SYSTEM",               {.topic = 't', .is_system = true},  "RIGHTS",          "mode"  },
    {"another agency as source",  {.topic = 't', .is_foreign = true}, "SOURCE_MISMATCH", "source"},
};

/* «A definitive refusal moves nothing»: the next event goes on after the last good number. */
static void definitive_refusals_move_nothing(void **state)
{
    const struct refusal_row *row = *state;
    struct bench *bench = bench_open(NULL);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 1, 0)), 1, false);
    struct content bad = bench_event(bench, 1, 2, 1);
    bad.topic = row->change.topic;
    bad.is_faulty = row->change.is_faulty;
    bad.is_system = row->change.is_system;
    bad.is_foreign = row->change.is_foreign;
    const struct receipt *receipt = bench_outcome(bench, bad);
    assert_refused(receipt, row->code, false);
    assert_string_equal(receipt->refusal.field, row->field);
    assert_int_equal(bench_mark(bench, 'a', 1), 1);
    assert_mark(bench_outcome(bench, bench_event(bench, 1, 3, 2)), RECEIPT_GAP, 1);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 3, 1)), 2, false);
    /* The refused number is below the mark now, and was never stored. */
    bad.is_faulty = false;
    assert_mark(bench_outcome(bench, bad), RECEIPT_SKIPPED, 3);
    bench_close(bench);
}

/* A right that was lost does not turn a stored event into a refused one. */
static void a_resend_is_answered_whatever_the_rights_are_now(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0);
    assert_stored(bench_outcome(bench, first), 1, false);
    first.topic = 'x';
    assert_stored(bench_outcome(bench, first), 1, true);
    memset(first.producer, 2, PRODUCER_BYTES);
    assert_stored(bench_outcome(bench, first), 1, true);
    bench_close(bench);
}

static void a_fenced_session_moves_nothing(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0);
    bench->world.has_fenced = true;
    bench_ask(bench, &first, 1);
    world_drain(&bench->world);
    assert_string_equal(bench->heard.receipts[0].refusal.code, "FENCED");
    assert_true(bench->heard.receipts[0].refusal.is_retryable);
    assert_int_equal(bench_mark(bench, 'a', 1), 0);
    bench->world.has_fenced = false;
    assert_stored(bench_outcome(bench, first), 1, false);
    bench_close(bench);
}

static void lanes_of_two_agencies_are_two_producers(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content other = bench_event(bench, 1, 1, 0);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 1, 0)), 1, false);
    other.agency = 'b';
    assert_stored(bench_outcome(bench, other), 2, false);
    assert_int_equal(bench_mark(bench, 'a', 1), 1);
    assert_int_equal(bench_mark(bench, 'b', 1), 1);
    bench_close(bench);
}

static void producers_of_an_agency_are_limited(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    for (uint8_t lane = 1; lane <= 4; lane++) {
        assert_stored(bench_outcome(bench, bench_event(bench, lane, 1, 0)), lane, false);
    }
    struct content fifth = bench_event(bench, 5, 1, 0);
    assert_refused(bench_outcome(bench, fifth), "PRODUCER_LIMIT", true);
    struct content known = bench_event(bench, 5, 1, 0);
    known.id = 1;
    known.digest = 1001;
    assert_stored(bench_outcome(bench, known), 1, true);
    assert_int_equal(bench_mark(bench, 'a', 5), 0);
    fifth.agency = 'b';
    assert_stored(bench_outcome(bench, fifth), 5, false);
    bench_close(bench);
}

static void who_is_closed_hears_nothing(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct content first = bench_event(bench, 1, 1, 0);
    bench_ask(bench, &first, 1);
    bench->world.closed_peer = 1;
    world_drain(&bench->world);
    assert_int_equal(bench->heard.count, 0);
    assert_int_equal(bench->world.last, 1);
    bench_close(bench);
}

static void an_empty_publish_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    assert_true(world_publish(&bench->world, 1, 1, NULL, 0));
    bench_close(bench);
}

static void stamps_tell_of_clocks(void **state)
{
    (void)state;
    struct bench *bench = bench_open(NULL);
    struct world *world = &bench->world;
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 1, 0)), 1, false);
    world->wall_ms -= INT64_C(3600) * 1000;
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 2, 1)), 2, false);
    assert_stored(bench_outcome(bench, bench_event(bench, 1, 3, 2)), 3, false);
    assert_false(world->log[1].clock_jumped);
    assert_true(world->log[2].clock_jumped && world->log[3].clock_jumped);
    assert_true(world->log[2].recorded_at_ms == world->log[1].recorded_at_ms);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_is_said_after_the_flush),
        cmocka_unit_test(one_group_is_in_flight_and_the_rest_waits),
        cmocka_unit_test(a_duplicate_of_what_is_flushed_waits_for_it),
        cmocka_unit_test(receipts_of_a_request_come_in_order),
        cmocka_unit_test(numbers_follow_their_mark),
        cmocka_unit_test(ids_are_known_across_producers),
        cmocka_unit_test(a_number_that_no_ring_remembers_is_looked_up),
        cmocka_unit_test(a_resend_is_answered_whatever_the_rights_are_now),
        cmocka_unit_test(a_fenced_session_moves_nothing),
        cmocka_unit_test(lanes_of_two_agencies_are_two_producers),
        cmocka_unit_test(producers_of_an_agency_are_limited),
        cmocka_unit_test(who_is_closed_hears_nothing),
        cmocka_unit_test(an_empty_publish_is_refused),
        cmocka_unit_test(stamps_tell_of_clocks),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures + CHECK_ROWS(refusals, definitive_refusals_move_nothing);
}
