/* position.c - one grammar for every verb.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/position.h"

#include <stddef.h>
#include <string.h>

#include "clients/cli/moment.h"

static const char no_position[] =
    "expected start, now, a number, @TIME, -N (so many back) or an age such as 15m";
static const char no_end[] = "expected now, a number or @TIME";

/* A number of at least 1 that fits a signed one. */
static bool read_count(const char *text, int64_t *count)
{
    uint64_t number = 0;
    if (!moment_read_number(text, &number) || number == 0 || number > INT64_MAX) {
        return false;
    }
    *count = (int64_t)number;
    return true;
}

const char *position_read(const char *text, struct position *position)
{
    uint64_t age_ms = 0;
    struct position found = {.kind = POSITION_NONE};
    if (strcmp(text, "start") == 0) {
        found.kind = POSITION_START;
    } else if (strcmp(text, "now") == 0) {
        found.kind = POSITION_NOW;
    } else if (text[0] == '@') {
        const char *wrong = moment_read_time(text + 1, &found.value);
        if (wrong != NULL) {
            return wrong;
        }
        found.kind = POSITION_TIME;
    } else if (text[0] == '-') {
        found.kind = read_count(text + 1, &found.value) ? POSITION_LAST : POSITION_NONE;
    } else if (moment_read_duration(text, &age_ms)) {
        found = (struct position){.kind = POSITION_AGE, .value = (int64_t)age_ms};
    } else if (read_count(text, &found.value)) {
        found.kind = POSITION_SEQ;
    }
    if (found.kind == POSITION_NONE) {
        return no_position;
    }
    *position = found;
    return NULL;
}

const char *position_read_end(const char *text, struct position *position)
{
    struct position found = {.kind = POSITION_NOW};
    if (strcmp(text, "end") != 0) {
        const char *wrong = position_read(text, &found);
        if (wrong != NULL) {
            return wrong == moment_no_offset ? wrong : no_end;
        }
    }
    if (found.kind != POSITION_NOW && found.kind != POSITION_SEQ && found.kind != POSITION_TIME) {
        return no_end;
    }
    *position = found;
    return NULL;
}
