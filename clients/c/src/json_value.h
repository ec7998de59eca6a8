/* json_value.h - single JSON values as what a field of protobuf holds, with every range checked.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_JSON_VALUE_H
#define CLIENTS_C_SRC_JSON_VALUE_H

#include <jansson.h>

#include "clients/c/src/link_wire_arena.h"

/* Each returns NULL and fills its last argument, or says in one static sentence what is wrong. */
const char *json_get_signed(const json_t *value, int64_t low, int64_t high, int64_t *number);
const char *json_get_unsigned(const json_t *value, uint64_t high, uint64_t *number);
const char *json_get_double(const json_t *value, double *number);
const char *json_get_enum(const json_t *value, const ProtobufCEnumDescriptor *values, int *number);
const char *json_get_bytes(struct arena *arena, const json_t *value, ProtobufCBinaryData *bytes);
const char *json_get_text(struct arena *arena, const json_t *value, char **text);

/* RFC 3339 with an offset. `*offset_minutes` is the offset that was written. */
const char *json_get_time(const json_t *value, int64_t *seconds, int32_t *nanos,
                          int32_t *offset_minutes);

#endif
