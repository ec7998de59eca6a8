/* sink.c - small writes, each only when the descriptor takes it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sink_init(struct sink *sink, int fd)
{
    *sink = (struct sink){.fd = fd};
}

void sink_deinit(struct sink *sink)
{
    free(sink->data);
}

void sink_put(struct sink *sink, const char *text, size_t length)
{
    if (sink->room - sink->length < length) {
        size_t room = 2 * sink->room + length;
        char *data = realloc(sink->data, room);
        if (data == NULL) {
            abort();
        }
        sink->data = data;
        sink->room = room;
    }
    memcpy(sink->data + sink->length, text, length);
    sink->length += length;
}

size_t sink_waiting(const struct sink *sink)
{
    return sink->length;
}

/* Whether a write of PIPE_BUF would not wait. False with *state: it is over. */
static bool is_writable(const struct sink *sink, int signals, enum sink_state *state)
{
    struct pollfd waiting[] = {
        {.fd = sink->fd, .events = POLLOUT},
        {.fd = signals,  .events = POLLIN }
    };
    while (poll(waiting, 2, -1) < 0) {
        if (errno != EINTR) {
            *state = SINK_GONE;
            return false;
        }
    }
    if (waiting[0].revents != 0) {
        return true;
    }
    *state = SINK_STOPPED;
    return false;
}

enum sink_state sink_flush(struct sink *sink, int signals)
{
    enum sink_state state = SINK_FLUSHED;
    size_t written = 0;
    while (written < sink->length && is_writable(sink, signals, &state)) {
        size_t some = sink->length - written;
        ssize_t done = write(sink->fd, sink->data + written, some < PIPE_BUF ? some : PIPE_BUF);
        if (done < 0 && errno != EINTR && errno != EAGAIN) {
            state = SINK_GONE;
            break;
        }
        written += done > 0 ? (size_t)done : 0;
    }
    int reason = errno;
    sink->length -= written;
    if (sink->length > 0) {
        memmove(sink->data, sink->data + written, sink->length);
    }
    errno = reason;
    return state;
}
