/* test_status.c - every outcome has words of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/status.h"

#include "tests/unit/check.h"

static void every_status_has_its_own_words(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_CLOSED; a++) {
        assert_non_null(status_text((enum status)a));
        for (int b = STATUS_OK; b < a; b++) {
            assert_string_not_equal(status_text((enum status)a), status_text((enum status)b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_status_has_its_own_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
