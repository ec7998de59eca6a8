/* page.h - one chunk of the log as the core sees it: what to match, and where the bytes are.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Built by the shell (broker/log/page_build) from a verified chunk; counted, immutable, shared. The
 * same shape whether it was just committed or read back: one path for live and replay.
 */
#ifndef BROKER_CORE_PAGE_H
#define BROKER_CORE_PAGE_H

#include "broker/base/blob.h"
#include "proto/c/facts.h"

/* One stored event. Views point into the page's blob. */
struct record {
    uint64_t seq;
    int64_t recorded_at_ms;
    struct bytes topic;
    struct bytes incident;
    struct bytes entity;
    struct bytes agency;
    uint16_t category;
    uint8_t mode;
    uint8_t kind;
    uint8_t priority;
    bool is_removed;
    bool clock_jumped;
    uint8_t window_key[ID_BYTES]; /* agency and id, mixed by the shell with the log's secret */
    uint64_t digest;              /* digest_content() */
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
    uint64_t after;
    uint32_t offset; /* of the record's element (tag, length, bytes) in the batch */
    uint32_t length;
    uint32_t personal_length; /* of the Personal element directly after it; 0: none */
};

struct page {
    uint64_t first; /* sequence of records[0] */
    uint64_t last;
    const struct record *records; /* last - first + 1 of them */
    struct bytes batch;           /* Batch bytes inside the blob */
    struct blob *blob;            /* the chunk; dropped by release */
    size_t cost;                  /* bytes of memory that holding it takes, records included */
    _Atomic uint32_t holders;
    void (*release)(struct page *page);
};

/* One more holder; returns `page`. Never allocates. */
struct page *page_keep(struct page *page);

/* One holder less; the last one releases. NULL is let pass. */
void page_drop(struct page *page);

/* How many records the page has. */
static inline uint32_t page_count(const struct page *page)
{
    return (uint32_t)(page->last - page->first + 1);
}

#endif
