/* receipts.h - answers in the order of the lines that were sent, however they come.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_RECEIPTS_H
#define CLIENTS_CLI_RECEIPTS_H

#include <kentong/kentong.h>

#include <stdbool.h>

enum { RECEIPTS_MAX = 8192 };

/* One line of the input. */
struct receipt_slot {
    uint64_t line;        /* from 1 */
    uint64_t deadline_ms; /* of moment_tick_ms(): SPOOLED is told then */
    bool is_known;        /* `receipt` says STORED, REFUSED or SPOOLED */
    struct kt_receipt receipt;
};

/* A ring; tags rise by one a line. */
struct receipts {
    struct receipt_slot *slots;
    uint64_t first, next; /* tags of the oldest one and of the next to come */
};

void receipts_init(struct receipts *receipts);
void receipts_deinit(struct receipts *receipts);

bool receipts_is_full(const struct receipts *receipts);
bool receipts_is_empty(const struct receipts *receipts);

/* The tag that the next line has. */
uint64_t receipts_next_tag(const struct receipts *receipts);

/* Takes a place for the line with the next tag. Not when full. */
struct receipt_slot *receipts_add(struct receipts *receipts, uint64_t line, uint64_t deadline_ms);

/* Notes an answer; one for a line that was given out already is passed over. */
void receipts_take(struct receipts *receipts, const struct kt_receipt *receipt);

/* Gives out the oldest line if it can be told: STORED or REFUSED; or SPOOLED, when that is `enough`
 * or its deadline passed. NULL: not yet. Lives until the next receipts_add(). */
const struct receipt_slot *receipts_pop(struct receipts *receipts, bool is_spooled_enough,
                                        uint64_t now_ms);

/* When the oldest line will be told as SPOOLED; UINT64_MAX: there is none. */
uint64_t receipts_deadline_ms(const struct receipts *receipts);

#endif
