/* ingest_window.c - an array by sequence with an index by key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_window.h"

#include <assert.h>
#include <stdlib.h>

/* A site that was silent for a week lets go of a million ids: in steps, not at once. */
enum { TIME_STEPS = 32, AGED_STEP_MAX = 8192 };

static struct bytes key_of_entry(const void *owner, uint32_t index)
{
    const struct window_entry *entries = owner;
    return bytes_of(entries[index].key, ID_BYTES);
}

static uint32_t place_of(const struct window *window, uint64_t seq)
{
    return (uint32_t)(seq % window->room);
}

static bool is_nothing(const uint8_t key[ID_BYTES])
{
    static const uint8_t nothing[ID_BYTES];
    return memcmp(key, nothing, ID_BYTES) == 0;
}

enum status window_init(struct window *window, uint32_t events_max, uint32_t pending_max,
                        uint64_t age_max_ms)
{
    assert(events_max > 0 && pending_max > 0 && events_max <= UINT32_MAX - pending_max);
    *window = (struct window){.room = events_max + pending_max,
                              .events_max = events_max,
                              .age_max_ms = age_max_ms,
                              .low = 1,
                              .next = 1,
                              .young = 1};
    window->entries = calloc(window->room, sizeof *window->entries);
    if (window->entries == NULL) {
        return STATUS_MEMORY;
    }
    return map_init(&window->index, window->room, key_of_entry, window->entries);
}

void window_deinit(struct window *window)
{
    map_deinit(&window->index);
    free(window->entries);
    *window = (struct window){0};
}

void window_reset(struct window *window, uint64_t next)
{
    assert(next > 0);
    map_clear(&window->index);
    window->low = next;
    window->next = next;
    window->young = next;
    window->time_count = 0;
}

void window_open(struct window *window, uint64_t low, uint64_t next)
{
    assert(low <= next && next - low <= window->events_max);
    window_reset(window, low);
    window->next = next;
    for (uint64_t seq = low; seq < next; seq++) {
        window->entries[place_of(window, seq)] = (struct window_entry){0};
    }
}

bool window_fill(struct window *window, uint64_t seq, const uint8_t key[ID_BYTES], uint64_t digest)
{
    uint64_t other, other_digest;
    if (seq < window->low || seq >= window->next) {
        return false;
    }
    struct window_entry *entry = &window->entries[place_of(window, seq)];
    memcpy(entry->key, key, ID_BYTES);
    entry->digest = digest;
    if (is_nothing(key)) {
        return true;
    }
    if (window_find(window, key, &other, &other_digest)) {
        if (other > seq) {
            return true;
        }
        (void)map_remove(&window->index, bytes_of(key, ID_BYTES));
    }
    bool is_in = map_insert(&window->index, place_of(window, seq));
    assert(is_in);
    return true;
}

bool window_find(const struct window *window, const uint8_t key[ID_BYTES], uint64_t *seq,
                 uint64_t *digest)
{
    uint32_t place = map_find(&window->index, bytes_of(key, ID_BYTES));
    if (place == MAP_NONE) {
        return false;
    }
    uint32_t low_place = place_of(window, window->low);
    *seq = window->low + (place + window->room - low_place) % window->room;
    *digest = window->entries[place].digest;
    assert(*seq < window->next);
    return true;
}

/* An id may stand in the log twice, further apart than the window was long: the newest counts, so
 * the index may already name another place for this key, or none. */
static void leave_index(struct window *window, uint32_t place)
{
    struct bytes key = key_of_entry(window->entries, place);
    if (map_find(&window->index, key) == place) {
        (void)map_remove(&window->index, key);
    }
}

void window_push(struct window *window, const uint8_t key[ID_BYTES], uint64_t digest)
{
    assert(window->next - window->low < window->room);
    uint32_t place = place_of(window, window->next++);
    struct window_entry *entry = &window->entries[place];
    if (!is_nothing(key)) {
        (void)map_remove(&window->index, bytes_of(key, ID_BYTES));
    }
    memcpy(entry->key, key, ID_BYTES);
    entry->digest = digest;
    if (!is_nothing(key)) {
        bool is_in = map_insert(&window->index, place);
        assert(is_in);
    }
}

void window_pop(struct window *window)
{
    assert(window->next > window->low);
    leave_index(window, place_of(window, --window->next));
}

static void let_go_below(struct window *window, uint64_t low)
{
    assert(low <= window->next);
    while (window->low < low) {
        leave_index(window, place_of(window, window->low++));
    }
}

/* Notes a time now and then, and moves on to the first sequence that is not too old. */
static void note_time(struct window *window, uint64_t seq, int64_t recorded_at_ms)
{
    struct window_time *times = window->times;
    uint32_t due = 0;
    while (due < window->time_count &&
           recorded_at_ms - times[due].recorded_at_ms > (int64_t)window->age_max_ms) {
        due++;
    }
    if (due > 0) {
        window->young = times[due - 1].seq + 1;
    }
    window->time_count -= due;
    memmove(times, times + due, window->time_count * sizeof *times);
    uint32_t count = window->time_count;
    bool is_later = count == 0 || recorded_at_ms - times[count - 1].recorded_at_ms >
                                      (int64_t)(window->age_max_ms / TIME_STEPS);
    if (is_later && count < WINDOW_TIMES) {
        times[window->time_count++] = (struct window_time){seq, recorded_at_ms};
    }
}

void window_settle(struct window *window, uint64_t seq, int64_t recorded_at_ms)
{
    assert(seq < window->next);
    note_time(window, seq, recorded_at_ms);
    uint64_t low = window->low;
    if (low < window->young) {
        low += window->young - low < AGED_STEP_MAX ? window->young - low : AGED_STEP_MAX;
    }
    if (seq >= window->events_max && low < seq - window->events_max + 1) {
        low = seq - window->events_max + 1;
    }
    let_go_below(window, low);
}

const struct window_entry *window_at(const struct window *window, uint64_t seq)
{
    assert(seq >= window->low && seq < window->next);
    return &window->entries[place_of(window, seq)];
}
