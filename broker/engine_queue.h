/* engine_queue.h - requests that wait because the store's own queue is full.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_ENGINE_QUEUE_H
#define BROKER_ENGINE_QUEUE_H

#include "broker/store/store.h"

/* One request to the store, owning what it needs. */
struct engine_request {
    enum store_operation operation;
    enum store_space space;
    uint64_t token;
    uint64_t seq;       /* READ; APPEND: the last one expected */
    uint64_t last;      /* APPEND */
    struct blob *key;   /* PUT, GET */
    struct blob *value; /* PUT (NULL: remove), APPEND: the chunk */
};

struct engine_queue {
    struct engine_request *list;
    uint32_t first, count, room;
};

/* Takes the memory. MEMORY. */
enum status engine_queue_init(struct engine_queue *queue, uint32_t room) STATUS_MUST_CHECK;

/* Drops what waits; a zeroed queue is let pass. */
void engine_queue_deinit(struct engine_queue *queue);

/* Whether so many more fit. */
bool engine_queue_has_room(const struct engine_queue *queue, uint32_t count);

/* Takes the request over. There must be room. */
void engine_queue_add(struct engine_queue *queue, const struct engine_request *request);

/* Hands on to the store, in order, as much as it takes. */
void engine_queue_flush(struct engine_queue *queue, struct store *store);

#endif
