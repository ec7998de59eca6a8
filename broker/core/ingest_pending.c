/* ingest_pending.c - two rings that grow at one end, settle at the other, and can be unwound.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_pending.h"

#include <assert.h>
#include <stdlib.h>

enum status pending_init(struct pending *pending, uint32_t room)
{
    assert(room > 0);
    *pending = (struct pending){.room = room, .next = 1};
    pending->items = calloc(room, sizeof *pending->items);
    pending->tickets = calloc(room, sizeof *pending->tickets);
    pending->waiters = calloc(room, sizeof *pending->waiters);
    pending->moves = calloc(room, sizeof *pending->moves);
    if (!pending->items || !pending->tickets || !pending->waiters || !pending->moves) {
        pending_deinit(pending);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void pending_deinit(struct pending *pending)
{
    free(pending->items);
    free(pending->tickets);
    free(pending->waiters);
    free(pending->moves);
    *pending = (struct pending){0};
}

void pending_start(struct pending *pending, uint64_t last)
{
    assert(pending->move_count == 0 && pending->in_flight == 0 && last < UINT64_MAX);
    pending->durable = last;
    pending->sent = last;
    pending->group_last = last;
    pending->next = last + 1;
}

/* An event always has a move, so the journal is never shorter than the events. */
bool pending_has_room(const struct pending *pending, uint32_t reserve)
{
    assert(pending_events(pending) <= pending->move_count);
    return pending->move_count + reserve < pending->room;
}

size_t pending_item_bytes(const struct append_item *item)
{
    return item->sent.length + item->personal.length + ITEM_OVERHEAD_BYTES;
}

static void add_move(struct pending *pending, const struct pending_move *move)
{
    assert(pending->move_count < pending->room);
    uint32_t place = (pending->move_first + pending->move_count++) % pending->room;
    pending->moves[place] = *move;
}

void pending_add_event(struct pending *pending, const struct append_item *item, uint32_t ticket,
                       const struct pending_move *move)
{
    assert(item->seq == pending->next && move->seq == item->seq);
    assert(pending_events(pending) < pending->room);
    uint32_t place = (uint32_t)(item->seq % pending->room);
    pending->items[place] = *item;
    pending->tickets[place] = ticket;
    pending->waiters[place] = UINT32_MAX;
    pending->item_bytes += pending_item_bytes(item);
    pending->next++;
    add_move(pending, move);
}

void pending_add_move(struct pending *pending, const struct pending_move *move)
{
    assert(move->seq == 0 && pending_events(pending) > 0);
    add_move(pending, move);
}

uint32_t pending_place(const struct pending *pending, uint64_t seq)
{
    assert(seq < pending->next && seq + pending->room >= pending->next);
    return (uint32_t)(seq % pending->room);
}

bool pending_owes_append(const struct pending *pending, uint64_t last_max)
{
    if (pending->stale > 0) {
        return false;
    }
    bool is_group_open = pending->sent < pending->group_last;
    bool is_more = pending->sent + 1 < pending->next && pending->sent < last_max;
    return is_group_open || (pending->in_flight == 0 && is_more);
}

/* How many items from `first` on go into one chunk: by bytes, and without going around the ring. */
static uint32_t chunk_count(const struct pending *pending, uint64_t first, size_t chunk_bytes)
{
    uint32_t count = 0;
    size_t bytes = 0;
    for (uint64_t seq = first; seq <= pending->group_last; seq++) {
        uint32_t place = pending_place(pending, seq);
        bytes += pending_item_bytes(&pending->items[place]);
        if (count > 0 && (bytes > chunk_bytes || place == 0)) {
            break;
        }
        count++;
    }
    return count;
}

void pending_append(struct pending *pending, uint64_t last_max, size_t chunk_bytes,
                    struct effects *fx)
{
    if (!pending_owes_append(pending, last_max)) {
        return;
    }
    if (pending->sent == pending->group_last) {
        pending->group_last = pending->next - 1 < last_max ? pending->next - 1 : last_max;
    }
    while (pending->sent < pending->group_last) {
        struct effect *effect = effects_add(fx, FX_APPEND);
        if (effect == NULL) {
            return;
        }
        uint64_t first = pending->sent + 1;
        effect->of.append.first = first;
        effect->of.append.items = &pending->items[pending_place(pending, first)];
        effect->of.append.count = chunk_count(pending, first, chunk_bytes);
        pending->sent += effect->of.append.count;
        pending->in_flight++;
    }
}

void pending_advance(struct pending *pending, uint64_t last)
{
    assert(pending->in_flight > 0 && last > pending->durable && last <= pending->sent);
    pending->in_flight--;
    for (uint64_t seq = pending->durable + 1; seq <= last; seq++) {
        pending->item_bytes -= pending_item_bytes(&pending->items[pending_place(pending, seq)]);
    }
    pending->durable = last;
}

void pending_fail(struct pending *pending)
{
    assert(pending->in_flight > 0 && pending->stale == 0);
    pending->in_flight--;
    pending->stale = pending->in_flight;
    pending->sent = pending->durable;
    pending->group_last = pending->durable;
}

bool pending_take_stale(struct pending *pending)
{
    if (pending->stale == 0) {
        return false;
    }
    pending->stale--;
    pending->in_flight--;
    return true;
}

/* A move without an event stands behind the events before it, and is settled with them. */
bool pending_take_settled(struct pending *pending, struct pending_move *move)
{
    if (pending->move_count == 0 || pending->moves[pending->move_first].seq > pending->durable) {
        return false;
    }
    *move = pending->moves[pending->move_first];
    pending->move_first = (pending->move_first + 1) % pending->room;
    pending->move_count--;
    return true;
}

bool pending_take_newest(struct pending *pending, struct pending_move *move)
{
    if (pending->move_count == 0) {
        return false;
    }
    *move = pending->moves[(pending->move_first + --pending->move_count) % pending->room];
    if (move->seq != 0) {
        assert(move->seq == pending->next - 1 && move->seq > pending->durable);
        uint32_t place = pending_place(pending, move->seq);
        pending->item_bytes -= pending_item_bytes(&pending->items[place]);
        pending->next--;
    }
    return true;
}
