/* ingest_checkpoint.c - when to write which block, and what is in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>
#include <stdlib.h>

/* Bytes around and in a part, as the codec writes them. */
enum {
    PART_FRAME_BYTES = 128,
    WINDOW_ENTRY_BYTES = 24,
    RING_ENTRY_BYTES = 24,
    RING_HEAD_BYTES = 40
};

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uint32_t blocks_of(uint32_t count, uint32_t block)
{
    return count / block + (count % block > 0);
}

/* About 64 blocks a kind: enough that few change, few enough to be read at once. */
static void cut(struct checkpoint_layout *layout, const struct core_limits *limits)
{
    const uint32_t payload = CHECKPOINT_PART_BYTES_MAX - PART_FRAME_BYTES;
    uint32_t ring_bytes = RING_HEAD_BYTES + limits->window_events * RING_ENTRY_BYTES;
    assert(ring_bytes <= payload);
    layout->window_events = limits->id_window_events;
    layout->ring_room = limits->window_events;
    layout->window_block = clamp(limits->id_window_events / 64, 16, 8192);
    /* Two more than the window is long: the block that is written over holds nothing of it. */
    layout->window_blocks = blocks_of(limits->id_window_events, layout->window_block) + 2;
    layout->producer_block = clamp(limits->producers / 64, 4, 4096);
    layout->producer_blocks = blocks_of(limits->producers, layout->producer_block);
    layout->ring_block = clamp(limits->rings / 64, 1, payload / ring_bytes);
    layout->ring_blocks = blocks_of(limits->rings, layout->ring_block);
    assert(layout->window_block * WINDOW_ENTRY_BYTES <= payload);
}

enum status checkpoint_init(struct checkpoint *checkpoint, const struct core_limits *limits)
{
    *checkpoint = (struct checkpoint){0};
    cut(&checkpoint->layout, limits);
    const struct checkpoint_layout *layout = &checkpoint->layout;
    checkpoint->buffer = calloc(1, CHECKPOINT_PART_BYTES_MAX);
    checkpoint->is_producer_block = calloc(layout->producer_blocks, 1);
    checkpoint->is_producer_block_read = calloc(layout->producer_blocks, 1);
    checkpoint->is_ring_block = calloc(layout->ring_blocks, 1);
    checkpoint->is_ring_block_read = calloc(layout->ring_blocks, 1);
    if (checkpoint->buffer == NULL || checkpoint->is_producer_block == NULL ||
        checkpoint->is_producer_block_read == NULL || checkpoint->is_ring_block == NULL ||
        checkpoint->is_ring_block_read == NULL) {
        checkpoint_deinit(checkpoint);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void checkpoint_deinit(struct checkpoint *checkpoint)
{
    free(checkpoint->buffer);
    free(checkpoint->is_producer_block);
    free(checkpoint->is_producer_block_read);
    free(checkpoint->is_ring_block);
    free(checkpoint->is_ring_block_read);
    *checkpoint = (struct checkpoint){0};
}

/* FNV-1a over words of 8 bytes: against damage, not against anybody. */
uint64_t checkpoint_checksum(struct bytes bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ bytes.length;
    for (size_t index = 0; index < bytes.length; index += sizeof hash) {
        uint64_t word = 0;
        size_t left = bytes.length - index;
        memcpy(&word, bytes.data + index, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    return hash;
}

static void put_head(struct codec_writer *writer, const struct checkpoint *checkpoint, char kind)
{
    codec_put_text(writer, bytes_of_text("KTCP1"));
    codec_put_u8(writer, (uint8_t)kind);
    codec_put_bytes(writer, bytes_of(checkpoint->uuid, sizeof checkpoint->uuid));
    codec_put_u64(writer, checkpoint->incarnation);
    codec_put_u64(writer, checkpoint->epoch);
}

/* "once/" and the kind, then the block in hexadecimal, so that names sort like blocks. */
static struct bytes write_name(struct checkpoint *checkpoint, char kind, uint64_t block)
{
    static const char digits[] = "0123456789abcdef";
    char *name = checkpoint->name;
    memcpy(name, "once/", 5);
    name[5] = kind;
    if (kind == '0') {
        return bytes_of(name, 6);
    }
    for (int digit = 0; digit < 8; digit++) {
        name[6 + digit] = digits[block >> (28 - 4 * digit) & 15];
    }
    return bytes_of(name, 14);
}

static void emit(struct checkpoint *checkpoint, struct codec_writer *writer, char kind,
                 uint64_t block, struct effects *fx)
{
    codec_put_u64(writer, checkpoint_checksum(codec_written(writer)));
    assert(!writer->is_over);
    struct effect *effect = effects_add(fx, FX_CHECKPOINT);
    assert(effect != NULL);
    effect->of.checkpoint.name = write_name(checkpoint, kind, block);
    effect->of.checkpoint.value = codec_written(writer);
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
        put_head(&writer, checkpoint, 'w');
        write_window(ingest, &writer, block);
        emit(checkpoint, &writer, 'w', block % checkpoint->layout.window_blocks, fx);
    } else if (checkpoint->phase == CHECKPOINT_PRODUCERS) {
        put_head(&writer, checkpoint, 'p');
        write_producers(ingest, &writer, block);
        checkpoint->is_producer_block[block] = 1;
        emit(checkpoint, &writer, 'p', block, fx);
    } else {
        put_head(&writer, checkpoint, 'r');
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
    checkpoint->block = (checkpoint->seq + 1) / checkpoint->layout.window_block;
    checkpoint->phase = checkpoint->must_forget ? CHECKPOINT_FORGET : CHECKPOINT_WINDOW;
}

static void end(struct ingest *ingest, struct effects *fx)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct codec_writer writer = codec_writer_of(checkpoint->buffer, CHECKPOINT_PART_BYTES_MAX);
    put_head(&writer, checkpoint, '0');
    write_manifest(ingest, &writer);
    emit(checkpoint, &writer, '0', 0, fx);
    checkpoint->seq = checkpoint->target;
    checkpoint->phase = CHECKPOINT_IDLE;
}

static void forget(struct checkpoint *checkpoint, struct effects *fx)
{
    struct effect *effect = effects_add(fx, FX_CHECKPOINT);
    assert(effect != NULL);
    effect->of.checkpoint.name = write_name(checkpoint, '0', 0);
    checkpoint->must_forget = false;
    checkpoint->phase = CHECKPOINT_WINDOW;
}

uint64_t checkpoint_deadline_ms(const struct ingest *ingest)
{
    const struct checkpoint *checkpoint = &ingest->checkpoint;
    if (checkpoint->phase != CHECKPOINT_IDLE) {
        return checkpoint->part_ms;
    }
    uint64_t new_events = ingest->pending.durable - checkpoint->seq;
    if (new_events >= ingest->limits.checkpoint_events) {
        return checkpoint->part_ms;
    }
    return new_events > 0 ? checkpoint->started_ms + ingest->limits.checkpoint_ms : UINT64_MAX;
}

void checkpoint_continue(struct ingest *ingest, uint64_t now_ms, struct effects *fx)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    if (now_ms < checkpoint_deadline_ms(ingest) || fx->count == fx->room) {
        return;
    }
    checkpoint->part_ms = now_ms + CHECKPOINT_PART_MS;
    if (checkpoint->phase == CHECKPOINT_IDLE) {
        begin(ingest, now_ms);
    }
    if (checkpoint->phase == CHECKPOINT_FORGET) {
        forget(checkpoint, fx);
        return;
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
