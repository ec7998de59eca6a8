/* ingest_checkpoint.c - how a checkpoint is cut into parts, and the frame around a part.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_checkpoint.h"

#include <assert.h>
#include <stdlib.h>

/* Places in a name. */
enum { NAME_KIND = 5, NAME_BLOCK = 6, BLOCK_DIGITS = 8 };

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
static uint64_t checksum_of(struct bytes bytes)
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

void checkpoint_put_head(const struct checkpoint *checkpoint, struct codec_writer *writer,
                         uint8_t kind)
{
    codec_put_text(writer, bytes_of_text("KTCP1"));
    codec_put_u8(writer, kind);
    codec_put_bytes(writer, bytes_of(checkpoint->uuid, sizeof checkpoint->uuid));
    codec_put_u64(writer, checkpoint->incarnation);
    codec_put_u64(writer, checkpoint->epoch);
}

struct bytes checkpoint_seal(struct codec_writer *writer)
{
    codec_put_u64(writer, checksum_of(codec_written(writer)));
    assert(!writer->is_over);
    return codec_written(writer);
}

bool checkpoint_open(struct checkpoint *checkpoint, struct bytes value, uint8_t kind,
                     struct codec_reader *payload)
{
    const size_t checksum_bytes = sizeof(uint64_t);
    if (value.length < checksum_bytes) {
        return false;
    }
    struct bytes body = bytes_of(value.data, value.length - checksum_bytes);
    struct codec_reader tail = codec_reader_of(bytes_of(value.data + body.length, checksum_bytes));
    if (codec_get_u64(&tail) != checksum_of(body)) {
        return false;
    }
    *payload = codec_reader_of(body);
    bool is_ours = bytes_are_equal(codec_get_text(payload), bytes_of_text("KTCP1"));
    is_ours &= codec_get_u8(payload) == kind;
    is_ours &= bytes_are_equal(codec_get_bytes(payload, sizeof checkpoint->uuid),
                               bytes_of(checkpoint->uuid, sizeof checkpoint->uuid));
    is_ours &= codec_get_u64(payload) == checkpoint->incarnation;
    uint64_t epoch = codec_get_u64(payload);
    if (!is_ours || payload->is_over) {
        return false;
    }
    checkpoint->epoch_max = epoch > checkpoint->epoch_max ? epoch : checkpoint->epoch_max;
    checkpoint->epoch = kind == '0' ? epoch : checkpoint->epoch;
    return epoch == checkpoint->epoch;
}

/* "once/" and the kind, then the block in hexadecimal, so that names sort like blocks. */
struct bytes checkpoint_name(struct checkpoint *checkpoint, uint8_t kind, uint64_t block)
{
    static const char digits[] = "0123456789abcdef";
    char *name = checkpoint->name;
    memcpy(name, "once/", NAME_KIND);
    name[NAME_KIND] = (char)kind;
    if (kind == '0') {
        return bytes_of(name, NAME_BLOCK);
    }
    for (int digit = 0; digit < BLOCK_DIGITS; digit++) {
        name[NAME_BLOCK + digit] = digits[block >> 4 * (BLOCK_DIGITS - 1 - digit) & 15];
    }
    return bytes_of(name, NAME_BLOCK + BLOCK_DIGITS);
}

bool checkpoint_read_name(struct bytes name, uint8_t *kind, uint64_t *block)
{
    if ((name.length != NAME_BLOCK && name.length != NAME_BLOCK + BLOCK_DIGITS) ||
        memcmp(name.data, "once/", NAME_KIND) != 0) {
        return false;
    }
    *kind = name.data[NAME_KIND];
    *block = 0;
    for (size_t index = NAME_BLOCK; index < name.length; index++) {
        uint8_t digit = name.data[index];
        *block = *block << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}
