/* store_suite.c - runs the checks of every chapter, each as a test with its own name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/store_suite.h"

static size_t add_checks(struct CMUnitTest *tests, const struct suite_checks *checks,
                         const struct suite_engine *engine)
{
    for (size_t index = 0; index < checks->count; index++) {
        tests[index] = (struct CMUnitTest){
            .name = checks->checks[index].name,
            .test_func = checks->checks[index].run,
            .setup_func = world_set_up,
            .teardown_func = world_tear_down,
            .initial_state = (void *)(uintptr_t)engine,
        };
    }
    return checks->count;
}

int store_suite_run(const struct suite_engine *engine)
{
    const struct suite_checks chapters[] = {suite_log_checks, suite_read_checks, suite_value_checks,
                                            suite_limit_checks, suite_life_checks};
    size_t count = 0;
    for (size_t index = 0; index < COUNT_OF(chapters); index++) {
        count += chapters[index].count;
    }
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    assert_non_null(tests);
    size_t filled = 0;
    for (size_t index = 0; index < COUNT_OF(chapters); index++) {
        filled += add_checks(tests + filled, &chapters[index], engine);
    }
    int failures = _cmocka_run_group_tests(engine->name, tests, count, NULL, NULL);
    free(tests);
    return failures;
}
