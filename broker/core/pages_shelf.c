/* pages_shelf.c - both sides are sorted by sequence, so both are searched by halves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/pages_shelf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum status shelf_init(struct shelf *shelf, uint32_t pages, size_t bytes)
{
    assert(pages > 0 && pages < UINT32_MAX / 2);
    uint32_t ring_room = (pages + 1) / 2, place_room = pages / 2 + 1;
    *shelf = (struct shelf){
        .ring_room = ring_room,
        .place_room = place_room,
        .half_bytes = bytes / 2,
    };
    /* One piece: as many retired pages as the others together. */
    shelf->ring = calloc(2 * ((size_t)ring_room + place_room), sizeof *shelf->ring);
    if (shelf->ring == NULL) {
        return STATUS_MEMORY;
    }
    shelf->places = shelf->ring + ring_room;
    shelf->retired = shelf->places + place_room;
    return STATUS_OK;
}

static struct page *ring_at(const struct shelf *shelf, uint32_t index)
{
    return shelf->ring[(shelf->ring_first + index) % shelf->ring_room].page;
}

void shelf_settle(struct shelf *shelf)
{
    for (uint32_t index = 0; index < shelf->retired_count; index++) {
        page_drop(shelf->retired[index].page);
    }
    shelf->retired_count = 0;
}

void shelf_deinit(struct shelf *shelf)
{
    if (shelf->ring == NULL) {
        return;
    }
    shelf_settle(shelf);
    for (uint32_t index = 0; index < shelf->ring_count; index++) {
        page_drop(ring_at(shelf, index));
    }
    for (uint32_t index = 0; index < shelf->place_count; index++) {
        page_drop(shelf->places[index].page);
    }
    free(shelf->ring);
    *shelf = (struct shelf){0};
}

static void shelf_retire(struct shelf *shelf, struct page *page)
{
    assert(shelf->retired_count < shelf->ring_room + shelf->place_room);
    shelf->retired[shelf->retired_count++].page = page;
}

static void ring_retire_oldest(struct shelf *shelf)
{
    struct page *page = ring_at(shelf, 0);
    shelf->ring_bytes -= page->cost;
    shelf->ring_first = (shelf->ring_first + 1) % shelf->ring_room;
    shelf->ring_count--;
    shelf_retire(shelf, page);
}

void shelf_add_newest(struct shelf *shelf, struct page *page)
{
    assert(shelf->ring_count == 0 ||
           ring_at(shelf, shelf->ring_count - 1)->last + 1 == page->first);
    while (shelf->ring_count > 0 && (shelf->ring_count == shelf->ring_room ||
                                     shelf->ring_bytes + page->cost > shelf->half_bytes)) {
        ring_retire_oldest(shelf);
    }
    shelf->ring[(shelf->ring_first + shelf->ring_count) % shelf->ring_room].page = page_keep(page);
    shelf->ring_count++;
    shelf->ring_bytes += page->cost;
}

/* The first place whose page ends at or after `seq`; place_count: none. */
static uint32_t place_seek(const struct shelf *shelf, uint64_t seq)
{
    uint32_t low = 0, high = shelf->place_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (shelf->places[middle].page->last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void place_retire_oldest(struct shelf *shelf)
{
    uint32_t oldest = 0;
    for (uint32_t index = 1; index < shelf->place_count; index++) {
        if (shelf->places[index].used < shelf->places[oldest].used) {
            oldest = index;
        }
    }
    struct shelf_place *place = &shelf->places[oldest];
    shelf->place_bytes -= place->page->cost;
    shelf_retire(shelf, place->page);
    shelf->place_count--;
    memmove(place, place + 1, (shelf->place_count - oldest) * sizeof *place);
}

void shelf_add_read(struct shelf *shelf, struct page *page)
{
    uint32_t index = place_seek(shelf, page->first);
    if (index < shelf->place_count && shelf->places[index].page->first <= page->first) {
        return;
    }
    while (shelf->place_count > 0 && (shelf->place_count == shelf->place_room ||
                                      shelf->place_bytes + page->cost > shelf->half_bytes)) {
        place_retire_oldest(shelf);
    }
    index = place_seek(shelf, page->first);
    struct shelf_place *place = &shelf->places[index];
    memmove(place + 1, place, (shelf->place_count - index) * sizeof *place);
    *place = (struct shelf_place){.page = page_keep(page), .used = ++shelf->uses};
    shelf->place_count++;
    shelf->place_bytes += page->cost;
}

/* The page of the ring that holds `seq`, or NULL. */
static const struct page *ring_find(const struct shelf *shelf, uint64_t seq)
{
    uint32_t low = 0, high = shelf->ring_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (ring_at(shelf, middle)->last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < shelf->ring_count && ring_at(shelf, low)->first <= seq;
    return is_found ? ring_at(shelf, low) : NULL;
}

const struct page *shelf_find(struct shelf *shelf, uint64_t seq)
{
    const struct page *page = ring_find(shelf, seq);
    uint32_t index = page == NULL ? place_seek(shelf, seq) : shelf->place_count;
    if (index < shelf->place_count && shelf->places[index].page->first <= seq) {
        shelf->places[index].used = ++shelf->uses;
        page = shelf->places[index].page;
    }
    return page;
}
