/* lines.c - one buffer, moved to its front when it is filled.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/lines.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOM = LINE_BYTES_MAX + 1 };

void lines_init(struct lines *lines, int fd)
{
    *lines = (struct lines){.fd = fd, .data = malloc(ROOM)};
    if (lines->data == NULL) {
        abort();
    }
}

void lines_deinit(struct lines *lines)
{
    free(lines->data);
}

void lines_fill(struct lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->data, lines->data + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    assert(lines->end < ROOM);
    ssize_t got = read(lines->fd, lines->data + lines->end, ROOM - lines->end);
    if (got > 0) {
        lines->end += (size_t)got;
    } else if (got == 0) {
        lines->is_ended = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        lines->error = errno;
    }
}

/* What is left is no line: of one that is too long, or nothing. */
static enum lines_state lines_rest(struct lines *lines)
{
    if (lines->error != 0) {
        return LINES_FAILED;
    }
    if (!lines->is_ended) {
        if (lines->end - lines->begin == ROOM) {
            lines->is_passing_over = true;
        }
        if (lines->is_passing_over) {
            lines->begin = lines->end;
            lines->searched = 0;
        }
        return LINES_MORE;
    }
    bool was_too_long = lines->is_passing_over;
    lines->is_passing_over = false;
    lines->begin = lines->end;
    return was_too_long ? LINES_TOO_LONG : LINES_END;
}

enum lines_state lines_next(struct lines *lines, struct bytes *line)
{
    const uint8_t *from = lines->data + lines->begin;
    size_t length = lines->end - lines->begin;
    const uint8_t *newline = memchr(from + lines->searched, '\n', length - lines->searched);
    lines->searched = newline == NULL ? length : 0;
    bool is_last = newline == NULL && lines->is_ended && length > 0;
    if (newline == NULL && (!is_last || lines->is_passing_over || length > LINE_BYTES_MAX)) {
        lines->is_passing_over = lines->is_passing_over || length > LINE_BYTES_MAX;
        return lines_rest(lines);
    }
    size_t taken = newline == NULL ? length : (size_t)(newline - from);
    lines->begin += newline == NULL ? length : taken + 1;
    lines->searched = 0;
    if (lines->is_passing_over) {
        lines->is_passing_over = false;
        return LINES_TOO_LONG;
    }
    *line = bytes_of(from, taken);
    return LINES_LINE;
}
