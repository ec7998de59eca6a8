/* test_ingest_clock.c - recordedAt never falls, and every stamp says what to think of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_clock.h"

#include "tests/unit/check.h"

/* Milliseconds. */
enum { SKEW = 300000, HOUR = 3600000 };

/* A wall time that these tests start at. */
#define T INT64_C(1700000000000)

/* One event, after `now_ms` on the monotonic clock. */
struct reading {
    uint64_t now_ms;
    int64_t wall_ms;
    int64_t sent_at_ms;
    int64_t recorded_at_ms;
    bool sender_skewed, clock_jumped;
};

struct clock_row {
    const char *name;
    int64_t start_ms; /* of the log's last event */
    struct reading readings[4];
};

static const struct clock_row rows[] = {
    {"a clock that runs is written down",
     INT64_MIN,    {{0, T, 0, T, false, false}, {1000, T + 1000, 0, T + 1000, false, false}}},
    {"a clock that falls a little is held",
     T + 500,
     {{0, T, 0, T + 500, false, false}, {1000, T + 1000, 0, T + 1000, false, false}}        },
    {"a clock behind the log by more than the skew is said to have jumped",
     T + SKEW + 1,
     {{0, T, 0, T + SKEW + 1, false, true}, {1000, T + 1000, 0, T + SKEW + 1, false, false}}},
    {"a jump ahead is stamped once",
     INT64_MIN,    {{0, T, 0, T, false, false},
      {1000, T + HOUR, 0, T + HOUR, false, true},
      {2000, T + HOUR + 1000, 0, T + HOUR + 1000, false, false}}             },
    {"a jump back is stamped until the clock has caught up",
     INT64_MIN,    {{0, T, 0, T, false, false},
      {1000, T - HOUR, 0, T, false, true},
      {2000, T - HOUR + 1000, 0, T, false, true},
      {HOUR + 1000, T, 0, T, false, false}}                                  },
    {"a publisher's clock may differ by the skew",
     INT64_MIN,    {{0, T, T - SKEW, T, false, false},
      {1, T + 1, T + 1 + SKEW, T + 1, false, false},
      {2, T + 2, T + 3 + SKEW, T + 2, true, false},
      {3, T + 3, T + 2 - SKEW, T + 3, true, false}}                          },
    {"a publisher that does not say when is not skewed",
     INT64_MIN,    {{0, T, 0, T, false, false}, {1, T + 1, INT64_MIN, T + 1, true, false}}  },
};

static void stamps_are_as_told(void **state)
{
    const struct clock_row *row = *state;
    struct ingest_clock clock;
    clock_init(&clock, SKEW);
    clock_start(&clock, row->start_ms);
    for (uint32_t index = 0; index < COUNT_OF(row->readings); index++) {
        const struct reading *reading = &row->readings[index];
        if (reading->wall_ms == 0) {
            break;
        }
        clock_read(&clock, reading->now_ms, reading->wall_ms);
        struct clock_stamp stamp = clock_stamp(&clock, reading->sent_at_ms);
        assert_true(stamp.recorded_at_ms == reading->recorded_at_ms);
        assert_int_equal(stamp.sender_skewed, reading->sender_skewed);
        assert_int_equal(stamp.clock_jumped, reading->clock_jumped);
    }
}

int main(void)
{
    return CHECK_ROWS(rows, stamps_are_as_told);
}
