/* ingest_pending.h - what was accepted and is not durable yet, in order, and how to undo it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. Two things in one order: events (with the item to append and who waits
 * for it) by sequence, and a journal of every move of a mark, with or without an event, that would
 * have to be taken back if an append failed.
 */
#ifndef BROKER_CORE_INGEST_PENDING_H
#define BROKER_CORE_INGEST_PENDING_H

#include "broker/core/effect.h"

/* What a record adds to its item in a chunk at most: agency, stamp, completeness, tags. */
enum { ITEM_OVERHEAD_BYTES = 512 };

/* One move of a mark. */
struct pending_move {
    uint64_t seq; /* of the event that moved it; 0: a duplicate by id did */
    uint64_t mark_before, number;
    uint32_t producer;
    bool is_new_producer;
};

struct pending {
    struct append_item *items; /* of sequence s at s % room */
    uint32_t *tickets;         /* one an item */
    uint32_t *waiters;         /* one an item: the first receipt that waits for it */
    struct pending_move *moves;
    uint32_t room;
    uint32_t move_first, move_count;
    uint64_t durable;    /* the last durable sequence */
    uint64_t next;       /* the next sequence to give */
    uint64_t sent;       /* the last one in an emitted append */
    uint64_t group_last; /* the last one of the group in flight; == durable: none */
    uint32_t in_flight;  /* appends emitted and not ended */
    uint32_t stale;      /* of them, those that a failed one before took along */
    uint64_t item_bytes; /* an upper bound of what is not durable */
};

/* Takes the memory for `room` events and moves. MEMORY. */
enum status pending_init(struct pending *pending, uint32_t room) STATUS_MUST_CHECK;
void pending_deinit(struct pending *pending);

/* The log ends at `last`. Nothing may be pending. */
void pending_start(struct pending *pending, uint64_t last);

/* Events that are not durable. */
static inline uint32_t pending_events(const struct pending *pending)
{
    return (uint32_t)(pending->next - 1 - pending->durable);
}

/* Another event or move fits, with `reserve` kept free. */
bool pending_has_room(const struct pending *pending, uint32_t reserve);

/* An upper bound of what an item takes in the log. */
size_t pending_item_bytes(const struct append_item *item);

/* Adds the event `pending->next` (item->seq is it) and its move. */
void pending_add_event(struct pending *pending, const struct append_item *item, uint32_t ticket,
                       const struct pending_move *move);

/* Adds a move without an event. Only while something is pending: else it is settled at once. */
void pending_add_move(struct pending *pending, const struct pending_move *move);

/* The place in the arrays of a sequence that is pending or was just settled. */
uint32_t pending_place(const struct pending *pending, uint64_t seq);

/* Emits appends of at most `chunk_bytes` each, up to sequence `last_max`, which never falls: starts
 * a group if none is in flight, or goes on with one that `fx` had no room for. */
void pending_append(struct pending *pending, uint64_t last_max, size_t chunk_bytes,
                    struct effects *fx);

/* Whether pending_append() has something to emit. */
bool pending_owes_append(const struct pending *pending, uint64_t last_max);

/* An append ended with OK: `last` is durable. The caller settles with pending_take_settled(). */
void pending_advance(struct pending *pending, uint64_t last);

/* An append failed: nothing after the durable sequence is in flight any more, and the ends of those
 * that were will be stale. The caller undoes with pending_take_newest(). */
void pending_fail(struct pending *pending);

/* Whether an end that came belongs to a failed group, and is taken note of by this. */
bool pending_take_stale(struct pending *pending);

/* Takes the oldest move out if it is settled. False: there is none. */
bool pending_take_settled(struct pending *pending, struct pending_move *move);

/* Takes the newest move out, and its event. False: there is none. */
bool pending_take_newest(struct pending *pending, struct pending_move *move);

#endif
