/* pages_shelf.h - where pages stand in memory: a ring of the newest, and a shelf of those read
 * back.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A part of pages; pure, one thread. Neither side takes the other's room. One page always fits.
 */
#ifndef BROKER_CORE_PAGES_SHELF_H
#define BROKER_CORE_PAGES_SHELF_H

#include "broker/base/status.h"
#include "broker/core/page.h"

/* A page, and when it was last asked for. */
struct shelf_place {
    struct page *page;
    uint64_t used; /* of those read back */
};

struct shelf {
    struct shelf_place *ring; /* newest pages, without a gap between them */
    uint32_t ring_first, ring_count, ring_room;
    struct shelf_place *places; /* by rising sequence */
    uint32_t place_count, place_room;
    struct shelf_place *retired; /* lost their place, not yet dropped */
    uint32_t retired_count;
    size_t ring_bytes, place_bytes;
    size_t half_bytes; /* bound of either side */
    uint64_t uses;
};

/* Takes the memory for `pages` pages of `bytes` in all. MEMORY. */
enum status shelf_init(struct shelf *shelf, uint32_t pages, size_t bytes) STATUS_MUST_CHECK;

/* Drops all pages and gives the memory back; a zeroed shelf is let pass. */
void shelf_deinit(struct shelf *shelf);

/* Drops what was retired. */
void shelf_settle(struct shelf *shelf);

/* Keeps a page that was just committed; retires the oldest of the ring until it fits. */
void shelf_add_newest(struct shelf *shelf, struct page *page);

/* Keeps a page that was read, unless it is there; retires the least lately used until it fits. */
void shelf_add_read(struct shelf *shelf, struct page *page);

/* The page that holds `seq`, or NULL; counts as a use. */
const struct page *shelf_find(struct shelf *shelf, uint64_t seq);

#endif
