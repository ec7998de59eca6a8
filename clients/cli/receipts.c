/* receipts.c - a ring of lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/receipts.h"

#include <assert.h>
#include <stdlib.h>

static struct receipt_slot *slot_of(const struct receipts *receipts, uint64_t tag)
{
    return &receipts->slots[tag % RECEIPTS_MAX];
}

void receipts_init(struct receipts *receipts)
{
    *receipts = (struct receipts){.slots = calloc(RECEIPTS_MAX, sizeof *receipts->slots)};
    if (receipts->slots == NULL) {
        abort();
    }
}

void receipts_deinit(struct receipts *receipts)
{
    free(receipts->slots);
}

bool receipts_is_full(const struct receipts *receipts)
{
    return receipts->next - receipts->first == RECEIPTS_MAX;
}

bool receipts_is_empty(const struct receipts *receipts)
{
    return receipts->next == receipts->first;
}

uint64_t receipts_next_tag(const struct receipts *receipts)
{
    return receipts->next;
}

struct receipt_slot *receipts_add(struct receipts *receipts, uint64_t line, uint64_t deadline_ms)
{
    assert(!receipts_is_full(receipts));
    struct receipt_slot *slot = slot_of(receipts, receipts->next);
    *slot = (struct receipt_slot){.line = line, .deadline_ms = deadline_ms};
    slot->receipt = (struct kt_receipt){.size = sizeof slot->receipt, .tag = receipts->next};
    receipts->next++;
    return slot;
}

void receipts_take(struct receipts *receipts, const struct kt_receipt *receipt)
{
    if (receipt->tag < receipts->first || receipt->tag >= receipts->next) {
        return;
    }
    struct receipt_slot *slot = slot_of(receipts, receipt->tag);
    slot->receipt = *receipt;
    slot->is_known = true;
}

const struct receipt_slot *receipts_pop(struct receipts *receipts, bool is_spooled_enough,
                                        uint64_t now_ms)
{
    if (receipts_is_empty(receipts)) {
        return NULL;
    }
    const struct receipt_slot *slot = slot_of(receipts, receipts->first);
    bool is_over = is_spooled_enough || slot->deadline_ms <= now_ms;
    if (!slot->is_known || (slot->receipt.state == KT_SPOOLED && !is_over)) {
        return NULL;
    }
    receipts->first++;
    return slot;
}

uint64_t receipts_deadline_ms(const struct receipts *receipts)
{
    return receipts_is_empty(receipts) ? UINT64_MAX
                                       : slot_of(receipts, receipts->first)->deadline_ms;
}
