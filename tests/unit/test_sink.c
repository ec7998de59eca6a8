/* test_sink.c - lines for a reader that is slow, stuck or gone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/check.h"

enum { MUCH = 1024 * 1024 };

struct drain {
    struct sink sink;
    int reader, signal[2];
};

static int open_drain(void **state)
{
    static struct drain drain;
    int ends[2];
    if (pipe(ends) != 0 || pipe(drain.signal) != 0) {
        return -1;
    }
    drain.reader = ends[0];
    sink_init(&drain.sink, ends[1]);
    *state = &drain;
    return 0;
}

static int close_drain(void **state)
{
    struct drain *drain = *state;
    (void)close(drain->sink.fd);
    (void)close(drain->reader);
    (void)close(drain->signal[0]);
    (void)close(drain->signal[1]);
    sink_deinit(&drain->sink);
    return 0;
}

static void put_much(struct drain *drain)
{
    static char much[MUCH];
    memset(much, 'x', sizeof much);
    sink_put(&drain->sink, much, sizeof much);
}

static void what_is_put_arrives_in_order(void **state)
{
    struct drain *drain = *state;
    char got[16] = "";
    sink_put(&drain->sink, "one\n", 4);
    sink_put(&drain->sink, "two\n", 4);
    assert_int_equal(sink_waiting(&drain->sink), 8);
    assert_int_equal(sink_flush(&drain->sink, drain->signal[0]), SINK_FLUSHED);
    assert_int_equal(sink_waiting(&drain->sink), 0);
    assert_int_equal(read(drain->reader, got, sizeof got), 8);
    assert_string_equal(got, "one\ntwo\n");
}

static void nothing_put_is_nothing_written(void **state)
{
    struct drain *drain = *state;
    assert_int_equal(sink_flush(&drain->sink, drain->signal[0]), SINK_FLUSHED);
    assert_int_equal(sink_waiting(&drain->sink), 0);
}

static void a_signal_frees_from_a_reader_that_is_stuck(void **state)
{
    struct drain *drain = *state;
    put_much(drain);
    assert_int_equal(write(drain->signal[1], "!", 1), 1);
    assert_int_equal(sink_flush(&drain->sink, drain->signal[0]), SINK_STOPPED);
    assert_in_range(sink_waiting(&drain->sink), 1, MUCH - 1);
}

static void a_reader_that_is_gone_is_told(void **state)
{
    struct drain *drain = *state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(drain->reader);
    sink_put(&drain->sink, "one\n", 4);
    errno = 0;
    assert_int_equal(sink_flush(&drain->sink, drain->signal[0]), SINK_GONE);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(sink_waiting(&drain->sink), 4);
    drain->reader = open("/dev/null", O_RDONLY);
}

#define IN_A_DRAIN(test) cmocka_unit_test_setup_teardown(test, open_drain, close_drain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_DRAIN(what_is_put_arrives_in_order),
        IN_A_DRAIN(nothing_put_is_nothing_written),
        IN_A_DRAIN(a_signal_frees_from_a_reader_that_is_stuck),
        IN_A_DRAIN(a_reader_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
