/* item_maker.h - what a core would append, made by the stock encoder from seeded chance.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_ITEM_MAKER_H
#define TESTS_UNIT_ITEM_MAKER_H

#include "broker/core/effect.h"

enum { MADE_BYTES_MAX = 2048 };

/* An item and the bytes that it points to; may not be moved. */
struct made_item {
    struct append_item item;
    char agency[16], id[40];
    uint8_t sent[MADE_BYTES_MAX], personal[MADE_BYTES_MAX];
    size_t personal_bytes; /* of `personal`, also when the item goes without */
};

/* Makes item `seq`: a report of random size by one of three agencies, with persons or without. */
void item_make(struct made_item *made, uint64_t seq, bool has_personal, uint64_t *seed);

#endif
