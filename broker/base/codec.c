/* codec.c - one bounds check for writing and one for reading.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/codec.h"

#include <assert.h>

struct codec_writer codec_writer_of(void *data, size_t room)
{
    assert(data != NULL || room == 0);
    return (struct codec_writer){.data = data, .room = room};
}

/* The place of the next `length` bytes, or NULL. */
static uint8_t *codec_claim(struct codec_writer *writer, size_t length)
{
    if (writer->is_over || length > writer->room - writer->used) {
        writer->is_over = true;
        return NULL;
    }
    uint8_t *place = writer->data + writer->used;
    writer->used += length;
    return place;
}

static void codec_put_integer(struct codec_writer *writer, uint64_t value, size_t length)
{
    uint8_t *place = codec_claim(writer, length);
    if (place == NULL) {
        return;
    }
    for (size_t index = length; index > 0; index--) {
        place[index - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void codec_put_u8(struct codec_writer *writer, uint8_t value)
{
    codec_put_integer(writer, value, 1);
}

void codec_put_u16(struct codec_writer *writer, uint16_t value)
{
    codec_put_integer(writer, value, 2);
}

void codec_put_u32(struct codec_writer *writer, uint32_t value)
{
    codec_put_integer(writer, value, 4);
}

void codec_put_u64(struct codec_writer *writer, uint64_t value)
{
    codec_put_integer(writer, value, 8);
}

void codec_put_bytes(struct codec_writer *writer, struct bytes value)
{
    uint8_t *place = codec_claim(writer, value.length);
    if (place != NULL && value.length > 0) {
        memcpy(place, value.data, value.length);
    }
}

void codec_put_text(struct codec_writer *writer, struct bytes value)
{
    if (value.length > UINT16_MAX) {
        writer->is_over = true;
    }
    codec_put_u16(writer, (uint16_t)value.length);
    codec_put_bytes(writer, value);
}

struct bytes codec_written(const struct codec_writer *writer)
{
    return bytes_of(writer->data, writer->is_over ? 0 : writer->used);
}

struct codec_reader codec_reader_of(struct bytes bytes)
{
    return (struct codec_reader){.left = bytes};
}

struct bytes codec_get_bytes(struct codec_reader *reader, size_t length)
{
    if (reader->is_over || length > reader->left.length) {
        reader->is_over = true;
        return bytes_of(NULL, 0);
    }
    struct bytes taken = bytes_of(reader->left.data, length);
    if (length > 0) {
        reader->left = bytes_of(reader->left.data + length, reader->left.length - length);
    }
    return taken;
}

static uint64_t codec_get_integer(struct codec_reader *reader, size_t length)
{
    struct bytes taken = codec_get_bytes(reader, length);
    uint64_t value = 0;
    for (size_t index = 0; index < taken.length; index++) {
        value = value << 8 | taken.data[index];
    }
    return value;
}

uint8_t codec_get_u8(struct codec_reader *reader)
{
    return (uint8_t)codec_get_integer(reader, 1);
}

uint16_t codec_get_u16(struct codec_reader *reader)
{
    return (uint16_t)codec_get_integer(reader, 2);
}

uint32_t codec_get_u32(struct codec_reader *reader)
{
    return (uint32_t)codec_get_integer(reader, 4);
}

uint64_t codec_get_u64(struct codec_reader *reader)
{
    return codec_get_integer(reader, 8);
}

void codec_get_copy(struct codec_reader *reader, void *out, size_t length)
{
    struct bytes taken = codec_get_bytes(reader, length);
    if (taken.length > 0) {
        memcpy(out, taken.data, length);
    } else if (length > 0) {
        memset(out, 0, length);
    }
}

struct bytes codec_get_text(struct codec_reader *reader)
{
    return codec_get_bytes(reader, codec_get_u16(reader));
}

bool codec_is_done(const struct codec_reader *reader)
{
    return !reader->is_over && reader->left.length == 0;
}
