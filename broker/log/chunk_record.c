/* chunk_record.c - steps through the records of a batch, each with the Personal behind it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"

#include <assert.h>

#include "proto/c/facts_read.h"
#include "proto/c/field.h"

/* Fields of Stamp and Timestamp. */
enum {
    STAMP_SEQ = 1,
    STAMP_AGENCY = 2,
    STAMP_KEY_ID = 3,
    STAMP_RECORDED_AT = 4,
    STAMP_SENDER_SKEWED = 6,
    STAMP_CLOCK_JUMPED = 7
};

static bool read_recorded_at(struct bytes wire_form, int64_t *ms)
{
    struct facts_time time;
    return facts_read_timestamp(wire_form, &time) && facts_read_time(&time, ms);
}

static bool read_stamp_field(const struct field *field, struct chunk_record *record)
{
    switch (field->number) {
    case STAMP_SEQ:
        record->seq = field->value;
        return true;
    case STAMP_AGENCY:
        record->agency = field->bytes;
        return true;
    case STAMP_KEY_ID:
        if (field->bytes.length != KEY_ID_BYTES) {
            return false;
        }
        memcpy(record->key_id, field->bytes.data, KEY_ID_BYTES);
        return true;
    case STAMP_RECORDED_AT:
        return read_recorded_at(field->bytes, &record->recorded_at_ms);
    case STAMP_SENDER_SKEWED:
        record->sender_skewed = field->value != 0;
        return true;
    case STAMP_CLOCK_JUMPED:
        record->clock_jumped = field->value != 0;
        return true;
    default:
        return true;
    }
}

static bool read_stamp(struct bytes rest, struct chunk_record *record)
{
    while (rest.length > 0) {
        struct field field;
        if (!field_take(&rest, &field) || !read_stamp_field(&field, record)) {
            return false;
        }
    }
    return record->seq != 0 && record->agency.length > 0;
}

static bool read_record(struct bytes rest, struct chunk_record *record)
{
    struct bytes stamp = bytes_of(NULL, 0);
    while (rest.length > 0) {
        struct field field;
        if (!field_take(&rest, &field) || field.type != FIELD_BYTES) {
            return false;
        }
        if (field.number == RECORD_SENT) {
            record->sent_bytes = field.bytes;
        } else if (field.number == RECORD_STAMP) {
            stamp = field.bytes;
        }
    }
    return read_stamp(stamp, record) && facts_read_stored(record->sent_bytes, &record->sent);
}

static bool take_expected(struct bytes *rest, uint32_t number, enum field_type type,
                          struct field *field)
{
    return rest->length > 0 && field_take(rest, field) && field->number == number &&
           field->type == type;
}

static bool is_filler(struct bytes filler)
{
    for (size_t index = 0; index < filler.length; index++) {
        if (filler.data[index] != 0) {
            return false;
        }
    }
    return true;
}

/* A Personal in a chunk is its sequence, then either salt and block or filler, in this order.
 * Nothing else is let pass, since no sum covers these bytes. */
static bool read_personal(struct bytes content, struct chunk_record *record)
{
    struct field field = {0};
    struct bytes rest = content;
    record->personal = content;
    if (!take_expected(&rest, PERSONAL_SEQ, FIELD_VARINT, &field) || field.value != record->seq) {
        return false;
    }
    if (rest.length > 0 && rest.data[0] == (PERSONAL_ERASED << 3 | FIELD_BYTES)) {
        record->is_erased = true;
        return take_expected(&rest, PERSONAL_ERASED, FIELD_BYTES, &field) &&
               is_filler(field.bytes) && rest.length == 0;
    }
    bool has_salt = take_expected(&rest, PERSONAL_SALT, FIELD_BYTES, &field);
    record->salt = field.bytes;
    bool has_block = has_salt && take_expected(&rest, PERSONAL_BLOCK, FIELD_BYTES, &field);
    record->block = field.bytes;
    return has_block && record->salt.length == SALT_BYTES && rest.length == 0;
}

/* Reads the Personal at the start of `rest`, if there is one. */
static bool next_personal(struct bytes rest, struct chunk_record *record)
{
    struct field field;
    if (rest.length == 0 || rest.data[0] != (BATCH_PERSONAL << 3 | FIELD_BYTES)) {
        return true;
    }
    size_t before = rest.length;
    if (!take_expected(&rest, BATCH_PERSONAL, FIELD_BYTES, &field)) {
        return false;
    }
    record->personal_length = (uint32_t)(before - rest.length);
    return read_personal(field.bytes, record);
}

bool chunk_next_record(struct bytes batch, size_t *offset, struct chunk_record *record,
                       enum status *fault)
{
    assert(*offset <= batch.length && batch.length <= UINT32_MAX);
    struct bytes rest = bytes_of(batch.data + *offset, batch.length - *offset);
    struct field field;
    *record = (struct chunk_record){.offset = (uint32_t)*offset};
    *fault = STATUS_OK;
    if (rest.length == 0) {
        return false;
    }
    *fault = STATUS_CORRUPT;
    if (!take_expected(&rest, BATCH_RECORD, FIELD_BYTES, &field) ||
        !read_record(field.bytes, record)) {
        return false;
    }
    record->length = (uint32_t)(batch.length - *offset - rest.length);
    if (!next_personal(rest, record)) {
        return false;
    }
    *offset += record->length + record->personal_length;
    *fault = STATUS_OK;
    return true;
}

void chunk_erase_personal(uint8_t *batch, const struct chunk_record *record)
{
    /* The filler's length takes three bytes whatever it is, so that any size can be filled. */
    enum { FILLER_HEAD_BYTES = 4 };
    assert(record->salt.data != NULL && !record->is_erased);
    size_t seq_bytes = (size_t)(record->salt.data - record->personal.data) - 2;
    size_t content_at =
        (size_t)record->offset + record->length + record->personal_length - record->personal.length;
    uint8_t *at = batch + content_at + seq_bytes;
    size_t room = record->personal.length - seq_bytes;
    assert(room > FILLER_HEAD_BYTES && room < 1 << 21);
    size_t filler_bytes = room - FILLER_HEAD_BYTES;
    memset(at, 0, room);
    at[0] = PERSONAL_ERASED << 3 | FIELD_BYTES;
    at[1] = (uint8_t)(filler_bytes | 0x80);
    at[2] = (uint8_t)(filler_bytes >> 7 | 0x80);
    at[3] = (uint8_t)(filler_bytes >> 14);
}
