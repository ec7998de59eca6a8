/* story.c - a ring of lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/story.h"

#include <inttypes.h>
#include <stdarg.h>

void story_tell(struct story *story, const char *who, const char *format, ...)
{
    if (!story->is_on)
        return;
    char *line = story->lines[story->told++ % STORY_LINES];
    int used = snprintf(line, STORY_LINE_BYTES, "%7" PRIu64 ".%03" PRIu64 "  %-10s ",
                        story->now_ms / 1000, story->now_ms % 1000, who);
    va_list words;
    va_start(words, format);
    vsnprintf(line + used, STORY_LINE_BYTES - (size_t)used, format, words);
    va_end(words);
    if (story->live != NULL)
        fprintf(story->live, "%s\n", line);
}

void story_print(const struct story *story, FILE *out)
{
    uint64_t first = story->told > STORY_LINES ? story->told - STORY_LINES : 0;
    if (first > 0)
        fprintf(out, "  ... %" PRIu64 " lines before\n", first);
    for (uint64_t index = first; index < story->told; index++)
        fprintf(out, "%s\n", story->lines[index % STORY_LINES]);
}
