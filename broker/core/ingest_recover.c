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
    window_reset(&ingest->window, ingest->log_first);
    memcpy(checkpoint->uuid, start->of.start.uuid, sizeof checkpoint->uuid);
    checkpoint->incarnation = start->of.start.incarnation;
}

/* Checks frame, checksum and log of a part; false: not one of ours, or damaged. */
static bool open_part(struct checkpoint *checkpoint, struct bytes value, uint8_t kind,
                      struct codec_reader *reader)
{
    const size_t checksum_bytes = sizeof(uint64_t);
    if (value.length < checksum_bytes) {
        return false;
    }
    struct bytes body = bytes_of(value.data, value.length - checksum_bytes);
    struct codec_reader tail = codec_reader_of(bytes_of(value.data + body.length, checksum_bytes));
    if (codec_get_u64(&tail) != checkpoint_checksum(body)) {
        return false;
    }
    *reader = codec_reader_of(body);
    bool is_ours = bytes_are_equal(codec_get_text(reader), bytes_of_text("KTCP1"));
    is_ours &= codec_get_u8(reader) == kind;
    is_ours &= bytes_are_equal(codec_get_bytes(reader, sizeof checkpoint->uuid),
                               bytes_of(checkpoint->uuid, sizeof checkpoint->uuid));
    is_ours &= codec_get_u64(reader) == checkpoint->incarnation;
    uint64_t epoch = codec_get_u64(reader);
    if (!is_ours || reader->is_over) {
        return false;
    }
    checkpoint->epoch_max = epoch > checkpoint->epoch_max ? epoch : checkpoint->epoch_max;
    if (kind == '0') {
        checkpoint->epoch = epoch;
    }
    return epoch == checkpoint->epoch;
}

static void read_times(struct window *window, struct codec_reader *reader)
{
    uint32_t count = codec_get_u32(reader);
    for (uint32_t index = 0; index < count && index < WINDOW_TIMES; index++) {
        window->times[index].seq = codec_get_u64(reader);
        window->times[index].recorded_at_ms = (int64_t)codec_get_u64(reader);
    }
    window->time_count = count < WINDOW_TIMES ? count : WINDOW_TIMES;
}

/* What recovery would throw out again at once is not asked for: its block may be written over. */
static uint64_t lowest_needed(const struct ingest *ingest, uint64_t low, uint64_t next)
{
    uint64_t last = ingest->pending.durable, most = ingest->limits.id_window_events;
    if (last >= most && low < last - most + 1) {
        low = last - most + 1;
    }
    return low < next ? low : next;
}

static bool read_manifest(struct ingest *ingest, struct codec_reader *reader)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct checkpoint_layout layout;
    codec_get_copy(reader, &layout, sizeof layout);
    if (memcmp(&layout, &checkpoint->layout, sizeof layout) != 0) {
        return false;
    }
    uint64_t seq = codec_get_u64(reader), reached = codec_get_u64(reader);
    uint64_t low = codec_get_u64(reader);
    codec_get_copy(reader, checkpoint->is_producer_block, layout.producer_blocks);
    codec_get_copy(reader, checkpoint->is_ring_block, layout.ring_blocks);
    if (reader->is_over || seq > reached || reached > ingest->pending.durable || low == 0) {
        return false;
    }
    low = lowest_needed(ingest, low, seq + 1);
    if (seq + 1 - low > ingest->limits.id_window_events) {
        return false;
    }
    window_open(&ingest->window, low, seq + 1);
    read_times(&ingest->window, reader);
    ingest->window.young = low;
    checkpoint->seq = seq;
    return codec_is_done(reader);
}

static bool read_window(struct ingest *ingest, struct codec_reader *reader)
{
    uint64_t first = codec_get_u64(reader);
    uint32_t count = codec_get_u32(reader);
    for (uint32_t index = 0; index < count && !reader->is_over; index++) {
        uint8_t key[ID_BYTES];
        codec_get_copy(reader, key, sizeof key);
        uint64_t digest = codec_get_u64(reader);
        ingest->checkpoint.filled += window_fill(&ingest->window, first + index, key, digest);
    }
    return codec_is_done(reader);
}

static struct producer_key get_key(struct codec_reader *reader)
{
    struct producer_key key;
    codec_get_copy(reader, key.id, sizeof key.id);
    key.agency = codec_get_u64(reader);
    return key;
}

static bool read_producers(struct ingest *ingest, struct codec_reader *reader)
{
    struct producers *producers = &ingest->producers;
    for (;;) {
        uint32_t slot = codec_get_u32(reader);
        if (slot == PRODUCER_NONE || reader->is_over) {
            return codec_is_done(reader);
        }
        struct producer_key key = get_key(reader);
        if (slot >= producers->room || producers_at(producers, slot)->is_used ||
            producers_find(producers, &key) != PRODUCER_NONE) {
            return false;
        }
        producers_restore(producers, slot, &key);
        struct producer *producer = producers_at(producers, slot);
        producer->settled = codec_get_u64(reader);
        producer->mark = producer->settled;
        producer->last_seq = codec_get_u64(reader);
    }
}

/* A ring may be newer than its producer's block: then the mark is at least its newest number. A ring
 * whose producer is in no block has nothing that the log does not tell again. */
static bool read_rings(struct ingest *ingest, struct codec_reader *reader)
{
    struct producers *producers = &ingest->producers;
    for (;;) {
        uint32_t ring = codec_get_u32(reader);
        if (ring == PRODUCER_NONE || reader->is_over) {
            return codec_is_done(reader);
        }
        uint32_t slot = codec_get_u32(reader);
        struct producer_key key = get_key(reader);
        uint32_t count = codec_get_u32(reader);
        bool is_known = producers_find(producers, &key) == slot && slot != PRODUCER_NONE;
        if (ring >= producers->ring_count || count > producers->ring_room) {
            return false;
        }
        /* The same producer in two rings: it lost the one and took the other between two parts. */
        bool is_taken = is_known && (producers_at(producers, slot)->ring != PRODUCER_NONE ||
                                     producers->rings[ring].producer != PRODUCER_NONE);
        if (is_known && !is_taken) {
            producers_restore_ring(producers, slot, ring);
        }
        for (uint32_t index = 0; index < count; index++) {
            struct ring_entry entry = {.number = codec_get_u64(reader)};
            entry.seq = codec_get_u64(reader);
            entry.digest = codec_get_u64(reader);
            if (is_known && !is_taken && !reader->is_over) {
                ingest_restore_number(ingest, slot, entry);
            }
        }
    }
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

static uint64_t block_of_name(struct bytes name)
{
    uint64_t block = 0;
    for (size_t index = 6; index < name.length; index++) {
        uint8_t digit = name.data[index];
        block = block << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return block;
}

static bool read_block(struct ingest *ingest, uint8_t kind, uint64_t block,
                       struct codec_reader *reader)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    if (kind == 'w') {
        return read_window(ingest, reader);
    }
    if (kind == 'p' && block < checkpoint->layout.producer_blocks) {
        checkpoint->is_producer_block_read[block] = 1;
        return read_producers(ingest, reader);
    }
    if (kind == 'r' && block < checkpoint->layout.ring_blocks) {
        checkpoint->is_ring_block_read[block] = 1;
        return read_rings(ingest, reader);
    }
    return false;
}

void checkpoint_read(struct ingest *ingest, struct bytes name, struct bytes value)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct codec_reader reader;
    if (name.length < 6 || name.length > 14 || memcmp(name.data, "once/", 5) != 0) {
        return;
    }
    uint8_t kind = name.data[5];
    if (!open_part(checkpoint, value, kind, &reader)) {
        return;
    }
    if (kind == '0') {
        checkpoint->has_manifest = read_manifest(ingest, &reader);
    } else if (checkpoint->has_manifest &&
               !read_block(ingest, kind, block_of_name(name), &reader)) {
        checkpoint->is_bad = true;
    }
}

bool checkpoint_is_whole(struct ingest *ingest)
{
    const struct checkpoint *checkpoint = &ingest->checkpoint;
    const struct checkpoint_layout *layout = &checkpoint->layout;
    bool is_whole = checkpoint->has_manifest && !checkpoint->is_bad &&
                    checkpoint->filled == ingest->window.next - ingest->window.low;
    for (uint32_t block = 0; block < layout->producer_blocks; block++) {
        is_whole &=
            checkpoint->is_producer_block_read[block] || !checkpoint->is_producer_block[block];
    }
    for (uint32_t block = 0; block < layout->ring_blocks; block++) {
        is_whole &= checkpoint->is_ring_block_read[block] || !checkpoint->is_ring_block[block];
    }
    return is_whole;
}

void ingest_checkpoint(struct ingest *ingest, struct bytes name, struct bytes value)
{
    assert(ingest->phase == PHASE_STARTING);
    checkpoint_read(ingest, name, value);
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
    if (checkpoint_is_whole(ingest)) {
        ingest->read_next = checkpoint->seq + 1;
        ingest_note(ingest, TRACE_INFO, "the checkpoint reaches", checkpoint->seq);
    } else {
        producers_reset(&ingest->producers);
        window_reset(&ingest->window, ingest->log_first);
        memset(checkpoint->is_producer_block, 0, checkpoint->layout.producer_blocks);
        memset(checkpoint->is_ring_block, 0, checkpoint->layout.ring_blocks);
        checkpoint->seq = 0;
        checkpoint->epoch = checkpoint->epoch_max + 1;
        checkpoint->must_forget = true;
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
