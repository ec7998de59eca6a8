/* test_receipts.c - answers leave in the order of the lines, however they come.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/receipts.h"

#include "tests/unit/check.h"

enum { NEVER_MS = 1000 };

static int open_ring(void **state)
{
    static struct receipts receipts;
    receipts_init(&receipts);
    *state = &receipts;
    return 0;
}

static int close_ring(void **state)
{
    receipts_deinit(*state);
    return 0;
}

static void answer(struct receipts *receipts, uint64_t tag, int state)
{
    struct kt_receipt receipt = {.size = sizeof receipt, .tag = tag, .state = state};
    receipts_take(receipts, &receipt);
}

static void add_lines(struct receipts *receipts, uint64_t count)
{
    for (uint64_t line = 1; line <= count; line++) {
        (void)receipts_add(receipts, line, NEVER_MS);
    }
}

static void expect(struct receipts *receipts, uint64_t line, int state)
{
    const struct receipt_slot *slot = receipts_pop(receipts, false, 0);
    assert_non_null(slot);
    assert_int_equal(slot->line, line);
    assert_int_equal(slot->receipt.state, state);
}

static void expect_none(struct receipts *receipts)
{
    assert_null(receipts_pop(receipts, false, 0));
}

static void a_later_answer_waits_for_the_earlier_ones(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, 3);
    answer(receipts, 2, KT_STORED);
    answer(receipts, 1, KT_REFUSED);
    expect_none(receipts);
    answer(receipts, 0, KT_STORED);
    expect(receipts, 1, KT_STORED);
    expect(receipts, 2, KT_REFUSED);
    expect(receipts, 3, KT_STORED);
    expect_none(receipts);
    assert_true(receipts_is_empty(receipts));
}

static void spooled_is_told_when_its_time_is_over(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, 2);
    assert_true(receipts_deadline_ms(receipts) == NEVER_MS);
    answer(receipts, 0, KT_SPOOLED);
    expect_none(receipts);
    assert_null(receipts_pop(receipts, false, NEVER_MS - 1));
    assert_int_equal(receipts_pop(receipts, false, NEVER_MS)->receipt.state, KT_SPOOLED);
    assert_null(receipts_pop(receipts, false, NEVER_MS)); /* of the second nothing is durable yet */
}

static void spooled_is_told_at_once_when_it_is_enough(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, 1);
    assert_null(receipts_pop(receipts, true, 0));
    answer(receipts, 0, KT_SPOOLED);
    assert_non_null(receipts_pop(receipts, true, 0));
}

static void stored_replaces_spooled_in_time(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, 1);
    answer(receipts, 0, KT_SPOOLED);
    answer(receipts, 0, KT_STORED);
    expect(receipts, 1, KT_STORED);
}

static void an_answer_for_a_told_line_is_passed_over(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, 1);
    answer(receipts, 0, KT_SPOOLED);
    assert_non_null(receipts_pop(receipts, true, 0));
    answer(receipts, 0, KT_STORED);
    answer(receipts, 7, KT_STORED);
    assert_true(receipts_is_empty(receipts));
    assert_true(receipts_deadline_ms(receipts) == UINT64_MAX);
}

static void the_ring_goes_round(void **state)
{
    struct receipts *receipts = *state;
    add_lines(receipts, RECEIPTS_MAX);
    assert_true(receipts_is_full(receipts));
    for (uint64_t tag = 0; tag < 3; tag++) {
        answer(receipts, tag, KT_STORED);
        expect(receipts, tag + 1, KT_STORED);
        assert_int_equal(receipts_next_tag(receipts), RECEIPTS_MAX + tag);
        (void)receipts_add(receipts, RECEIPTS_MAX + tag + 1, NEVER_MS);
    }
    for (uint64_t tag = 3; tag < RECEIPTS_MAX + 3; tag++) {
        answer(receipts, tag, KT_STORED);
        expect(receipts, tag + 1, KT_STORED);
    }
    assert_true(receipts_is_empty(receipts));
}

#define IN_A_RING(test) cmocka_unit_test_setup_teardown(test, open_ring, close_ring)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_RING(a_later_answer_waits_for_the_earlier_ones),
        IN_A_RING(spooled_is_told_when_its_time_is_over),
        IN_A_RING(spooled_is_told_at_once_when_it_is_enough),
        IN_A_RING(stored_replaces_spooled_in_time),
        IN_A_RING(an_answer_for_a_told_line_is_passed_over),
        IN_A_RING(the_ring_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
