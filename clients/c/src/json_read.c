/* json_read.c - JSON objects to messages, by their descriptors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_read.h"

#include <assert.h>
#include <stdio.h>

#include "clients/c/src/json_print.h"
#include "clients/c/src/json_value.h"
#include "google/protobuf/timestamp.pb-c.h"

enum { JSON_ELEMENTS_MAX = 65536 };

/* A message still to be filled. */
struct read_task {
    struct read_task *next;
    const json_t *object;
    ProtobufCMessage *message;
    const char *path; /* "" at the top */
    unsigned depth;
};

struct reader {
    struct arena *arena;
    struct read_task *tasks;
    struct json_fault *fault;
};

bool json_refuse(struct json_fault *fault, const char *code, const char *field, const char *reason)
{
    fault->code = code;
    snprintf(fault->field, sizeof fault->field, "%s", field);
    snprintf(fault->reason, sizeof fault->reason, "%s", reason);
    fault->line = fault->column = 0;
    return false;
}

static const char *malformed_code(enum json_error_code code)
{
    switch (code) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "NUL_IN_TEXT";
    case json_error_invalid_utf8:
        return "UTF8_INVALID";
    default:
        return "JSON_MALFORMED";
    }
}

json_t *json_parse_object(struct bytes text, struct json_fault *fault)
{
    json_error_t error;
    json_t *object =
        json_loadb((const char *)text.data, text.length, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        json_refuse(fault, malformed_code(json_error_code(&error)), "", error.text);
        fault->line = error.line;
        fault->column = error.column;
        return NULL;
    }
    if (!json_is_object(object)) {
        json_decref(object);
        json_refuse(fault, "JSON_MALFORMED", "", "one JSON object is needed");
        return NULL;
    }
    return object;
}

static void *slot_of(ProtobufCMessage *message, size_t offset)
{
    return (uint8_t *)message + offset;
}

/* The path of a member, or of an element of it (`index` >= 0). NULL: no memory. */
static const char *path_of(struct reader *reader, const char *path, const char *name, long index)
{
    size_t room = strlen(path) + strlen(name) + 24;
    char *whole = arena_take(reader->arena, room);
    if (whole == NULL)
        return "";
    int length = snprintf(whole, room, "%s%s%s", path, path[0] != '\0' ? "." : "", name);
    if (index >= 0)
        snprintf(whole + length, room - (size_t)length, "[%ld]", index);
    return whole;
}

static bool refuse(struct reader *reader, const char *path, const char *reason)
{
    return json_refuse(reader->fault, "JSON_TYPE", path, reason);
}

/* A word that no enum has is told apart from a value of another type. */
static bool refuse_value(struct reader *reader, const ProtobufCFieldDescriptor *field,
                         const json_t *value, const char *path, const char *reason)
{
    bool is_word = field->type == PROTOBUF_C_TYPE_ENUM && json_is_string(value);
    return json_refuse(reader->fault, is_word ? "ENUM_INVALID" : "JSON_TYPE", path, reason);
}

static const char *read_time(struct reader *reader, const json_t *value, ProtobufCMessage **out)
{
    int32_t offset;
    Google__Protobuf__Timestamp *time = arena_take(reader->arena, sizeof *time);
    if (time == NULL)
        return "there is no memory for it";
    google__protobuf__timestamp__init(time);
    *out = &time->base;
    return json_get_time(value, &time->seconds, &time->nanos, &offset);
}

static const char *read_nested(struct reader *reader, const ProtobufCMessageDescriptor *descriptor,
                               const json_t *value, const struct read_task *task, const char *path,
                               ProtobufCMessage **out)
{
    if (descriptor == &google__protobuf__timestamp__descriptor)
        return read_time(reader, value, out);
    if (!json_is_object(value))
        return "an object is needed here";
    if (task->depth + 1 >= JSON_DEPTH_MAX)
        return "this is nested too deep";
    ProtobufCMessage *message = arena_take(reader->arena, descriptor->sizeof_message);
    struct read_task *next = arena_take(reader->arena, sizeof *next);
    if (message == NULL || next == NULL)
        return "there is no memory for it";
    protobuf_c_message_init(descriptor, message);
    *next = (struct read_task){reader->tasks, value, message, path, task->depth + 1};
    reader->tasks = next;
    *out = message;
    return NULL;
}

static const char *read_integer(const ProtobufCFieldDescriptor *field, const json_t *value,
                                void *out)
{
    int64_t number = 0;
    uint64_t unsigned_number = 0;
    const char *wrong;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        wrong = json_get_signed(value, INT32_MIN, INT32_MAX, &number);
        *(int32_t *)out = (int32_t)number;
        return wrong;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        wrong = json_get_unsigned(value, UINT32_MAX, &unsigned_number);
        *(uint32_t *)out = (uint32_t)unsigned_number;
        return wrong;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_get_signed(value, INT64_MIN, INT64_MAX, out);
    default:
        return json_get_unsigned(value, UINT64_MAX, out);
    }
}

static const char *read_scalar(struct reader *reader, const ProtobufCFieldDescriptor *field,
                               const json_t *value, void *out)
{
    double real;
    const char *wrong;
    switch (field->type) {
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_get_double(value, out);
    case PROTOBUF_C_TYPE_FLOAT:
        wrong = json_get_double(value, &real);
        *(float *)out = wrong == NULL ? (float)real : 0;
        return wrong;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)out = json_is_true(value);
        return json_is_boolean(value) ? NULL : "true or false is needed here";
    case PROTOBUF_C_TYPE_ENUM:
        return json_get_enum(value, field->descriptor, out);
    case PROTOBUF_C_TYPE_STRING:
        return json_get_text(reader->arena, value, out);
    case PROTOBUF_C_TYPE_BYTES:
        return json_get_bytes(reader->arena, value, out);
    default:
        return read_integer(field, value, out);
    }
}

static size_t element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    default:
        return 8;
    }
}

static const char *read_value(struct reader *reader, const struct read_task *task,
                              const ProtobufCFieldDescriptor *field, const json_t *value,
                              const char *path, void *out)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_nested(reader, field->descriptor, value, task, path, out);
    return read_scalar(reader, field, value, out);
}

static bool read_repeated(struct reader *reader, const struct read_task *task,
                          const ProtobufCFieldDescriptor *field, const json_t *array,
                          const char *name)
{
    const char *path = path_of(reader, task->path, name, -1);
    if (!json_is_array(array))
        return refuse(reader, path, "an array is needed here");
    size_t count = json_array_size(array), size = element_size(field->type);
    uint8_t *list =
        count > JSON_ELEMENTS_MAX ? NULL : arena_take_array(reader->arena, count + 1, size);
    if (list == NULL)
        return refuse(reader, path, "these are too many");
    for (size_t i = 0; i < count; i++) {
        const char *at = path_of(reader, task->path, name, (long)i);
        const char *wrong =
            read_value(reader, task, field, json_array_get(array, i), at, list + i * size);
        if (wrong != NULL)
            return refuse_value(reader, field, json_array_get(array, i), at, wrong);
    }
    *(size_t *)slot_of(task->message, field->quantifier_offset) = count;
    *(void **)slot_of(task->message, field->offset) = list;
    return true;
}

static bool read_singular(struct reader *reader, const struct read_task *task,
                          const ProtobufCFieldDescriptor *field, const json_t *value,
                          const char *name)
{
    const char *path = path_of(reader, task->path, name, -1);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *which = slot_of(task->message, field->quantifier_offset);
        if (*which != 0)
            return refuse(reader, path, "only one of the alternatives may be given");
        *which = field->id;
    }
    const char *wrong =
        read_value(reader, task, field, value, path, slot_of(task->message, field->offset));
    return wrong == NULL || refuse_value(reader, field, value, path, wrong);
}

/* A field by its name in JSON, or by its name in the schema as every proto3 reader accepts. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        char json_name[JSON_NAME_BYTES];
        json_name_of(&descriptor->fields[i], json_name);
        if (strcmp(json_name, name) == 0 || strcmp(descriptor->fields[i].name, name) == 0)
            return &descriptor->fields[i];
    }
    return NULL;
}

static bool read_member(struct reader *reader, const struct read_task *task, const char *name,
                        const json_t *value)
{
    const ProtobufCFieldDescriptor *field = find_field(task->message->descriptor, name);
    if (field == NULL)
        return json_refuse(reader->fault, "JSON_UNKNOWN_NAME",
                           path_of(reader, task->path, name, -1),
                           "the schema has no such name here");
    char json_name[JSON_NAME_BYTES];
    json_name_of(field, json_name);
    /* Two spellings of one name would otherwise get past the parser's check for duplicates. */
    if (strcmp(json_name, name) != 0 && json_object_get(task->object, json_name) != NULL)
        return refuse(reader, path_of(reader, task->path, name, -1), "this is given twice");
    if (json_is_null(value))
        return true;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_repeated(reader, task, field, value, json_name);
    return read_singular(reader, task, field, value, json_name);
}

static bool read_task(struct reader *reader, const struct read_task *task)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)task->object, name, value)
    {
        if (!read_member(reader, task, name, value))
            return false;
    }
    return true;
}

bool json_read_message(const json_t *object, const ProtobufCMessageDescriptor *descriptor,
                       struct arena *arena, ProtobufCMessage **message, struct json_fault *fault)
{
    struct reader reader = {.arena = arena, .fault = fault};
    struct read_task top = {.path = ""};
    const char *wrong = read_nested(&reader, descriptor, object, &top, "", message);
    if (wrong != NULL)
        return refuse(&reader, "", wrong);
    while (reader.tasks != NULL) {
        struct read_task *task = reader.tasks;
        reader.tasks = task->next;
        if (!read_task(&reader, task))
            return false;
    }
    return true;
}
