/* lines.h - reads lines from a descriptor without ever waiting for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LINES_H
#define CLIENTS_CLI_LINES_H

#include "proto/c/bytes.h"

enum { LINE_BYTES_MAX = 1024 * 1024 };

enum lines_state {
    LINES_LINE,     /* a line, without its newline */
    LINES_TOO_LONG, /* a line of more than LINE_BYTES_MAX was passed over */
    LINES_MORE,     /* fill first, when the descriptor is readable */
    LINES_END,      /* the last line was given out */
    LINES_FAILED    /* errno of the read is in `error` */
};

struct lines {
    int fd;
    int error;
    uint8_t *data;
    size_t begin, end;    /* what was read and not given out */
    size_t searched;      /* from `begin`: this far there is no newline */
    bool is_ended;        /* nothing more will be read */
    bool is_passing_over; /* inside a line that is too long */
};

/* `fd` is borrowed. */
void lines_init(struct lines *lines, int fd);

void lines_deinit(struct lines *lines);

/* Reads once what is there; the descriptor should be readable. */
void lines_fill(struct lines *lines);

/* The next line; `*line` lives until lines_fill(). */
enum lines_state lines_next(struct lines *lines, struct bytes *line);

#endif
