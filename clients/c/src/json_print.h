/* json_print.h - any protobuf-c message as canonical proto3 JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_JSON_PRINT_H
#define CLIENTS_C_SRC_JSON_PRINT_H

#include <protobuf-c/protobuf-c.h>

#include "clients/c/src/json_text.h"

enum { JSON_DEPTH_MAX = 16, JSON_NAME_BYTES = 64 };

/* The name of a field in JSON: lowerCamelCase of its snake_case. */
void json_name_of(const ProtobufCFieldDescriptor *field, char name[JSON_NAME_BYTES]);

/* Prints `message` as one object. Returns false when it is nested too deep or memory failed. */
bool json_print_message(struct json_text *text, const ProtobufCMessage *message);

/* Prints the members alone, `"name":value` after `"name":value`, each after a comma unless
 * `*is_first`. Fields whose name stands in `without` (NULL-terminated) are left out. */
bool json_print_members(struct json_text *text, const ProtobufCMessage *message, bool *is_first,
                        const char *const *without);

#endif
