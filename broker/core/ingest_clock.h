/* ingest_clock.h - recordedAt, and what is to be said of the clocks behind it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. The wall clock is compared with the monotonic one, which both come with
 * the input. Clocks never order anything: recordedAt never falls because it is held, not read.
 */
#ifndef BROKER_CORE_INGEST_CLOCK_H
#define BROKER_CORE_INGEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct ingest_clock {
    uint64_t skew_ms;
    uint64_t now_ms; /* at the last reading */
    int64_t wall_ms;
    int64_t recorded_at_ms; /* of the last event; INT64_MIN: none */
    bool is_read;
    bool has_jumped; /* since the last event */
};

/* What to write into a stamp. */
struct clock_stamp {
    int64_t recorded_at_ms;
    bool sender_skewed; /* the sender's clock differs by more than skew_ms */
    bool clock_jumped;  /* ours jumped before this event, or is behind the last one by more */
};

void clock_init(struct ingest_clock *clock, uint64_t skew_ms);

/* The log's last event was recorded then; INT64_MIN: the log is empty. */
void clock_start(struct ingest_clock *clock, int64_t recorded_at_ms);

/* Both clocks as they came with an input. */
void clock_read(struct ingest_clock *clock, uint64_t now_ms, int64_t wall_ms);

/* The stamp of an event sent at `sent_at_ms` (0: the sender does not say) and accepted now. */
struct clock_stamp clock_stamp(struct ingest_clock *clock, int64_t sent_at_ms);

#endif
