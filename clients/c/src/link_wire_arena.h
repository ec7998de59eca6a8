/* link_wire_arena.h - memory for one message, taken piece by piece and given back at once, with a
 * hard cap.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_LINK_WIRE_ARENA_H
#define CLIENTS_C_SRC_LINK_WIRE_ARENA_H

#include <protobuf-c/protobuf-c.h>

#include "proto/c/bytes.h"

struct arena_block;

/* In place; not thread-safe. */
struct arena {
    struct arena_block *blocks; /* the newest first */
    size_t used;                /* of the newest */
    size_t taken_bytes, taken_bytes_max;
    ProtobufCAllocator allocator; /* hands out from this arena; its free does nothing */
};

/* Takes nothing yet; never hands out more than `taken_bytes_max` between two resets. */
void arena_init(struct arena *arena, size_t taken_bytes_max);
void arena_deinit(struct arena *arena);

/* Everything handed out is gone. */
void arena_reset(struct arena *arena);

/* Aligned for anything, not cleared; NULL: no memory, or over the cap. */
void *arena_take(struct arena *arena, size_t size_bytes);

/* The same, cleared, for `count` things. */
void *arena_take_array(struct arena *arena, size_t count, size_t size_bytes);

/* A NUL-terminated copy; NULL as above. */
char *arena_text(struct arena *arena, struct bytes text);

#endif
