/* link_wire_scan.h - reads the wire form field by field, and judges a message before protobuf-c
 * unpacks it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure: no memory, no clock.
 */
#ifndef CLIENTS_C_SRC_LINK_WIRE_SCAN_H
#define CLIENTS_C_SRC_LINK_WIRE_SCAN_H

#include <protobuf-c/protobuf-c.h>

#include "proto/c/bytes.h"

enum { SCAN_DEPTH_MAX = 8, SCAN_FIELDS_MAX = 65536 };

/* One field as it stands on the wire. */
struct scan_field {
    uint32_t number;
    uint8_t wire_type;  /* 0 varint, 1 fixed64, 2 bytes, 5 fixed32 */
    uint64_t value;     /* of types 0, 1 and 5 */
    struct bytes bytes; /* of type 2 */
    size_t offset;      /* of its tag */
};

/* The field at `*offset`, which moves past it. False: the end, or (`*is_bad`) no wire form. */
bool scan_next(struct bytes message, size_t *offset, struct scan_field *field, bool *is_bad);

/* Whether `message` is well formed as `descriptor`: wire types that fit, texts that are UTF-8
 * without NUL, depth and number of fields within the limits above. Unknown fields are passed
 * over. */
bool scan_message(const ProtobufCMessageDescriptor *descriptor, struct bytes message);

#endif
