/* listen_options.c - from what was typed to the library's options.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/listen_options.h"

#include <stdio.h>

#include "clients/cli/moment.h"
#include "clients/cli/position.h"
#include "clients/cli/show.h"

static bool wrong(const struct say *say, const char *option, const char *text, const char *reason)
{
    say_wrong_use(say, "%s %s: %s", option, text, reason);
    return false;
}

bool listen_judge(const struct listen *listen)
{
    struct position position;
    const char *fault;
    if (listen->from != NULL && (fault = position_read(listen->from, &position)) != NULL) {
        return wrong(listen->say, "--from", listen->from, fault);
    }
    if (listen->to != NULL && (fault = position_read_end(listen->to, &position)) != NULL) {
        return wrong(listen->say, "--to", listen->to, fault);
    }
    if (listen->count == 0) {
        return wrong(listen->say, "--count", "0", "at least 1");
    }
    if (listen->format != NULL && (fault = show_format_fault(listen->format)) != NULL) {
        return wrong(listen->say, "--format", listen->format, fault);
    }
    return true;
}

static bool set_list(const struct say *say, struct kt_options *options, const char *name,
                     const struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!session_set(say, options, name, list->items[i])) {
            return false;
        }
    }
    return true;
}

static bool set_text(const struct say *say, struct kt_options *options, const char *name,
                     const char *value)
{
    return value == NULL || session_set(say, options, name, value);
}

/* A time as the library reads it: people may leave the seconds out. */
static bool set_time(const struct say *say, struct kt_options *options, const char *name,
                     const char *at, int64_t time_ms)
{
    char text[MOMENT_TEXT_BYTES], value[MOMENT_TEXT_BYTES + 1];
    moment_print_utc(time_ms, text);
    (void)snprintf(value, sizeof value, "%s%s", at, text);
    return session_set(say, options, name, value);
}

/* Where it begins. */
static bool set_begin(const struct listen *listen, struct kt_options *options)
{
    struct position begin = {.kind = POSITION_NONE};
    if (listen->from != NULL) {
        (void)position_read(listen->from, &begin);
    }
    return begin.kind == POSITION_TIME ? set_time(listen->say, options, "from", "@", begin.value)
                                       : set_text(listen->say, options, "from", listen->from);
}

/* Where it ends. */
static bool set_end(const struct listen *listen, struct kt_options *options)
{
    const struct say *say = listen->say;
    struct position end = {.kind = POSITION_NONE};
    if (listen->to != NULL) {
        (void)position_read_end(listen->to, &end);
    }
    switch (end.kind) {
    case POSITION_SEQ:
        return session_set(say, options, "through", listen->to);
    case POSITION_TIME:
        return set_time(say, options, "through_time", "", end.value);
    default:
        return (end.kind == POSITION_NONE && !listen->is_until_end) ||
               session_set(say, options, "until_end", "yes");
    }
}

bool listen_set_options(const struct listen *listen, struct kt_options *options)
{
    const struct say *say = listen->say;
    return set_list(say, options, "filter", &listen->filters) &&
           set_list(say, options, "kind", &listen->kinds) &&
           set_list(say, options, "category", &listen->categories) &&
           set_list(say, options, "incident", &listen->incidents) &&
           set_text(say, options, "cursor", listen->cursor) && set_begin(listen, options) &&
           set_text(say, options, "modes", listen->modes) &&
           set_text(say, options, "min_priority", listen->min_priority) &&
           session_set(say, options, "replay", listen->is_replay ? "yes" : "no") &&
           set_end(listen, options);
}
