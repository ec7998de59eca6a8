/* moment.c - no locale and no zone database but for showing times to a person.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char moment_no_offset[] = "a time needs its offset from UTC: Z, +07:00";
const char moment_no_time[] = "expected a time such as 2025-12-10T08:15:00+07:00";

enum { DAY_MS = 86400000 };

/* The digits at the front of `text`; returns what follows them, or NULL: none, or too large. */
static const char *read_digits(const char *text, uint64_t *number)
{
    uint64_t value = 0;
    const char *begin = text;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return NULL;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return text == begin ? NULL : text;
}

bool moment_read_number(const char *text, uint64_t *number)
{
    uint64_t value = 0;
    const char *end = read_digits(text, &value);
    if (end == NULL || *end != '\0') {
        return false;
    }
    *number = value;
    return true;
}

bool moment_read_duration(const char *text, uint64_t *duration_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"ms", 1      },
        {"s",  1000   },
        {"m",  60000  },
        {"h",  3600000},
        {"d",  DAY_MS }
    };
    const uint64_t longest_ms = UINT64_C(36525) * DAY_MS;
    uint64_t value = 0;
    const char *unit = read_digits(text, &value);
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) == 0 && value <= longest_ms / units[i].ms) {
            *duration_ms = value * units[i].ms;
            return true;
        }
    }
    return false;
}

/* Exactly `width` digits between `min` and `max`; returns what follows them, or NULL. */
static const char *read_part(const char *text, int width, int min, int max, int *part)
{
    int value = 0;
    for (int i = 0; i < width; i++, text++) {
        if (*text < '0' || *text > '9') {
            return NULL;
        }
        value = value * 10 + (*text - '0');
    }
    *part = value;
    return value < min || value > max ? NULL : text;
}

static const char *read_date(const char *text, struct tm *date)
{
    int year, month, day;
    text = read_part(text, 4, 1970, 9999, &year);
    text = text == NULL || *text != '-' ? NULL : read_part(text + 1, 2, 1, 12, &month);
    text = text == NULL || *text != '-' ? NULL : read_part(text + 1, 2, 1, 31, &day);
    if (text == NULL || (*text != 'T' && *text != 't' && *text != ' ')) {
        return NULL;
    }
    *date = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return text + 1;
}

/* The digits after the point, of which three count. */
static const char *read_fraction(const char *text, int *ms)
{
    int weight = 100;
    if (*text < '0' || *text > '9') {
        return NULL;
    }
    for (*ms = 0; *text >= '0' && *text <= '9'; text++, weight /= 10) {
        *ms += weight * (*text - '0');
    }
    return text;
}

static const char *read_clock(const char *text, struct tm *date, int *ms)
{
    *ms = 0;
    text = read_part(text, 2, 0, 23, &date->tm_hour);
    text = text == NULL || *text != ':' ? NULL : read_part(text + 1, 2, 0, 59, &date->tm_min);
    if (text != NULL && *text == ':') {
        text = read_part(text + 1, 2, 0, 60, &date->tm_sec);
        if (text != NULL && *text == '.') {
            text = read_fraction(text + 1, ms);
        }
    }
    return text;
}

static const char *read_offset(const char *text, int *minutes)
{
    int hours, rest;
    if (*text == 'Z' || *text == 'z') {
        *minutes = 0;
        return text + 1;
    }
    if (*text != '+' && *text != '-') {
        return NULL;
    }
    int sign = *text == '-' ? -1 : 1;
    text = read_part(text + 1, 2, 0, 23, &hours);
    text = text == NULL || *text != ':' ? NULL : read_part(text + 1, 2, 0, 59, &rest);
    *minutes = text == NULL ? 0 : sign * (hours * 60 + rest);
    return text;
}

const char *moment_read_time(const char *text, int64_t *time_ms)
{
    struct tm date, there;
    int ms, minutes;
    text = read_date(text, &date);
    text = text == NULL ? NULL : read_clock(text, &date, &ms);
    if (text == NULL) {
        return moment_no_time;
    }
    if (*text == '\0') {
        return moment_no_offset;
    }
    text = read_offset(text, &minutes);
    there = date;
    time_t seconds = timegm(&there);
    /* timegm makes 3 March of 31 February: such a date is none. */
    bool is_date = there.tm_mday == date.tm_mday || date.tm_sec == 60;
    if (text == NULL || *text != '\0' || !is_date) {
        return moment_no_time;
    }
    *time_ms = ((int64_t)seconds - (int64_t)minutes * 60) * 1000 + ms;
    return NULL;
}

void moment_print_local(int64_t time_ms, char text[MOMENT_TEXT_BYTES])
{
    struct tm local;
    time_t seconds = (time_t)(time_ms / 1000);
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(text, MOMENT_TEXT_BYTES, "%Y-%m-%d %H:%M:%S %Z", &local) == 0) {
        (void)snprintf(text, MOMENT_TEXT_BYTES, "?");
    }
}

void moment_print_utc(int64_t time_ms, char text[MOMENT_TEXT_BYTES])
{
    struct tm utc;
    int64_t rest_ms = (time_ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((time_ms - rest_ms) / 1000);
    if (gmtime_r(&seconds, &utc) == NULL) {
        (void)snprintf(text, MOMENT_TEXT_BYTES, "?");
        return;
    }
    size_t length = strftime(text, MOMENT_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + length, MOMENT_TEXT_BYTES - length, ".%03dZ", (int)rest_ms);
}

void moment_print_rfc3339(int64_t time_ms, char text[MOMENT_TEXT_BYTES])
{
    struct tm local;
    time_t seconds = (time_t)(time_ms / 1000);
    if (localtime_r(&seconds, &local) == NULL) {
        (void)snprintf(text, MOMENT_TEXT_BYTES, "?");
        return;
    }
    size_t length = strftime(text, MOMENT_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &local);
    long minutes = local.tm_gmtoff / 60;
    char sign = minutes < 0 ? '-' : '+';
    minutes = minutes < 0 ? -minutes : minutes;
    (void)snprintf(text + length, MOMENT_TEXT_BYTES - length, "%c%02ld:%02ld", sign, minutes / 60,
                   minutes % 60);
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t moment_now_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t moment_tick_ms(void)
{
    return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}
