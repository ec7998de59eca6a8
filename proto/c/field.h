/* field.h - steps through the fields of a protobuf message's wire form, one at a time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure. Refuses what no encoder writes: field number 0, groups, lengths past the end, integers that
 * do not end. Integers longer than needed are read, as every decoder reads them.
 */
#ifndef PROTO_C_FIELD_H
#define PROTO_C_FIELD_H

#include "proto/c/bytes.h"

enum field_type {
    FIELD_VARINT = 0,
    FIELD_FIXED64 = 1,
    FIELD_BYTES = 2, /* a text, bytes, a message, or packed numbers */
    FIELD_FIXED32 = 5
};

struct field {
    uint32_t number;
    enum field_type type;
    uint64_t value;     /* of a number; 0 for FIELD_BYTES */
    struct bytes bytes; /* of FIELD_BYTES; else empty */
};

/* Takes the first field off `rest`, which is not empty. False: malformed; `rest` is undefined. */
bool field_take(struct bytes *rest, struct field *field);

/* The long way of field_take_varint(). */
bool field_take_long_varint(struct bytes *rest, uint64_t *value);

/* Takes one integer of the variable form off `rest`. False: it does not end within 10 bytes. */
static inline bool field_take_varint(struct bytes *rest, uint64_t *value)
{
    if (rest->length == 0 || rest->data[0] >= 0x80) {
        return field_take_long_varint(rest, value);
    }
    *value = rest->data[0];
    *rest = bytes_of(rest->data + 1, rest->length - 1);
    return true;
}

/* The signed number that a sint32 or sint64 of this value stands for. */
static inline int64_t field_signed(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
