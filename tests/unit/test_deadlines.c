/* test_deadlines.c - what is due comes in order, also after any moving and removing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/deadlines.h"

#include "tests/unit/check.h"

static void nothing_is_due_of_nothing(void **state)
{
    (void)state;
    struct deadlines deadlines;
    uint32_t id = 0;
    assert_int_equal(deadlines_init(&deadlines, 1), STATUS_OK);
    assert_true(deadlines_first_ms(&deadlines) == DEADLINES_NEVER);
    assert_false(deadlines_take_due(&deadlines, UINT64_MAX, &id));
    deadlines_remove(&deadlines, 0);
    deadlines_set(&deadlines, 0, DEADLINES_NEVER);
    assert_false(deadlines_take_due(&deadlines, UINT64_MAX, &id));
    deadlines_deinit(&deadlines);
    deadlines_deinit(&deadlines);
}

static void equal_times_come_in_order_of_id(void **state)
{
    (void)state;
    static const uint32_t order[] = {3, 0, 4, 1, 2};
    struct deadlines deadlines;
    assert_int_equal(deadlines_init(&deadlines, COUNT_OF(order)), STATUS_OK);
    for (size_t index = 0; index < COUNT_OF(order); index++) {
        deadlines_set(&deadlines, order[index], 7);
    }
    for (uint32_t expected = 0; expected < COUNT_OF(order); expected++) {
        uint32_t id = UINT32_MAX;
        assert_false(deadlines_take_due(&deadlines, 6, &id));
        assert_true(deadlines_take_due(&deadlines, 7, &id));
        assert_int_equal(id, expected);
    }
    deadlines_deinit(&deadlines);
}

enum { IDS = 40, STEPS = 20000 };

/* The earliest of a plain array: what the heap must agree with. */
static uint32_t earliest(const uint64_t times[IDS])
{
    uint32_t best = 0;
    for (uint32_t id = 1; id < IDS; id++) {
        best = times[id] < times[best] ? id : best;
    }
    return best;
}

static void a_plain_array_agrees(void **state)
{
    (void)state;
    struct deadlines deadlines;
    uint64_t times[IDS], seed = 1;
    assert_int_equal(deadlines_init(&deadlines, IDS), STATUS_OK);
    memset(times, 0xff, sizeof times);
    for (int step = 0; step < STEPS; step++) {
        uint32_t id = chance_below(&seed, IDS), taken = 0;
        switch (chance_below(&seed, 4)) {
        case 0:
            deadlines_remove(&deadlines, id);
            times[id] = DEADLINES_NEVER;
            break;
        case 1:
            taken = earliest(times);
            if (times[taken] <= 50) {
                assert_true(deadlines_take_due(&deadlines, 50, &id));
                assert_int_equal(id, taken);
                times[taken] = DEADLINES_NEVER;
            } else {
                assert_false(deadlines_take_due(&deadlines, 50, &id));
            }
            break;
        default:
            times[id] = chance_below(&seed, 100);
            deadlines_set(&deadlines, id, times[id]);
        }
        assert_true(deadlines_first_ms(&deadlines) == times[earliest(times)]);
        assert_true(deadlines_of(&deadlines, id) == times[id]);
    }
    deadlines_deinit(&deadlines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_of_nothing),
        cmocka_unit_test(equal_times_come_in_order_of_id),
        cmocka_unit_test(a_plain_array_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
