/* link_wire_batch.c - batches, stepped through without being unpacked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire_codec.h"

#include <stdlib.h>

#include "clients/c/src/link_wire_scan.h"

enum { BATCH_RECORDS = 1, BATCH_PERSONALS = 2, RECORD_STAMP = 2, STAMP_SEQ = 1, PERSONAL_SEQ = 1 };

/* The last field `number` of a message, as protobuf reads a singular one. False: none, or bad
 * bytes. */
static bool batch_field(struct bytes message, uint32_t number, uint8_t wire_type,
                        struct scan_field *found)
{
    struct scan_field field;
    size_t offset = 0;
    bool is_bad, is_found = false;
    while (scan_next(message, &offset, &field, &is_bad)) {
        if (field.number != number)
            continue;
        if (field.wire_type != wire_type)
            return false;
        *found = field;
        is_found = true;
    }
    return is_found && !is_bad;
}

static bool batch_record_seq(struct bytes record, uint64_t *seq)
{
    struct scan_field stamp, field;
    if (!batch_field(record, RECORD_STAMP, 2, &stamp) ||
        !batch_field(stamp.bytes, STAMP_SEQ, 0, &field))
        return false;
    *seq = field.value;
    return true;
}

static struct link_record *batch_add(struct link_wire *wire, uint32_t *count, bool *is_memory)
{
    if (*count == wire->record_room) {
        uint32_t room = wire->record_room > 0 ? wire->record_room * 2 : 64;
        struct link_record *records = realloc(wire->records, room * sizeof *records);
        if (records == NULL) {
            *is_memory = true;
            return NULL;
        }
        wire->records = records;
        wire->record_room = room;
    }
    return &wire->records[(*count)++];
}

static bool batch_take_record(struct link_wire *wire, const struct scan_field *field,
                              size_t frame_bytes, uint32_t *count, bool *is_memory)
{
    uint64_t seq;
    if (*count == LINK_RECORDS_MAX || !batch_record_seq(field->bytes, &seq) || seq == 0 ||
        (*count > 0 && seq <= wire->records[*count - 1].seq))
        return false;
    struct link_record *record = batch_add(wire, count, is_memory);
    if (record == NULL)
        return false;
    *record = (struct link_record){.seq = seq, .record = field->bytes, .frame_bytes = frame_bytes};
    return true;
}

/* «each Personal directly after its record» */
static bool batch_take_personal(struct link_wire *wire, const struct scan_field *field,
                                size_t frame_bytes, uint32_t count)
{
    struct scan_field seq;
    if (count == 0 || !batch_field(field->bytes, PERSONAL_SEQ, 0, &seq))
        return false;
    struct link_record *record = &wire->records[count - 1];
    if (record->personal.length > 0 || seq.value != record->seq)
        return false;
    record->personal = field->bytes;
    record->frame_bytes += frame_bytes;
    return true;
}

bool link_wire_batch(struct link_wire *wire, struct bytes batch, uint32_t *count, bool *is_memory)
{
    struct scan_field field;
    size_t offset = 0;
    bool is_bad;
    *count = 0;
    *is_memory = false;
    while (scan_next(batch, &offset, &field, &is_bad)) {
        size_t frame_bytes = offset - field.offset;
        if (field.wire_type != 2)
            return false;
        if (field.number == BATCH_RECORDS) {
            if (!batch_take_record(wire, &field, frame_bytes, count, is_memory))
                return false;
        } else if (field.number != BATCH_PERSONALS ||
                   !batch_take_personal(wire, &field, frame_bytes, *count)) {
            return false;
        }
    }
    return !is_bad;
}
