/* story.h - what happened in a run, a line a fact: when, who, what.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Kept only when somebody will read it: a run that fails is run again with its story on.
 */
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { STORY_LINES = 400, STORY_LINE_BYTES = 200 };

struct story {
    bool is_on;
    FILE *live; /* every line as it is told, NULL: only the last ones are kept */
    uint64_t now_ms;
    uint64_t told; /* lines so far */
    char lines[STORY_LINES][STORY_LINE_BYTES];
};

/* Adds a line; nothing when the story is off. */
void story_tell(struct story *story, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints the last lines. */
void story_print(const struct story *story, FILE *out);

#endif
