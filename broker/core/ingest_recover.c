/* ingest_recover.c - from a checkpoint and the log to the state before the crash.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>

void ingest_start(struct ingest *ingest, const struct input *start)
{
    assert(ingest->phase == PHASE_STARTING && start->kind == IN_START);
    assert(start->of.start.first <= start->of.start.last + 1);
    struct checkpoint *checkpoint = &ingest->checkpoint;
    ingest->log_first = start->of.start.first;
    pending_start(&ingest->pending, start->of.start.last);
    clock_start(&ingest->clock, start->of.start.recorded_at_ms);
    ingest_room(ingest, start->of.start.room_bytes);
    ingest->is_tail_damaged = start->of.start.is_tail_damaged;
    window_reset(&ingest->window, ingest->log_first);
    memcpy(checkpoint->uuid, start->of.start.uuid, sizeof checkpoint->uuid);
    checkpoint->incarnation = start->of.start.incarnation;
}

void ingest_restore_number(struct ingest *ingest, uint32_t slot, struct ring_entry entry)
{
    struct producers *producers = &ingest->producers;
    struct producer *producer = producers_at(producers, slot);
    const struct ring *ring = &producers->rings[producer->ring];
    if (ring->count == 0 ||
        producers_ring_at(producers, producer->ring, ring->count - 1)->number < entry.number) {
        producers_push(producers, slot, entry);
    }
    if (entry.number > producer->mark) {
        producer->mark = entry.number;
        producer->settled = entry.number;
    }
}

void ingest_checkpoint(struct ingest *ingest, struct bytes name, struct bytes value)
{
    assert(ingest->phase == PHASE_STARTING);
    ingest_read_part(ingest, name, value);
}

static void finish_if_read(struct ingest *ingest)
{
    if (ingest->read_next > ingest->pending.durable) {
        ingest->phase = PHASE_READY;
        ingest->checkpoint.started_ms = ingest->now_ms;
        ingest_note(ingest, TRACE_INFO, "recovered up to", ingest->pending.durable);
    }
}

void ingest_recover(struct ingest *ingest)
{
    assert(ingest->phase == PHASE_STARTING);
    struct checkpoint *checkpoint = &ingest->checkpoint;
    ingest->phase = PHASE_RECOVERING;
    if (ingest_is_checkpoint_whole(ingest)) {
        ingest->read_next = checkpoint->seq + 1;
        ingest_note(ingest, TRACE_INFO, "the checkpoint reaches", checkpoint->seq);
    } else {
        producers_reset(&ingest->producers);
        window_reset(&ingest->window, ingest->log_first);
        memset(checkpoint->is_producer_block, 0, checkpoint->layout.producer_blocks);
        memset(checkpoint->is_ring_block, 0, checkpoint->layout.ring_blocks);
        checkpoint->seq = 0;
        checkpoint->epoch = checkpoint->epoch_max + 1;
        ingest->read_next = ingest->log_first;
        ingest_note(ingest, TRACE_INFO, "no whole checkpoint: the log is read from",
                    ingest->log_first);
    }
    if (ingest->read_next < ingest->log_first) {
        ingest->read_next = ingest->log_first;
        window_reset(&ingest->window, ingest->log_first);
    }
    finish_if_read(ingest);
}

void ingest_recover_read(struct ingest *ingest, struct effects *fx)
{
    if (ingest->is_reading) {
        return;
    }
    struct effect *effect = effects_add(fx, FX_READ);
    if (effect != NULL) {
        effect->of.read.token = token_of(TOKEN_INGEST, 0);
        effect->of.read.seq = ingest->read_next;
        ingest->is_reading = true;
    }
}

/* Applying a record that is known already changes nothing. */
static void apply_record(struct ingest *ingest, const struct record *record)
{
    struct producers *producers = &ingest->producers;
    struct producer_key key = producers_key(record->agency, record->producer);
    uint32_t slot = producers_find(producers, &key);
    if (slot == PRODUCER_NONE) {
        slot = producers_add(producers, &key);
    }
    window_push(&ingest->window, record->window_key, record->digest);
    window_settle(&ingest->window, record->seq, record->recorded_at_ms);
    if (slot == PRODUCER_NONE) {
        ingest_note(ingest, TRACE_ALARM, "more producers in the log than the limit allows",
                    producers->room);
        return;
    }
    bool has_ring = producers_take_ring(producers, slot);
    assert(has_ring);
    ingest_restore_number(ingest, slot,
                          (struct ring_entry){record->number, record->seq, record->digest});
    producers_at(producers, slot)->last_seq = record->seq;
    producers->is_changed[slot] = true;
}

/* Nothing is known of a damaged range but its length. Its producers' marks are named by their next
 * records, or repaired by GAP. */
static void pass_damage(struct ingest *ingest, uint64_t last)
{
    static const uint8_t nothing[ID_BYTES];
    uint64_t durable = ingest->pending.durable;
    ingest_note(ingest, TRACE_ALARM, "the log is damaged from", ingest->read_next);
    if (last >= durable) {
        last = durable;
        ingest->is_tail_damaged = true;
    }
    for (; ingest->read_next <= last; ingest->read_next++) {
        window_push(&ingest->window, nothing, 0);
        window_settle(&ingest->window, ingest->read_next, ingest->clock.recorded_at_ms);
    }
}

bool ingest_recover_page(struct ingest *ingest, const struct input *page)
{
    assert(ingest->is_reading);
    ingest->is_reading = false;
    ingest->now_ms = page->now_ms;
    const struct page *read = page->of.page.page;
    switch (page->of.page.status) {
    case STATUS_OK:
        assert(read->first <= ingest->read_next && ingest->read_next <= read->last);
        for (; ingest->read_next <= read->last; ingest->read_next++) {
            apply_record(ingest, &read->records[ingest->read_next - read->first]);
        }
        ingest->checkpoint.chunks++;
        break;
    case STATUS_CORRUPT:
        pass_damage(ingest, page->of.page.corrupt_last);
        break;
    case STATUS_NOT_FOUND:
        pass_damage(ingest, ingest->pending.durable);
        break;
    default:
        return false;
    }
    finish_if_read(ingest);
    return true;
}
