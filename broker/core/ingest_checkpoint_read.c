/* ingest_checkpoint_read.c - what the parts of a checkpoint say, put back where it was.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

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

/* A ring may be newer than its producer's block: then the mark is at least its newest number. A
 * ring whose producer is in no block has nothing that the log does not tell again. */
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

void ingest_read_part(struct ingest *ingest, struct bytes name, struct bytes value)
{
    struct checkpoint *checkpoint = &ingest->checkpoint;
    struct codec_reader payload;
    uint8_t kind;
    uint64_t block;
    if (!checkpoint_read_name(name, &kind, &block) ||
        !checkpoint_open(checkpoint, value, kind, &payload)) {
        return;
    }
    if (kind == '0') {
        checkpoint->has_manifest = read_manifest(ingest, &payload);
    } else if (checkpoint->has_manifest && !read_block(ingest, kind, block, &payload)) {
        checkpoint->is_bad = true;
    }
}

bool ingest_is_checkpoint_whole(const struct ingest *ingest)
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
