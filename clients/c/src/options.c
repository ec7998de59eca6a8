/* options.c - the options of handles and follows.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/options.h"

#include <errno.h>
#include <stdlib.h>

#include "clients/c/include/kentong/kentong.h"

enum option_form { FORM_TEXT, FORM_DURATION, FORM_SIZE, FORM_NUMBER, FORM_BOOL };

struct option {
    const char *name, *standard, *meaning;
    enum option_form form;
    bool is_list;
};

/* clang-format off */
static const struct option known[] = {
    {"profile", "", "path of the .agency profile; else KENTONG_PROFILE", FORM_TEXT, false},
    {"client", "libkentong/" KENTONGAN_VERSION, "program and version, shown to the operator",
     FORM_TEXT, false},
    {"outbox.dir", "", "folder of the outbox; else $XDG_STATE_HOME/kentong/AGENCY-KEY", FORM_TEXT,
     false},
    {"outbox.slot", "", "use this slot; else the lowest free one", FORM_TEXT, false},
    {"outbox.max_bytes", "256M", "bound of one slot's files", FORM_SIZE, false},
    {"outbox.keep", "24h", "how long stored events are kept for a restore", FORM_DURATION, false},
    {"outbox.spool_after", "200ms", "an event unanswered for so long is made durable here",
     FORM_DURATION, false},
    {"receipts", "final", "of submits: final, or all (SPOOLED too, once it is so)", FORM_TEXT,
     false},
    {"get.modes", "ACTUAL", "modes of events that kt_get() shows, separated by commas", FORM_TEXT,
     false},
    {"window", "256", "events of a lane that may be unanswered at the broker, 1 to 4096",
     FORM_NUMBER, false},
    {"follow.events", "1024", "messages of one follow that may wait here", FORM_NUMBER, false},
    {"follow.bytes", "4M", "the same in bytes", FORM_SIZE, false},
    {"filter", "", "follow: a topic filter; again for more", FORM_TEXT, true},
    {"cursor", "", "follow: name of a durable cursor", FORM_TEXT, false},
    {"from", "", "follow: start, now, SEQ, @TIME, -N or a duration", FORM_TEXT, false},
    {"kind", "", "follow: only this body, as report; again for more", FORM_TEXT, true},
    {"category", "", "follow: only this category; again for more", FORM_TEXT, true},
    {"incident", "", "follow: only this incident; again for more", FORM_TEXT, true},
    {"modes", "ACTUAL", "follow: modes, separated by commas", FORM_TEXT, false},
    {"min_priority", "0", "follow: only events of at least this priority", FORM_NUMBER, false},
    {"replay", "no", "follow: a reading of the past", FORM_BOOL, false},
    {"until_end", "no", "follow: ends at the head as it is at the start", FORM_BOOL, false},
    {"through", "0", "follow: ends after this sequence", FORM_NUMBER, false},
    {"through_time", "", "follow: ends with this time, as 2025-12-10T08:15:00+07:00", FORM_TEXT,
     false},
    {"bookmarks", "no", "follow: also show ranges without an event", FORM_BOOL, false},
};
/* clang-format on */

enum { KNOWN_COUNT = sizeof known / sizeof known[0] };

struct kt_options {
    unsigned count;
    struct {
        const struct option *option;
        char *value;
    } list[OPTIONS_MAX];
};

struct kt_options *kt_options_new(void)
{
    return calloc(1, sizeof(struct kt_options));
}

void kt_options_free(struct kt_options *options)
{
    if (options == NULL)
        return;
    for (unsigned i = 0; i < options->count; i++)
        free(options->list[i].value);
    free(options);
}

static const struct option *option_find(const char *name)
{
    for (unsigned i = 0; i < KNOWN_COUNT; i++)
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    return NULL;
}

static bool option_takes(const struct option *option, const char *value)
{
    uint64_t number;
    bool yes;
    switch (option->form) {
    case FORM_DURATION:
        return options_read_duration(value, &number);
    case FORM_SIZE:
        return options_read_size(value, &number);
    case FORM_NUMBER:
        return options_read_number(value, &number);
    case FORM_BOOL:
        return options_read_bool(value, &yes);
    case FORM_TEXT:
        break;
    }
    return strlen(value) <= OPTION_VALUE_BYTES_MAX;
}

int kt_options_set(struct kt_options *options, const char *name, const char *value)
{
    const struct option *option = name != NULL ? option_find(name) : NULL;
    if (options == NULL || option == NULL || value == NULL || !option_takes(option, value))
        return KT_E_INVALID;
    unsigned at = options->count;
    for (unsigned i = 0; i < options->count && !option->is_list; i++)
        if (options->list[i].option == option)
            at = i;
    if (at == OPTIONS_MAX)
        return KT_E_INVALID;
    char *copy = strdup(value);
    if (copy == NULL)
        return KT_E_SYSTEM;
    if (at == options->count)
        options->count++;
    else
        free(options->list[at].value);
    options->list[at].option = option;
    options->list[at].value = copy;
    return KT_OK;
}

int kt_options_describe(int index, const char **name, const char **standard, const char **meaning)
{
    if (index < 0 || index >= KNOWN_COUNT)
        return KT_E_INVALID;
    *name = known[index].name;
    *standard = known[index].standard;
    *meaning = known[index].meaning;
    return KT_OK;
}

const char *options_get(const struct kt_options *options, const char *name, unsigned nth)
{
    const struct option *option = option_find(name);
    unsigned seen = 0;
    for (unsigned i = 0; options != NULL && i < options->count; i++)
        if (options->list[i].option == option && seen++ == nth)
            return options->list[i].value;
    return nth == 0 && option->standard[0] != '\0' ? option->standard : NULL;
}

bool options_read_number(const char *text, uint64_t *number)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* A number and one of the units, each a text and what it stands for. */
static bool read_with_unit(const char *text, const char *const *units, const uint64_t *factors,
                           uint64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    for (unsigned i = 0; units[i] != NULL; i++) {
        if (strcmp(end, units[i]) != 0)
            continue;
        *value = number * factors[i];
        return number <= UINT64_MAX / 2 / factors[i];
    }
    return false;
}

bool options_read_duration(const char *text, uint64_t *duration_ms)
{
    static const char *const units[] = {"ms", "s", "m", "h", "d", NULL};
    static const uint64_t factors[] = {1, 1000, 60000, 3600000, 86400000};
    return read_with_unit(text, units, factors, duration_ms);
}

bool options_read_size(const char *text, uint64_t *size_bytes)
{
    static const char *const units[] = {"", "K", "M", "G", NULL};
    static const uint64_t factors[] = {1, 1024, 1048576, 1073741824};
    return read_with_unit(text, units, factors, size_bytes);
}

bool options_read_bool(const char *text, bool *value)
{
    *value = strcmp(text, "yes") == 0;
    return *value || strcmp(text, "no") == 0;
}
