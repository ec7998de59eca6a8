/* store_queue.h - bounded queues between the engine's thread and the threads of a store.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whoever asks counts what is under way, so nothing here is ever pushed over its bound.
 */
#ifndef BROKER_STORE_STORE_QUEUE_H
#define BROKER_STORE_STORE_QUEUE_H

#include <pthread.h>

#include "broker/store/store.h"

/* One thing asked for. */
struct store_request {
    enum store_operation operation;
    enum store_space space; /* PUT, GET */
    uint64_t token;
    uint64_t seq;       /* APPEND: the last sequence expected; READ: the one wanted */
    uint64_t last;      /* APPEND */
    struct blob *bytes; /* APPEND: the chunk. PUT: key and value. GET: the key */
    uint32_t key_bytes; /* PUT: where the value starts */
};

/* Requests in order, for one or more threads to take. */
struct store_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct store_request *slots;
    uint32_t room, head, count;
    bool is_closing;
};

/* MEMORY: nothing was made. */
enum status store_queue_init(struct store_queue *queue, uint32_t room) STATUS_MUST_CHECK;

/* Drops what is left; nobody may be waiting. */
void store_queue_deinit(struct store_queue *queue);

/* Adds a request; there must be room. */
void store_queue_push(struct store_queue *queue, const struct store_request *request);

/* Nothing more will come: takers get what is left, then go home. */
void store_queue_close(struct store_queue *queue);

/* Moves up to `most` requests to `requests`, waiting up to `wait_ms` for the first. *count is 0
 * when none came. False: closed, and nothing is left. */
bool store_queue_take(struct store_queue *queue, struct store_request *requests, uint32_t most,
                      uint32_t wait_ms, uint32_t *count);

/* What was done, in order, with a descriptor that is readable while something is there. */
struct store_completions {
    pthread_mutex_t lock;
    struct store_done *slots;
    uint32_t room, head, count;
    int descriptor;
};

/* MEMORY, or IO (no descriptor): nothing was made. */
enum status store_completions_init(struct store_completions *completions,
                                   uint32_t room) STATUS_MUST_CHECK;

/* Drops what was not polled. */
void store_completions_deinit(struct store_completions *completions);

/* Adds what was done; there must be room. Takes over the blobs. Any thread. */
void store_completions_push(struct store_completions *completions, const struct store_done *done,
                            uint32_t count);

/* The next; false: none now. */
bool store_completions_pop(struct store_completions *completions, struct store_done *done);

#endif
