/* wire_arena.c - a block, and how much of it is used.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire_arena.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16 };

void *wire_arena_take(struct wire_arena *arena, size_t bytes)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded < bytes || rounded > arena->room - arena->used) {
        return NULL;
    }
    uint8_t *taken = arena->block + arena->used;
    arena->used += rounded;
    memset(taken, 0, rounded);
    return taken;
}

static void *take_for_protobuf(void *arena, size_t bytes)
{
    return wire_arena_take(arena, bytes);
}

static void keep_for_protobuf(void *arena, void *taken)
{
    (void)arena;
    (void)taken;
}

enum status wire_arena_init(struct wire_arena *arena, size_t room)
{
    uint8_t *block = malloc(room);
    *arena = (struct wire_arena){
        .block = block,
        .room = block != NULL ? room : 0,
        .allocator = {.alloc = take_for_protobuf, .free = keep_for_protobuf},
    };
    arena->allocator.allocator_data = arena;
    return block != NULL ? STATUS_OK : STATUS_MEMORY;
}

void wire_arena_deinit(struct wire_arena *arena)
{
    free(arena->block);
    *arena = (struct wire_arena){0};
}

void wire_arena_reset(struct wire_arena *arena)
{
    arena->used = 0;
}
