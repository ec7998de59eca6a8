/* follow_spec.c - the words of a follow, read and checked before the broker is asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/follow_spec.h"

#include <stdlib.h>

#include "clients/c/src/json_value.h"
#include "kentongan/v1/event.pb-c.h"
#include "proto/c/bodies.h"
#include "proto/c/prescan.h"
#include "proto/c/topic.h"

enum { INCIDENTS_MAX = 16, CATEGORIES_MAX = 128, KINDS_MAX = 64, PRIORITY_MAX = 10 };

/* Everything that a spec can point to, in one block; texts are copied behind it. */
struct spec_block {
    struct bytes filters[LINK_FILTERS_MAX];
    struct bytes kinds[KINDS_MAX];
    struct bytes incidents[INCIDENTS_MAX];
    uint16_t categories[CATEGORIES_MAX];
    size_t used, room;
    char texts[];
};

static struct bytes keep(struct spec_block *block, const char *text)
{
    size_t length = strlen(text);
    if (length > block->room - block->used)
        length = block->room - block->used; /* cannot be: the room was counted */
    memcpy(block->texts + block->used, text, length);
    struct bytes kept = bytes_of(block->texts + block->used, length);
    block->used += length;
    return kept;
}

static size_t texts_bytes(const struct kt_options *options)
{
    static const char *const lists[] = {"filter", "kind", "incident", "cursor"};
    size_t bytes = 0;
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *value;
        for (unsigned nth = 0; (value = options_get(options, lists[i], nth)) != NULL; nth++)
            bytes += strlen(value);
    }
    return bytes;
}

static const char *read_filters(const struct kt_options *options, struct spec_block *block,
                                struct link_follow_spec *spec)
{
    const char *value;
    for (unsigned nth = 0; (value = options_get(options, "filter", nth)) != NULL; nth++) {
        if (nth == LINK_FILTERS_MAX)
            return "a follow has at most 64 filters";
        const char *wrong = topic_filter_fault(bytes_of_text(value));
        if (wrong != NULL)
            return wrong;
        block->filters[spec->filter_count++] = keep(block, value);
    }
    return spec->filter_count == 0 ? "at least one filter is needed" : NULL;
}

static const char *read_kinds(const struct kt_options *options, struct spec_block *block,
                              struct link_follow_spec *spec)
{
    const char *value;
    for (unsigned nth = 0; (value = options_get(options, "kind", nth)) != NULL; nth++) {
        if (nth == KINDS_MAX || kt_body_find_kind(bytes_of_text(value)) == NULL)
            return "no event has such a body";
        block->kinds[spec->kind_count++] = keep(block, value);
    }
    return NULL;
}

static const char *read_categories(const struct kt_options *options, struct spec_block *block,
                                   struct link_follow_spec *spec)
{
    const char *value;
    for (unsigned nth = 0; (value = options_get(options, "category", nth)) != NULL; nth++) {
        const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value_by_name(
            &kentongan__v1__category__value__descriptor, value);
        if (nth == CATEGORIES_MAX || known == NULL)
            return "there is no such category";
        block->categories[spec->category_count++] = (uint16_t)known->value;
    }
    return NULL;
}

static const char *read_incidents(const struct kt_options *options, struct spec_block *block,
                                  struct link_follow_spec *spec)
{
    const char *value;
    for (unsigned nth = 0; (value = options_get(options, "incident", nth)) != NULL; nth++) {
        if (nth == INCIDENTS_MAX || strlen(value) > INCIDENT_BYTES_MAX || value[0] == '\0')
            return "at most 16 incidents, each of at most 64 bytes";
        block->incidents[spec->incident_count++] = keep(block, value);
    }
    return NULL;
}

const char *follow_spec_read_modes(const struct kt_options *options, const char *name,
                                   uint32_t *modes)
{
    const char *at = options_get(options, name, 0);
    while (*at != '\0') {
        char word[16];
        size_t length = strcspn(at, ",");
        if (length >= sizeof word)
            return "modes are ACTUAL, EXERCISE, TEST and SYSTEM";
        memcpy(word, at, length);
        word[length] = '\0';
        const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value_by_name(
            &kentongan__v1__mode__value__descriptor, word);
        if (known == NULL || known->value == 0)
            return "modes are ACTUAL, EXERCISE, TEST and SYSTEM";
        *modes |= 1u << known->value;
        at += length + (at[length] == ',');
    }
    return NULL;
}

static const char *read_time_ms(const char *text, int64_t *time_ms)
{
    int64_t seconds;
    int32_t nanos, offset;
    json_t *value = json_string(text);
    const char *wrong =
        value == NULL ? "the time is no text" : json_get_time(value, &seconds, &nanos, &offset);
    json_decref(value);
    *time_ms = wrong == NULL ? seconds * 1000 + nanos / 1000000 : 0;
    return wrong;
}

static const char *read_from(const struct kt_options *options, struct link_follow_spec *spec)
{
    const char *text = options_get(options, "from", 0);
    int64_t time_ms;
    if (text == NULL)
        return NULL;
    if (text[0] == '@') {
        spec->from = LINK_FROM_TIME;
        const char *wrong = read_time_ms(text + 1, &time_ms);
        spec->from_value = (uint64_t)time_ms;
        return wrong;
    }
    if (strcmp(text, "start") == 0)
        spec->from = LINK_FROM_START;
    else if (strcmp(text, "now") == 0)
        spec->from = LINK_FROM_NOW;
    else if (text[0] == '-' && options_read_number(text + 1, &spec->from_value))
        spec->from = LINK_FROM_LAST;
    else if (options_read_number(text, &spec->from_value) && spec->from_value > 0)
        spec->from = LINK_FROM_SEQ;
    else if (options_read_duration(text, &spec->from_value))
        spec->from = LINK_FROM_AGE;
    else
        return "start, now, a sequence, @TIME, -N or a duration as 15m is needed";
    return NULL;
}

static const char *read_cursor(const struct kt_options *options, struct spec_block *block,
                               struct link_follow_spec *spec)
{
    const char *name = options_get(options, "cursor", 0);
    if (name == NULL)
        return NULL;
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (name[0] == '\0' || strlen(name) > 64 || name[strspn(name, allowed)] != '\0')
        return "a cursor's name is 1 to 64 of A-Z a-z 0-9 . _ -";
    spec->cursor = keep(block, name);
    return NULL;
}

static const char *read_priority(const struct kt_options *options, struct link_follow_spec *spec)
{
    uint64_t priority;
    options_read_number(options_get(options, "min_priority", 0), &priority);
    if (priority > PRIORITY_MAX)
        return "priorities are 0 to 10";
    spec->min_priority = (uint32_t)priority;
    return NULL;
}

static const char *read_end(const struct kt_options *options, struct link_follow_spec *spec)
{
    options_read_bool(options_get(options, "replay", 0), &spec->is_replay);
    options_read_bool(options_get(options, "until_end", 0), &spec->until_end);
    options_read_number(options_get(options, "through", 0), &spec->through);
    const char *time = options_get(options, "through_time", 0);
    spec->through_time_ms = INT64_MAX;
    return time != NULL ? read_time_ms(time, &spec->through_time_ms) : NULL;
}

const char *follow_spec_read(const struct kt_options *options, struct link_follow_spec *spec,
                             void **block, const char **reason)
{
    size_t room = texts_bytes(options);
    struct spec_block *made = calloc(1, sizeof *made + room);
    *block = made;
    *spec = (struct link_follow_spec){0};
    *reason = "there is no memory";
    if (made == NULL)
        return "filter";
    made->room = room;
    spec->filters = made->filters;
    spec->kinds = made->kinds;
    spec->incidents = made->incidents;
    spec->categories = made->categories;
    if ((*reason = read_filters(options, made, spec)) != NULL)
        return "filter";
    if ((*reason = read_kinds(options, made, spec)) != NULL)
        return "kind";
    if ((*reason = read_categories(options, made, spec)) != NULL)
        return "category";
    if ((*reason = read_incidents(options, made, spec)) != NULL)
        return "incident";
    if ((*reason = follow_spec_read_modes(options, "modes", &spec->modes)) != NULL)
        return "modes";
    if ((*reason = read_from(options, spec)) != NULL)
        return "from";
    if ((*reason = read_cursor(options, made, spec)) != NULL)
        return "cursor";
    if ((*reason = read_priority(options, spec)) != NULL)
        return "min_priority";
    if ((*reason = read_end(options, spec)) != NULL)
        return "through_time";
    return NULL;
}
