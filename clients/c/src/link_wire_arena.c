/* link_wire_arena.c - memory for one message.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire_arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t room;
    alignas(max_align_t) uint8_t data[];
};

static void *arena_protobuf_alloc(void *context, size_t size_bytes)
{
    return arena_take(context, size_bytes);
}

static void arena_protobuf_free(void *context, void *pointer)
{
    (void)context;
    (void)pointer;
}

void arena_init(struct arena *arena, size_t taken_bytes_max)
{
    *arena = (struct arena){.taken_bytes_max = taken_bytes_max};
    arena->allocator = (ProtobufCAllocator){
        .alloc = arena_protobuf_alloc, .free = arena_protobuf_free, .allocator_data = arena};
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

void arena_reset(struct arena *arena)
{
    /* The first and smallest block stays, so that small messages take no heap at all. */
    while (arena->blocks != NULL && arena->blocks->next != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
    arena->taken_bytes = 0;
}

static bool arena_grow(struct arena *arena, size_t size_bytes)
{
    size_t room = size_bytes > ARENA_BLOCK_BYTES ? size_bytes : ARENA_BLOCK_BYTES;
    struct arena_block *block = malloc(sizeof *block + room);
    if (block == NULL)
        return false;
    block->next = arena->blocks;
    block->room = room;
    arena->blocks = block;
    arena->used = 0;
    return true;
}

void *arena_take(struct arena *arena, size_t size_bytes)
{
    const size_t align = alignof(max_align_t);
    if (size_bytes > arena->taken_bytes_max)
        return NULL;
    size_t size = (size_bytes + align - 1) / align * align;
    if (size > arena->taken_bytes_max - arena->taken_bytes)
        return NULL;
    if ((arena->blocks == NULL || arena->blocks->room - arena->used < size) &&
        !arena_grow(arena, size))
        return NULL;
    void *taken = arena->blocks->data + arena->used;
    arena->used += size;
    arena->taken_bytes += size;
    return taken;
}

void *arena_take_array(struct arena *arena, size_t count, size_t size_bytes)
{
    assert(size_bytes > 0);
    if (count > arena->taken_bytes_max / size_bytes)
        return NULL;
    void *taken = arena_take(arena, count * size_bytes);
    if (taken != NULL)
        memset(taken, 0, count * size_bytes);
    return taken;
}

char *arena_text(struct arena *arena, struct bytes text)
{
    char *copy = arena_take(arena, text.length + 1);
    if (copy == NULL)
        return NULL;
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return copy;
}
