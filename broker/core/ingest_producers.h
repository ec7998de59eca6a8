/* ingest_producers.h - marks: how far each producer's numbers are done, and its last numbers
 * (rings).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. A producer is a lane of one agency: the same 16 bytes from another
 * agency are another producer. Rings are a pool: a producer that has none, or whose ring lost a
 * number, is answered from the log instead, later but never differently.
 */
#ifndef BROKER_CORE_INGEST_PRODUCERS_H
#define BROKER_CORE_INGEST_PRODUCERS_H

#include "broker/base/map.h"
#include "proto/c/facts.h"

#define PRODUCER_NONE UINT32_MAX

struct producer_key {
    uint8_t id[PRODUCER_BYTES];
    uint64_t agency; /* hash of its name */
};

struct producer {
    struct producer_key key;
    uint64_t mark; /* with what is accepted and not yet durable; 0 only while is_kept or pending */
    uint64_t settled;  /* the mark of what is durable */
    uint64_t last_seq; /* no record of it lies above */
    uint32_t ring;     /* PRODUCER_NONE: none */
    uint32_t pending;  /* moves of the mark that are not settled */
    uint32_t lookups;  /* the first look-up that waits for the log, or PRODUCER_NONE */
    uint32_t agency;   /* place of its agency's count */
    bool is_used;
};

struct ring_entry {
    uint64_t number, seq, digest;
};

/* Numbers of one producer, rising; the oldest leaves first. */
struct ring {
    uint32_t producer; /* PRODUCER_NONE: free */
    uint32_t first, count;
    uint32_t newer, older; /* by last use */
};

struct agency_count {
    uint64_t agency;
    uint32_t producers;
};

struct producers {
    struct producer *list; /* of slots 0 to room - 1 */
    uint32_t *free;
    struct agency_count *agencies;
    uint32_t *agencies_free;
    struct map index, agency_index;
    struct ring *rings;
    struct ring_entry *entries; /* ring r: r * ring_room and on */
    bool *is_changed;           /* one a slot: to be written to a checkpoint */
    bool *is_ring_changed;      /* one a ring */
    uint32_t room, count, agency_room;
    uint32_t ring_count, ring_room;
    uint32_t newest, oldest; /* rings by last use; PRODUCER_NONE: no rings */
};

/* Takes the memory: `room` producers, `agency_room` of one agency, `ring_count` rings of
 * `ring_room` numbers. MEMORY. */
enum status producers_init(struct producers *producers, uint32_t room, uint32_t agency_room,
                           uint32_t ring_count, uint32_t ring_room) STATUS_MUST_CHECK;
void producers_deinit(struct producers *producers);

/* Forgets everything. */
void producers_reset(struct producers *producers);

/* The key of an agency's producer. */
struct producer_key producers_key(struct bytes agency, const uint8_t id[PRODUCER_BYTES]);

/* Its slot, or PRODUCER_NONE. */
uint32_t producers_find(const struct producers *producers, const struct producer_key *key);

/* Whether one more of that agency may be added by publishing. */
bool producers_have_room(const struct producers *producers, const struct producer_key *key);

/* Adds one with mark 0 in a free slot; it must not be there. PRODUCER_NONE: the table is full. The
 * agency's limit does not bind here: what is in the log counts. */
uint32_t producers_add(struct producers *producers, const struct producer_key *key);

/* Adds one in the slot that it had before a restart, which must be free, as must be the key. */
void producers_restore(struct producers *producers, uint32_t slot, const struct producer_key *key);

/* Takes one out, with its ring; nothing may be pending or looked up. */
void producers_remove(struct producers *producers, uint32_t slot);

/* The slot's producer. */
static inline struct producer *producers_at(const struct producers *producers, uint32_t slot)
{
    return &producers->list[slot];
}

/* Sees to it that the producer has a ring, taking the one least lately used from somebody who has
 * nothing pending. False: there is none to take. */
bool producers_take_ring(struct producers *producers, uint32_t slot);

/* Gives the producer that ring as it was before a restart; both must be without the other. */
void producers_restore_ring(struct producers *producers, uint32_t slot, uint32_t ring);

/* Adds a number above all others of the producer's ring. */
void producers_push(struct producers *producers, uint32_t slot, struct ring_entry entry);

/* Takes the newest number out, which must be `number`. */
void producers_pop(struct producers *producers, uint32_t slot, uint64_t number);

/* The entry of a number, or NULL: not in the ring. */
const struct ring_entry *producers_recall(const struct producers *producers, uint32_t slot,
                                          uint64_t number);

/* Entry `index` of a ring, from the oldest at 0. */
const struct ring_entry *producers_ring_at(const struct producers *producers, uint32_t ring,
                                           uint32_t index);

#endif
