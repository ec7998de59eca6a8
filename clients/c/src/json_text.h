/* json_text.h - text that grows, and the small things that JSON is printed from.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_JSON_TEXT_H
#define CLIENTS_C_SRC_JSON_TEXT_H

#include "proto/c/bytes.h"

/* Starts zeroed. Once memory failed, everything after is passed over and `is_failed` stays. */
struct json_text {
    char *data; /* NUL-terminated when not NULL */
    size_t length, room;
    bool is_failed;
};

void json_text_deinit(struct json_text *text);

void json_put(struct json_text *text, struct bytes bytes);
void json_put_text(struct json_text *text, const char *constant);
void json_put_char(struct json_text *text, char character);

/* A quoted string with everything escaped that must be; `string` is valid UTF-8. */
void json_put_string(struct json_text *text, struct bytes string);

void json_put_unsigned(struct json_text *text, uint64_t number);
void json_put_signed(struct json_text *text, int64_t number);

/* The shortest form that reads back as the same; "NaN" and infinities as strings. */
void json_put_double(struct json_text *text, double number);

/* Quoted base64 with padding. */
void json_put_base64(struct json_text *text, struct bytes bytes);

/* Quoted RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second. `seconds` lies in the years 1 to
 * 9999. */
void json_put_time(struct json_text *text, int64_t seconds, int32_t nanos);

#endif
