/* check.h - what unit tests share: cmocka with what it needs, and seeded chance.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/c/bytes.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The next of a reproducible series (xorshift64*); `state` starts at any seed but 0. */
static inline uint64_t chance_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

/* One of 0 to `bound` - 1. */
static inline uint32_t chance_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((chance_next(state) >> 32) % bound);
}

static inline void assert_bytes_equal(struct bytes actual, struct bytes expected)
{
    assert_int_equal(actual.length, expected.length);
    if (expected.length > 0) {
        assert_memory_equal(actual.data, expected.data, expected.length);
    }
}

/* Runs each row of a table as a test of its own: `rows` is an array of structs whose first member
 * is the row's name, `run` takes the row as its state. Returns the number of failures. */
static inline int check_rows(const char *group, const void *rows, size_t count, size_t row_bytes,
                             CMUnitTestFunction run)
{
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    assert_non_null(tests);
    for (size_t index = 0; index < count; index++) {
        const char *row = (const char *)rows + index * row_bytes;
        memcpy(&tests[index].name, row, sizeof tests[index].name);
        tests[index].test_func = run;
        tests[index].initial_state = (void *)row;
    }
    int failures = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    return failures;
}

#define CHECK_ROWS(rows, run) check_rows(#rows, rows, COUNT_OF(rows), sizeof *(rows), run)

#endif
