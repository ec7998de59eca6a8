/* outbox_file.c - records of the outbox: sealed, read, judged.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox_file.h"

#include <assert.h>
#include <xxhash.h>

enum { MAGIC_0 = 'K', MAGIC_1 = 'o', EVENT_HEAD_BYTES = 25, DONE_HEAD_BYTES = 19 };

static uint8_t *put(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        *out++ = (uint8_t)(value >> (8 * i));
    return out;
}

static uint8_t *put_bytes(uint8_t *out, struct bytes bytes)
{
    if (bytes.length > 0)
        memcpy(out, bytes.data, bytes.length);
    return out + bytes.length;
}

static uint64_t get(const uint8_t *in, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

/* ---- records --------------------------------------------------------------------------------- */

static uint64_t record_checksum(const uint8_t *header, uint32_t segment, uint64_t offset,
                                struct bytes payload)
{
    uint64_t hash =
        XXH3_64bits_withSeed(payload.data, payload.length, outbox_token(segment, offset));
    return XXH3_64bits_withSeed(header, 8, hash);
}

void outbox_record_seal(uint8_t header[OUTBOX_HEADER_BYTES], enum outbox_type type,
                        uint32_t segment, uint64_t offset, struct bytes payload)
{
    assert(payload.length <= OUTBOX_PAYLOAD_MAX);
    header[0] = MAGIC_0;
    header[1] = MAGIC_1;
    header[2] = (uint8_t)type;
    header[3] = OUTBOX_FORMAT;
    put(header + 4, payload.length, 4);
    put(header + 8, record_checksum(header, segment, offset, payload), 8);
}

bool outbox_record_next(struct bytes file, uint32_t segment, size_t *offset,
                        struct outbox_record *record, bool *is_bad)
{
    *is_bad = false;
    if (*offset == file.length)
        return false;
    *is_bad = true;
    const uint8_t *header = file.data + *offset;
    size_t left = file.length - *offset;
    if (left < OUTBOX_HEADER_BYTES || header[0] != MAGIC_0 || header[1] != MAGIC_1 ||
        header[3] != OUTBOX_FORMAT)
        return false;
    size_t length = (size_t)get(header + 4, 4);
    if (length > OUTBOX_PAYLOAD_MAX || length > left - OUTBOX_HEADER_BYTES)
        return false;
    struct bytes payload = bytes_of(header + OUTBOX_HEADER_BYTES, length);
    if (record_checksum(header, segment, *offset, payload) != get(header + 8, 8))
        return false;
    *record = (struct outbox_record){
        .type = (enum outbox_type)header[2], .offset = *offset, .payload = payload};
    *offset += OUTBOX_HEADER_BYTES + length;
    *is_bad = false;
    return true;
}

bool outbox_was_flushed(struct bytes file, uint32_t segment, size_t offset)
{
    for (size_t at = offset + 1; at + OUTBOX_HEADER_BYTES <= file.length; at++) {
        struct outbox_record record;
        size_t next = at;
        bool is_bad;
        if (file.data[at] != MAGIC_0 || file.data[at + 2] != OUTBOX_FLUSHED)
            continue;
        if (outbox_record_next(file, segment, &next, &record, &is_bad) &&
            record.type == OUTBOX_FLUSHED && record.payload.length == 8 &&
            get(record.payload.data, 8) > offset)
            return true;
    }
    return false;
}

/* ---- payloads -------------------------------------------------------------------------------- */

void outbox_state_encode(const struct outbox_state *state, uint8_t out[OUTBOX_STATE_BYTES])
{
    uint8_t *at = put(out, OUTBOX_FORMAT, 4);
    for (int lane = 0; lane < LINK_LANES; lane++) {
        at = put_bytes(at, bytes_of(state->producers[lane], PRODUCER_BYTES));
        at = put(at, state->numbers[lane], 8);
    }
    at = put_bytes(at, bytes_of(state->log.uuid, sizeof state->log.uuid));
    at = put(at, state->log.incarnation, 8);
    assert(at == out + OUTBOX_STATE_BYTES);
}

bool outbox_state_decode(struct bytes payload, struct outbox_state *state)
{
    if (payload.length != OUTBOX_STATE_BYTES || get(payload.data, 4) != OUTBOX_FORMAT)
        return false;
    const uint8_t *at = payload.data + 4;
    for (int lane = 0; lane < LINK_LANES; lane++, at += PRODUCER_BYTES + 8) {
        memcpy(state->producers[lane], at, PRODUCER_BYTES);
        uint64_t number = get(at + PRODUCER_BYTES, 8);
        if (number > state->numbers[lane])
            state->numbers[lane] = number;
    }
    memcpy(state->log.uuid, at, sizeof state->log.uuid);
    state->log.incarnation = get(at + sizeof state->log.uuid, 8);
    return true;
}

size_t outbox_event_bytes(const struct link_event *event)
{
    return EVENT_HEAD_BYTES + event->digest.length + event->salt.length + event->event.length +
           event->block.length;
}

void outbox_event_encode(const struct outbox_event *event, uint8_t *out)
{
    const struct link_event *body = &event->event;
    assert(body->digest.length == 0 ||
           (body->digest.length == DIGEST_BYTES && body->salt.length == SALT_BYTES));
    uint8_t *at = put(out, event->lane, 1);
    at = put(at, event->number, 8);
    at = put(at, (uint64_t)event->time_ms, 8);
    at = put(at, body->event.length, 4);
    at = put(at, body->digest.length == 0 ? UINT32_MAX : body->block.length, 4);
    at = put_bytes(at, body->digest);
    at = put_bytes(at, body->salt);
    at = put_bytes(at, body->event);
    put_bytes(at, body->block);
}

bool outbox_event_decode(struct bytes payload, struct outbox_event *event)
{
    if (payload.length < EVENT_HEAD_BYTES || payload.data[0] >= LINK_LANES)
        return false;
    const uint8_t *at = payload.data;
    *event = (struct outbox_event){.lane = (enum link_lane)at[0],
                                   .number = get(at + 1, 8),
                                   .time_ms = (int64_t)get(at + 9, 8)};
    size_t event_bytes = (size_t)get(at + 17, 4), block_bytes = (size_t)get(at + 21, 4);
    bool has_block = block_bytes != UINT32_MAX;
    size_t fixed_bytes = EVENT_HEAD_BYTES + (has_block ? DIGEST_BYTES + SALT_BYTES : 0);
    if (!has_block)
        block_bytes = 0;
    if (payload.length != fixed_bytes + event_bytes + block_bytes)
        return false;
    at += EVENT_HEAD_BYTES;
    if (has_block) {
        event->event.digest = bytes_of(at, DIGEST_BYTES);
        event->event.salt = bytes_of(at + DIGEST_BYTES, SALT_BYTES);
        at += DIGEST_BYTES + SALT_BYTES;
    }
    event->event.event = bytes_of(at, event_bytes);
    event->event.block = bytes_of(at + event_bytes, block_bytes);
    return true;
}

void outbox_number_encode(uint64_t token, uint64_t number, uint8_t out[OUTBOX_NUMBER_BYTES])
{
    put(put(out, token, 8), number, 8);
}

bool outbox_number_decode(struct bytes payload, uint64_t *token, uint64_t *number)
{
    if (payload.length != OUTBOX_NUMBER_BYTES)
        return false;
    *token = get(payload.data, 8);
    *number = get(payload.data + 8, 8);
    return true;
}

static struct bytes clipped(struct bytes text, size_t length_max)
{
    return bytes_of(text.data, text.length < length_max ? text.length : length_max);
}

size_t outbox_done_bytes(const struct outbox_done *done)
{
    return DONE_HEAD_BYTES + clipped(done->code, UINT8_MAX).length +
           clipped(done->reason, OUTBOX_REASON_MAX).length;
}

void outbox_done_encode(const struct outbox_done *done, uint8_t *out)
{
    struct bytes code = clipped(done->code, UINT8_MAX);
    struct bytes reason = clipped(done->reason, OUTBOX_REASON_MAX);
    uint8_t *at = put(put(put(out, done->token, 8), done->is_stored, 1), done->seq, 8);
    at = put(put(at, code.length, 1), reason.length, 1);
    put_bytes(put_bytes(at, code), reason);
}

bool outbox_done_decode(struct bytes payload, struct outbox_done *done)
{
    if (payload.length < DONE_HEAD_BYTES)
        return false;
    const uint8_t *at = payload.data;
    *done =
        (struct outbox_done){.token = get(at, 8), .is_stored = at[8] == 1, .seq = get(at + 9, 8)};
    size_t code_bytes = at[17], reason_bytes = at[18];
    if (payload.length != DONE_HEAD_BYTES + code_bytes + reason_bytes)
        return false;
    done->code = bytes_of(at + DONE_HEAD_BYTES, code_bytes);
    done->reason = bytes_of(at + DONE_HEAD_BYTES + code_bytes, reason_bytes);
    return true;
}
