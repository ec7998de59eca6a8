/* ingest_window.h - which ids were published lately: for each stored event its window key and
 * digest.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. The log has no gap, so the window is an array by sequence: it holds low
 * to next - 1, with what is accepted and not yet durable at its end. 24 bytes an event and an
 * index. Entries leave by count and by age, but only durable ones.
 */
#ifndef BROKER_CORE_INGEST_WINDOW_H
#define BROKER_CORE_INGEST_WINDOW_H

#include "broker/base/map.h"
#include "proto/c/facts.h"

enum { WINDOW_TIMES = 64 };

struct window_entry {
    uint8_t key[ID_BYTES]; /* agency and id, mixed with the log's secret; zeros: nothing known */
    uint64_t digest;
};

/* When some sequence was recorded, to tell ages apart without 8 more bytes an event. */
struct window_time {
    uint64_t seq;
    int64_t recorded_at_ms;
};

struct window {
    struct window_entry *entries; /* of sequence s at s % room */
    struct map index;
    uint64_t low, next;
    uint64_t young;      /* below it is too old; let go of in steps */
    uint32_t room;       /* events_max and what may be pending */
    uint32_t events_max; /* durable ones */
    uint64_t age_max_ms;
    struct window_time times[WINDOW_TIMES]; /* rising, a 1/32 of age_max_ms apart or more */
    uint32_t time_count;
};

/* Takes the memory: `events_max` durable and `pending_max` other entries, the durable ones kept for
 * at least `age_max_ms`. MEMORY. */
enum status window_init(struct window *window, uint32_t events_max, uint32_t pending_max,
                        uint64_t age_max_ms) STATUS_MUST_CHECK;
void window_deinit(struct window *window);

/* Forgets everything; the next event will be `next`. */
void window_reset(struct window *window, uint64_t next);

/* Makes room for low to next - 1, of which nothing is known yet: to be filled from a checkpoint. At
 * most events_max of them. */
void window_open(struct window *window, uint64_t low, uint64_t next);

/* Fills in one of those; sequences that were not opened are let pass. Returns whether it was. */
bool window_fill(struct window *window, uint64_t seq, const uint8_t key[ID_BYTES], uint64_t digest);

/* The newest event with that key. False: none. */
bool window_find(const struct window *window, const uint8_t key[ID_BYTES], uint64_t *seq,
                 uint64_t *digest);

/* Adds the event `window->next`. There must be room: at most pending_max are not settled. */
void window_push(struct window *window, const uint8_t key[ID_BYTES], uint64_t digest);

/* Takes the newest event out again. */
void window_pop(struct window *window);

/* Everything up to `seq`, recorded at `recorded_at_ms`, is durable: lets go of what is too old. */
void window_settle(struct window *window, uint64_t seq, int64_t recorded_at_ms);

/* The entry of a sequence that the window holds. */
const struct window_entry *window_at(const struct window *window, uint64_t seq);

#endif
