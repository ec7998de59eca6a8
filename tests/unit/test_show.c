/* test_show.c - an event as a person reads it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"

#include <time.h>

#include "clients/cli/show.h"

static const char line[] =
    "{\"seq\":7,\"recordedAt\":\"2025-12-10T01:15:00.250Z\",\"id\":\"0193\",\"source\":\"damkar\","
    "\"topic\":\"62/71/incident/fire\",\"mode\":\"EXERCISE\",\"replay\":false,\"priority\":9,"
    "\"incidentId\":\"PKY-1\",\"report\":{\"category\":\"FIRE_STRUCTURE\","
    "\"summary\":\"Rumah\\u0007 terbakar \\u00e9 \\u009bdi Jl. Tilung\"}}";

static json_t *event_new(void)
{
    json_t *event = json_loads(line, 0, NULL);
    assert_non_null(event);
    return event;
}

struct format_row {
    const char *name, *format, *text;
};

/* clang-format off */
static const struct format_row formats[] = {
    {"sequence, topic and id", "%q %t %i", "7 62/71/incident/fire 0193\n"},
    {"source, kind, mode", "%s|%k|%m", "damkar|report|EXERCISE\n"},
    {"incident and priority", "%n %p", "PKY-1 9\n"},
    {"escapes as in C, and a percent sign", "a\\tb\\n%%", "a\tb\n%\n"},
    {"an empty format is an empty line", "", "\n"},
};
/* clang-format on */

static void a_format_is_followed(void **state)
{
    const struct format_row *row = *state;
    json_t *event = event_new();
    assert_null(show_format_fault(row->format));
    char *text = show_by_format(event, line, row->format);
    assert_string_equal(text, row->text);
    free(text);
    json_decref(event);
}

static void j_is_the_line_itself(void **state)
{
    (void)state;
    json_t *event = event_new();
    char *text = show_by_format(event, line, "%j");
    assert_memory_equal(text, line, strlen(line));
    assert_string_equal(text + strlen(line), "\n");
    free(text);
    json_decref(event);
}

static void a_wrong_format_is_told(void **state)
{
    (void)state;
    assert_non_null(show_format_fault("%z"));
    assert_non_null(show_format_fault("100%"));
}

static void a_line_holds_what_matters_and_no_control_characters(void **state)
{
    struct say say = {.language = LANGUAGE_ENGLISH};
    (void)state;
    json_t *event = event_new();
    char *text = show_line(&say, event);
    assert_string_equal(text,
                        "       7  2025-12-10 08:15:00 WIB  damkar  62/71/incident/fire  report"
                        "  [EXERCISE]  Rumah  terbakar \xC3\xA9  di Jl. Tilung  PKY-1\n");
    free(text);
    json_decref(event);
}

struct width_row {
    const char *name;
    int columns;
    bool has_day, has_incident;
    const char *text; /* all of it that is there */
};

/* clang-format off */
static const struct width_row widths[] = {
    {"a wide terminal has everything", 140, true, true, "Jl. Tilung  "},
    {"of a long text the end is cut", 118, true, true, "Rumah  terbakar"},
    {"a narrow one goes without the day", 108, false, true, "Rumah  terbakar"},
    {"a narrower one without the incident", 80, false, false, "Rumah"},
};
/* clang-format on */

static void a_line_fits_the_terminal(void **state)
{
    const struct width_row *row = *state;
    struct say say = {.columns = row->columns};
    json_t *event = event_new();
    char *text = show_line(&say, event);
    size_t columns = 0;
    for (const char *letter = text; *letter != '\n'; letter++) {
        columns += ((unsigned char)*letter & 0xC0) != 0x80;
    }
    assert_true(columns <= (size_t)row->columns);
    assert_int_equal(strstr(text, "2025-12-10") != NULL, row->has_day);
    assert_int_equal(strstr(text, "PKY-1") != NULL, row->has_incident);
    assert_non_null(strstr(text, row->text));
    assert_non_null(strstr(text, "08:15:00 WIB"));
    free(text);
    json_decref(event);
}

int main(void)
{
    setenv("TZ", "WIB-7", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(j_is_the_line_itself),
        cmocka_unit_test(a_wrong_format_is_told),
        cmocka_unit_test(a_line_holds_what_matters_and_no_control_characters),
    };
    int failures = CHECK_ROWS(formats, a_format_is_followed);
    failures += CHECK_ROWS(widths, a_line_fits_the_terminal);
    return failures + cmocka_run_group_tests(tests, NULL, NULL);
}
