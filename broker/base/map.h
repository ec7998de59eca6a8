/* map.h - a hash map of fixed room from keys to the indexes of an array that its owner keeps.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The map holds no keys: it asks the owner for the key of an index, so a key lives once. All memory
 * is taken at init and touched as the map fills. One thread. There is no iteration: walk the array.
 */
#ifndef BROKER_BASE_MAP_H
#define BROKER_BASE_MAP_H

#include "broker/base/status.h"
#include "proto/c/bytes.h"

enum { MAP_ROOM_MAX = 1 << 28 };

#define MAP_NONE UINT32_MAX

/* The key of entry `index` of the owner's array; must not change while the entry is in the map. */
typedef struct bytes map_key_of(const void *owner, uint32_t index);

struct map_slot {
    uint32_t hash;
    uint32_t entry; /* the index + 1; 0: free, so that fresh memory is an empty map */
};

struct map {
    struct map_slot *slots; /* mask + 1 of them, at most two thirds taken */
    uint32_t mask;
    uint32_t count;
    uint32_t room;
    map_key_of *key_of;
    const void *owner;
};

/* Takes the memory for `room` entries (1 to MAP_ROOM_MAX), 12 to 24 bytes each. MEMORY. `owner` is
 * borrowed and handed to `key_of`. */
enum status map_init(struct map *map, uint32_t room, map_key_of *key_of,
                     const void *owner) STATUS_MUST_CHECK;

/* Gives the memory back; a zeroed map is let pass. */
void map_deinit(struct map *map);

/* The index whose key is `key`, or MAP_NONE. */
uint32_t map_find(const struct map *map, struct bytes key);

/* Adds `index` under the key that the owner has for it. False: full. The key must not be there. */
bool map_insert(struct map *map, uint32_t index);

/* Takes `key` out and returns its index, or MAP_NONE. The entry's key must still be readable. */
uint32_t map_remove(struct map *map, struct bytes key);

/* Takes everything out. */
void map_clear(struct map *map);

#endif
