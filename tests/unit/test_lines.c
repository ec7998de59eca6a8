/* test_lines.c - lines from a descriptor, however they arrive.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <unistd.h>

#include "clients/cli/lines.h"

struct feed {
    struct lines lines;
    int in;
};

static int open_feed(void **state)
{
    static struct feed feed;
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) {
        return -1;
    }
    feed.in = ends[1];
    lines_init(&feed.lines, ends[0]);
    *state = &feed;
    return 0;
}

static int close_feed(void **state)
{
    struct feed *feed = *state;
    (void)close(feed->lines.fd);
    lines_deinit(&feed->lines);
    return 0;
}

/* Writes, and lets the reader read it all. */
static void give(struct feed *feed, const void *data, size_t length)
{
    assert_int_equal(write(feed->in, data, length), length);
    lines_fill(&feed->lines);
}

static void end(struct feed *feed)
{
    (void)close(feed->in);
    lines_fill(&feed->lines);
}

static void expect_line(struct feed *feed, const char *text)
{
    struct bytes line;
    assert_int_equal(lines_next(&feed->lines, &line), LINES_LINE);
    assert_bytes_equal(line, bytes_of_text(text));
}

static void expect(struct feed *feed, enum lines_state state)
{
    struct bytes line;
    assert_int_equal(lines_next(&feed->lines, &line), state);
}

static void several_lines_come_one_by_one(void **state)
{
    struct feed *feed = *state;
    give(feed, "one\n\ntwo\nthr", 12);
    expect_line(feed, "one");
    expect_line(feed, "");
    expect_line(feed, "two");
    expect(feed, LINES_MORE);
    give(feed, "ee\n", 3);
    expect_line(feed, "three");
    end(feed);
    expect(feed, LINES_END);
    expect(feed, LINES_END);
}

static void the_last_line_needs_no_newline(void **state)
{
    struct feed *feed = *state;
    give(feed, "one\ntwo", 7);
    expect_line(feed, "one");
    expect(feed, LINES_MORE);
    end(feed);
    expect_line(feed, "two");
    expect(feed, LINES_END);
}

static void a_nul_is_a_byte_like_others(void **state)
{
    struct feed *feed = *state;
    struct bytes line;
    give(feed, "a\0b\n", 4);
    assert_int_equal(lines_next(&feed->lines, &line), LINES_LINE);
    assert_bytes_equal(line, bytes_of("a\0b", 3));
    end(feed);
    expect(feed, LINES_END);
}

static void give_much(struct feed *feed, size_t length)
{
    static uint8_t much[4096];
    memset(much, 'x', sizeof much);
    while (length > 0) {
        size_t some = length < sizeof much ? length : sizeof much;
        give(feed, much, some);
        struct bytes line;
        assert_int_equal(lines_next(&feed->lines, &line), LINES_MORE);
        length -= some;
    }
}

static void a_line_of_the_longest_length_is_taken(void **state)
{
    struct feed *feed = *state;
    struct bytes line;
    give_much(feed, LINE_BYTES_MAX);
    give(feed, "\nnext\n", 1);
    assert_int_equal(lines_next(&feed->lines, &line), LINES_LINE);
    assert_int_equal(line.length, LINE_BYTES_MAX);
    end(feed);
    expect(feed, LINES_END);
}

static void a_longer_line_is_passed_over_and_the_next_is_not(void **state)
{
    struct feed *feed = *state;
    give_much(feed, 3 * (size_t)LINE_BYTES_MAX + 5);
    give(feed, "xx\nnext\n", 8);
    expect(feed, LINES_TOO_LONG);
    expect_line(feed, "next");
    end(feed);
    expect(feed, LINES_END);
}

static void a_longer_line_at_the_end_is_told_too(void **state)
{
    struct feed *feed = *state;
    give_much(feed, (size_t)LINE_BYTES_MAX + 1);
    end(feed);
    expect(feed, LINES_TOO_LONG);
    expect(feed, LINES_END);
}

#define WITH_FEED(test) cmocka_unit_test_setup_teardown(test, open_feed, close_feed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FEED(several_lines_come_one_by_one),
        WITH_FEED(the_last_line_needs_no_newline),
        WITH_FEED(a_nul_is_a_byte_like_others),
        WITH_FEED(a_line_of_the_longest_length_is_taken),
        WITH_FEED(a_longer_line_is_passed_over_and_the_next_is_not),
        WITH_FEED(a_longer_line_at_the_end_is_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
