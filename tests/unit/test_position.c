/* test_position.c - places in the log as people type them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"

#include "clients/cli/position.h"

struct row {
    const char *name, *text;
    enum position_kind kind; /* NONE: refused */
    int64_t value;
};

/* clang-format off */
static const struct row begins[] = {
    {"start", "start", POSITION_START, 0},
    {"now", "now", POSITION_NOW, 0},
    {"a sequence number", "42", POSITION_SEQ, 42},
    {"a time with its offset", "@2025-12-10T08:15:00+07:00", POSITION_TIME, 1765329300000},
    {"so many back", "-10", POSITION_LAST, 10},
    {"an age", "15m", POSITION_AGE, 900000},
    {"a time without offset is refused", "@2025-12-10T08:15:00", POSITION_NONE, 0},
    {"nothing has the number 0", "0", POSITION_NONE, 0},
    {"none back is no place", "-0", POSITION_NONE, 0},
    {"an age back is no place", "-15m", POSITION_NONE, 0},
    {"a number beyond 63 bits is refused", "9223372036854775808", POSITION_NONE, 0},
    {"a word is refused", "yesterday", POSITION_NONE, 0},
    {"nothing is refused", "", POSITION_NONE, 0},
};

static const struct row ends[] = {
    {"now", "now", POSITION_NOW, 0},
    {"end is now", "end", POSITION_NOW, 0},
    {"a sequence number", "42", POSITION_SEQ, 42},
    {"a time", "@2025-12-10T01:15:00Z", POSITION_TIME, 1765329300000},
    {"start is no end", "start", POSITION_NONE, 0},
    {"so many back is no end", "-3", POSITION_NONE, 0},
    {"an age is no end", "15m", POSITION_NONE, 0},
};
/* clang-format on */

static void check(const struct row *row, const char *wrong, const struct position *position)
{
    assert_int_equal(wrong != NULL, row->kind == POSITION_NONE);
    assert_int_equal(position->kind, row->kind);
    assert_int_equal(position->value, row->value);
}

static void a_begin_is_read(void **state)
{
    const struct row *row = *state;
    struct position position = {.kind = POSITION_NONE};
    const char *wrong = position_read(row->text, &position);
    check(row, wrong, &position);
}

static void an_end_is_read(void **state)
{
    const struct row *row = *state;
    struct position position = {.kind = POSITION_NONE};
    const char *wrong = position_read_end(row->text, &position);
    check(row, wrong, &position);
}

int main(void)
{
    return CHECK_ROWS(begins, a_begin_is_read) + CHECK_ROWS(ends, an_end_is_read);
}
