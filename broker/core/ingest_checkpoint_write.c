/* ingest_checkpoint_write.c - when to write which block, and what is in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>

static void emit(struct checkpoint *checkpoint, struct codec_writer *writer, uint8_t kind,
                 uint64_t block, struct effects *fx)
{
    struct effect *effect = effects_add(fx, FX_CHECKPOINT);
    assert(effect != NULL);
    effect->of.checkpoint.name = checkpoint_name(checkpoint, kind, block);
    effect->of.checkpoint.value = checkpoint_seal(writer);
}

static void write_window(const struct ingest *ingest, struct codec_writer *writer, uint64_t block)
{
    const struct checkpoint *checkpoint = &ingest->checkpoint;
    uint64_t first = block * checkpoint->layout.window_block;
    uint64_t end = first + checkpoint->layout.window_block;
    first = first < ingest->window.low ? ingest->window.low : first;
    end = end > checkpoint->target ? checkpoint->target + 1 : end;
    codec_put_u64(writer, first);
    codec_put_u32(writer, (uint32_t)(end > first ? end - first : 0));
    for (uint64_t seq = first; seq < end; seq++) {
        const struct window_entry *entry = window_at(&ingest->window, seq);
        codec_put_bytes(writer, bytes_of(entry->key, ID_BYTES));
        codec_put_u64(writer, entry->digest);
    }
}

static void put_key(struct codec_writer *writer, uint32_t slot, const struct producer_key *key)
{
    codec_put_u32(writer, slot);
    codec_put_bytes(writer, bytes_of(key->id, PRODUCER_BYTES));
    codec_put_u64(writer, key->agency);
}

/* A producer that was never settled is not in the log: it is left out. */
static void write_producers(struct ingest *ingest, struct codec_writer *writer, uint64_t block)
{
    struct producers *producers = &ingest->producers;
    uint32_t size = ingest->checkpoint.layout.producer_block;
    uint32_t first = (uint32_t)block * size;
    uint32_t end = first + size < producers->room ? first + size : producers->room;
    uint64_t durable = ingest->pending.durable;
    for (uint32_t slot = first; slot < end; slot++) {
        const struct producer *producer = producers_at(producers, slot);
        producers->is_changed[slot] = false;
        if (producer->is_used && producer->settled > 0) {
            put_key(writer, slot, &producer->key);
            codec_put_u64(writer, producer->settled);
            codec_put_u64(writer, producer->last_seq < durable ? producer->last_seq : durable);
        }
    }
    codec_put_u32(writer, PRODUCER_NONE);
}

static void write_rings(struct ingest *ingest, struct codec_writer *writer, uint64_t block)
{
    struct producers *producers = &ingest->producers;
    uint32_t size = ingest->checkpoint.layout.ring_block;
    uint32_t first = (uint32_t)block * size;
    uint32_t end = first + size < producers->ring_count ? first + size : producers->ring_count;
    for (uint32_t ring = first; ring < end; ring++) {
        uint32_t slot = producers->rings[ring].producer, count = 0;
        producers->is_ring_changed[ring] = false;
        if (slot == PRODUCER_NONE) {
            continue;
        }
        const struct producer *producer = producers_at(producers, slot);
        while (count < producers->rings[ring].count &&
               producers_ring_at(producers, ring, count)->number <= producer->settled) {
            count++;
        }
        codec_put_u32(writer, ring);
        put_key(writer, slot, &producer->key);
        codec_put_u32(writer, count);
        for (uint32_t index = 0; index < count; index++) {
            const struct ring_entry *entry = producers_ring_at(producers, ring, index);
            codec_put_u64(writer, entry->number);
            codec_put_u64(writer, entry->seq);
            codec_put_u64(writer, entry->digest);
        }
    }
    codec_put_u32(writer, PRODUCER_NONE);
}

static void write_manifest(struct ingest *ingest, struct codec_writer *writer)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    const struct checkpoint_layout *layout = &checkpoint->layout;
    codec_put_bytes(writer, bytes_of(layout, sizeof *layout));
    codec_put_u64(writer, checkpoint->target);
    codec_put_u64(writer, ingest->pending.durable);
    codec_put_u64(writer, ingest->window.low);
    codec_put_bytes(writer, bytes_of(checkpoint->is_producer_block, layout->producer_blocks));
    codec_put_bytes(writer, bytes_of(checkpoint->is_ring_block, layout->ring_blocks));
    codec_put_u32(writer, ingest->window.time_count);
    for (uint32_t index = 0; index < ingest->window.time_count; index++) {
        codec_put_u64(writer, ingest->window.times[index].seq);
        codec_put_u64(writer, (uint64_t)ingest->window.times[index].recorded_at_ms);
    }
}

/* Whether any of `size` flags from block * size on is set. */
static bool is_any(const bool *flags, uint64_t block, uint32_t size, uint32_t room)
{
    uint64_t first = block * size;
    uint64_t count = room - first < size ? room - first : size;
    return memchr(flags + first, true, count) != NULL;
}

/* The next block to write from checkpoint->block on, or UINT64_MAX: the phase is over. */
static uint64_t next_block(const struct ingest *ingest)
{
    const struct checkpoint *checkpoint = &ingest->checkpoint;
    const struct checkpoint_layout *layout = &checkpoint->layout;
    const struct producers *producers = &ingest->producers;
    uint64_t block = checkpoint->block;
    if (checkpoint->phase == CHECKPOINT_WINDOW) {
        uint64_t low = ingest->window.low / layout->window_block;
        block = block < low ? low : block;
        return block <= checkpoint->target / layout->window_block ? block : UINT64_MAX;
    }
    bool is_ring = checkpoint->phase == CHECKPOINT_RINGS;
    const bool *flags = is_ring ? producers->is_ring_changed : producers->is_changed;
    uint32_t size = is_ring ? layout->ring_block : layout->producer_block;
    uint32_t room = is_ring ? producers->ring_count : producers->room;
    uint32_t blocks = is_ring ? layout->ring_blocks : layout->producer_blocks;
    while (block < blocks && !is_any(flags, block, size, room)) {
        block++;
    }
    return block < blocks ? block : UINT64_MAX;
}

static void write_block(struct ingest *ingest, uint64_t block, struct effects *fx)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct codec_writer writer = codec_writer_of(checkpoint->buffer, CHECKPOINT_PART_BYTES_MAX);
    if (checkpoint->phase == CHECKPOINT_WINDOW) {
        checkpoint_put_head(checkpoint, &writer, 'w');
        write_window(ingest, &writer, block);
        emit(checkpoint, &writer, 'w', block % checkpoint->layout.window_blocks, fx);
    } else if (checkpoint->phase == CHECKPOINT_PRODUCERS) {
        checkpoint_put_head(checkpoint, &writer, 'p');
        write_producers(ingest, &writer, block);
        checkpoint->is_producer_block[block] = 1;
        emit(checkpoint, &writer, 'p', block, fx);
    } else {
        checkpoint_put_head(checkpoint, &writer, 'r');
        write_rings(ingest, &writer, block);
        checkpoint->is_ring_block[block] = 1;
        emit(checkpoint, &writer, 'r', block, fx);
    }
}

static void begin(struct ingest *ingest, uint64_t now_ms)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    checkpoint->started_ms = now_ms;
    checkpoint->target = ingest->pending.durable;
    checkpoint->chunks = 0;
    checkpoint->block = (checkpoint->seq + 1) / checkpoint->layout.window_block;
    checkpoint->phase = CHECKPOINT_WINDOW;
}

static void end(struct ingest *ingest, struct effects *fx)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct codec_writer writer = codec_writer_of(checkpoint->buffer, CHECKPOINT_PART_BYTES_MAX);
    checkpoint_put_head(checkpoint, &writer, '0');
    write_manifest(ingest, &writer);
    emit(checkpoint, &writer, '0', 0, fx);
    checkpoint->seq = checkpoint->target;
    checkpoint->phase = CHECKPOINT_IDLE;
}

/* Until the manifest is asked for, what a crash makes a start read may not pass the interval. */
uint64_t ingest_append_max(const struct ingest *ingest)
{
    return ingest->checkpoint.seq + ingest->limits.checkpoint_events;
}

/* Writing begins a quarter before the interval's end, and makes no pauses in its last eighth: so
 * appends hardly ever have to wait for it. */
uint64_t ingest_checkpoint_deadline_ms(const struct ingest *ingest)
{
    const struct checkpoint *checkpoint = &ingest->checkpoint;
    uint64_t interval = ingest->limits.checkpoint_events;
    uint64_t new_events = ingest->pending.durable - checkpoint->seq;
    bool is_due = checkpoint->phase != CHECKPOINT_IDLE || new_events >= interval - interval / 4 ||
                  checkpoint->chunks >= CHECKPOINT_CHUNKS;
    if (is_due) {
        bool is_urgent = ingest->pending.sent - checkpoint->seq >= interval - interval / 8;
        return is_urgent ? 0 : checkpoint->part_ms;
    }
    return new_events > 0 ? checkpoint->started_ms + ingest->limits.checkpoint_ms : UINT64_MAX;
}

void ingest_write_checkpoint(struct ingest *ingest, uint64_t now_ms, struct effects *fx)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    if (now_ms < ingest_checkpoint_deadline_ms(ingest) || fx->count == fx->room) {
        return;
    }
    checkpoint->part_ms = now_ms + CHECKPOINT_PART_MS;
    if (checkpoint->phase == CHECKPOINT_IDLE) {
        begin(ingest, now_ms);
    }
    while (checkpoint->phase != CHECKPOINT_MANIFEST) {
        uint64_t block = next_block(ingest);
        if (block != UINT64_MAX) {
            write_block(ingest, block, fx);
            checkpoint->block = block + 1;
            return;
        }
        checkpoint->block = 0;
        checkpoint->phase++;
    }
    end(ingest, fx);
}
