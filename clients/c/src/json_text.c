/* json_text.c - scalars of JSON as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_ROOM_MIN = 512, TEXT_BYTES_MAX = 64 * 1024 * 1024 };

void json_text_deinit(struct json_text *text)
{
    free(text->data);
    *text = (struct json_text){0};
}

static bool text_reserve(struct json_text *text, size_t more)
{
    if (text->is_failed || more > TEXT_BYTES_MAX - text->length) {
        text->is_failed = true;
        return false;
    }
    size_t room = text->room > 0 ? text->room : TEXT_ROOM_MIN;
    while (room < text->length + more + 1)
        room *= 2;
    if (room == text->room)
        return true;
    char *data = realloc(text->data, room);
    if (data == NULL) {
        text->is_failed = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void json_put(struct json_text *text, struct bytes bytes)
{
    if (!text_reserve(text, bytes.length))
        return;
    if (bytes.length > 0)
        memcpy(text->data + text->length, bytes.data, bytes.length);
    text->length += bytes.length;
    text->data[text->length] = '\0';
}

void json_put_text(struct json_text *text, const char *constant)
{
    json_put(text, bytes_of_text(constant));
}

void json_put_char(struct json_text *text, char character)
{
    json_put(text, bytes_of(&character, 1));
}

static const char *escape_of(uint8_t character, char scratch[8])
{
    switch (character) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (character >= 0x20 && character != 0x7f)
            return NULL;
        snprintf(scratch, 8, "\\u%04x", character);
        return scratch;
    }
}

void json_put_string(struct json_text *text, struct bytes string)
{
    char scratch[8];
    size_t from = 0;
    json_put_char(text, '"');
    for (size_t i = 0; i < string.length; i++) {
        const char *escape = escape_of(string.data[i], scratch);
        if (escape == NULL)
            continue;
        json_put(text, bytes_of(string.data + from, i - from));
        json_put_text(text, escape);
        from = i + 1;
    }
    if (string.length > from)
        json_put(text, bytes_of(string.data + from, string.length - from));
    json_put_char(text, '"');
}

void json_put_unsigned(struct json_text *text, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    json_put_text(text, digits);
}

void json_put_signed(struct json_text *text, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    json_put_text(text, digits);
}

void json_put_double(struct json_text *text, double number)
{
    char digits[40];
    if (isnan(number) || isinf(number)) {
        json_put_text(text, isnan(number) ? "\"NaN\""
                            : number > 0  ? "\"Infinity\""
                                          : "\"-Infinity\"");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    /* The host's language may write a comma. */
    for (char *at = digits; *at != '\0'; at++)
        if (strchr("0123456789+-eE", *at) == NULL)
            *at = '.';
    json_put_text(text, digits);
}

void json_put_base64(struct json_text *text, struct bytes bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    json_put_char(text, '"');
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        char four[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63],
                        left > 1 ? alphabet[group >> 6 & 63] : '=',
                        left > 2 ? alphabet[group & 63] : '='};
        json_put(text, bytes_of(four, sizeof four));
    }
    json_put_char(text, '"');
}

void json_put_time(struct json_text *text, int64_t seconds, int32_t nanos)
{
    char whole[64], part[16] = "";
    struct tm date;
    time_t when = (time_t)seconds;
    if (gmtime_r(&when, &date) == NULL) {
        text->is_failed = true;
        return;
    }
    if (nanos % 1000000 == 0 && nanos != 0)
        snprintf(part, sizeof part, ".%03d", nanos / 1000000);
    else if (nanos % 1000 == 0 && nanos != 0)
        snprintf(part, sizeof part, ".%06d", nanos / 1000);
    else if (nanos != 0)
        snprintf(part, sizeof part, ".%09d", nanos);
    snprintf(whole, sizeof whole, "\"%04d-%02d-%02dT%02d:%02d:%02d%sZ\"", date.tm_year + 1900,
             date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, part);
    json_put_text(text, whole);
}
