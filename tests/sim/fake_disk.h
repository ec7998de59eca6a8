/* fake_disk.h - what the simulated store has on disk: it outlives every crash of the broker.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_FAKE_DISK_H
#define TESTS_SIM_FAKE_DISK_H

#include "broker/store/store.h"

struct fake_disk;

/* What is refused for want of room. */
enum fake_room {
    FAKE_ROOM_ENOUGH,
    FAKE_ROOM_RESERVE, /* chunks and checkpoints are refused; values pass */
    FAKE_ROOM_NONE     /* whatever adds a byte is refused */
};

/* An empty log. `capacity_bytes` bounds its chunks. Never NULL: tests have memory. */
struct fake_disk *fake_disk_new(const uint8_t uuid[16], const uint8_t secret[32],
                                uint64_t capacity_bytes);

/* NULL is let pass. No store may be open on it. */
void fake_disk_free(struct fake_disk *disk);

/* What the log is, as flushed. */
const struct store_tail *fake_disk_tail(const struct fake_disk *disk);

void fake_disk_set_room(struct fake_disk *disk, enum fake_room room);

/* Chunk bytes that may still be appended. */
uint64_t fake_disk_room_bytes(const struct fake_disk *disk);
uint64_t fake_disk_used_bytes(const struct fake_disk *disk);

/* Turns one bit of the chunk that holds `seq`, `offset` bytes into it; holders of the old blob keep
 * what they have. */
void fake_disk_corrupt(struct fake_disk *disk, uint64_t seq, size_t offset);

/* Whether the chunk that holds `seq` can be read at all; it can until it is made unreadable. */
void fake_disk_lose(struct fake_disk *disk, uint64_t seq);
bool fake_disk_is_readable(const struct fake_disk *disk, uint64_t seq);

/* As if the site had been restored from a backup that ends with `last`, the end of a chunk (0: an
 * empty log): later chunks are gone, the incarnation is one higher. Values stay. */
void fake_disk_restore(struct fake_disk *disk, uint64_t last);

/* The store's side of it: */

/* OK, CONFLICT or FULL. Keeps the chunk. */
enum status fake_disk_append(struct fake_disk *disk, uint64_t expect, uint64_t last,
                             struct blob *chunk) STATUS_MUST_CHECK;

/* OK or FULL. An empty value removes. */
enum status fake_disk_put(struct fake_disk *disk, enum store_space space, struct bytes key,
                          struct bytes value) STATUS_MUST_CHECK;

/* The chunk that holds `seq`, and its range. NULL: none. Borrowed. */
struct blob *fake_disk_chunk(const struct fake_disk *disk, uint64_t seq, uint64_t *first,
                             uint64_t *last);

/* The value of a key, NULL: none. Borrowed. */
struct blob *fake_disk_value(const struct fake_disk *disk, enum store_space space,
                             struct bytes key);

void fake_disk_list(const struct fake_disk *disk, enum store_space space, struct bytes prefix,
                    store_visit *visit, void *context);

#endif
