/* yaml.c - libyaml's document, walked by tables.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "proto/c/prescan.h"

struct yaml_file {
    yaml_document_t document;
    char name[128]; /* what faults call it */
};

__attribute__((format(printf, 4, 0))) static void fault_print(struct yaml_fault *fault,
                                                              const char *name, yaml_mark_t mark,
                                                              const char *format, va_list arguments)
{
    int used = snprintf(fault->text, sizeof fault->text, "%s:%zu:%zu: ", name, mark.line + 1,
                        mark.column + 1);
    assert(used > 0 && (size_t)used < sizeof fault->text);
    (void)vsnprintf(fault->text + used, sizeof fault->text - (size_t)used, format, arguments);
}

__attribute__((format(printf, 4, 5))) static enum status
refuse_at(const char *name, yaml_mark_t mark, struct yaml_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault_print(fault, name, mark, format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

__attribute__((format(printf, 4, 5))) static enum status
fail(enum status status, const char *name, struct yaml_fault *fault, const char *format, ...)
{
    int used = snprintf(fault->text, sizeof fault->text, "%s: ", name);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->text + used, sizeof fault->text - (size_t)used, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- opening ---- */

/* Fills `data`, of YAML_FILE_BYTES_MAX + 1 bytes. */
static enum status read_whole(const char *path, const char *name, uint8_t *data, size_t *length,
                              struct yaml_fault *fault)
{
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) {
        return fail(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, name, fault, "%s",
                    strerror(errno));
    }
    *length = fread(data, 1, YAML_FILE_BYTES_MAX + 1, stream);
    enum status status = STATUS_OK;
    if (ferror(stream) != 0) {
        status = fail(STATUS_IO, name, fault, "cannot be read");
    } else if (*length > YAML_FILE_BYTES_MAX) {
        status = fail(STATUS_INVALID, name, fault, "larger than %d bytes", YAML_FILE_BYTES_MAX);
    }
    (void)fclose(stream);
    return status;
}

static enum status parse_fault(const yaml_parser_t *parser, const char *name,
                               struct yaml_fault *fault)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return fail(STATUS_MEMORY, name, fault, "no memory");
    }
    return refuse_at(name, parser->problem_mark, fault, "%s",
                     parser->problem != NULL ? parser->problem : "not YAML");
}

/* Loads the next document and requires that it is empty. */
static enum status expect_end(yaml_parser_t *parser, const char *name, struct yaml_fault *fault)
{
    yaml_document_t next;
    if (yaml_parser_load(parser, &next) == 0) {
        return parse_fault(parser, name, fault);
    }
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    enum status status = STATUS_OK;
    if (root != NULL) {
        status = refuse_at(name, root->start_mark, fault, "a second document begins here");
    }
    yaml_document_delete(&next);
    return status;
}

static enum status parse(yaml_parser_t *parser, struct yaml_file *file, struct yaml_fault *fault)
{
    if (yaml_parser_load(parser, &file->document) == 0) {
        return parse_fault(parser, file->name, fault);
    }
    enum status status = STATUS_OK;
    if (yaml_document_get_root_node(&file->document) == NULL) {
        status = fail(STATUS_INVALID, file->name, fault, "empty");
    } else {
        status = expect_end(parser, file->name, fault);
    }
    if (status != STATUS_OK) {
        yaml_document_delete(&file->document);
    }
    return status;
}

static enum status parse_data(const uint8_t *data, size_t length, struct yaml_file *file,
                              struct yaml_fault *fault)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return fail(STATUS_MEMORY, file->name, fault, "no memory");
    }
    yaml_parser_set_input_string(&parser, data, length);
    enum status status = parse(&parser, file, fault);
    yaml_parser_delete(&parser);
    return status;
}

enum status yaml_open(const char *path, const char *name, struct yaml_file **file,
                      struct yaml_fault *fault)
{
    struct yaml_file *opened = calloc(1, sizeof *opened);
    uint8_t *data = malloc(YAML_FILE_BYTES_MAX + 1);
    size_t length = 0;
    enum status status = STATUS_MEMORY;
    if (opened == NULL || data == NULL) {
        (void)fail(STATUS_MEMORY, name, fault, "no memory");
    } else {
        (void)snprintf(opened->name, sizeof opened->name, "%s", name);
        status = read_whole(path, name, data, &length, fault);
    }
    if (status == STATUS_OK) {
        status = parse_data(data, length, opened, fault);
    }
    free(data);
    if (status != STATUS_OK) {
        free(opened);
        return status;
    }
    *file = opened;
    return STATUS_OK;
}

void yaml_close(struct yaml_file *file)
{
    if (file != NULL) {
        yaml_document_delete(&file->document);
        free(file);
    }
}

/* ---- taking ---- */

static const yaml_node_t *node_of(struct yaml_node node)
{
    /* libyaml's reading functions take no const, and change nothing. */
    const yaml_node_t *found =
        yaml_document_get_node((yaml_document_t *)&node.file->document, node.index);
    assert(found != NULL);
    return found;
}

struct yaml_node yaml_root(const struct yaml_file *file)
{
    return (struct yaml_node){.file = file, .index = 1};
}

enum status yaml_refuse(struct yaml_node node, struct yaml_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault_print(fault, node.file->name, node_of(node)->start_mark, format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static struct bytes scalar_of(const yaml_node_t *node)
{
    return bytes_of(node->data.scalar.value, node->data.scalar.length);
}

/* The place of the field that `key` names; `count` when none does. */
static size_t field_find(const struct yaml_field *fields, size_t count, struct bytes key)
{
    size_t place = 0;
    while (place < count && !bytes_are_equal(bytes_of_text(fields[place].key), key)) {
        place++;
    }
    return place;
}

/* A mapping while it is taken. */
struct taking {
    const struct yaml_field *fields;
    size_t count;
    void *into;
    bool seen[YAML_FIELDS_MAX];
};

static enum status take_pair(struct yaml_node key, struct yaml_node value, struct taking *taking,
                             struct yaml_fault *fault)
{
    if (node_of(key)->type != YAML_SCALAR_NODE) {
        return yaml_refuse(key, fault, "a key must be a word");
    }
    struct bytes name = scalar_of(node_of(key));
    size_t place = field_find(taking->fields, taking->count, name);
    int shown = name.length > 64 ? 64 : (int)name.length;
    if (place == taking->count) {
        return yaml_refuse(key, fault, "unknown key '%.*s'", shown, (const char *)name.data);
    }
    const struct yaml_field *field = &taking->fields[place];
    if (taking->seen[place]) {
        return yaml_refuse(key, fault, "key '%s' is given twice", field->key);
    }
    taking->seen[place] = true;
    return field->take(value, field, taking->into, fault);
}

enum status yaml_take_mapping(struct yaml_node node, const struct yaml_field *fields, size_t count,
                              void *into, struct yaml_fault *fault)
{
    struct taking taking = {.fields = fields, .count = count, .into = into};
    const yaml_node_t *mapping = node_of(node);
    assert(count <= YAML_FIELDS_MAX);
    if (mapping->type != YAML_MAPPING_NODE) {
        return yaml_refuse(node, fault, "expected keys with values");
    }
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        struct yaml_node key = {.file = node.file, .index = pair->key};
        struct yaml_node value = {.file = node.file, .index = pair->value};
        enum status status = take_pair(key, value, &taking, fault);
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_required && !taking.seen[i]) {
            return yaml_refuse(node, fault, "key '%s' is missing", fields[i].key);
        }
    }
    return STATUS_OK;
}

enum status yaml_take_list(struct yaml_node node, const struct yaml_field *field, yaml_take *take,
                           void *into, struct yaml_fault *fault)
{
    const yaml_node_t *list = node_of(node);
    if (list->type != YAML_SEQUENCE_NODE) {
        return yaml_refuse(node, fault, "expected a list");
    }
    size_t count = 0;
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        struct yaml_node value = {.file = node.file, .index = *item};
        if (++count > field->max) {
            return yaml_refuse(value, fault, "more than %zu entries", (size_t)field->max);
        }
        enum status status = take(value, field, into, fault);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

enum status yaml_text(struct yaml_node node, size_t length_min, size_t length_max,
                      struct bytes *text, struct yaml_fault *fault)
{
    const yaml_node_t *scalar = node_of(node);
    if (scalar->type != YAML_SCALAR_NODE) {
        return yaml_refuse(node, fault, "expected a text");
    }
    struct bytes found = scalar_of(scalar);
    if (found.length < length_min || found.length > length_max) {
        return yaml_refuse(node, fault, "expected a text of %zu to %zu bytes", length_min,
                           length_max);
    }
    if (has_control(found) || !text_is_valid(found)) {
        return yaml_refuse(node, fault, "expected text without control characters");
    }
    *text = found;
    return STATUS_OK;
}

/* A word that stands there without quotes; empty for everything else. */
static struct bytes plain_word(struct yaml_node node)
{
    const yaml_node_t *scalar = node_of(node);
    if (scalar->type != YAML_SCALAR_NODE || scalar->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return (struct bytes){0};
    }
    return scalar_of(scalar);
}

static bool number_read(struct bytes word, uint64_t *number)
{
    if (word.length == 0 || (word.length > 1 && word.data[0] == '0')) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < word.length; i++) {
        unsigned digit = (unsigned)word.data[i] - '0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return true;
}

enum status yaml_take_number(struct yaml_node node, const struct yaml_field *field, void *into,
                             struct yaml_fault *fault)
{
    uint64_t found = 0;
    if (!number_read(plain_word(node), &found) || found < field->min || found > field->max) {
        return yaml_refuse(node, fault, "expected a number from %llu to %llu",
                           (unsigned long long)field->min, (unsigned long long)field->max);
    }
    uint8_t *member = (uint8_t *)into + field->offset;
    uint32_t narrow = (uint32_t)found;
    assert(field->width == sizeof found || (field->width == sizeof narrow && narrow == found));
    memcpy(member, field->width == sizeof found ? (void *)&found : (void *)&narrow, field->width);
    return STATUS_OK;
}

enum status yaml_take_text(struct yaml_node node, const struct yaml_field *field, void *into,
                           struct yaml_fault *fault)
{
    struct bytes text = {0};
    enum status status = yaml_text(node, field->min, field->width - 1, &text, fault);
    if (status == STATUS_OK) {
        char *member = (char *)into + field->offset;
        if (text.length > 0) {
            memcpy(member, text.data, text.length);
        }
        member[text.length] = '\0';
    }
    return status;
}

enum status yaml_take_flag(struct yaml_node node, const struct yaml_field *field, void *into,
                           struct yaml_fault *fault)
{
    struct bytes word = plain_word(node);
    bool is_true = bytes_are_equal(word, bytes_of_text("true"));
    if (!is_true && !bytes_are_equal(word, bytes_of_text("false"))) {
        return yaml_refuse(node, fault, "expected true or false");
    }
    memcpy((uint8_t *)into + field->offset, &is_true, sizeof is_true);
    return STATUS_OK;
}
