/* test_sim_planted.c - the simulator finds each planted bug, and nothing where none is planted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/plant.h"
#include "tests/sim/world.h"
#include "tests/unit/check.h"

enum { SEEDS = 10 /* within which each must be found */ };

static struct story story; /* off */

/* The first seed that finds something, or 0; `*fault` says what. */
static uint64_t find(enum plant_kind kind, struct world_result *result)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        world_run(seed, kind, &story, &tally, result);
        if (result->fault[0] != '\0')
            return seed;
    }
    return 0;
}

/* A bug, and the promises of which one must be seen broken. */
struct planted {
    enum plant_kind kind;
    const char *promises;
};

static const struct planted rows[] = {
    {PLANT_ACK_BEFORE_COMMIT,         "P1"   },
    {PLANT_CURSOR_SAVED_ON_SEND,      "P3"   },
    {PLANT_MARKS_LOST,                "P2 P4"},
    {PLANT_EVENT_MISSED_AT_PAGE_EDGE, "P3"   },
    {PLANT_SEQUENCE_REUSED,           "P1"   },
    {PLANT_DRILL_LEAKED,              "P8"   },
    {PLANT_GAP_IGNORED,               "P2"   },
    {PLANT_BATCH_REORDERED,           "P1 P2"},
};

static void check_is_found(void **state)
{
    const struct planted *row = *state;
    struct world_result result;
    uint64_t seed = find(row->kind, &result);
    print_message("%s: seed %u: %s\n", plant_name(row->kind), (unsigned)seed, result.fault);
    assert_int_not_equal(seed, 0);
    char promise[] = {result.fault[0], result.fault[1], '\0'};
    assert_non_null(strstr(row->promises, promise));
}

static void nothing_is_found_where_nothing_is_planted(void **state)
{
    (void)state;
    struct world_result result;
    uint64_t seed = find(PLANT_NONE, &result);
    if (seed != 0)
        print_message("seed %u: %s\n", (unsigned)seed, result.fault);
    assert_int_equal(seed, 0);
    assert_true(result.events >= 500);
}

/* A seed is the same for ever, or its story could not be told again. */
static void a_seed_runs_the_same_twice(void **state)
{
    (void)state;
    struct tally tallies[2] = {{.counts = {0}}, {.counts = {0}}};
    struct world_result results[2];
    for (int run = 0; run < 2; run++)
        world_run(7, PLANT_NONE, &story, &tallies[run], &results[run]);
    assert_int_equal(results[0].end_ms, results[1].end_ms);
    assert_int_equal(results[0].events, results[1].events);
    assert_memory_equal(&tallies[0], &tallies[1], sizeof tallies[0]);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(rows) + 2] = {
        cmocka_unit_test(nothing_is_found_where_nothing_is_planted),
        cmocka_unit_test(a_seed_runs_the_same_twice),
    };
    size_t count = 2;
    for (size_t row = 0; row < COUNT_OF(rows); row++)
        tests[count++] = (struct CMUnitTest){.name = plant_name(rows[row].kind),
                                             .test_func = check_is_found,
                                             .initial_state = (void *)(uintptr_t)&rows[row]};
    return _cmocka_run_group_tests("planted", tests, count, NULL, NULL);
}
