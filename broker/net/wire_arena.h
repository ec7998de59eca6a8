/* wire_arena.h - memory for one message at a time: handed out from one block, given back all at
 * once.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NET_WIRE_ARENA_H
#define BROKER_NET_WIRE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/base/status.h"

/* The hard cap is `room`: what does not fit is refused, whoever asks. */
struct wire_arena {
    uint8_t *block;
    size_t room, used;
    ProtobufCAllocator allocator; /* for protobuf-c; its free does nothing */
};

/* Takes `room` bytes. MEMORY. */
enum status wire_arena_init(struct wire_arena *arena, size_t room) STATUS_MUST_CHECK;
void wire_arena_deinit(struct wire_arena *arena);

/* Ends the life of everything that was handed out. */
void wire_arena_reset(struct wire_arena *arena);

/* Zeroed bytes for any type, or NULL when the room is used up. */
void *wire_arena_take(struct wire_arena *arena, size_t bytes);

#endif
