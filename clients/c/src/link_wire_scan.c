/* link_wire_scan.c - the wire form, field by field.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire_scan.h"

#include "proto/c/prescan.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static bool scan_varint(struct bytes message, size_t *offset, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *offset < message.length; shift += 7) {
        uint8_t byte = message.data[(*offset)++];
        if (shift == 63 && byte > 1)
            return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool scan_fixed(struct bytes message, size_t *offset, size_t size, uint64_t *value)
{
    if (message.length - *offset < size)
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value |= (uint64_t)message.data[*offset + i] << (8 * i);
    *offset += size;
    return true;
}

static bool scan_value(struct bytes message, size_t *offset, struct scan_field *field)
{
    uint64_t length;
    switch (field->wire_type) {
    case WIRE_VARINT:
        return scan_varint(message, offset, &field->value);
    case WIRE_FIXED64:
        return scan_fixed(message, offset, 8, &field->value);
    case WIRE_FIXED32:
        return scan_fixed(message, offset, 4, &field->value);
    case WIRE_BYTES:
        if (!scan_varint(message, offset, &length) || length > message.length - *offset)
            return false;
        field->bytes = bytes_of(message.data + *offset, (size_t)length);
        *offset += (size_t)length;
        return true;
    default:
        return false; /* groups have been out of use since before proto3 */
    }
}

bool scan_next(struct bytes message, size_t *offset, struct scan_field *field, bool *is_bad)
{
    *is_bad = false;
    if (*offset == message.length)
        return false;
    uint64_t tag;
    *field = (struct scan_field){.offset = *offset};
    *is_bad = true;
    if (!scan_varint(message, offset, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return false;
    field->number = (uint32_t)(tag >> 3);
    field->wire_type = tag & 7;
    if (!scan_value(message, offset, field))
        return false;
    *is_bad = false;
    return true;
}

static uint8_t scan_expected_type(const ProtobufCFieldDescriptor *known)
{
    switch (known->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    default:
        return WIRE_VARINT;
    }
}

/* Whether the field may stand as it does; packed repeated numbers are bytes of any content here,
 * protobuf-c judges them. */
static bool scan_fits(const ProtobufCFieldDescriptor *known, const struct scan_field *field)
{
    uint8_t expected = scan_expected_type(known);
    bool may_be_packed = known->label == PROTOBUF_C_LABEL_REPEATED && expected != WIRE_BYTES;
    if (field->wire_type != expected && !(may_be_packed && field->wire_type == WIRE_BYTES))
        return false;
    if (known->type == PROTOBUF_C_TYPE_STRING)
        return text_is_valid(field->bytes);
    return true;
}

bool scan_message(const ProtobufCMessageDescriptor *descriptor, struct bytes message)
{
    struct {
        const ProtobufCMessageDescriptor *descriptor;
        struct bytes message;
        size_t offset;
    } stack[SCAN_DEPTH_MAX] = {
        {descriptor, message, 0}
    };
    size_t depth = 1;
    uint32_t fields = 0;
    struct scan_field field;
    bool is_bad;
    while (depth > 0) {
        if (!scan_next(stack[depth - 1].message, &stack[depth - 1].offset, &field, &is_bad)) {
            if (is_bad)
                return false;
            depth--;
            continue;
        }
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(stack[depth - 1].descriptor, field.number);
        if (++fields > SCAN_FIELDS_MAX || (known != NULL && !scan_fits(known, &field)))
            return false;
        if (known == NULL || known->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (depth == SCAN_DEPTH_MAX)
            return false;
        stack[depth].descriptor = known->descriptor;
        stack[depth].message = field.bytes;
        stack[depth++].offset = 0;
    }
    return true;
}
