/* test_options.c - the options of a verb, read by their table.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"

#include "clients/cli/options.h"

enum { ARGUMENTS_MAX = 8 };

struct taken {
    bool is_quick;
    const char *from;
    struct option_list kinds;
    uint64_t count, timeout_ms;
};

struct row {
    const char *name;
    const char *arguments[ARGUMENTS_MAX];
    int words; /* -1: refused */
    const char *first_word;
};

/* clang-format off */
static const struct row rows[] = {
    {"nothing", {NULL}, 0, NULL},
    {"words and options mix", {"a", "--quick", "b", NULL}, 2, "a"},
    {"a value follows its option", {"--from", "start", "a", NULL}, 1, "a"},
    {"a value may begin with a dash", {"--from", "-10", "a", NULL}, 1, "a"},
    {"a value follows an equals sign", {"--from=-10", "a", NULL}, 1, "a"},
    {"a letter takes its value", {"-f", "now", "a", NULL}, 1, "a"},
    {"or has it behind it", {"-fnow", NULL}, 0, NULL},
    {"two dashes end options", {"--", "--quick", NULL}, 1, "--quick"},
    {"one dash is a word", {"-", NULL}, 1, "-"},
    {"an unknown option is refused", {"--speed", "1x", NULL}, -1, NULL},
    {"an unknown letter is refused", {"-z", NULL}, -1, NULL},
    {"half a name is refused", {"--fro", "now", NULL}, -1, NULL},
    {"a flag takes no value", {"--quick=yes", NULL}, -1, NULL},
    {"a missing value is refused", {"a", "--from", NULL}, -1, NULL},
    {"a text is given once", {"--from", "now", "--from", "start", NULL}, -1, NULL},
    {"a number is a number", {"--count", "ten", NULL}, -1, NULL},
    {"a duration has a unit", {"--timeout", "10", NULL}, -1, NULL},
};
/* clang-format on */

static const struct say quiet = {.is_json = true};

/* Of the arguments, since options may cut them: `all` to be freed, `words` what is read. */
struct copies {
    char *all[ARGUMENTS_MAX], *words[ARGUMENTS_MAX];
    int count;
};

static void copies_free(struct copies *copies)
{
    for (int i = 0; i < copies->count; i++) {
        free(copies->all[i]);
    }
}

static int read_row(const struct row *row, struct taken *taken, struct copies *copies)
{
    /* clang-format off */
    const struct option options[] = {
        {"quick", '\0', OPTION_FLAG, &taken->is_quick, NULL, "", ""},
        {"from", 'f', OPTION_TEXT, &taken->from, "PLACE", "", ""},
        {"kind", '\0', OPTION_LIST, &taken->kinds, "K", "", ""},
        {"count", '\0', OPTION_NUMBER, &taken->count, "N", "", ""},
        {"timeout", '\0', OPTION_DURATION, &taken->timeout_ms, "T", "", ""},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    for (copies->count = 0; row->arguments[copies->count] != NULL; copies->count++) {
        copies->all[copies->count] = strdup(row->arguments[copies->count]);
        copies->words[copies->count] = copies->all[copies->count];
    }
    return options_read(&quiet, options, copies->words, copies->count, false);
}

static void options_are_read(void **state)
{
    const struct row *row = *state;
    struct taken taken = {.from = NULL};
    struct copies copies;
    assert_int_equal(read_row(row, &taken, &copies), row->words);
    if (row->first_word != NULL) {
        assert_string_equal(copies.words[0], row->first_word);
    }
    copies_free(&copies);
}

static void values_arrive(void **state)
{
    const struct row row = {
        .arguments = {"--kind", "report,ack", "--kind=unit", "--count", "7", "--timeout", "2m"}
    };
    struct taken taken = {.from = NULL};
    struct copies copies;
    (void)state;
    assert_int_equal(read_row(&row, &taken, &copies), 0);
    assert_int_equal(taken.kinds.count, 3);
    assert_string_equal(taken.kinds.items[1], "ack");
    assert_string_equal(taken.kinds.items[2], "unit");
    assert_int_equal(taken.count, 7);
    assert_int_equal(taken.timeout_ms, 120000);
    copies_free(&copies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_arrive)};
    return CHECK_ROWS(rows, options_are_read) + cmocka_run_group_tests(tests, NULL, NULL);
}
