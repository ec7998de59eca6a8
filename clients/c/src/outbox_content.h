/* outbox_content.h - what a slot of the outbox holds, in memory: the queues of its lanes and its
 * state.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_OUTBOX_CONTENT_H
#define CLIENTS_C_SRC_OUTBOX_CONTENT_H

#include "clients/c/src/outbox_queue.h"
#include "clients/c/src/outbox_slot.h"

struct outbox_content {
    struct outbox_slot slot;
    struct outbox_state state;
    struct outbox_queue lanes[LINK_LANES];
};

/* Reads all segments of the slot into empty queues, answered events included. `*good_bytes` as
 * outbox_scan() says. DAMAGED, IO, MEMORY. */
enum outbox_status content_load(struct outbox_content *content,
                                uint64_t *good_bytes) OUTBOX_MUST_CHECK;

/* What was answered leaves the queue, wherever it stands. MEMORY. */
enum outbox_status content_compact(struct outbox_queue *queue) OUTBOX_MUST_CHECK;

/* One event fewer keeps its segment. */
void content_close_event(struct outbox_content *content, uint64_t token);

/* Frees the queues; the slot is the caller's. */
void content_deinit(struct outbox_content *content);

#endif
