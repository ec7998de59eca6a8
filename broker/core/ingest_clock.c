/* ingest_clock.c - two clocks compared.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_clock.h"

#include <assert.h>

void clock_init(struct ingest_clock *clock, uint64_t skew_ms)
{
    *clock = (struct ingest_clock){.skew_ms = skew_ms, .recorded_at_ms = INT64_MIN};
}

void clock_start(struct ingest_clock *clock, int64_t recorded_at_ms)
{
    clock->recorded_at_ms = recorded_at_ms;
}

/* |a - b|, whatever they are. */
static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

void clock_read(struct ingest_clock *clock, uint64_t now_ms, int64_t wall_ms)
{
    if (clock->is_read) {
        assert(now_ms >= clock->now_ms);
        int64_t expected = (int64_t)((uint64_t)clock->wall_ms + (now_ms - clock->now_ms));
        if (distance(wall_ms, expected) > clock->skew_ms) {
            clock->has_jumped = true;
        }
    }
    clock->now_ms = now_ms;
    clock->wall_ms = wall_ms;
    clock->is_read = true;
}

struct clock_stamp clock_stamp(struct ingest_clock *clock, int64_t sent_at_ms)
{
    assert(clock->is_read);
    struct clock_stamp stamp = {
        .recorded_at_ms = clock->wall_ms,
        .sender_skewed = sent_at_ms != 0 && distance(sent_at_ms, clock->wall_ms) > clock->skew_ms,
        .clock_jumped = clock->has_jumped,
    };
    if (clock->recorded_at_ms > clock->wall_ms) {
        stamp.recorded_at_ms = clock->recorded_at_ms;
        stamp.clock_jumped |= distance(clock->recorded_at_ms, clock->wall_ms) > clock->skew_ms;
    }
    clock->recorded_at_ms = stamp.recorded_at_ms;
    clock->has_jumped = false;
    return stamp;
}
