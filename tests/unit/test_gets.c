/* test_gets.c - lookups have their turn in the order in which they became ready.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/gets.h"

#include "tests/unit/check.h"

static void places_are_bounded_and_come_back(void **state)
{
    (void)state;
    struct gets *gets = gets_new(2);
    struct get get = {.peer = 7, .seq = 9};
    uint32_t first = gets_take(gets, &get), second = gets_take(gets, &get);
    assert_int_not_equal(first, second);
    assert_int_equal(gets_take(gets, &get), GETS_NONE);
    assert_int_equal(gets_at(gets, second)->seq, 9);
    gets_give(gets, first);
    assert_int_equal(gets_take(gets, &get), first);
    gets_free(gets);
    gets_free(NULL);
}

static void who_is_ready_first_is_first(void **state)
{
    (void)state;
    struct gets *gets = gets_new(3);
    struct get get = {.peer = 7};
    uint32_t a = gets_take(gets, &get), b = gets_take(gets, &get), c = gets_take(gets, &get);
    assert_int_equal(gets_first_ready(gets), GETS_NONE);
    gets_set_ready(gets, b, true);
    gets_set_ready(gets, a, true);
    gets_set_ready(gets, c, true);
    gets_set_ready(gets, b, true);
    assert_int_equal(gets_first_ready(gets), b);
    gets_set_ready(gets, a, false);
    gets_give(gets, b);
    assert_int_equal(gets_first_ready(gets), c);
    gets_give(gets, c);
    assert_int_equal(gets_first_ready(gets), GETS_NONE);
    gets_set_ready(gets, a, true);
    assert_int_equal(gets_first_ready(gets), a);
    gets_free(gets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_bounded_and_come_back),
        cmocka_unit_test(who_is_ready_first_is_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
