/* outbox.c - a slot of the outbox in use: its queues, and the records behind them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "clients/c/src/outbox_content.h"

enum { OUTBOX_PATH_BYTES = 4096 };

struct outbox {
    struct outbox_options options;
    unsigned number;
    struct outbox_content in;
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static enum outbox_status outbox_make_producer(struct outbox *outbox, int lane)
{
    uint8_t *producer = outbox->in.state.producers[lane];
    outbox->in.state.numbers[lane] = 0;
    return getrandom(producer, PRODUCER_BYTES, 0) == PRODUCER_BYTES ? OUTBOX_OK : OUTBOX_IO;
}

static enum outbox_status outbox_write_head(struct outbox *outbox, bool is_roll)
{
    uint8_t payload[OUTBOX_STATE_BYTES];
    uint64_t token;
    outbox_state_encode(&outbox->in.state, payload);
    struct bytes head = bytes_of(payload, sizeof payload);
    if (is_roll)
        return slot_roll(&outbox->in.slot, head);
    bool is_first = outbox->in.slot.segments[outbox->in.slot.count - 1].bytes == 0;
    return slot_append(&outbox->in.slot, is_first ? OUTBOX_HEAD : OUTBOX_STATE, head, &token);
}

static enum outbox_status outbox_load(struct outbox *outbox)
{
    uint64_t good_bytes;
    enum outbox_status status = content_load(&outbox->in, &good_bytes);
    for (int lane = 0; status == OUTBOX_OK && lane < LINK_LANES; lane++)
        status = content_compact(&outbox->in.lanes[lane]);
    if (status != OUTBOX_OK)
        return status;
    uint32_t count = outbox->in.slot.count;
    bool is_new = count == 0 || (count == 1 && good_bytes == 0);
    for (int lane = 0; is_new && status == OUTBOX_OK && lane < LINK_LANES; lane++)
        status = outbox_make_producer(outbox, lane);
    if (status == OUTBOX_OK && count > 0 && good_bytes < outbox->in.slot.segments[count - 1].bytes)
        status = slot_cut(&outbox->in.slot, good_bytes);
    if (status == OUTBOX_OK && count == 0)
        status = outbox_write_head(outbox, true);
    else if (status == OUTBOX_OK && good_bytes == 0)
        status = outbox_write_head(outbox, false);
    /* A producer must outlive the first event that names it. */
    return status == OUTBOX_OK ? slot_flush(&outbox->in.slot) : status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum outbox_status make_folders(const char *folder)
{
    char path[OUTBOX_PATH_BYTES];
    size_t length = strlen(folder);
    if (length == 0 || length >= sizeof path) {
        errno = ENAMETOOLONG;
        return OUTBOX_IO;
    }
    memcpy(path, folder, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return OUTBOX_IO;
        path[i] = i < length ? '/' : '\0';
    }
    return OUTBOX_OK;
}

static enum outbox_status outbox_open_slot(const struct outbox_options *options, unsigned number,
                                           bool may_make, struct outbox **out)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);
    if (outbox == NULL)
        return OUTBOX_MEMORY;
    outbox->options = *options;
    outbox->number = number;
    enum outbox_status status = slot_open(&outbox->in.slot, options->folder, number, may_make);
    if (status == OUTBOX_OK)
        status = outbox_load(outbox);
    if (status == OUTBOX_OK)
        *out = outbox;
    else
        outbox_close(outbox);
    return status;
}

/* The lowest free slot in which something waits, else the lowest free slot. */
static enum outbox_status outbox_open_any(const struct outbox_options *options, struct outbox **out,
                                          unsigned *damaged)
{
    struct outbox *lowest = NULL, *outbox = NULL;
    enum outbox_status last = OUTBOX_TAKEN;
    for (unsigned number = 0; number < OUTBOX_SLOTS; number++) {
        bool may_make = lowest == NULL && !options->must_wait;
        enum outbox_status status = outbox_open_slot(options, number, may_make, &outbox);
        if (status == OUTBOX_DAMAGED)
            ++*damaged;
        if (status == OUTBOX_ABSENT)
            break; /* slots are made in order */
        if (status != OUTBOX_OK) {
            last = status;
            continue;
        }
        if (outbox_waiting(outbox) > 0) {
            outbox_close(lowest);
            *out = outbox;
            return OUTBOX_OK;
        }
        if (lowest == NULL && !options->must_wait)
            lowest = outbox;
        else
            outbox_close(outbox);
    }
    *out = lowest;
    if (options->must_wait)
        return OUTBOX_ABSENT;
    return lowest != NULL ? OUTBOX_OK : last;
}

enum outbox_status outbox_open(const struct outbox_options *options, struct outbox **outbox,
                               unsigned *damaged)
{
    assert(options->slot < OUTBOX_SLOTS && options->segment_bytes <= OUTBOX_SEGMENT_MAX);
    *damaged = 0;
    *outbox = NULL;
    enum outbox_status status = make_folders(options->folder);
    if (status != OUTBOX_OK)
        return status;
    if (options->slot >= 0)
        return outbox_open_slot(options, (unsigned)options->slot, true, outbox);
    return outbox_open_any(options, outbox, damaged);
}

void outbox_close(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    int saved = errno;
    content_deinit(&outbox->in);
    slot_close(&outbox->in.slot);
    free(outbox);
    errno = saved;
}

unsigned outbox_slot_number(const struct outbox *outbox)
{
    return outbox->number;
}

const struct outbox_state *outbox_state(const struct outbox *outbox)
{
    return &outbox->in.state;
}

uint64_t outbox_waiting(const struct outbox *outbox)
{
    uint64_t waiting = 0;
    for (int lane = 0; lane < LINK_LANES; lane++)
        waiting += outbox->in.lanes[lane].waiting;
    return waiting;
}

/* ---- room ------------------------------------------------------------------------------------ */

/* Deletes the oldest files of which everything is answered: those older than the keep, or any of
 * them while room for `need_bytes` is missing. */
static void outbox_tidy(struct outbox *outbox, int64_t now_ms, uint64_t need_bytes)
{
    struct outbox_slot *slot = &outbox->in.slot;
    while (slot->count >= 2 && slot->segments[0].open_events == 0) {
        bool is_old = slot->segments[0].newest_ms + (int64_t)outbox->options.keep_ms < now_ms;
        bool is_full = slot->bytes + need_bytes > outbox->options.bytes_max;
        if ((!is_old && !is_full) || slot_delete_first(slot) != OUTBOX_OK)
            return;
    }
}

static enum outbox_status outbox_make_room(struct outbox *outbox, int64_t now_ms,
                                           uint64_t need_bytes)
{
    struct outbox_slot *slot = &outbox->in.slot;
    const struct slot_segment *last = &slot->segments[slot->count - 1];
    bool is_full = slot->bytes + need_bytes > outbox->options.bytes_max;
    bool is_roll = last->bytes + need_bytes > outbox->options.segment_bytes ||
                   (is_full && last->open_events == 0);
    if (is_roll && last->bytes > OUTBOX_STATE_BYTES + OUTBOX_HEADER_BYTES + 64) {
        enum outbox_status status = outbox_write_head(outbox, true);
        if (status != OUTBOX_OK)
            return status;
    }
    outbox_tidy(outbox, now_ms, need_bytes);
    return slot->bytes + need_bytes > outbox->options.bytes_max ? OUTBOX_FULL : OUTBOX_OK;
}

/* ---- events ---------------------------------------------------------------------------------- */

enum outbox_status outbox_append(struct outbox *outbox, const struct outbox_event *event,
                                 void *owner, uint64_t *token)
{
    size_t length = outbox_event_bytes(&event->event);
    uint8_t *payload = malloc(length);
    if (payload == NULL)
        return OUTBOX_MEMORY;
    outbox_event_encode(event, payload);
    enum outbox_status status =
        outbox_make_room(outbox, event->time_ms, length + OUTBOX_HEADER_BYTES);
    if (status == OUTBOX_OK)
        status = slot_append(&outbox->in.slot, OUTBOX_EVENT, bytes_of(payload, length), token);
    if (status != OUTBOX_OK) {
        free(payload);
        return status;
    }
    struct outbox_queue *queue = &outbox->in.lanes[event->lane];
    struct queue_entry *entry = queue_add(queue, *token);
    if (entry == NULL) {
        free(payload);
        return OUTBOX_MEMORY; /* written, and sent by whoever opens the slot next */
    }
    entry->number = event->number;
    entry->time_ms = event->time_ms;
    entry->owner = owner;
    outbox->in.state.numbers[event->lane] =
        larger(outbox->in.state.numbers[event->lane], event->number);
    struct slot_segment *last = &outbox->in.slot.segments[outbox->in.slot.count - 1];
    last->open_events++;
    last->newest_ms = event->time_ms;
    /* With a backlog the bytes stay on disk until it is their turn. */
    struct outbox_event whole;
    bool is_next = queue->next + 1 == queue->count;
    if (!is_next || !outbox_event_decode(bytes_of(payload, length), &whole) ||
        !queue_load(entry, &whole.event, payload))
        free(payload);
    return OUTBOX_OK;
}

enum outbox_status outbox_flush(struct outbox *outbox)
{
    return slot_flush(&outbox->in.slot);
}

static enum outbox_status outbox_read_event(const struct outbox *outbox, struct queue_entry *entry)
{
    uint8_t *block;
    struct bytes payload;
    struct outbox_event event;
    enum outbox_status status =
        slot_read_record(&outbox->in.slot, entry->token, OUTBOX_EVENT, &block, &payload);
    if (status != OUTBOX_OK)
        return status;
    if (!outbox_event_decode(payload, &event))
        status = OUTBOX_DAMAGED;
    else if (!queue_load(entry, &event.event, block))
        status = OUTBOX_MEMORY;
    if (status != OUTBOX_OK)
        free(block);
    return status;
}

const struct link_event *outbox_next(struct outbox *outbox, enum link_lane lane, uint64_t *token,
                                     uint64_t *number, enum outbox_status *status)
{
    struct outbox_queue *queue = &outbox->in.lanes[lane];
    *status = OUTBOX_OK;
    while (queue->next < queue->count && queue_at(queue, queue->next)->is_answered)
        queue->next++;
    if (queue->next == queue->count)
        return NULL;
    struct queue_entry *entry = queue_at(queue, queue->next);
    if (entry->loaded == NULL && (*status = outbox_read_event(outbox, entry)) != OUTBOX_OK)
        return NULL;
    queue->next++;
    *token = entry->token;
    *number = entry->number;
    return &entry->loaded->event;
}

enum outbox_status outbox_answer(struct outbox *outbox, enum link_lane lane,
                                 const struct outbox_done *done, int64_t now_ms, void **owner)
{
    struct outbox_queue *queue = &outbox->in.lanes[lane];
    struct queue_entry *entry = queue_find(queue, done->token);
    uint8_t payload[OUTBOX_REASON_MAX + 512];
    uint64_t token;
    *owner = NULL;
    if (entry == NULL || entry->is_answered)
        return OUTBOX_OK;
    *owner = entry->owner;
    assert(outbox_done_bytes(done) <= sizeof payload);
    outbox_done_encode(done, payload);
    queue_answer(queue, entry);
    queue_trim(queue);
    content_close_event(&outbox->in, done->token);
    outbox_tidy(outbox, now_ms, 0);
    return slot_append(&outbox->in.slot, OUTBOX_DONE, bytes_of(payload, outbox_done_bytes(done)),
                       &token);
}

enum outbox_status outbox_renumber(struct outbox *outbox, enum link_lane lane, uint64_t token,
                                   uint64_t number)
{
    struct queue_entry *entry = queue_find(&outbox->in.lanes[lane], token);
    uint8_t payload[OUTBOX_NUMBER_BYTES];
    uint64_t written;
    if (entry == NULL)
        return OUTBOX_OK;
    entry->number = number;
    outbox->in.state.numbers[lane] = larger(outbox->in.state.numbers[lane], number);
    outbox_number_encode(token, number, payload);
    return slot_append(&outbox->in.slot, OUTBOX_NUMBER, bytes_of(payload, sizeof payload),
                       &written);
}

/* ---- restores, identities -------------------------------------------------------------------- */

/* The owners of what nobody has answered yet go along. */
static void rewind_keep_owners(const struct outbox_queue *from, struct outbox_queue *to)
{
    for (uint64_t i = 0; i < from->count; i++) {
        const struct queue_entry *known = queue_at(from, i);
        struct queue_entry *entry = known->owner != NULL ? queue_find(to, known->token) : NULL;
        if (entry != NULL)
            entry->owner = known->owner;
    }
}

static enum outbox_status rewind_load(struct outbox *outbox, enum link_lane lane)
{
    struct outbox_content fresh = {.slot = outbox->in.slot};
    uint64_t good_bytes;
    enum outbox_status status = content_load(&fresh, &good_bytes);
    if (status == OUTBOX_OK)
        status = content_compact(&fresh.lanes[lane]);
    if (status == OUTBOX_OK) {
        rewind_keep_owners(&outbox->in.lanes[lane], &fresh.lanes[lane]);
        queue_deinit(&outbox->in.lanes[lane]);
        outbox->in.lanes[lane] = fresh.lanes[lane];
        fresh.lanes[lane] = (struct outbox_queue){0};
    }
    /* Half counted: better to delete no file than one that is still needed. */
    for (uint32_t i = 0; status != OUTBOX_OK && i < outbox->in.slot.count; i++)
        outbox->in.slot.segments[i].open_events++;
    content_deinit(&fresh);
    return status;
}

enum outbox_status outbox_rewind(struct outbox *outbox, enum link_lane lane, uint64_t mark)
{
    uint8_t payload[OUTBOX_NUMBER_BYTES];
    uint64_t token;
    /* Written first: a kill in the middle of the second offering must not end it. */
    outbox_number_encode(lane, mark, payload);
    enum outbox_status status =
        slot_append(&outbox->in.slot, OUTBOX_REOPEN, bytes_of(payload, sizeof payload), &token);
    if (status == OUTBOX_OK)
        status = slot_flush(&outbox->in.slot);
    return status == OUTBOX_OK ? rewind_load(outbox, lane) : status;
}

enum outbox_status outbox_set_log(struct outbox *outbox, const struct link_log *log)
{
    outbox->in.state.log = *log;
    return outbox_write_head(outbox, false);
}

enum outbox_status outbox_renew(struct outbox *outbox, enum link_lane lane)
{
    enum outbox_status status = outbox_make_producer(outbox, lane);
    if (status == OUTBOX_OK)
        status = outbox_write_head(outbox, false);
    return status == OUTBOX_OK ? slot_flush(&outbox->in.slot) : status;
}

/* ---- looking
 * ----------------------------------------------------------------------------------- */

enum outbox_status outbox_summarize(const char *folder, unsigned number,
                                    struct outbox_summary *summary)
{
    struct outbox_content peek = {0};
    uint64_t good_bytes;
    *summary = (struct outbox_summary){.slot = number};
    enum outbox_status status = slot_peek(&peek.slot, folder, number);
    if (status != OUTBOX_OK)
        return status;
    summary->bytes = peek.slot.bytes;
    summary->process = slot_holder(folder, number);
    summary->status = content_load(&peek, &good_bytes);
    for (int lane = 0; lane < LINK_LANES; lane++) {
        for (uint64_t i = 0; i < peek.lanes[lane].count; i++) {
            const struct queue_entry *entry = queue_at(&peek.lanes[lane], i);
            summary->waiting += !entry->is_answered;
            summary->stored += entry->is_stored;
            summary->refused += entry->is_refused;
            if (!entry->is_answered &&
                (summary->oldest_ms == 0 || entry->time_ms < summary->oldest_ms))
                summary->oldest_ms = entry->time_ms;
        }
    }
    content_deinit(&peek);
    slot_close(&peek.slot);
    return OUTBOX_OK;
}
