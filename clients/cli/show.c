/* show.c - what of an event is worth a line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/moment.h"
#include "proto/c/bodies.h"

enum { TEXT_COLUMNS_MIN = 24 };

static FILE *memory_open(char **text, size_t *length)
{
    FILE *out = open_memstream(text, length);
    if (out == NULL) {
        abort();
    }
    return out;
}

static const char *member(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));
    return text == NULL ? "" : text;
}

static const char *kind_of(const json_t *event, const json_t **body)
{
    const struct kt_body *kind;
    *body = NULL;
    for (size_t i = 0; (kind = kt_body_at(i)) != NULL; i++) {
        *body = json_object_get(event, kind->kind);
        if (*body != NULL) {
            return kind->kind;
        }
    }
    return "";
}

/* The first of these members that the body has as a text; NULL: none. */
static const char *first_of(const json_t *body, const char *const *names)
{
    const char *found = NULL;
    for (; found == NULL && *names != NULL; names++) {
        found = json_string_value(json_object_get(body, *names));
    }
    return found;
}

/* The words of the body that say most: whom or what it is about, how that stands, what is said. To
 * be freed. */
static char *text_of(const json_t *body)
{
    static const char *const subjects[] = {"unitId", "facilityId", "assetId", "serviceId",
                                           "agency", "toAgency",   NULL};
    static const char *const states[] = {"activity", "step",  "state", "decision",
                                         "link",     "fault", NULL};
    static const char *const words[] = {"summary", "headline",  "title", "text", "task",
                                        "result",  "causeText", "note",  NULL};
    static const char *const last[] = {"name", "category", "type", NULL};
    const char *parts[] = {first_of(body, subjects), first_of(body, states), first_of(body, words)};
    char *text = NULL;
    size_t length = 0;
    FILE *out = memory_open(&text, &length);
    bool is_empty = true;
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        if (parts[part] != NULL) {
            (void)fprintf(out, "%s%s", is_empty ? "" : " ", parts[part]);
            is_empty = false;
        }
    }
    const char *other = is_empty ? first_of(body, last) : NULL;
    (void)fputs(other == NULL ? "" : other, out);
    if (fclose(out) != 0) {
        abort();
    }
    return text;
}

static void put_text(FILE *out, const json_t *body)
{
    char *text = text_of(body);
    (void)fputs(text, out);
    free(text);
}

static void print_local(FILE *out, const char *time, bool is_narrow)
{
    char text[MOMENT_TEXT_BYTES];
    int64_t time_ms = 0;
    if (moment_read_time(time, &time_ms) == NULL) {
        moment_print_local(time_ms, text);
        const char *clock = strchr(text, ' ');
        (void)fputs(is_narrow && clock != NULL ? clock + 1 : text, out);
    }
}

/* ---- a format of one's own ---- */

static const char letters[] = "qitskmronpxj%";

const char *show_format_fault(const char *format)
{
    for (; *format != '\0'; format++) {
        if (*format == '%' && (*++format == '\0' || strchr(letters, *format) == NULL)) {
            return "after % stands one of q i t s k m r o n p x j %";
        }
    }
    return NULL;
}

static void put_number(FILE *out, const json_t *event, const char *name)
{
    const json_t *value = json_object_get(event, name);
    (void)fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

/* flat switch */
static void put_letter(FILE *out, const json_t *event, const char *line, char letter)
{
    const json_t *body;
    const char *kind = kind_of(event, &body);
    switch (letter) {
    case 'q':
        put_number(out, event, "seq");
        break;
    case 'p':
        put_number(out, event, "priority");
        break;
    case 'i':
        (void)fputs(member(event, "id"), out);
        break;
    case 't':
        (void)fputs(member(event, "topic"), out);
        break;
    case 's':
        (void)fputs(member(event, "source"), out);
        break;
    case 'k':
        (void)fputs(kind, out);
        break;
    case 'm':
        (void)fputs(member(event, "mode"), out);
        break;
    case 'r':
        (void)fputs(member(event, "recordedAt"), out);
        break;
    case 'o':
        (void)fputs(member(event, "occurredAt"), out);
        break;
    case 'n':
        (void)fputs(member(event, "incidentId"), out);
        break;
    case 'x':
        put_text(out, body);
        break;
    case 'j':
        (void)fputs(line, out);
        break;
    default:
        (void)fputc(letter, out);
    }
}

char *show_by_format(const json_t *event, const char *line, const char *format)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = memory_open(&text, &length);
    for (; *format != '\0'; format++) {
        if (*format == '%') {
            put_letter(out, event, line, *++format);
        } else if (format[0] == '\\' && (format[1] == 'n' || format[1] == 't')) {
            (void)fputc(*++format == 'n' ? '\n' : '\t', out);
        } else {
            (void)fputc(*format, out);
        }
    }
    (void)fputc('\n', out);
    if (fclose(out) != 0) {
        abort();
    }
    return text;
}

/* ---- one line ---- */

/* Where the character after `text`'s first `columns` begins; each counts as one. */
static size_t bytes_of_columns(const char *text, size_t columns)
{
    size_t place = 0;
    for (size_t seen = 0; text[place] != '\0'; place++) {
        seen += ((unsigned char)text[place] & 0xC0) != 0x80;
        if (seen > columns) {
            break;
        }
    }
    return place;
}

/* Control characters of others must not reach this terminal. */
static void put_plain(FILE *out, const char *text, size_t columns)
{
    size_t length = bytes_of_columns(text, columns);
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)text[i];
        bool is_control =
            letter < ' ' || letter == 0x7F || (letter == 0xC2 && (unsigned char)text[i + 1] < 0xA0);
        if (is_control && letter == 0xC2) {
            i++;
        }
        (void)fputc(is_control ? ' ' : letter, out);
    }
}

static const char *mode_colour(const json_t *event)
{
    return strcmp(member(event, "mode"), "ACTUAL") == 0 ? "0" : "2";
}

static void print_front(FILE *out, const struct say *say, const json_t *event, bool is_narrow)
{
    const json_t *body;
    const char *kind = kind_of(event, &body);
    json_int_t priority = json_integer_value(json_object_get(event, "priority"));
    const char *mode = member(event, "mode");
    (void)fprintf(out, "%s%8" JSON_INTEGER_FORMAT "%s  ",
                  say_colour(say, priority >= 8 ? "31" : "1"),
                  json_integer_value(json_object_get(event, "seq")), say_colour(say, "0"));
    print_local(out, member(event, "recordedAt"), is_narrow);
    (void)fprintf(out, "  %s%s  %s  %s", say_colour(say, mode_colour(event)),
                  member(event, "source"), member(event, "topic"), kind);
    if (strcmp(mode, "ACTUAL") != 0) {
        (void)fprintf(out, "  [%s]", mode);
    }
}

static size_t columns_of(const char *text)
{
    size_t columns = 0;
    bool is_escape = false;
    for (; *text != '\0'; text++) {
        is_escape = is_escape || *text == '\033';
        columns += !is_escape && ((unsigned char)*text & 0xC0) != 0x80;
        is_escape = is_escape && *text != 'm';
    }
    return columns;
}

/* Everything that stands before the text; to be freed. */
static char *front_of(const struct say *say, const json_t *event, bool is_narrow)
{
    char *front = NULL;
    size_t length = 0;
    FILE *out = memory_open(&front, &length);
    print_front(out, say, event, is_narrow);
    if (fclose(out) != 0) {
        abort();
    }
    return front;
}

/* How many columns are left for the text beside `front` and `incident`. */
static size_t columns_left(const struct say *say, const char *front, const char *incident)
{
    size_t used = columns_of(front) + 4 + columns_of(incident);
    if (say->columns == 0) {
        return SIZE_MAX;
    }
    return used < (size_t)say->columns ? (size_t)say->columns - used : 0;
}

char *show_line(const struct say *say, const json_t *event)
{
    char *text = NULL;
    size_t length = 0;
    const json_t *body;
    const char *incident = member(event, "incidentId");
    char *front = front_of(say, event, false);
    (void)kind_of(event, &body);
    /* The text is worth more than the day, and more than the incident's number. */
    if (columns_left(say, front, incident) < TEXT_COLUMNS_MIN) {
        free(front);
        front = front_of(say, event, true);
    }
    if (columns_left(say, front, incident) < TEXT_COLUMNS_MIN) {
        incident = "";
    }
    FILE *out = memory_open(&text, &length);
    (void)fprintf(out, "%s  ", front);
    char *words = text_of(body);
    put_plain(out, words, columns_left(say, front, incident));
    free(words);
    (void)fprintf(out, "%s%s%s\n", incident[0] == '\0' ? "" : "  ", incident, say_colour(say, "0"));
    if (fclose(out) != 0) {
        abort();
    }
    free(front);
    return text;
}

char *show_whole(const struct say *say, const json_t *event)
{
    char *text = NULL;
    size_t length = 0;
    const char *name;
    json_t *value;
    FILE *out = memory_open(&text, &length);
    json_object_foreach((json_t *)event, name, value)
    {
        char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(2));
        (void)fprintf(out, "%s%s%s: %s\n", say_colour(say, "1"), name, say_colour(say, "0"),
                      shown == NULL ? "" : shown);
        free(shown);
    }
    if (fclose(out) != 0) {
        abort();
    }
    return text;
}
