/* yaml.h - reads small YAML files strictly: what is refused is named with file, line and column.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One document a file, no key twice, no key that its table does not name. A flag is `true` or
 * `false` and nothing else: a misspelt right must not become a right.
 */
#ifndef BROKER_YAML_H
#define BROKER_YAML_H

#include "broker/base/status.h"
#include "proto/c/bytes.h"

enum { YAML_FILE_BYTES_MAX = 256 * 1024, YAML_FIELDS_MAX = 64 };

/* Why a file was not accepted, in one line for a person: "agencies/damkar.yaml:7:3: ...". */
struct yaml_fault {
    char text[512];
};

struct yaml_file;

/* A value inside an open file; borrowed from it. */
struct yaml_node {
    const struct yaml_file *file;
    int index;
};

struct yaml_field;

/* Takes one value into `into`; `field` is the mapping's field that it belongs to (of a list: the
 * list's). Whatever it refuses, it does through yaml_refuse(). */
typedef enum status yaml_take(struct yaml_node node, const struct yaml_field *field, void *into,
                              struct yaml_fault *fault);

/* One key that a mapping may have. The last five are for the ready-made takers below. */
struct yaml_field {
    const char *key;
    yaml_take *take;
    bool is_required;
    size_t offset; /* of the member in what `into` points to */
    size_t width;  /* of the member: 4 or 8 for a number, its room with the NUL for a text */
    uint64_t min, max;
};

/* Reads and parses the file; `name` is what faults call it. NOT_FOUND, IO, MEMORY, INVALID; with
 * each the fault is filled. The caller closes. */
enum status yaml_open(const char *path, const char *name, struct yaml_file **file,
                      struct yaml_fault *fault) STATUS_MUST_CHECK;

/* NULL is let pass. Ends the life of every text that was taken from it. */
void yaml_close(struct yaml_file *file);

/* The document's outermost value. */
struct yaml_node yaml_root(const struct yaml_file *file);

/* Hands each value of a mapping to the field of its key. INVALID: no mapping, a key unknown, given
 * twice or missing, or what a field refused. */
enum status yaml_take_mapping(struct yaml_node node, const struct yaml_field *fields, size_t count,
                              void *into, struct yaml_fault *fault) STATUS_MUST_CHECK;

/* Hands each value of a list, at most `field->max`, to `take`, in order. INVALID. */
enum status yaml_take_list(struct yaml_node node, const struct yaml_field *field, yaml_take *take,
                           void *into, struct yaml_fault *fault) STATUS_MUST_CHECK;

/* Takers for a member that is an unsigned number from min to max, a NUL-terminated text of at
 * least min bytes, or a bool. */
yaml_take yaml_take_number;
yaml_take yaml_take_text;
yaml_take yaml_take_flag;

/* A text of `length_min` to `length_max` bytes of UTF-8 without control characters. INVALID. */
enum status yaml_text(struct yaml_node node, size_t length_min, size_t length_max,
                      struct bytes *text, struct yaml_fault *fault) STATUS_MUST_CHECK;

/* Fills the fault with the value's place and a sentence; always INVALID, so that it can be
 * returned. */
enum status yaml_refuse(struct yaml_node node, struct yaml_fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
