/* test_moment.c - times, durations and numbers as people type them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"

#include <time.h>

#include "clients/cli/moment.h"

struct time_row {
    const char *name, *text;
    int64_t time_ms;
    const char *wrong;
};

/* clang-format off */
static const struct time_row time_rows[] = {
    {"an offset is taken off", "2025-12-10T08:15:00+07:00", 1765329300000, NULL},
    {"Z is UTC", "2025-12-10T01:15:00Z", 1765329300000, NULL},
    {"a fraction counts to the millisecond", "2025-12-10T01:15:00.25099Z", 1765329300250, NULL},
    {"seconds may be left out", "2025-12-10T08:15+07:00", 1765329300000, NULL},
    {"an offset may be negative and uneven", "2025-12-09T21:45:00-03:30", 1765329300000, NULL},
    {"a leap day is a date", "2024-02-29T00:00:00Z", 1709164800000, NULL},
    {"a time without offset means nothing", "2025-12-10T08:15:00", 0, moment_no_offset},
    {"nor without offset and seconds", "2025-12-10T08:15", 0, moment_no_offset},
    {"31 February is none", "2025-02-31T00:00:00Z", 0, moment_no_time},
    {"a date alone is no time", "2025-12-10", 0, moment_no_time},
    {"a month has its bounds", "2025-13-01T00:00:00Z", 0, moment_no_time},
    {"an hour has its bounds", "2025-12-10T24:00:00Z", 0, moment_no_time},
    {"a zone is no name", "2025-12-10T08:15:00 WIB", 0, moment_no_time},
    {"nothing may follow", "2025-12-10T08:15:00Z ", 0, moment_no_time},
    {"a point without digits is wrong", "2025-12-10T08:15:00.Z", 0, moment_no_time},
    {"an offset has minutes", "2025-12-10T08:15:00+07", 0, moment_no_time},
    {"empty is none", "", 0, moment_no_time},
};
/* clang-format on */

static void a_time_is_read(void **state)
{
    const struct time_row *row = *state;
    int64_t time_ms = 0;
    assert_ptr_equal(moment_read_time(row->text, &time_ms), row->wrong);
    assert_int_equal(time_ms, row->time_ms);
}

struct duration_row {
    const char *name, *text;
    bool is_one;
    uint64_t ms;
};

/* clang-format off */
static const struct duration_row duration_rows[] = {
    {"milliseconds", "250ms", true, 250},
    {"seconds", "10s", true, 10000},
    {"minutes", "15m", true, 900000},
    {"hours", "2h", true, 7200000},
    {"days", "7d", true, 604800000},
    {"nothing is a duration too", "0s", true, 0},
    {"a number alone is none", "10", false, 0},
    {"a unit alone is none", "s", false, 0},
    {"an unknown unit is none", "10w", false, 0},
    {"two of them are none", "1h30m", false, 0},
    {"a sign is none", "-5s", false, 0},
    {"over a hundred years is none", "36526d", false, 0},
    {"more than 64 bits is none", "99999999999999999999s", false, 0},
};
/* clang-format on */

static void a_duration_is_read(void **state)
{
    const struct duration_row *row = *state;
    uint64_t ms = 0;
    assert_int_equal(moment_read_duration(row->text, &ms), row->is_one);
    assert_int_equal(ms, row->ms);
}

static void a_number_has_its_bounds(void **state)
{
    (void)state;
    uint64_t number = 7;
    assert_true(moment_read_number("18446744073709551615", &number));
    assert_true(number == UINT64_MAX);
    assert_false(moment_read_number("18446744073709551616", &number));
    assert_false(moment_read_number("1x", &number));
    assert_false(moment_read_number("", &number));
    assert_true(number == UINT64_MAX);
}

static void a_time_is_shown_with_its_zone(void **state)
{
    char text[MOMENT_TEXT_BYTES];
    (void)state;
    setenv("TZ", "WIB-7", 1);
    tzset();
    moment_print_local(1765329300000, text);
    assert_string_equal(text, "2025-12-10 08:15:00 WIB");
    moment_print_rfc3339(1765329300000, text);
    assert_string_equal(text, "2025-12-10T08:15:00+07:00");
    setenv("TZ", "NST3:30", 1);
    tzset();
    moment_print_rfc3339(1765329300000, text);
    assert_string_equal(text, "2025-12-09T21:45:00-03:30");
    moment_print_utc(1765329300007, text);
    assert_string_equal(text, "2025-12-10T01:15:00.007Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_its_bounds),
        cmocka_unit_test(a_time_is_shown_with_its_zone),
    };
    int failures = CHECK_ROWS(time_rows, a_time_is_read);
    failures += CHECK_ROWS(duration_rows, a_duration_is_read);
    return failures + cmocka_run_group_tests(tests, NULL, NULL);
}
