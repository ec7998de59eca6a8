/* engine_queue.c - a ring of requests, first in, first out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/engine_queue.h"

#include <assert.h>
#include <stdlib.h>

enum status engine_queue_init(struct engine_queue *queue, uint32_t room)
{
    assert(room > 0);
    *queue = (struct engine_queue){.room = room, .list = calloc(room, sizeof *queue->list)};
    return queue->list == NULL ? STATUS_MEMORY : STATUS_OK;
}

static void request_drop(const struct engine_request *request)
{
    blob_drop(request->key);
    blob_drop(request->value);
}

void engine_queue_deinit(struct engine_queue *queue)
{
    for (uint32_t place = 0; place < queue->count; place++) {
        request_drop(&queue->list[(queue->first + place) % queue->room]);
    }
    free(queue->list);
    *queue = (struct engine_queue){0};
}

bool engine_queue_has_room(const struct engine_queue *queue, uint32_t count)
{
    return queue->room - queue->count >= count;
}

void engine_queue_add(struct engine_queue *queue, const struct engine_request *request)
{
    assert(engine_queue_has_room(queue, 1));
    queue->list[(queue->first + queue->count) % queue->room] = *request;
    queue->count++;
}

static struct bytes bytes_or_none(const struct blob *blob)
{
    return blob == NULL ? (struct bytes){0} : blob_bytes(blob);
}

static enum status request_ask(const struct engine_request *request, struct store *store)
{
    const struct store_ops *ops = store->ops;
    switch (request->operation) {
    case STORE_APPEND:
        return ops->append(store, request->seq, request->last, request->value, request->token);
    case STORE_PUT:
        return ops->put(store, request->space, blob_bytes(request->key),
                        bytes_or_none(request->value), request->token);
    case STORE_READ:
        return ops->read(store, request->seq, request->token);
    case STORE_GET:
        return ops->get(store, request->space, blob_bytes(request->key), request->token);
    }
    assert(!"a request has one of four kinds");
    return STATUS_INVALID;
}

void engine_queue_flush(struct engine_queue *queue, struct store *store)
{
    while (queue->count > 0) {
        struct engine_request *request = &queue->list[queue->first];
        enum status status = request_ask(request, store);
        if (status == STATUS_BUSY) {
            return;
        }
        assert(status == STATUS_OK);
        request_drop(request);
        queue->first = (queue->first + 1) % queue->room;
        queue->count--;
    }
}
