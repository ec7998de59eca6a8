/* outbox_queue.h - the unanswered events of one lane, in the order in which they were published.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_OUTBOX_QUEUE_H
#define CLIENTS_C_SRC_OUTBOX_QUEUE_H

#include "clients/c/src/link_terms.h"

/* An event in memory; it stays where it is while the queue grows. */
struct queue_loaded {
    struct link_event event; /* views into `block` */
    uint8_t *block;
};

struct queue_entry {
    uint64_t token, number;
    int64_t time_ms;
    void *owner;
    struct queue_loaded *loaded; /* NULL: on disk only */
    bool is_answered, is_stored, is_refused;
};

/* Entries have rising tokens. */
struct outbox_queue {
    struct queue_entry *entries; /* a ring */
    uint64_t room, head, count;
    uint64_t next;    /* of `count`: the next to offer to the link */
    uint64_t waiting; /* not answered */
};

void queue_deinit(struct outbox_queue *queue);

/* A new last entry with that token, zeroed but for it; NULL: no memory. */
struct queue_entry *queue_add(struct outbox_queue *queue, uint64_t token);

/* Entry `index` from the front. */
struct queue_entry *queue_at(const struct outbox_queue *queue, uint64_t index);

/* The entry of that token, or NULL. */
struct queue_entry *queue_find(const struct outbox_queue *queue, uint64_t token);

/* Takes over `block` (from malloc) with the event in it. False: no memory, the block is the
 * caller's. */
bool queue_load(struct queue_entry *entry, const struct link_event *event, uint8_t *block);

/* Counts an entry as answered and lets go of its bytes. */
void queue_answer(struct outbox_queue *queue, struct queue_entry *entry);

/* Counts an answered entry as unanswered again. */
void queue_reopen(struct outbox_queue *queue, struct queue_entry *entry);

/* Answered entries at the front leave. */
void queue_trim(struct outbox_queue *queue);

#endif
