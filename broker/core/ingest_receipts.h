/* ingest_receipts.h - what every publish is still owed: receipts in order within a request.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. A ticket is one publish: its receipts, its frame while anything of it
 * is not durable, and whom to stamp it with. A ticket whose first receipt is known is on the list
 * of those to answer.
 */
#ifndef BROKER_CORE_INGEST_RECEIPTS_H
#define BROKER_CORE_INGEST_RECEIPTS_H

#include "broker/core/effect.h"

#define RECEIPT_NONE UINT32_MAX

/* How many receipts go into one answer at most. */
enum { RECEIPTS_ANSWER_MAX = 256 };

struct receipt_slot {
    struct receipt receipt;
    uint32_t next;        /* of the same ticket, or the next free one */
    uint32_t next_waiter; /* who waits for the same event to be durable */
    uint32_t ticket;
    bool is_known;
};

struct ticket {
    uint64_t peer, number;
    struct blob *frame; /* NULL: nothing of it is pending */
    uint32_t pending;   /* events of it that are not durable */
    uint32_t first, last;
    uint32_t next; /* on the list to answer, or the next free one */
    bool is_open;  /* more receipts are being added */
    bool is_listed;
    uint8_t key_id[KEY_ID_BYTES];
    uint8_t agency_length;
    uint8_t agency[AGENCY_BYTES_MAX];
};

struct receipts {
    struct receipt_slot *slots;
    struct ticket *tickets;
    uint32_t room, free_count; /* of both; slots and tickets are as many */
    uint32_t ticket_count;
    uint32_t slot_free, ticket_free;
    uint32_t slots_touched, tickets_touched; /* above them all are free and zero */
    uint32_t ready_first, ready_last;
    size_t frame_bytes; /* of frames held */
};

/* Takes the memory for `room` receipts. MEMORY. */
enum status receipts_init(struct receipts *receipts, uint32_t room) STATUS_MUST_CHECK;
void receipts_deinit(struct receipts *receipts);

/* Opens a ticket for `count` receipts to be added; RECEIPT_NONE: no room, nothing happened. */
uint32_t receipts_open(struct receipts *receipts, uint64_t peer, uint64_t number, uint32_t count);

/* Whose publish it is, for the stamps of its events. */
void receipts_stamp(struct receipts *receipts, uint32_t ticket, struct bytes agency,
                    const uint8_t key_id[KEY_ID_BYTES]);

/* Adds one receipt, not yet known. There is room as promised at opening. */
uint32_t receipts_add(struct receipts *receipts, uint32_t ticket,
                      const uint8_t producer[PRODUCER_BYTES], uint64_t number);

/* No more receipts will be added. */
void receipts_seal(struct receipts *receipts, uint32_t ticket);

/* The outcomes. Each makes the receipt known, once. */
void receipts_tell_stored(struct receipts *receipts, uint32_t slot, uint64_t seq,
                          bool is_duplicate);
void receipts_tell_mark(struct receipts *receipts, uint32_t slot, enum receipt_kind kind,
                        uint64_t mark);
void receipts_tell_refused(struct receipts *receipts, uint32_t slot, const struct refusal *refusal);

/* One event of the ticket is pending; the first keeps the frame. */
void receipts_hold(struct receipts *receipts, uint32_t ticket, struct blob *frame);

/* One event less is pending; the last drops the frame. */
void receipts_release(struct receipts *receipts, uint32_t ticket);

/* Something can be answered. */
bool receipts_are_ready(const struct receipts *receipts);

/* Answers as far as `fx` has room; receipts of peers that are not open are forgotten. */
void receipts_answer(struct receipts *receipts, bool (*is_open)(void *context, uint64_t peer),
                     void *context, struct effects *fx);

#endif
