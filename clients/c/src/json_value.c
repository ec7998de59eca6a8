/* json_value.c - JSON values, strictly.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_TEXT_MAX = 24 };

static const char *const not_a_whole_number = "a whole number is needed here";
static const char *const out_of_range = "the number is out of range";

/* JSON's own grammar of a whole number, as 64-bit numbers are written inside a string. */
static bool is_number_text(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value), digits = text[0] == '-' ? 1 : 0;
    if (length == digits || length > NUMBER_TEXT_MAX)
        return false;
    if (text[digits] == '0' && length > digits + 1)
        return false;
    for (size_t i = digits; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* A real that is whole and exact, such as 1e3. */
static bool is_whole_real(const json_t *value)
{
    const double exact_max = 9007199254740992.0; /* 2 to the 53rd */
    double real = json_real_value(value);
    return floor(real) == real && fabs(real) <= exact_max;
}

const char *json_get_signed(const json_t *value, int64_t low, int64_t high, int64_t *number)
{
    if (json_is_integer(value)) {
        *number = json_integer_value(value);
    } else if (json_is_real(value) && is_whole_real(value)) {
        *number = (int64_t)json_real_value(value);
    } else if (json_is_string(value) && is_number_text(value)) {
        errno = 0;
        *number = strtoll(json_string_value(value), NULL, 10);
        if (errno != 0)
            return out_of_range;
    } else {
        return not_a_whole_number;
    }
    return *number < low || *number > high ? out_of_range : NULL;
}

const char *json_get_unsigned(const json_t *value, uint64_t high, uint64_t *number)
{
    if (json_is_string(value) && is_number_text(value)) {
        if (json_string_value(value)[0] == '-')
            return out_of_range;
        errno = 0;
        *number = strtoull(json_string_value(value), NULL, 10);
        return errno != 0 || *number > high ? out_of_range : NULL;
    }
    int64_t small;
    const char *wrong = json_get_signed(value, 0, INT64_MAX, &small);
    if (wrong != NULL)
        return wrong;
    *number = (uint64_t)small;
    return *number > high ? out_of_range : NULL;
}

const char *json_get_double(const json_t *value, double *number)
{
    if (json_is_number(value)) {
        *number = json_number_value(value);
        return NULL;
    }
    const char *text = json_string_value(value);
    if (text != NULL && strcmp(text, "NaN") == 0)
        *number = (double)NAN;
    else if (text != NULL && strcmp(text, "Infinity") == 0)
        *number = (double)INFINITY;
    else if (text != NULL && strcmp(text, "-Infinity") == 0)
        *number = (double)-INFINITY;
    else
        return "a number is needed here";
    return NULL;
}

const char *json_get_enum(const json_t *value, const ProtobufCEnumDescriptor *values, int *number)
{
    if (json_is_string(value)) {
        const ProtobufCEnumValue *known =
            protobuf_c_enum_descriptor_get_value_by_name(values, json_string_value(value));
        if (known == NULL)
            return "no such word is known here";
        *number = known->value;
        return NULL;
    }
    int64_t wide;
    const char *wrong = json_get_signed(value, INT32_MIN, INT32_MAX, &wide);
    *number = wrong == NULL ? (int)wide : 0;
    return wrong != NULL ? "one of the words of the schema is needed here" : NULL;
}

static int base64_digit(char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '+' || character == '-')
        return 62;
    return character == '/' || character == '_' ? 63 : -1;
}

const char *json_get_bytes(struct arena *arena, const json_t *value, ProtobufCBinaryData *bytes)
{
    static const char *const not_base64 = "base64 is needed here";
    if (!json_is_string(value))
        return not_base64;
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    while (length > 0 && text[length - 1] == '=')
        length--;
    if (length % 4 == 1 || json_string_length(value) - length > 2)
        return not_base64;
    bytes->data = arena_take(arena, length / 4 * 3 + 3);
    bytes->len = 0;
    if (bytes->data == NULL)
        return "there is no memory for it";
    uint32_t group = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return not_base64;
        group = (group << 6 | (uint32_t)digit) & 0xffffff;
        if (i % 4 != 0)
            bytes->data[bytes->len++] = (uint8_t)(group >> (6 - i % 4 * 2));
    }
    return NULL;
}

const char *json_get_text(struct arena *arena, const json_t *value, char **text)
{
    if (!json_is_string(value))
        return "a text is needed here";
    *text = arena_text(arena, bytes_of(json_string_value(value), json_string_length(value)));
    return *text == NULL ? "there is no memory for it" : NULL;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* `digits` digits at `*at`, which moves on; -1: there are none. */
static int time_digits(const char **at, int digits)
{
    int number = 0;
    for (; digits > 0; digits--, ++*at) {
        if (!isdigit((unsigned char)**at))
            return -1;
        number = number * 10 + (**at - '0');
    }
    return number;
}

static bool time_char(const char **at, const char *one_of)
{
    if (**at == '\0' || strchr(one_of, **at) == NULL)
        return false;
    ++*at;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_before(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] +
           (month > 2 && is_leap(year)) + day - 1 - 719162; /* days from year 1 to 1970 */
}

static bool time_date(const char **at, int64_t *seconds)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = time_digits(at, 4);
    if (year < 1 || !time_char(at, "-"))
        return false;
    int month = time_digits(at, 2);
    if (month < 1 || month > 12 || !time_char(at, "-"))
        return false;
    int day = time_digits(at, 2);
    if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap(year)))
        return false;
    *seconds = days_before(year, month, day) * 86400;
    return true;
}

static bool time_clock(const char **at, int64_t *seconds, int32_t *nanos)
{
    int hour = time_digits(at, 2);
    if (hour < 0 || hour > 23 || !time_char(at, ":"))
        return false;
    int minute = time_digits(at, 2);
    if (minute < 0 || minute > 59 || !time_char(at, ":"))
        return false;
    int second = time_digits(at, 2);
    if (second < 0 || second > 59)
        return false;
    *seconds += hour * 3600 + minute * 60 + second;
    *nanos = 0;
    if (!time_char(at, "."))
        return true;
    int32_t unit = 100000000;
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); ++*at, unit /= 10) {
        if (unit == 0)
            return false;
        *nanos += (**at - '0') * unit;
    }
    return true;
}

static bool time_offset(const char **at, int32_t *offset_minutes)
{
    *offset_minutes = 0;
    if (time_char(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1;
    if (!time_char(at, "+-"))
        return false;
    int hours = time_digits(at, 2);
    if (hours < 0 || hours > 23 || !time_char(at, ":"))
        return false;
    int minutes = time_digits(at, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *offset_minutes = sign * (hours * 60 + minutes);
    return true;
}

const char *json_get_time(const json_t *value, int64_t *seconds, int32_t *nanos,
                          int32_t *offset_minutes)
{
    const int64_t first = -62135596800, last = 253402300799; /* the years 1 to 9999 */
    const char *at = json_string_value(value);
    if (at == NULL || !time_date(&at, seconds) || !time_char(&at, "Tt") ||
        !time_clock(&at, seconds, nanos))
        return "a time as 2025-12-10T08:15:00+07:00 is needed here";
    if (!time_offset(&at, offset_minutes) || *at != '\0')
        return "the time needs its offset, as +07:00 or Z";
    *seconds -= (int64_t)*offset_minutes * 60;
    return *seconds < first || *seconds > last ? out_of_range : NULL;
}
