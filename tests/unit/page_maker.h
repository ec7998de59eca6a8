/* page_maker.h - pages of the log for tests, from a few words an event.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_PAGE_MAKER_H
#define TESTS_UNIT_PAGE_MAKER_H

#include "broker/core/page.h"

/* One event to come; 0 stands for the usual: ACTUAL, a report, 100 bytes. */
struct made_event {
    const char *topic;
    const char *incident;
    const char *agency;
    const uint8_t *producer, *window_key; /* 16 bytes each, or NULL */
    uint64_t digest, number, after;
    int64_t recorded_at_ms;
    uint32_t length;
    uint32_t personal_length;
    uint16_t category;
    uint8_t mode;
    uint8_t kind;
    uint8_t priority;
    bool clock_jumped;
};

/* A page of `count` events from sequence `first`, with one holder. Texts are copied. When its last
 * holder left it waits for page_maker_free_released(): it may be dropped where none is freed. */
struct page *page_make(uint64_t first, const struct made_event *events, uint32_t count);

/* Frees what was released. Returns how many pages still are held by somebody. */
uint32_t page_maker_free_released(void);

#endif
