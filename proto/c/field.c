/* field.c - tags, integers and lengths.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/field.h"

#include <assert.h>

enum { VARINT_BYTES_MAX = 10, TAG_BYTES_MAX = 5 };

static void field_skip(struct bytes *rest, size_t length)
{
    *rest = bytes_of(rest->data + length, rest->length - length);
}

bool field_take_long_varint(struct bytes *rest, uint64_t *value)
{
    size_t most = rest->length < VARINT_BYTES_MAX ? rest->length : VARINT_BYTES_MAX;
    uint64_t sum = 0;
    for (size_t index = 0; index < most; index++) {
        uint8_t byte = rest->data[index];
        if (index == VARINT_BYTES_MAX - 1 && byte > 1) {
            return false;
        }
        sum |= (uint64_t)(byte & 0x7F) << (7 * index);
        if (byte < 0x80) {
            *value = sum;
            field_skip(rest, index + 1);
            return true;
        }
    }
    return false;
}

static bool field_take_fixed(struct bytes *rest, size_t length, uint64_t *value)
{
    if (rest->length < length) {
        return false;
    }
    *value = 0;
    for (size_t index = length; index > 0; index--) {
        *value = *value << 8 | rest->data[index - 1];
    }
    field_skip(rest, length);
    return true;
}

static bool field_take_bytes(struct bytes *rest, struct bytes *bytes)
{
    uint64_t length;
    if (!field_take_varint(rest, &length) || length > rest->length) {
        return false;
    }
    *bytes = bytes_of(rest->data, (size_t)length);
    field_skip(rest, (size_t)length);
    return true;
}

bool field_take(struct bytes *rest, struct field *field)
{
    assert(rest->length > 0);
    uint64_t tag;
    size_t before = rest->length;
    if (!field_take_varint(rest, &tag) || tag > UINT32_MAX || tag >> 3 == 0 ||
        before - rest->length > TAG_BYTES_MAX) {
        return false;
    }
    *field = (struct field){.number = (uint32_t)(tag >> 3), .type = (enum field_type)(tag & 7)};
    switch (field->type) {
    case FIELD_VARINT:
        return field_take_varint(rest, &field->value);
    case FIELD_FIXED64:
        return field_take_fixed(rest, sizeof(uint64_t), &field->value);
    case FIELD_BYTES:
        return field_take_bytes(rest, &field->bytes);
    case FIELD_FIXED32:
        return field_take_fixed(rest, sizeof(uint32_t), &field->value);
    }
    return false;
}
