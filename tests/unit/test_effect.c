/* test_effect.c - the list and its scratch have the room that they were given, and no more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/effect.h"

#include <stdalign.h>

#include "tests/unit/check.h"

static void a_full_list_says_so_and_is_empty_after_a_clear(void **state)
{
    (void)state;
    struct effects fx;
    assert_int_equal(effects_init(&fx, 2, 64), STATUS_OK);
    struct effect *first = effects_add(&fx, FX_READ);
    assert_non_null(first);
    first->of.read.seq = 7;
    assert_non_null(effects_add(&fx, FX_READY));
    assert_null(effects_add(&fx, FX_READY));
    assert_int_equal(fx.count, 2);
    assert_int_equal(fx.list[0].kind, FX_READ);
    effects_clear(&fx);
    assert_int_equal(fx.count, 0);
    struct effect *again = effects_add(&fx, FX_READ);
    assert_int_equal(again->of.read.seq, 0);
    effects_deinit(&fx);
    effects_deinit(&fx);
}

static void scratch_is_aligned_and_ends(void **state)
{
    (void)state;
    struct effects fx;
    assert_int_equal(effects_init(&fx, 1, 64), STATUS_OK);
    assert_non_null(effects_scratch(&fx, 1));
    uint8_t *second = effects_scratch(&fx, 1);
    assert_non_null(second);
    assert_int_equal((uintptr_t)second % alignof(max_align_t), 0);
    assert_null(effects_scratch(&fx, 64));
    assert_null(effects_scratch(&fx, SIZE_MAX));
    assert_non_null(effects_scratch(&fx, 64 - alignof(max_align_t) * 2));
    assert_null(effects_scratch(&fx, 1));
    effects_clear(&fx);
    assert_non_null(effects_scratch(&fx, 64));
    effects_deinit(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_list_says_so_and_is_empty_after_a_clear),
        cmocka_unit_test(scratch_is_aligned_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
