/* ingest_producers_rings.c - the pool of rings, handed to whoever published last.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_producers.h"

#include <assert.h>

static struct ring_entry *entry_at(const struct producers *producers, uint32_t ring, uint32_t index)
{
    uint32_t place = (producers->rings[ring].first + index) % producers->ring_room;
    return &producers->entries[(size_t)ring * producers->ring_room + place];
}

static void unlink_ring(struct producers *producers, uint32_t ring)
{
    struct ring *here = &producers->rings[ring];
    if (here->newer == PRODUCER_NONE) {
        producers->newest = here->older;
    } else {
        producers->rings[here->newer].older = here->older;
    }
    if (here->older == PRODUCER_NONE) {
        producers->oldest = here->newer;
    } else {
        producers->rings[here->older].newer = here->newer;
    }
}

static void use_ring(struct producers *producers, uint32_t ring)
{
    if (producers->newest == ring) {
        return;
    }
    unlink_ring(producers, ring);
    producers->rings[ring].newer = PRODUCER_NONE;
    producers->rings[ring].older = producers->newest;
    producers->rings[producers->newest].newer = ring;
    producers->newest = ring;
}

static void give_ring(struct producers *producers, uint32_t slot, uint32_t ring)
{
    struct ring *here = &producers->rings[ring];
    if (here->producer != PRODUCER_NONE) {
        producers->list[here->producer].ring = PRODUCER_NONE;
    }
    here->producer = slot;
    here->first = 0;
    here->count = 0;
    producers->list[slot].ring = ring;
    producers->is_ring_changed[ring] = true;
    use_ring(producers, ring);
}

bool producers_take_ring(struct producers *producers, uint32_t slot)
{
    if (producers->list[slot].ring != PRODUCER_NONE) {
        return true;
    }
    uint32_t ring = producers->oldest;
    while (ring != PRODUCER_NONE) {
        uint32_t holder = producers->rings[ring].producer;
        if (holder == PRODUCER_NONE || producers->list[holder].pending == 0) {
            give_ring(producers, slot, ring);
            return true;
        }
        ring = producers->rings[ring].newer;
    }
    return false;
}

void producers_restore_ring(struct producers *producers, uint32_t slot, uint32_t ring)
{
    assert(producers->list[slot].ring == PRODUCER_NONE);
    assert(producers->rings[ring].producer == PRODUCER_NONE);
    give_ring(producers, slot, ring);
    producers->is_ring_changed[ring] = false;
}

void producers_push(struct producers *producers, uint32_t slot, struct ring_entry entry)
{
    uint32_t ring = producers->list[slot].ring;
    assert(ring != PRODUCER_NONE && producers->ring_room > 0);
    struct ring *here = &producers->rings[ring];
    assert(here->count == 0 || entry_at(producers, ring, here->count - 1)->number < entry.number);
    if (here->count == producers->ring_room) {
        here->first = (here->first + 1) % producers->ring_room;
        here->count--;
    }
    *entry_at(producers, ring, here->count++) = entry;
    producers->is_ring_changed[ring] = true;
    use_ring(producers, ring);
}

void producers_pop(struct producers *producers, uint32_t slot, uint64_t number)
{
    uint32_t ring = producers->list[slot].ring;
    assert(ring != PRODUCER_NONE && producers->rings[ring].count > 0);
    struct ring *here = &producers->rings[ring];
    assert(entry_at(producers, ring, here->count - 1)->number == number);
    here->count--;
    producers->is_ring_changed[ring] = true;
}

const struct ring_entry *producers_recall(const struct producers *producers, uint32_t slot,
                                          uint64_t number)
{
    uint32_t ring = producers->list[slot].ring;
    if (ring == PRODUCER_NONE) {
        return NULL;
    }
    uint32_t low = 0, high = producers->rings[ring].count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct ring_entry *entry = entry_at(producers, ring, middle);
        if (entry->number == number) {
            return entry;
        }
        if (entry->number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct ring_entry *producers_ring_at(const struct producers *producers, uint32_t ring,
                                           uint32_t index)
{
    assert(index < producers->rings[ring].count);
    return entry_at(producers, ring, index);
}
