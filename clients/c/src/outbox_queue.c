/* outbox_queue.c - a growing ring of events.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox_queue.h"

#include <assert.h>
#include <stdlib.h>

enum { QUEUE_ROOM_MIN = 64 };

static void queue_unload(struct queue_entry *entry)
{
    if (entry->loaded != NULL)
        free(entry->loaded->block);
    free(entry->loaded);
    entry->loaded = NULL;
}

bool queue_load(struct queue_entry *entry, const struct link_event *event, uint8_t *block)
{
    assert(entry->loaded == NULL);
    entry->loaded = malloc(sizeof *entry->loaded);
    if (entry->loaded == NULL)
        return false;
    *entry->loaded = (struct queue_loaded){.event = *event, .block = block};
    return true;
}

void queue_deinit(struct outbox_queue *queue)
{
    for (uint64_t i = 0; i < queue->count; i++)
        queue_unload(queue_at(queue, i));
    free(queue->entries);
    *queue = (struct outbox_queue){0};
}

struct queue_entry *queue_at(const struct outbox_queue *queue, uint64_t index)
{
    assert(index < queue->count);
    return &queue->entries[(queue->head + index) % queue->room];
}

static bool queue_grow(struct outbox_queue *queue)
{
    uint64_t room = queue->room > 0 ? queue->room * 2 : QUEUE_ROOM_MIN;
    struct queue_entry *entries = calloc(room, sizeof *entries);
    if (entries == NULL)
        return false;
    for (uint64_t i = 0; i < queue->count; i++)
        entries[i] = *queue_at(queue, i);
    free(queue->entries);
    queue->entries = entries;
    queue->room = room;
    queue->head = 0;
    return true;
}

struct queue_entry *queue_add(struct outbox_queue *queue, uint64_t token)
{
    assert(queue->count == 0 || queue_at(queue, queue->count - 1)->token < token);
    if (queue->count == queue->room && !queue_grow(queue))
        return NULL;
    queue->count++;
    queue->waiting++;
    struct queue_entry *entry = queue_at(queue, queue->count - 1);
    *entry = (struct queue_entry){.token = token};
    return entry;
}

struct queue_entry *queue_find(const struct outbox_queue *queue, uint64_t token)
{
    uint64_t low = 0, high = queue->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (queue_at(queue, middle)->token < token)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == queue->count || queue_at(queue, low)->token != token)
        return NULL;
    return queue_at(queue, low);
}

void queue_answer(struct outbox_queue *queue, struct queue_entry *entry)
{
    assert(!entry->is_answered && queue->waiting > 0);
    entry->is_answered = true;
    queue->waiting--;
    queue_unload(entry);
}

void queue_reopen(struct outbox_queue *queue, struct queue_entry *entry)
{
    assert(entry->is_answered);
    entry->is_answered = false;
    entry->is_stored = false;
    queue->waiting++;
}

void queue_trim(struct outbox_queue *queue)
{
    while (queue->count > 0 && queue_at(queue, 0)->is_answered) {
        queue->head = (queue->head + 1) % queue->room;
        queue->count--;
        if (queue->next > 0)
            queue->next--;
    }
}
