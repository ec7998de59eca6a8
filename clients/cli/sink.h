/* sink.h - stdout for streams of lines: a reader that is slow or gone never hangs the program.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_SINK_H
#define CLIENTS_CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>

enum sink_state {
    SINK_FLUSHED,
    SINK_STOPPED, /* a signal came while the reader took nothing; what is left was not written */
    SINK_GONE     /* the reader is gone, or the disk is full: errno says which */
};

struct sink {
    int fd;
    char *data;
    size_t length, room;
};

/* `fd` is borrowed. */
void sink_init(struct sink *sink, int fd);
void sink_deinit(struct sink *sink);

/* Adds to what the next flush writes. */
void sink_put(struct sink *sink, const char *text, size_t length);

/* How much waits for the next flush. */
size_t sink_waiting(const struct sink *sink);

/* Writes everything; gives up when `signals` (-1: none) becomes readable while it has to wait. */
enum sink_state sink_flush(struct sink *sink, int signals);

#endif
