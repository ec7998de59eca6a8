/* facts.h - what the pre-scan reads from the wire form of an event without unpacking it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Field numbers are those of proto/kentongan/v1/event.proto and record.proto. All views point into
 * the scanned bytes and live as long as they do.
 */
#ifndef PROTO_C_FACTS_H
#define PROTO_C_FACTS_H

#include "proto/c/bytes.h"

enum { ID_BYTES = 16, PRODUCER_BYTES = 16, DIGEST_BYTES = 32, SALT_BYTES = 16, KEY_ID_BYTES = 8 };

/* Values of kentongan.v1.Mode, as bits of a follow's mask: 1u << mode. */
enum mode { MODE_NONE = 0, MODE_ACTUAL = 1, MODE_EXERCISE = 2, MODE_TEST = 3, MODE_SYSTEM = 4 };

/* The envelope of one event. */
struct event_facts {
    uint8_t id[ID_BYTES];   /* the UUID's 16 bytes */
    struct bytes topic;     /* a valid topic to publish to */
    struct bytes source;    /* the agency that the event names as its own; may be empty */
    struct bytes incident;  /* empty: none */
    struct bytes entity;    /* what the body is about (its field 2); empty: none */
    int64_t occurred_at_ms; /* UTC */
    int64_t expires_at_ms;  /* UTC; 0: never */
    uint16_t category;      /* Category.Value (the body's field 1); 0: none */
    uint8_t mode;           /* enum mode */
    uint8_t kind;           /* field number of the body */
    uint8_t priority;       /* 0 to 10 */
    bool is_removed;        /* the body's field 3 */
};

/* One `Sent`: the envelope and the sending around it. */
struct sent_facts {
    struct event_facts event;
    struct bytes event_bytes;     /* the Event exactly as encoded */
    struct bytes personal_digest; /* 32 bytes or empty */
    struct bytes signature;
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
    uint64_t after;
    int64_t sent_at_ms; /* 0: absent */
};

/* What a scan says of bytes that it does not accept. `code` and `field` are static texts. */
struct scan_fault {
    const char *code;   /* a stable code of codes.h, such as "UTF8_INVALID" */
    const char *field;  /* JSON path of the field at fault, or "" */
    const char *reason; /* one sentence in English */
};

#endif
