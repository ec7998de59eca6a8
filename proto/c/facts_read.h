/* facts_read.h - takes the facts out of the wire form of an event, without judging them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reads as every protobuf decoder does: the last of several values counts. What may be published is
 * for prescan.h to say, what was stored needs no second judgement.
 */
#ifndef PROTO_C_FACTS_READ_H
#define PROTO_C_FACTS_READ_H

#include "proto/c/facts.h"

enum { ID_TEXT_BYTES = 36 };

/* A google.protobuf.Timestamp as it stands. */
struct facts_time {
    bool is_present;
    int64_t seconds;
    int64_t nanos;
};

/* An event as it stands. */
struct facts_event {
    struct bytes id, topic, source, incident;
    struct facts_time occurred_at, expires_at;
    uint64_t mode, priority, confidentiality; /* as on the wire: not yet narrowed */
    int64_t utc_offset_minutes;
    uint32_t kind;   /* field number of the last body; 0: none */
    uint32_t bodies; /* how many there are */
    bool has_personal;
    uint64_t category; /* of the body */
    struct bytes entity;
    bool is_removed;
};

/* A `Sent` as it stands. */
struct facts_sent {
    struct bytes event, personal_digest, signature, producer;
    uint64_t number, after;
    struct facts_time sent_at;
};

/* False: malformed. */
bool facts_read_event(struct bytes wire_form, struct facts_event *event);
bool facts_read_sent(struct bytes wire_form, struct facts_sent *sent);

/* Narrows what was read. False: id or times cannot be narrowed; the rest is filled all the same. */
bool facts_narrow(const struct facts_event *event, struct event_facts *facts);

/* Fills all but the facts of the event. False: producer or time cannot be; the rest is filled. */
bool facts_fill(const struct facts_sent *from, struct sent_facts *sent);

/* The facts of a `Sent` that was judged before it was stored. False: it is not what was stored. */
bool facts_read_stored(struct bytes wire_form, struct sent_facts *sent);

/* Whether `text` is a lower-case UUID of 36 characters; then its 16 bytes are in `id`. */
bool facts_read_id(struct bytes text, uint8_t id[ID_BYTES]);

/* Reads a google.protobuf.Timestamp. False: malformed. */
bool facts_read_timestamp(struct bytes wire_form, struct facts_time *time);

/* Whether the time lies in the years 1 to 9999; then `ms` is its milliseconds since 1970, UTC. */
bool facts_read_time(const struct facts_time *time, int64_t *ms);

#endif
