/* json_event.h - the door between the JSON that people write and the bytes that travel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_JSON_EVENT_H
#define CLIENTS_C_SRC_JSON_EVENT_H

#include "clients/c/src/json_read.h"
#include "clients/c/src/json_text.h"
#include "clients/c/src/link_message.h"

/* Whose events these are. */
struct json_author {
    struct bytes agency;
    struct bytes secret; /* the profile's, 32 bytes */
};

/* An event as bytes, with what the outbox and the link want to know of it. */
struct json_event {
    struct link_event event; /* views into `block` */
    char id[37];
    uint8_t priority;
    void *block; /* to be freed by the caller */
};

/* Reads one event: names that the broker makes are passed over, id, mode and source get their
 * defaults, persons are split off. False: fault. */
bool json_event_read(struct bytes text, const struct json_author *author, struct json_event *event,
                     struct json_fault *fault);

/* Checks encoded bytes as they are before they are published, and splits nothing: a personal block
 * comes beside them. The bytes are copied. False: fault. */
bool json_event_take(struct bytes bytes, struct bytes block, const struct json_author *author,
                     struct json_event *event, struct json_fault *fault);

/* Prints the bytes of an `Event` as one object. False: they are none, or memory failed. */
bool json_event_print(struct json_text *text, struct bytes event);

/* What is known of a record beside the event. */
struct json_record {
    uint64_t seq;
    struct bytes record, personal; /* as in link_record */
    bool is_replay;
    int64_t now_ms; /* to tell what has expired */
};

/* What a program that gets a record wants to read without decoding it itself. */
struct json_record_facts {
    struct bytes event;    /* the bytes of `Event` */
    struct bytes personal; /* the bytes of `PersonalBlock`; empty: none */
    char agency[65];
    uint64_t seq; /* as it is stamped */
    int64_t recorded_ms;
    bool is_personal_withheld, is_personal_erased;
};

/* Reads a record without unpacking its event. False: it is none. */
bool json_record_read(const struct json_record *record, struct json_record_facts *facts);

/* Prints a record as one object: seq, recordedAt, id, source, topic, mode, replay, then the
 * rest. */
bool json_record_print(struct json_text *text, const struct json_record *record);

#endif
