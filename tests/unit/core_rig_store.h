/* core_rig_store.h - the rig's disk: pages, values, and answers that wait to be fed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_CORE_RIG_STORE_H
#define TESTS_UNIT_CORE_RIG_STORE_H

#include "broker/core/effect.h"
#include "tests/unit/page_maker.h"

enum { RIG_PAGES_MAX = 20000, RIG_ANSWERS_MAX = 4096, RIG_VALUES_MAX = 256 };

/* Answers that can be held back. */
enum rig_hold { RIG_HOLD_APPENDS = 1, RIG_HOLD_SAVES = 2, RIG_HOLD_LOADS = 4, RIG_HOLD_READS = 8 };

/* What stands for the bytes of a `Sent`: the event, and what the page needs of its sending. */
struct rig_sent {
    struct made_event event; /* its pointers are not used */
    char topic[64], incident[32];
    uint8_t producer[PRODUCER_BYTES], window_key[ID_BYTES];
    uint64_t digest, number, after;
};

void rig_sent_fill(struct rig_sent *sent, const struct made_event *event,
                   const uint8_t window_key[ID_BYTES], uint64_t digest);

/* An answer that waits, and what happens when it is given. */
struct rig_answer {
    struct input input;
    struct page *page; /* IN_APPENDED: becomes durable with it */
    char key[VALUE_KEY_BYTES_MAX];
    uint8_t *value; /* IN_SAVED: the same; length 0: remove */
    size_t value_length;
};

struct rig_value {
    char key[VALUE_KEY_BYTES_MAX];
    uint8_t *data;
    size_t length;
};

struct rig_page {
    struct page *page;
};

struct rig_store {
    struct rig_page *pages;
    uint32_t page_count;
    uint64_t first, last; /* durable */
    uint64_t incarnation;
    struct rig_answer *answers;
    uint32_t answer_count;
    struct rig_answer given; /* what was fed last; its memory lives until the next */
    struct rig_value values[RIG_VALUES_MAX];
    uint32_t value_count;
    uint32_t holds; /* enum rig_hold */
    uint64_t damaged_first, damaged_last;
    bool is_full;
    uint32_t reads, saves, unsent;
};

void rig_store_init(struct rig_store *store);
void rig_store_deinit(struct rig_store *store);

/* Fills IN_START. */
void rig_store_describe(const struct rig_store *store, struct input *input);

/* Everything but what is durable is lost. */
void rig_store_crash(struct rig_store *store);

/* The index of the page that holds `seq`; page_count: none does. */
uint32_t rig_store_page_of(const struct rig_store *store, uint64_t seq);

/* The last pages are gone. */
void rig_store_lose_tail(struct rig_store *store, uint32_t pages);

/* Performs an effect of the store's. */
void rig_store_take(struct rig_store *store, const struct effect *effect, int64_t wall_ms);

/* A delivery did not leave: that is fed before anything else. */
void rig_store_push_unsent(struct rig_store *store, const struct answer *answer);

/* The next answer that is not held. False: none. */
bool rig_store_next(struct rig_store *store, struct input *input);

/* The input was fed: its page is let go. */
void rig_store_done(const struct input *input);

#endif
