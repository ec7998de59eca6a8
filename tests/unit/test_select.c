/* test_select.c - the rule of delivery row by row, and what credit and scratch allow.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/select.h"

#include "tests/unit/check.h"
#include "tests/unit/page_maker.h"

struct rule_row {
    const char *name;
    bool is_replay, may_subscribe, may_replay;
    uint64_t line_since, filter_since, seq;
    bool is_allowed;
};

static const struct rule_row rule_rows[] = {
    {"above both sinces",               false, true,  false, 5, 6, 7, true },
    {"at the filter's since",           false, true,  false, 5, 7, 7, false},
    {"at the line's since",             false, true,  false, 7, 5, 7, false},
    {"below both",                      false, true,  false, 9, 9, 7, false},
    {"replay lifts both",               false, true,  true,  9, 9, 7, true },
    {"replay alone is no subscription", false, false, true,  0, 0, 7, false},
    {"nothing granted",                 false, false, false, 0, 0, 7, false},
    {"a replay takes its right",        true,  true,  false, 0, 0, 7, false},
    {"and nothing else",                true,  false, true,  9, 9, 7, true },
};

static void the_rule_of_delivery(void **state)
{
    const struct rule_row *row = *state;
    struct permit permit = {
        .since = row->line_since,
        .may_subscribe = row->may_subscribe,
        .may_replay = row->may_replay,
    };
    assert_int_equal(permit_allows(&permit, row->is_replay, row->filter_since, row->seq),
                     row->is_allowed);
}

static struct page *three_events(void)
{
    const struct made_event events[] = {
        {.topic = "a", .length = 100},
        {.topic = "a", .length = 100, .personal_length = 40},
        {.topic = "a",            .length = 100             },
    };
    return page_make(1, events, COUNT_OF(events));
}

static void credit_goes_down_by_what_is_sent(void **state)
{
    (void)state;
    struct effects fx;
    struct selection selection;
    struct page *page = three_events();
    assert_int_equal(effects_init(&fx, 1, 4096), STATUS_OK);
    assert_true(selection_begin(&selection, page, 3, &fx));
    selection.events = 2;
    selection.bytes = 1000;
    selection_add(&selection, 0, true);
    selection_add(&selection, 1, true);
    assert_int_equal(selection.bytes, 1000 - 240);
    assert_false(selection_may_add(&selection));
    assert_false(selection_is_whole(&selection));
    page_drop(page);
    page_maker_free_released();
    effects_deinit(&fx);
}

static void a_batch_is_whole_with_all_its_records_and_persons(void **state)
{
    (void)state;
    struct effects fx;
    struct page *page = three_events();
    assert_int_equal(effects_init(&fx, 1, 4096), STATUS_OK);
    for (uint32_t may_personal = 0; may_personal < 2; may_personal++) {
        struct selection selection;
        assert_true(selection_begin(&selection, page, 3, &fx));
        selection.events = 10;
        selection.bytes = 1000;
        for (uint32_t index = 0; index < 3; index++) {
            selection_add(&selection, index, may_personal == 1);
        }
        assert_int_equal(selection_is_whole(&selection), may_personal == 1);
        assert_int_equal(selection.personal[0], 0);
        assert_int_equal(selection.personal[1], may_personal);
    }
    page_drop(page);
    page_maker_free_released();
    effects_deinit(&fx);
}

static void scratch_that_was_not_needed_is_given_back(void **state)
{
    (void)state;
    struct effects fx;
    struct selection selection;
    struct page *page = three_events();
    assert_int_equal(effects_init(&fx, 1, 64), STATUS_OK);
    assert_true(selection_begin(&selection, page, 3, &fx));
    selection_end(&selection, &fx);
    assert_int_equal(fx.scratch_used, 0);
    assert_true(selection_begin(&selection, page, 3, &fx));
    selection.events = selection.bytes = 1000;
    selection_add(&selection, 1, true);
    selection_end(&selection, &fx);
    assert_int_equal(fx.scratch_used, 5);
    assert_int_equal(selection.indexes[0], 1);
    assert_int_equal(selection.personal[0], 1);
    fx.scratch_used = 64 - 32;
    assert_false(selection_begin(&selection, page, 3, &fx));
    fx.scratch_used = 0;
    fx.scratch_room = 42;
    assert_true(selection_begin(&selection, page, 3, &fx));
    assert_int_equal(selection.room, 2);
    page_drop(page);
    page_maker_free_released();
    effects_deinit(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credit_goes_down_by_what_is_sent),
        cmocka_unit_test(a_batch_is_whole_with_all_its_records_and_persons),
        cmocka_unit_test(scratch_that_was_not_needed_is_given_back),
    };
    return CHECK_ROWS(rule_rows, the_rule_of_delivery) + cmocka_run_group_tests(tests, NULL, NULL);
}
