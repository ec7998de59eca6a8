/* chunk_seal.c - encodes what was accepted: header, records, and the Personals between them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/codec.h"
#include "broker/log/chunk_sum.h"
#include "proto/c/field.h"

/* Tags: a field number and how the field is written. */
enum {
    STAMP_SEQ_TAG = 1 << 3 | FIELD_VARINT,
    STAMP_AGENCY_TAG = 2 << 3 | FIELD_BYTES,
    STAMP_KEY_ID_TAG = 3 << 3 | FIELD_BYTES,
    STAMP_RECORDED_AT_TAG = 4 << 3 | FIELD_BYTES,
    STAMP_SENDER_SKEWED_TAG = 6 << 3 | FIELD_VARINT,
    STAMP_CLOCK_JUMPED_TAG = 7 << 3 | FIELD_VARINT,
    TIME_SECONDS_TAG = 1 << 3 | FIELD_VARINT,
    TIME_NANOS_TAG = 2 << 3 | FIELD_VARINT
};

/* Bounds of what is encoded: tag and length of an element, tag and value of a number, a stamp. */
enum {
    HEAD_BYTES_MAX = 1 + 5,
    NUMBER_BYTES_MAX = 1 + 10,
    TIME_BYTES_MAX = 2 * NUMBER_BYTES_MAX,
    STAMP_BYTES_MAX =
        4 * NUMBER_BYTES_MAX + 3 * HEAD_BYTES_MAX + AGENCY_BYTES_MAX + KEY_ID_BYTES + TIME_BYTES_MAX
};

static void put_varint(struct codec_writer *writer, uint64_t value)
{
    while (value >= 0x80) {
        codec_put_u8(writer, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    codec_put_u8(writer, (uint8_t)value);
}

static size_t varint_bytes(uint64_t value)
{
    size_t length = 1;
    for (; value >= 0x80; value >>= 7) {
        length++;
    }
    return length;
}

/* A number; 0 is left out, as every encoder leaves it out. */
static void put_number(struct codec_writer *writer, uint8_t tag, uint64_t value)
{
    if (value != 0) {
        codec_put_u8(writer, tag);
        put_varint(writer, value);
    }
}

static void put_head(struct codec_writer *writer, uint8_t tag, size_t length)
{
    codec_put_u8(writer, tag);
    put_varint(writer, length);
}

static void put_element(struct codec_writer *writer, uint8_t tag, struct bytes content)
{
    put_head(writer, tag, content.length);
    codec_put_bytes(writer, content);
}

static size_t element_bytes(size_t content_bytes)
{
    return 1 + varint_bytes(content_bytes) + content_bytes;
}

static void put_time(struct codec_writer *writer, uint8_t tag, int64_t ms)
{
    uint8_t room[TIME_BYTES_MAX];
    struct codec_writer time = codec_writer_of(room, sizeof room);
    int64_t left_ms = (ms % 1000 + 1000) % 1000; /* nanoseconds are never negative */
    put_number(&time, TIME_SECONDS_TAG, (uint64_t)((ms - left_ms) / 1000));
    put_number(&time, TIME_NANOS_TAG, (uint64_t)left_ms * 1000000);
    put_element(writer, tag, codec_written(&time));
}

static struct bytes encode_stamp(const struct append_item *item, uint8_t room[STAMP_BYTES_MAX])
{
    assert(item->agency.length > 0 && item->agency.length <= AGENCY_BYTES_MAX);
    struct codec_writer stamp = codec_writer_of(room, STAMP_BYTES_MAX);
    put_number(&stamp, STAMP_SEQ_TAG, item->seq);
    put_element(&stamp, STAMP_AGENCY_TAG, item->agency);
    put_element(&stamp, STAMP_KEY_ID_TAG, bytes_of(item->key_id, KEY_ID_BYTES));
    put_time(&stamp, STAMP_RECORDED_AT_TAG, item->recorded_at_ms);
    put_number(&stamp, STAMP_SENDER_SKEWED_TAG, item->sender_skewed);
    put_number(&stamp, STAMP_CLOCK_JUMPED_TAG, item->clock_jumped);
    assert(!stamp.is_over);
    return codec_written(&stamp);
}

static void put_record(struct codec_writer *writer, const struct append_item *item)
{
    uint8_t room[STAMP_BYTES_MAX];
    struct bytes stamp = encode_stamp(item, room);
    put_head(writer, BATCH_RECORD << 3 | FIELD_BYTES,
             element_bytes(item->sent.length) + element_bytes(stamp.length));
    put_element(writer, RECORD_SENT << 3 | FIELD_BYTES, item->sent);
    put_element(writer, RECORD_STAMP << 3 | FIELD_BYTES, stamp);
}

/* Salt and block as they came, in whatever order, behind the sequence that they belong to. */
static void put_personal(struct codec_writer *writer, const struct append_item *item)
{
    struct bytes rest = item->personal, salt = bytes_of(NULL, 0), block = bytes_of(NULL, 0);
    while (rest.length > 0) {
        struct field field;
        bool is_read = field_take(&rest, &field);
        assert(is_read && (field.number == PERSONAL_SALT || field.number == PERSONAL_BLOCK));
        *(field.number == PERSONAL_SALT ? &salt : &block) = field.bytes;
    }
    put_head(writer, BATCH_PERSONAL << 3 | FIELD_BYTES,
             1 + varint_bytes(item->seq) + element_bytes(salt.length) +
                 element_bytes(block.length));
    put_number(writer, PERSONAL_SEQ << 3 | FIELD_VARINT, item->seq);
    put_element(writer, PERSONAL_SALT << 3 | FIELD_BYTES, salt);
    put_element(writer, PERSONAL_BLOCK << 3 | FIELD_BYTES, block);
}

size_t chunk_item_bytes_max(const struct append_item *item)
{
    size_t record = (size_t)3 * HEAD_BYTES_MAX + item->sent.length + STAMP_BYTES_MAX;
    size_t personal = (size_t)3 * HEAD_BYTES_MAX + NUMBER_BYTES_MAX + item->personal.length;
    return item->personal.length > 0 ? record + personal : record;
}

/* Returns how many bytes the records alone take. */
static size_t put_batch(struct codec_writer *writer, const struct append_item *items,
                        uint32_t count)
{
    size_t records_bytes = 0;
    for (uint32_t index = 0; index < count; index++) {
        assert(items[index].seq == items[0].seq + index && items[index].seq > 0);
        size_t before = writer->used;
        put_record(writer, &items[index]);
        records_bytes += writer->used - before;
        if (items[index].personal.length > 0) {
            put_personal(writer, &items[index]);
        }
    }
    return records_bytes;
}

/* Fills the header in front of a batch that is in place. */
static void put_header(uint8_t *data, size_t length, const struct append_item *items,
                       uint32_t count, size_t records_bytes,
                       const uint8_t previous[CHUNK_HASH_BYTES])
{
    struct bytes chunk = bytes_of(data, length);
    struct codec_writer writer = codec_writer_of(data, CHUNK_HEADER_BYTES);
    codec_put_bytes(&writer, bytes_of_text("KTGC"));
    codec_put_u16(&writer, CHUNK_VERSION);
    codec_put_u16(&writer, 0);
    codec_put_u64(&writer, items[0].seq);
    codec_put_u32(&writer, count);
    codec_put_u32(&writer, (uint32_t)records_bytes);
    codec_put_u64(&writer, (uint64_t)items[0].recorded_at_ms);
    codec_put_u64(&writer, (uint64_t)items[count - 1].recorded_at_ms);
    assert(writer.used == CHUNK_CHECKSUM_AT);
    memcpy(data + CHUNK_PREVIOUS_AT, previous, CHUNK_HASH_BYTES);
    chunk_sum_hash(chunk, data + CHUNK_HASH_AT);
    codec_put_u64(&writer, chunk_sum_check(chunk));
}

enum status chunk_seal(const struct append_item *items, uint32_t count,
                       const uint8_t previous[CHUNK_HASH_BYTES], struct blob **chunk,
                       uint8_t hash[CHUNK_HASH_BYTES])
{
    assert(count > 0);
    size_t room = CHUNK_HEADER_BYTES;
    for (uint32_t index = 0; index < count && room < CHUNK_BYTES_MAX; index++) {
        room += chunk_item_bytes_max(&items[index]);
    }
    room = room < CHUNK_BYTES_MAX ? room : CHUNK_BYTES_MAX;
    uint8_t *data = malloc(room);
    if (data == NULL) {
        return STATUS_MEMORY;
    }
    struct codec_writer writer =
        codec_writer_of(data + CHUNK_HEADER_BYTES, room - CHUNK_HEADER_BYTES);
    size_t records_bytes = put_batch(&writer, items, count);
    if (writer.is_over) {
        free(data);
        return STATUS_INVALID;
    }
    size_t length = CHUNK_HEADER_BYTES + writer.used;
    put_header(data, length, items, count, records_bytes, previous);
    memcpy(hash, data + CHUNK_HASH_AT, CHUNK_HASH_BYTES);
    *chunk = blob_wrap(bytes_of(data, length), free, data);
    if (*chunk == NULL) {
        free(data);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}
