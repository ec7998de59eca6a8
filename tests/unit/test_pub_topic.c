/* test_pub_topic.c - a topic for events that name none; every other byte stays.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/pub.h"

#include "tests/unit/check.h"

struct row {
    const char *name, *line, *whole; /* NULL: stays as it is */
};

/* clang-format off */
static const struct row rows[] = {
    {"an event without one gets it", "{\"a\":1}", "{\"topic\":\"62/\\\"x\",\"a\":1}"},
    {"an empty object gets it alone", " { }", "{\"topic\":\"62/\\\"x\" }"},
    {"numbers keep their digits", "{\"a\":0.10}", "{\"topic\":\"62/\\\"x\",\"a\":0.10}"},
    {"a topic inside a body is another", "{\"custom\":{\"topic\":\"y\"}}",
     "{\"topic\":\"62/\\\"x\",\"custom\":{\"topic\":\"y\"}}"},
    {"an event with one keeps it", "{\"topic\":\"y\"}", NULL},
    {"no object stays", "[1]", NULL},
    {"no JSON stays", "{\"a\":", NULL},
    {"nothing stays", "", NULL},
};
/* clang-format on */

static void a_topic_is_added(void **state)
{
    const struct row *row = *state;
    size_t length = 0;
    char *whole = pub_add_topic("62/\"x", bytes_of_text(row->line), &length);
    assert_int_equal(whole == NULL, row->whole == NULL);
    if (whole != NULL && row->whole != NULL) {
        assert_string_equal(whole, row->whole);
        assert_int_equal(length, strlen(row->whole));
    }
    free(whole);
}

int main(void)
{
    return CHECK_ROWS(rows, a_topic_is_added);
}
