/* ingest_producers.c - the table of producers and the counts of agencies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_producers.h"

#include <assert.h>
#include <stdlib.h>

static struct bytes key_of_producer(const void *owner, uint32_t index)
{
    const struct producer *list = owner;
    return bytes_of(&list[index].key, sizeof list[index].key);
}

static struct bytes key_of_agency(const void *owner, uint32_t index)
{
    const struct agency_count *list = owner;
    return bytes_of(&list[index].agency, sizeof list[index].agency);
}

static bool take_memory(struct producers *producers)
{
    uint32_t room = producers->room, rings = producers->ring_count;
    producers->list = calloc(room, sizeof *producers->list);
    producers->free = calloc(room, sizeof *producers->free);
    producers->agencies = calloc(room, sizeof *producers->agencies);
    producers->agencies_free = calloc(room, sizeof *producers->agencies_free);
    producers->is_changed = calloc(room, sizeof *producers->is_changed);
    producers->rings = calloc(rings, sizeof *producers->rings);
    producers->is_ring_changed = calloc(rings, sizeof *producers->is_ring_changed);
    producers->entries = calloc((size_t)rings * producers->ring_room, sizeof *producers->entries);
    return producers->list && producers->free && producers->agencies && producers->agencies_free &&
           producers->is_changed && producers->rings && producers->is_ring_changed &&
           producers->entries;
}

enum status producers_init(struct producers *producers, uint32_t room, uint32_t agency_room,
                           uint32_t ring_count, uint32_t ring_room)
{
    assert(room > 0 && agency_room > 0 && ring_count > 0 && ring_room > 0);
    *producers = (struct producers){
        .room = room, .agency_room = agency_room, .ring_count = ring_count, .ring_room = ring_room};
    if (!take_memory(producers) ||
        map_init(&producers->index, room, key_of_producer, producers->list) != STATUS_OK ||
        map_init(&producers->agency_index, room, key_of_agency, producers->agencies) != STATUS_OK) {
        producers_deinit(producers);
        return STATUS_MEMORY;
    }
    producers_reset(producers);
    return STATUS_OK;
}

void producers_deinit(struct producers *producers)
{
    map_deinit(&producers->index);
    map_deinit(&producers->agency_index);
    free(producers->list);
    free(producers->free);
    free(producers->agencies);
    free(producers->agencies_free);
    free(producers->is_changed);
    free(producers->rings);
    free(producers->is_ring_changed);
    free(producers->entries);
    *producers = (struct producers){0};
}

void producers_reset(struct producers *producers)
{
    map_clear(&producers->index);
    map_clear(&producers->agency_index);
    producers->count = 0;
    for (uint32_t slot = 0; slot < producers->room; slot++) {
        if (producers->list[slot].is_used) {
            producers->list[slot].is_used = false;
        }
        /* The lowest slots first: few blocks of a checkpoint change. */
        producers->free[slot] = producers->room - 1 - slot;
        producers->agencies_free[slot] = producers->room - 1 - slot;
    }
    memset(producers->is_changed, 0, producers->room * sizeof *producers->is_changed);
    uint32_t last = producers->ring_count - 1;
    for (uint32_t ring = 0; ring <= last; ring++) {
        producers->rings[ring] = (struct ring){.producer = PRODUCER_NONE,
                                               .newer = ring == 0 ? PRODUCER_NONE : ring - 1,
                                               .older = ring == last ? PRODUCER_NONE : ring + 1};
        producers->is_ring_changed[ring] = false;
    }
    producers->newest = 0;
    producers->oldest = last;
}

/* FNV-1a over the name: agencies are named by the operator, so nobody looks for collisions. */
struct producer_key producers_key(struct bytes agency, const uint8_t id[PRODUCER_BYTES])
{
    struct producer_key key = {.agency = UINT64_C(0xcbf29ce484222325)};
    for (size_t index = 0; index < agency.length; index++) {
        key.agency = (key.agency ^ agency.data[index]) * UINT64_C(0x100000001b3);
    }
    memcpy(key.id, id, PRODUCER_BYTES);
    return key;
}

uint32_t producers_find(const struct producers *producers, const struct producer_key *key)
{
    return map_find(&producers->index, bytes_of(key, sizeof *key));
}

bool producers_have_room(const struct producers *producers, const struct producer_key *key)
{
    uint32_t place = map_find(&producers->agency_index, bytes_of(&key->agency, sizeof key->agency));
    uint32_t of_agency = place == MAP_NONE ? 0 : producers->agencies[place].producers;
    return producers->count < producers->room && of_agency < producers->agency_room;
}

static uint32_t count_agency(struct producers *producers, uint64_t agency)
{
    uint32_t place = map_find(&producers->agency_index, bytes_of(&agency, sizeof agency));
    if (place == MAP_NONE) {
        place = producers->agencies_free[producers->room - 1 - producers->agency_index.count];
        producers->agencies[place] = (struct agency_count){.agency = agency};
        bool is_in = map_insert(&producers->agency_index, place);
        assert(is_in);
    }
    producers->agencies[place].producers++;
    return place;
}

static void uncount_agency(struct producers *producers, uint32_t place)
{
    struct agency_count *count = &producers->agencies[place];
    assert(count->producers > 0);
    if (--count->producers == 0) {
        (void)map_remove(&producers->agency_index, key_of_agency(producers->agencies, place));
        producers->agencies_free[producers->room - 1 - producers->agency_index.count] = place;
    }
}

static void fill_slot(struct producers *producers, uint32_t slot, const struct producer_key *key)
{
    assert(!producers->list[slot].is_used);
    producers->list[slot] = (struct producer){.key = *key,
                                              .ring = PRODUCER_NONE,
                                              .lookups = PRODUCER_NONE,
                                              .agency = count_agency(producers, key->agency),
                                              .is_used = true};
    bool is_in = map_insert(&producers->index, slot);
    assert(is_in);
    producers->count++;
}

uint32_t producers_add(struct producers *producers, const struct producer_key *key)
{
    if (producers->count == producers->room) {
        return PRODUCER_NONE;
    }
    uint32_t slot = producers->free[producers->room - 1 - producers->count];
    fill_slot(producers, slot, key);
    return slot;
}

/* Swaps the slot to the place on the list that is taken next. Linear, and only at start. */
void producers_restore(struct producers *producers, uint32_t slot, const struct producer_key *key)
{
    assert(slot < producers->room);
    uint32_t top = producers->room - 1 - producers->count, place = top;
    while (producers->free[place] != slot) {
        assert(place > 0);
        place--;
    }
    producers->free[place] = producers->free[top];
    producers->free[top] = slot;
    fill_slot(producers, slot, key);
}

void producers_remove(struct producers *producers, uint32_t slot)
{
    struct producer *producer = &producers->list[slot];
    assert(producer->is_used && producer->pending == 0 && producer->lookups == PRODUCER_NONE);
    if (producer->ring != PRODUCER_NONE) {
        producers->rings[producer->ring].producer = PRODUCER_NONE;
        producers->rings[producer->ring].count = 0;
        producers->is_ring_changed[producer->ring] = true;
    }
    (void)map_remove(&producers->index, bytes_of(&producer->key, sizeof producer->key));
    uncount_agency(producers, producer->agency);
    producer->is_used = false;
    producers->is_changed[slot] = true;
    producers->count--;
    producers->free[producers->room - 1 - producers->count] = slot;
}
