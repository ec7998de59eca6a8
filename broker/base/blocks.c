/* blocks.c - free pieces of one order are a list through the pieces themselves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ORDER_FREE = 0x80, ORDER_NONE = 0x7f, ORDER_MAX = BLOCKS_ORDERS - 1 };

#define UNIT_NONE UINT32_MAX

static_assert(BLOCKS_UNIT_BYTES << ORDER_MAX == BLOCKS_PIECE_MAX,
              "orders end at the largest piece");

/* What a free piece holds. */
struct free_piece {
    uint32_t next, before;
};

static struct free_piece *free_at(const struct blocks *blocks, uint32_t unit)
{
    return (struct free_piece *)(void *)(blocks->memory + (size_t)unit * BLOCKS_UNIT_BYTES);
}

static void free_push(struct blocks *blocks, uint32_t unit, uint8_t order)
{
    uint32_t next = blocks->free[order];
    *free_at(blocks, unit) = (struct free_piece){.next = next, .before = UNIT_NONE};
    if (next != UNIT_NONE) {
        free_at(blocks, next)->before = unit;
    }
    blocks->free[order] = unit;
    blocks->orders[unit] = (uint8_t)(order | ORDER_FREE);
}

static void free_remove(struct blocks *blocks, uint32_t unit, uint8_t order)
{
    struct free_piece piece = *free_at(blocks, unit);
    if (piece.before == UNIT_NONE) {
        blocks->free[order] = piece.next;
    } else {
        free_at(blocks, piece.before)->next = piece.next;
    }
    if (piece.next != UNIT_NONE) {
        free_at(blocks, piece.next)->before = piece.before;
    }
    blocks->orders[unit] = ORDER_NONE;
}

enum status blocks_init(struct blocks *blocks, size_t bytes)
{
    size_t pieces = (bytes + BLOCKS_PIECE_MAX - 1) / BLOCKS_PIECE_MAX;
    assert(pieces > 0 && pieces < UINT32_MAX >> ORDER_MAX);
    *blocks = (struct blocks){.units = (uint32_t)(pieces << ORDER_MAX)};
    blocks->memory = malloc(pieces * BLOCKS_PIECE_MAX);
    blocks->orders = malloc(blocks->units);
    if (blocks->memory == NULL || blocks->orders == NULL) {
        blocks_deinit(blocks);
        return STATUS_MEMORY;
    }
    memset(blocks->orders, ORDER_NONE, blocks->units);
    for (unsigned order = 0; order < BLOCKS_ORDERS; order++) {
        blocks->free[order] = UNIT_NONE;
    }
    for (size_t piece = pieces; piece > 0; piece--) {
        free_push(blocks, (uint32_t)((piece - 1) << ORDER_MAX), ORDER_MAX);
    }
    return STATUS_OK;
}

void blocks_deinit(struct blocks *blocks)
{
    free(blocks->memory);
    free(blocks->orders);
    *blocks = (struct blocks){0};
}

void *blocks_take(struct blocks *blocks, size_t bytes)
{
    assert(bytes > 0 && bytes <= BLOCKS_PIECE_MAX);
    uint8_t wanted = 0;
    while ((size_t)BLOCKS_UNIT_BYTES << wanted < bytes) {
        wanted++;
    }
    uint8_t order = wanted;
    while (order <= ORDER_MAX && blocks->free[order] == UNIT_NONE) {
        order++;
    }
    if (order > ORDER_MAX) {
        return NULL;
    }
    uint32_t unit = blocks->free[order];
    free_remove(blocks, unit, order);
    while (order > wanted) {
        order--;
        free_push(blocks, unit + (1u << order), order);
    }
    blocks->orders[unit] = order;
    blocks->used_bytes += (size_t)BLOCKS_UNIT_BYTES << order;
    return blocks->memory + (size_t)unit * BLOCKS_UNIT_BYTES;
}

void blocks_give(struct blocks *blocks, void *piece)
{
    if (piece == NULL) {
        return;
    }
    size_t offset = (size_t)((uint8_t *)piece - blocks->memory);
    uint32_t unit = (uint32_t)(offset / BLOCKS_UNIT_BYTES);
    assert(offset % BLOCKS_UNIT_BYTES == 0 && unit < blocks->units);
    uint8_t order = blocks->orders[unit];
    assert(order <= ORDER_MAX);
    blocks->used_bytes -= (size_t)BLOCKS_UNIT_BYTES << order;
    while (order < ORDER_MAX && blocks->orders[unit ^ (1u << order)] == (order | ORDER_FREE)) {
        free_remove(blocks, unit ^ (1u << order), order);
        blocks->orders[unit] = ORDER_NONE;
        unit &= ~(1u << order);
        order++;
    }
    free_push(blocks, unit, order);
}
