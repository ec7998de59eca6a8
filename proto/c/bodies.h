/* bodies.h - the kinds of body that an event can have, and the shape of their wire form.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The one machine-readable place for what a kind demands. In every body message of event.proto,
 * field 1 is the category, field 2 names the thing that the event is about (the entity, the key of
 * last-known state, at most 64 bytes), field 3 says that the thing is removed; each only where the
 * kind has it. Shapes let a scan walk a whole event without a decoder; they are written by
 * proto/shapes.py, and a test holds them to the schemas. All is static and constant: any thread.
 */
#ifndef PROTO_C_BODIES_H
#define PROTO_C_BODIES_H

#include "proto/c/bytes.h"

enum {
    KT_BODY_NUMBER_MIN = 32, /* the lowest field number of a body in Event */
    KT_BODY_CATEGORY = 1,    /* fields of every body that has them */
    KT_BODY_ENTITY = 2,
    KT_BODY_REMOVED = 3
};

/* What a kind belongs to. */
enum kt_body_family {
    KT_BODY_INCIDENT, /* something that happens */
    KT_BODY_STATUS    /* something that is */
};

/* What last-known state keeps the newest event of a kind under. */
enum kt_body_key {
    KT_BODY_KEY_NONE,    /* the kind has no state */
    KT_BODY_KEY_ENTITY,  /* field 2 of the body; an event without it has no state */
    KT_BODY_KEY_INCIDENT /* the envelope's incident */
};

/* How a field is written on the wire. */
enum kt_body_form {
    KT_BODY_VARINT,  /* wire type 0; when repeated also packed in wire type 2 */
    KT_BODY_FIXED32, /* wire type 5; when repeated also packed */
    KT_BODY_FIXED64, /* wire type 1; when repeated also packed */
    KT_BODY_TEXT,    /* wire type 2: UTF-8 without NUL */
    KT_BODY_BLOB,    /* wire type 2: any bytes */
    KT_BODY_MESSAGE  /* wire type 2: a message of `shape` */
};

struct kt_body_shape;

/* One field of a message. */
struct kt_body_field {
    uint16_t number;
    uint8_t form; /* enum kt_body_form */
    bool is_repeated;
    const char *name;                  /* as in JSON: "ownCategory" */
    const struct kt_body_shape *shape; /* of a KT_BODY_MESSAGE, else NULL */
};

/* One message: its fields in rising order of number. */
struct kt_body_shape {
    const char *name; /* of the message: "Report" */
    size_t count;
    const struct kt_body_field *fields;
};

/* One kind of body. */
struct kt_body {
    uint8_t number;   /* field number in Event, KT_BODY_NUMBER_MIN and up */
    const char *kind; /* name as in JSON: "resourceRequest" */
    enum kt_body_family family;
    bool needs_incident; /* the envelope's incident is required */
    bool has_category;   /* field 1 is used */
    enum kt_body_key key;
    bool has_removed; /* field 3 is used */
};

/* The kind at `index`, from 0, in order of number; NULL past the end. */
const struct kt_body *kt_body_at(size_t index);

/* The kind with that field number in Event; NULL: none. */
const struct kt_body *kt_body_find_number(uint32_t number);

/* The kind with that name in JSON; NULL: none. */
const struct kt_body *kt_body_find_kind(struct bytes kind);

/* The shape of a whole Event, and of the PersonalBlock that travels beside it. */
const struct kt_body_shape *kt_body_event_shape(void);
const struct kt_body_shape *kt_body_personal_shape(void);

/* The field of `shape` with that number; NULL: this version knows none. */
const struct kt_body_field *kt_body_find_field(const struct kt_body_shape *shape, uint32_t number);

#endif
