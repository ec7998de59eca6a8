/* blocks.h - pieces of different sizes out of one fixed run of memory (a buddy allocator).
 * SPDX-License-Identifier: Apache-2.0
 *
 * All memory is taken at init. A piece is rounded up to a power of two, so that what was given back
 * always joins again with its neighbour. Not thread-safe.
 */
#ifndef BROKER_BASE_BLOCKS_H
#define BROKER_BASE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "broker/base/status.h"

enum {
    BLOCKS_UNIT_BYTES = 16,  /* the smallest piece, and the alignment of all */
    BLOCKS_ORDERS = 13,      /* sizes: unit << 0 to unit << 12 */
    BLOCKS_PIECE_MAX = 65536 /* the largest piece */
};

struct blocks {
    uint8_t *memory;
    uint8_t *orders; /* one a unit: order of the piece that starts there, and whether it is free */
    uint32_t units;  /* a multiple of the largest piece's */
    uint32_t free[BLOCKS_ORDERS]; /* first free unit of each order */
    size_t used_bytes;
};

/* Takes `bytes` of memory, rounded up to whole largest pieces, and a sixteenth of it beside.
 * MEMORY. */
enum status blocks_init(struct blocks *blocks, size_t bytes) STATUS_MUST_CHECK;

/* Gives all memory back; zeroed blocks are let pass. */
void blocks_deinit(struct blocks *blocks);

/* A piece of at least `bytes` (1 to BLOCKS_PIECE_MAX), aligned to the unit, or NULL: no room. */
void *blocks_take(struct blocks *blocks, size_t bytes);

/* Gives a piece back; NULL is let pass. */
void blocks_give(struct blocks *blocks, void *piece);

#endif
