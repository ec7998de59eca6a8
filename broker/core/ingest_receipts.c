/* ingest_receipts.c - receipts by ticket, on lists of indexes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_receipts.h"

#include <assert.h>
#include <stdlib.h>

enum status receipts_init(struct receipts *receipts, uint32_t room)
{
    assert(room > 0 && room < RECEIPT_NONE);
    *receipts = (struct receipts){.room = room,
                                  .free_count = room,
                                  .slot_free = RECEIPT_NONE,
                                  .ticket_free = RECEIPT_NONE,
                                  .ready_first = RECEIPT_NONE,
                                  .ready_last = RECEIPT_NONE};
    receipts->slots = calloc(room, sizeof *receipts->slots);
    receipts->tickets = calloc(room, sizeof *receipts->tickets);
    if (receipts->slots == NULL || receipts->tickets == NULL) {
        receipts_deinit(receipts);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void receipts_deinit(struct receipts *receipts)
{
    assert(receipts->tickets != NULL || receipts->tickets_touched == 0);
    for (uint32_t ticket = 0; ticket < receipts->tickets_touched; ticket++) {
        blob_drop(receipts->tickets[ticket].frame);
    }
    free(receipts->slots);
    free(receipts->tickets);
    *receipts = (struct receipts){0};
}

static uint32_t take_ticket(struct receipts *receipts)
{
    uint32_t ticket = receipts->ticket_free;
    if (ticket == RECEIPT_NONE) {
        ticket = receipts->tickets_touched++;
    } else {
        receipts->ticket_free = receipts->tickets[ticket].next;
    }
    receipts->ticket_count++;
    return ticket;
}

static uint32_t take_slot(struct receipts *receipts)
{
    uint32_t slot = receipts->slot_free;
    if (slot == RECEIPT_NONE) {
        slot = receipts->slots_touched++;
    } else {
        receipts->slot_free = receipts->slots[slot].next;
    }
    assert(slot < receipts->room && receipts->free_count > 0);
    receipts->free_count--;
    return slot;
}

uint32_t receipts_open(struct receipts *receipts, uint64_t peer, uint64_t number, uint32_t count)
{
    if (receipts->ticket_count == receipts->room || receipts->free_count < count) {
        return RECEIPT_NONE;
    }
    uint32_t ticket = take_ticket(receipts);
    receipts->tickets[ticket] = (struct ticket){.peer = peer,
                                                .number = number,
                                                .first = RECEIPT_NONE,
                                                .last = RECEIPT_NONE,
                                                .next = RECEIPT_NONE,
                                                .is_open = true};
    return ticket;
}

void receipts_stamp(struct receipts *receipts, uint32_t ticket, struct bytes agency,
                    const uint8_t key_id[KEY_ID_BYTES])
{
    struct ticket *here = &receipts->tickets[ticket];
    assert(agency.length <= AGENCY_BYTES_MAX);
    here->agency_length = (uint8_t)agency.length;
    memcpy(here->agency, agency.data, agency.length);
    memcpy(here->key_id, key_id, KEY_ID_BYTES);
}

uint32_t receipts_add(struct receipts *receipts, uint32_t ticket,
                      const uint8_t producer[PRODUCER_BYTES], uint64_t number)
{
    struct ticket *here = &receipts->tickets[ticket];
    assert(here->is_open);
    uint32_t slot = take_slot(receipts);
    receipts->slots[slot] =
        (struct receipt_slot){.next = RECEIPT_NONE, .next_waiter = RECEIPT_NONE, .ticket = ticket};
    receipts->slots[slot].receipt.number = number;
    memcpy(receipts->slots[slot].receipt.producer, producer, PRODUCER_BYTES);
    if (here->last == RECEIPT_NONE) {
        here->first = slot;
    } else {
        receipts->slots[here->last].next = slot;
    }
    here->last = slot;
    return slot;
}

/* Nothing to answer and nothing pending: the ticket is done. An open one is being filled. */
static void free_if_done(struct receipts *receipts, uint32_t ticket)
{
    struct ticket *here = &receipts->tickets[ticket];
    if (here->is_open || here->is_listed || here->first != RECEIPT_NONE || here->pending > 0) {
        return;
    }
    assert(here->frame == NULL);
    here->next = receipts->ticket_free;
    receipts->ticket_free = ticket;
    receipts->ticket_count--;
}

static void list_if_known(struct receipts *receipts, uint32_t ticket)
{
    struct ticket *here = &receipts->tickets[ticket];
    if (here->is_open || here->is_listed || here->first == RECEIPT_NONE ||
        !receipts->slots[here->first].is_known) {
        return;
    }
    here->is_listed = true;
    here->next = RECEIPT_NONE;
    if (receipts->ready_last == RECEIPT_NONE) {
        receipts->ready_first = ticket;
    } else {
        receipts->tickets[receipts->ready_last].next = ticket;
    }
    receipts->ready_last = ticket;
}

void receipts_seal(struct receipts *receipts, uint32_t ticket)
{
    receipts->tickets[ticket].is_open = false;
    list_if_known(receipts, ticket);
    free_if_done(receipts, ticket);
}

static struct receipt *make_known(struct receipts *receipts, uint32_t slot, enum receipt_kind kind)
{
    struct receipt_slot *here = &receipts->slots[slot];
    assert(!here->is_known);
    here->is_known = true;
    here->receipt.kind = kind;
    list_if_known(receipts, here->ticket);
    return &here->receipt;
}

void receipts_tell_stored(struct receipts *receipts, uint32_t slot, uint64_t seq, bool is_duplicate)
{
    struct receipt *receipt = make_known(receipts, slot, RECEIPT_STORED);
    receipt->seq = seq;
    receipt->is_duplicate = is_duplicate;
}

void receipts_tell_mark(struct receipts *receipts, uint32_t slot, enum receipt_kind kind,
                        uint64_t mark)
{
    assert(kind == RECEIPT_GAP || kind == RECEIPT_REUSED || kind == RECEIPT_SKIPPED);
    make_known(receipts, slot, kind)->mark = mark;
}

void receipts_tell_refused(struct receipts *receipts, uint32_t slot, const struct refusal *refusal)
{
    make_known(receipts, slot, RECEIPT_REFUSED)->refusal = *refusal;
}

void receipts_hold(struct receipts *receipts, uint32_t ticket, struct blob *frame)
{
    struct ticket *here = &receipts->tickets[ticket];
    if (here->pending++ == 0) {
        assert(here->frame == NULL);
        here->frame = blob_keep(frame);
        receipts->frame_bytes += blob_bytes(frame).length;
    }
    assert(here->frame == frame);
}

void receipts_release(struct receipts *receipts, uint32_t ticket)
{
    struct ticket *here = &receipts->tickets[ticket];
    assert(here->pending > 0);
    if (--here->pending == 0) {
        receipts->frame_bytes -= blob_bytes(here->frame).length;
        blob_drop(here->frame);
        here->frame = NULL;
        free_if_done(receipts, ticket);
    }
}

bool receipts_are_ready(const struct receipts *receipts)
{
    return receipts->ready_first != RECEIPT_NONE;
}

static uint32_t count_known(const struct receipts *receipts, const struct ticket *ticket)
{
    uint32_t count = 0;
    for (uint32_t slot = ticket->first;
         slot != RECEIPT_NONE && receipts->slots[slot].is_known && count < RECEIPTS_ANSWER_MAX;
         slot = receipts->slots[slot].next) {
        count++;
    }
    return count;
}

/* Takes the first receipt off the ticket. */
static void take_receipt(struct receipts *receipts, struct ticket *ticket, struct receipt *out)
{
    uint32_t slot = ticket->first;
    struct receipt_slot *here = &receipts->slots[slot];
    if (out != NULL) {
        *out = here->receipt;
    }
    ticket->first = here->next;
    if (ticket->first == RECEIPT_NONE) {
        ticket->last = RECEIPT_NONE;
    }
    here->next = receipts->slot_free;
    receipts->slot_free = slot;
    receipts->free_count++;
}

/* Emits one answer for the ticket, or forgets what it would say. False: no room. */
static bool answer_ticket(struct receipts *receipts, struct ticket *ticket, bool is_open,
                          struct effects *fx)
{
    uint32_t count = count_known(receipts, ticket);
    struct receipt *list = NULL;
    if (is_open) {
        if (fx->count == fx->room) {
            return false;
        }
        list = effects_scratch(fx, count * sizeof *list);
        if (list == NULL) {
            return false;
        }
        struct effect *effect = effects_add(fx, FX_SEND);
        effect->of.send.kind = ANSWER_RECEIPTS;
        effect->of.send.peer = ticket->peer;
        effect->of.send.number = ticket->number;
        effect->of.send.of.receipts.receipts = list;
        effect->of.send.of.receipts.count = count;
    }
    for (uint32_t index = 0; index < count; index++) {
        take_receipt(receipts, ticket, list == NULL ? NULL : &list[index]);
    }
    return true;
}

void receipts_answer(struct receipts *receipts, bool (*is_open)(void *context, uint64_t peer),
                     void *context, struct effects *fx)
{
    while (receipts->ready_first != RECEIPT_NONE) {
        uint32_t ticket = receipts->ready_first;
        struct ticket *here = &receipts->tickets[ticket];
        if (!answer_ticket(receipts, here, is_open(context, here->peer), fx)) {
            return;
        }
        receipts->ready_first = here->next;
        if (receipts->ready_first == RECEIPT_NONE) {
            receipts->ready_last = RECEIPT_NONE;
        }
        here->is_listed = false;
        list_if_known(receipts, ticket);
        free_if_done(receipts, ticket);
    }
}
