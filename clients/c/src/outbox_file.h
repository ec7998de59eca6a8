/* outbox_file.h - the records of an outbox's segment files, and how a torn end is told from damage.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A segment is a row of records: magic, type, length, checksum, payload. The checksum is seeded
 * with segment and offset, so that bytes of another place are never taken for a record. All
 * integers are little-endian.
 */
#ifndef CLIENTS_C_SRC_OUTBOX_FILE_H
#define CLIENTS_C_SRC_OUTBOX_FILE_H

#include "clients/c/src/link_terms.h"

enum {
    OUTBOX_FORMAT = 1,
    OUTBOX_HEADER_BYTES = 16,
    OUTBOX_PAYLOAD_MAX = 2 * 1024 * 1024,
    OUTBOX_SEGMENT_MAX = 64 * 1024 * 1024,
    OUTBOX_REASON_MAX = 200 /* of what a refusal's record keeps */
};

enum outbox_type {
    OUTBOX_HEAD = 1, /* first in every segment: all that is needed of the segments before */
    OUTBOX_EVENT,    /* one event to publish */
    OUTBOX_NUMBER,   /* an event's new number */
    OUTBOX_DONE,     /* an event was stored or refused */
    OUTBOX_STATE,    /* as HEAD, when it changes */
    OUTBOX_REOPEN,   /* stored events of a lane above a mark are unanswered again */
    OUTBOX_FLUSHED   /* everything up to here had been flushed when this was written */
};

/* What HEAD and STATE hold. */
struct outbox_state {
    uint8_t producers[LINK_LANES][PRODUCER_BYTES];
    uint64_t numbers[LINK_LANES]; /* the highest given so far */
    struct link_log log;
};

/* What EVENT holds; views point into the payload. */
struct outbox_event {
    enum link_lane lane;
    uint64_t number;
    int64_t time_ms;
    struct link_event event;
};

/* What DONE holds. */
struct outbox_done {
    uint64_t token;
    bool is_stored;
    uint64_t seq;
    struct bytes code, reason; /* of a refusal */
};

struct outbox_record {
    enum outbox_type type;
    uint64_t offset;
    struct bytes payload;
};

/* The name of the record at `offset` of `segment`, for ever: what the link calls a token. */
static inline uint64_t outbox_token(uint32_t segment, uint64_t offset)
{
    return (uint64_t)segment << 32 | offset;
}

/* The record at `*offset` of a segment's bytes, which moves past it. False: the end, or (`*is_bad`)
 * something that is no whole record. */
bool outbox_record_next(struct bytes file, uint32_t segment, size_t *offset,
                        struct outbox_record *record, bool *is_bad);

/* Whether a marker beyond `offset` says that the bytes at `offset` had been flushed: then it is
 * damage, not a torn end. */
bool outbox_was_flushed(struct bytes file, uint32_t segment, size_t offset);

/* Writes the header that belongs before `payload` at that place. */
void outbox_record_seal(uint8_t header[OUTBOX_HEADER_BYTES], enum outbox_type type,
                        uint32_t segment, uint64_t offset, struct bytes payload);

/* Payloads: sizes, encoders (into room of that size), decoders (false: not such a payload). */
enum { OUTBOX_STATE_BYTES = 2 * PRODUCER_BYTES + 2 * 8 + 16 + 8 + 4, OUTBOX_NUMBER_BYTES = 16 };

void outbox_state_encode(const struct outbox_state *state, uint8_t out[OUTBOX_STATE_BYTES]);
bool outbox_state_decode(struct bytes payload, struct outbox_state *state);
size_t outbox_event_bytes(const struct link_event *event);
void outbox_event_encode(const struct outbox_event *event, uint8_t *out);
bool outbox_event_decode(struct bytes payload, struct outbox_event *event);
void outbox_number_encode(uint64_t token, uint64_t number, uint8_t out[OUTBOX_NUMBER_BYTES]);
bool outbox_number_decode(struct bytes payload, uint64_t *token, uint64_t *number);
size_t outbox_done_bytes(const struct outbox_done *done);
void outbox_done_encode(const struct outbox_done *done, uint8_t *out);
bool outbox_done_decode(struct bytes payload, struct outbox_done *done);

#endif
