/* json_print.c - messages to JSON, by their descriptors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_print.h"

#include <assert.h>

#include "google/protobuf/timestamp.pb-c.h"

/* Where the printing of one message stands. */
struct print_frame {
    const ProtobufCMessage *message;
    unsigned field; /* of its descriptor */
    size_t element; /* of a repeated field */
    bool is_first;
};

struct printer {
    struct json_text *text;
    struct print_frame stack[JSON_DEPTH_MAX];
    size_t depth;
    const char *const *without; /* names left out of the outermost message */
};

void json_name_of(const ProtobufCFieldDescriptor *field, char name[JSON_NAME_BYTES])
{
    size_t length = 0;
    bool is_upper = false;
    for (const char *at = field->name; *at != '\0' && length + 1 < JSON_NAME_BYTES; at++) {
        if (*at == '_') {
            is_upper = true;
            continue;
        }
        bool is_letter = *at >= 'a' && *at <= 'z';
        name[length++] = is_upper && is_letter ? (char)(*at - 'a' + 'A') : *at;
        is_upper = false;
    }
    name[length] = '\0';
}

static const void *member_of(const ProtobufCMessage *message, size_t offset)
{
    return (const uint8_t *)message + offset;
}

static size_t scalar_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return 4;
    }
}

static void print_enum(struct json_text *text, const ProtobufCFieldDescriptor *field, int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (value == NULL)
        json_put_signed(text, number);
    else
        json_put_string(text, bytes_of_text(value->name));
}

static void print_quoted_signed(struct json_text *text, int64_t number)
{
    json_put_char(text, '"');
    json_put_signed(text, number);
    json_put_char(text, '"');
}

static void print_quoted_unsigned(struct json_text *text, uint64_t number)
{
    json_put_char(text, '"');
    json_put_unsigned(text, number);
    json_put_char(text, '"');
}

static void print_scalar(struct json_text *text, const ProtobufCFieldDescriptor *field,
                         const void *value)
{
    const ProtobufCBinaryData *bytes;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        json_put_signed(text, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        json_put_unsigned(text, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        print_quoted_signed(text, *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        print_quoted_unsigned(text, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        json_put_double(text, (double)*(const float *)value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        json_put_double(text, *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        json_put_text(text, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(text, field, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        json_put_string(text, bytes_of_text(*(const char *const *)value));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        bytes = value;
        json_put_base64(text, bytes_of(bytes->data, bytes->len));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        break; /* the caller's */
    }
}

/* A singular scalar without presence is shown unless it is zero. */
static bool is_shown_scalar(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const uint8_t zero[sizeof(ProtobufCBinaryData)];
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return (*(const char *const *)value)[0] != '\0';
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)value)->len > 0;
    return memcmp(value, zero, scalar_size(field->type)) != 0;
}

static bool is_shown(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *value = member_of(message, field->offset);
    const void *quantifier = member_of(message, field->quantifier_offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const uint32_t *)quantifier != field->id)
        return false;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(ProtobufCMessage *const *)value != NULL;
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 || is_shown_scalar(field, value);
}

static bool is_left_out(const struct printer *printer, const char *name)
{
    if (printer->depth != 1 || printer->without == NULL)
        return false;
    for (const char *const *at = printer->without; *at != NULL; at++)
        if (strcmp(*at, name) == 0)
            return true;
    return false;
}

/* Opens a nested message; its members follow. A Timestamp is a scalar in JSON. */
static bool print_nested(struct printer *printer, const ProtobufCMessage *message)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *)message;
        json_put_time(printer->text, time->seconds, time->nanos);
        return true;
    }
    if (printer->depth == JSON_DEPTH_MAX)
        return false;
    json_put_char(printer->text, '{');
    printer->stack[printer->depth++] = (struct print_frame){.message = message, .is_first = true};
    return true;
}

static bool print_value(struct printer *printer, const ProtobufCFieldDescriptor *field,
                        const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return print_nested(printer, *(ProtobufCMessage *const *)value);
    print_scalar(printer->text, field, value);
    return true;
}

/* The next element of a repeated field, or its end. */
static bool print_element(struct printer *printer, struct print_frame *frame,
                          const ProtobufCFieldDescriptor *field)
{
    size_t count = *(const size_t *)member_of(frame->message, field->quantifier_offset);
    const uint8_t *list = *(const uint8_t *const *)member_of(frame->message, field->offset);
    if (frame->element == count) {
        json_put_char(printer->text, ']');
        frame->element = 0;
        frame->field++;
        return true;
    }
    json_put_char(printer->text, frame->element == 0 ? '[' : ',');
    return print_value(printer, field, list + scalar_size(field->type) * frame->element++);
}

static void print_name(struct printer *printer, struct print_frame *frame, const char *name)
{
    if (!frame->is_first)
        json_put_char(printer->text, ',');
    frame->is_first = false;
    json_put_string(printer->text, bytes_of_text(name));
    json_put_char(printer->text, ':');
}

/* One step: a field, an element, or the end of a message. */
static bool print_step(struct printer *printer)
{
    struct print_frame *frame = &printer->stack[printer->depth - 1];
    const ProtobufCMessageDescriptor *descriptor = frame->message->descriptor;
    if (frame->field == descriptor->n_fields) {
        if (--printer->depth > 0)
            json_put_char(printer->text, '}');
        return true;
    }
    const ProtobufCFieldDescriptor *field = &descriptor->fields[frame->field];
    bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (frame->element == 0) {
        char name[JSON_NAME_BYTES];
        json_name_of(field, name);
        if (!is_shown(frame->message, field) || is_left_out(printer, name)) {
            frame->field++;
            return true;
        }
        print_name(printer, frame, name);
    }
    if (is_repeated)
        return print_element(printer, frame, field);
    frame->field++;
    return print_value(printer, field, member_of(frame->message, field->offset));
}

bool json_print_members(struct json_text *text, const ProtobufCMessage *message, bool *is_first,
                        const char *const *without)
{
    struct printer printer = {.text = text, .depth = 1, .without = without};
    printer.stack[0] = (struct print_frame){.message = message, .is_first = *is_first};
    bool is_whole = true;
    while (printer.depth > 0 && is_whole)
        is_whole = print_step(&printer);
    *is_first = printer.stack[0].is_first;
    return is_whole && !text->is_failed;
}

bool json_print_message(struct json_text *text, const ProtobufCMessage *message)
{
    bool is_first = true;
    json_put_char(text, '{');
    bool is_whole = json_print_members(text, message, &is_first, NULL);
    json_put_char(text, '}');
    return is_whole && !text->is_failed;
}
