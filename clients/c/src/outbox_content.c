/* outbox_content.c - the queues of a slot, read from its files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox_content.h"

#include "clients/c/src/outbox_scan.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct queue_entry *load_find(struct outbox_content *content, uint64_t token, int *lane)
{
    struct queue_entry *entry = NULL;
    for (*lane = 0; *lane < LINK_LANES; ++*lane)
        if ((entry = queue_find(&content->lanes[*lane], token)) != NULL)
            return entry;
    return NULL;
}

static enum outbox_status load_event(struct outbox_content *content, struct slot_segment *segment,
                                     const struct outbox_record *record)
{
    struct outbox_event event;
    if (!outbox_event_decode(record->payload, &event))
        return OUTBOX_DAMAGED;
    struct queue_entry *entry =
        queue_add(&content->lanes[event.lane], outbox_token(segment->number, record->offset));
    if (entry == NULL)
        return OUTBOX_MEMORY;
    entry->number = event.number;
    entry->time_ms = event.time_ms;
    content->state.numbers[event.lane] = larger(content->state.numbers[event.lane], event.number);
    segment->open_events++;
    if (event.time_ms > segment->newest_ms)
        segment->newest_ms = event.time_ms;
    return OUTBOX_OK;
}

static enum outbox_status load_number(struct outbox_content *content,
                                      const struct outbox_record *record)
{
    uint64_t token, number;
    int lane;
    if (!outbox_number_decode(record->payload, &token, &number))
        return OUTBOX_DAMAGED;
    struct queue_entry *entry = load_find(content, token, &lane);
    if (entry == NULL)
        return OUTBOX_OK; /* its segment was deleted */
    entry->number = number;
    content->state.numbers[lane] = larger(content->state.numbers[lane], number);
    return OUTBOX_OK;
}

void content_close_event(struct outbox_content *content, uint64_t token)
{
    struct slot_segment *segment = slot_find(&content->slot, (uint32_t)(token >> 32));
    if (segment != NULL && segment->open_events > 0)
        segment->open_events--;
}

static enum outbox_status load_done(struct outbox_content *content,
                                    const struct outbox_record *record)
{
    struct outbox_done done;
    int lane;
    if (!outbox_done_decode(record->payload, &done))
        return OUTBOX_DAMAGED;
    struct queue_entry *entry = load_find(content, done.token, &lane);
    if (entry == NULL || entry->is_answered)
        return OUTBOX_OK;
    queue_answer(&content->lanes[lane], entry);
    content_close_event(content, done.token);
    entry->is_stored = done.is_stored;
    entry->is_refused = !done.is_stored;
    return OUTBOX_OK;
}

/* What was stored in a log that has been restored since is offered again. */
static enum outbox_status load_reopen(struct outbox_content *content,
                                      const struct outbox_record *record)
{
    uint64_t lane, mark;
    if (!outbox_number_decode(record->payload, &lane, &mark) || lane >= LINK_LANES)
        return OUTBOX_DAMAGED;
    struct outbox_queue *queue = &content->lanes[lane];
    for (uint64_t i = 0; i < queue->count; i++) {
        struct queue_entry *entry = queue_at(queue, i);
        if (!entry->is_stored || entry->number <= mark)
            continue;
        queue_reopen(queue, entry);
        struct slot_segment *segment = slot_find(&content->slot, (uint32_t)(entry->token >> 32));
        if (segment != NULL)
            segment->open_events++;
    }
    return OUTBOX_OK;
}

static enum outbox_status load_record(void *context, struct slot_segment *segment,
                                      const struct outbox_record *record)
{
    struct outbox_content *content = context;
    switch (record->type) {
    case OUTBOX_HEAD:
    case OUTBOX_STATE:
        return outbox_state_decode(record->payload, &content->state) ? OUTBOX_OK : OUTBOX_DAMAGED;
    case OUTBOX_EVENT:
        return load_event(content, segment, record);
    case OUTBOX_NUMBER:
        return load_number(content, record);
    case OUTBOX_DONE:
        return load_done(content, record);
    case OUTBOX_REOPEN:
        return load_reopen(content, record);
    case OUTBOX_FLUSHED:
        return OUTBOX_OK;
    }
    return OUTBOX_DAMAGED;
}

/* What was answered leaves; the rest is closed up. */
enum outbox_status content_compact(struct outbox_queue *queue)
{
    struct outbox_queue waiting = {0};
    for (uint64_t i = 0; i < queue->count; i++) {
        struct queue_entry *from = queue_at(queue, i);
        if (from->is_answered)
            continue;
        struct queue_entry *to = queue_add(&waiting, from->token);
        if (to == NULL) {
            queue_deinit(&waiting);
            return OUTBOX_MEMORY;
        }
        *to = *from;
    }
    queue_deinit(queue);
    *queue = waiting;
    return OUTBOX_OK;
}

enum outbox_status content_load(struct outbox_content *content, uint64_t *good_bytes)
{
    for (uint32_t i = 0; i < content->slot.count; i++)
        content->slot.segments[i].open_events = 0;
    return outbox_scan(&content->slot, load_record, content, good_bytes);
}

void content_deinit(struct outbox_content *content)
{
    for (int lane = 0; lane < LINK_LANES; lane++)
        queue_deinit(&content->lanes[lane]);
}
