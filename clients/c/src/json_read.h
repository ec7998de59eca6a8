/* json_read.h - canonical proto3 JSON to any protobuf-c message; unknown names are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_JSON_READ_H
#define CLIENTS_C_SRC_JSON_READ_H

#include <jansson.h>

#include "clients/c/src/link_wire_arena.h"

/* What is wrong with a JSON text. */
struct json_fault {
    const char *code; /* JSON_MALFORMED, JSON_UNKNOWN_NAME, JSON_TYPE, or of the pre-scan */
    char field[128];  /* path, as "report.location.point" */
    char reason[200]; /* one sentence in English */
    int line, column; /* of a text that does not parse; 0 otherwise */
};

/* Parses one object: NULL and a fault when it is none. Duplicate names (JSON_MALFORMED), NUL
 * (NUL_IN_TEXT) and bad UTF-8 (UTF8_INVALID) are refused. */
json_t *json_parse_object(struct bytes text, struct json_fault *fault);

/* Fills a new message in the arena from `object`. False: fault. */
bool json_read_message(const json_t *object, const ProtobufCMessageDescriptor *descriptor,
                       struct arena *arena, ProtobufCMessage **message, struct json_fault *fault);

/* Fills in a fault; returns false. */
bool json_refuse(struct json_fault *fault, const char *code, const char *field, const char *reason);

#endif
