/* map.c - linear probing with backward-shift deletion: no tombstones, so no decay.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The hash is not keyed. Keys that a stranger could choose are either mixed with the log's secret
 * before they get here (window keys) or few for each agency (producers, cursors, follows).
 */
#include "broker/base/map.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint32_t map_hash(struct bytes key)
{
    return (uint32_t)XXH3_64bits(key.data, key.length);
}

enum status map_init(struct map *map, uint32_t room, map_key_of *key_of, const void *owner)
{
    assert(room > 0 && room <= MAP_ROOM_MAX);
    assert(key_of != NULL);
    uint32_t slots = 4;
    while (slots < room + room / 2) {
        slots *= 2;
    }
    *map = (struct map){.mask = slots - 1, .room = room, .key_of = key_of, .owner = owner};
    map->slots = calloc(slots, sizeof *map->slots);
    return map->slots == NULL ? STATUS_MEMORY : STATUS_OK;
}

void map_deinit(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

/* Where `key` is, or the free slot where it would be. */
static uint32_t map_seek(const struct map *map, struct bytes key, uint32_t hash)
{
    uint32_t at = hash & map->mask;
    while (map->slots[at].entry != 0) {
        const struct map_slot *slot = &map->slots[at];
        if (slot->hash == hash && bytes_are_equal(map->key_of(map->owner, slot->entry - 1), key)) {
            break;
        }
        at = (at + 1) & map->mask;
    }
    return at;
}

uint32_t map_find(const struct map *map, struct bytes key)
{
    /* 0 - 1 is MAP_NONE. */
    return map->slots[map_seek(map, key, map_hash(key))].entry - 1;
}

bool map_insert(struct map *map, uint32_t index)
{
    assert(index != MAP_NONE);
    if (map->count == map->room) {
        return false;
    }
    struct bytes key = map->key_of(map->owner, index);
    uint32_t hash = map_hash(key);
    struct map_slot *slot = &map->slots[map_seek(map, key, hash)];
    assert(slot->entry == 0);
    *slot = (struct map_slot){.hash = hash, .entry = index + 1};
    map->count++;
    return true;
}

uint32_t map_remove(struct map *map, struct bytes key)
{
    uint32_t hole = map_seek(map, key, map_hash(key));
    uint32_t index = map->slots[hole].entry - 1;
    if (index == MAP_NONE) {
        return MAP_NONE;
    }
    /* Each entry of the run behind the hole moves into it, unless that were before its home. */
    uint32_t at = hole;
    for (;;) {
        at = (at + 1) & map->mask;
        if (map->slots[at].entry == 0) {
            break;
        }
        uint32_t home = map->slots[at].hash & map->mask;
        if (((at - home) & map->mask) >= ((at - hole) & map->mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole].entry = 0;
    map->count--;
    return index;
}

void map_clear(struct map *map)
{
    if (map->count > 0) {
        memset(map->slots, 0, ((size_t)map->mask + 1) * sizeof *map->slots);
        map->count = 0;
    }
}
