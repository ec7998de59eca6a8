/* log_export.c - the two lengths around a record: of the chunk, and of the protobuf field.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/log_export.h"

#include <stdlib.h>

enum {
    CHUNK_HEADER_BYTES = 112, /* docs/decisions: the batch begins behind it */
    CHUNK_BYTES_MAX = 16 * 1024 * 1024,
    TAG_RECORD = 1 << 3 | 2, /* Batch.records, Batch.personals: length-delimited */
    TAG_PERSONAL = 2 << 3 | 2
};

static bool read_varint(struct bytes batch, size_t *offset, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *offset < batch.length; shift += 7) {
        uint8_t byte = batch.data[(*offset)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* One element of the batch. */
static bool read_element(struct bytes batch, size_t *offset, uint64_t *tag, struct bytes *content)
{
    uint64_t length = 0;
    if (!read_varint(batch, offset, tag) || !read_varint(batch, offset, &length) ||
        length > batch.length - *offset) {
        return false;
    }
    *content = bytes_of(batch.data + *offset, (size_t)length);
    *offset += (size_t)length;
    return true;
}

bool log_export_next(struct bytes batch, size_t *offset, struct log_record *record, bool *is_broken)
{
    uint64_t tag = 0;
    *record = (struct log_record){0};
    if (*offset == batch.length) {
        return false;
    }
    if (!read_element(batch, offset, &tag, &record->record) || tag != TAG_RECORD) {
        *is_broken = true;
        return false;
    }
    size_t after = *offset;
    if (after < batch.length && batch.data[after] == TAG_PERSONAL) {
        *is_broken = !read_element(batch, &after, &tag, &record->personal);
        *offset = after;
    }
    return !*is_broken;
}

bool log_export_read(FILE *in, uint8_t **chunk, struct bytes *batch, bool *is_broken)
{
    uint8_t front[4];
    if (fread(front, 1, sizeof front, in) != sizeof front) {
        *is_broken = true;
        return false;
    }
    size_t length =
        (size_t)front[0] << 24 | (size_t)front[1] << 16 | (size_t)front[2] << 8 | front[3];
    if (length == 0) {
        return false;
    }
    *is_broken = length < CHUNK_HEADER_BYTES || length > CHUNK_BYTES_MAX;
    uint8_t *room = *is_broken ? NULL : realloc(*chunk, length);
    if (room == NULL) {
        *is_broken = true;
        return false;
    }
    *chunk = room;
    *is_broken = fread(room, 1, length, in) != length;
    *batch = bytes_of(room + CHUNK_HEADER_BYTES, length - CHUNK_HEADER_BYTES);
    return !*is_broken;
}
