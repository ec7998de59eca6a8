/* link_zmq.c - the client's socket, and the monitor that tells what became of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_zmq.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

enum { FRAME_BYTES_MAX = 4 * 1024 * 1024, MONITOR_EVENT_BYTES = 6 };

struct link_zmq {
    struct link_zmq_options options;
    void *socket, *monitor;
    unsigned long serial; /* of the monitor's name */
    zmq_msg_t frames[2];
};

/* One context a process, never ended: closing one of several that use CURVE is not safe in
 * libzmq 4.3.4. A forked child must not touch its parent's and makes its own. */
static void *context_get(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static void *context;
    static pid_t owner;
    pthread_mutex_lock(&lock);
    if (context == NULL || owner != getpid()) {
        context = zmq_ctx_new();
        owner = getpid();
    }
    void *got = context;
    pthread_mutex_unlock(&lock);
    return got;
}

bool link_zmq_key_read(const char *text, uint8_t key[32])
{
    return strlen(text) == LINK_KEY_TEXT_BYTES - 1 && zmq_z85_decode(key, text) != NULL;
}

struct link_zmq *link_zmq_new(const struct link_zmq_options *options)
{
    struct link_zmq *net = context_get() != NULL ? calloc(1, sizeof *net) : NULL;
    if (net == NULL)
        return NULL;
    net->options = *options;
    for (int i = 0; i < 2; i++)
        zmq_msg_init(&net->frames[i]);
    return net;
}

void link_zmq_free(struct link_zmq *net)
{
    if (net == NULL)
        return;
    link_zmq_close(net);
    for (int i = 0; i < 2; i++)
        zmq_msg_close(&net->frames[i]);
    explicit_bzero(&net->options, sizeof net->options);
    free(net);
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(void *socket)
{
    const int64_t message_bytes = FRAME_BYTES_MAX;
    /* No bound on what is queued here: the protocol's windows bound it. */
    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_IMMEDIATE, 1) &&
           set_int(socket, ZMQ_SNDHWM, 0) && set_int(socket, ZMQ_RCVHWM, 0) &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, 5000) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 15000) &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, 5000) &&
           set_int(socket, ZMQ_CONNECT_TIMEOUT, 10000) && set_int(socket, ZMQ_RECONNECT_IVL, -1) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE, 1) && set_int(socket, ZMQ_IPV6, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof message_bytes) == 0;
}

static bool set_keys(const struct link_zmq *net)
{
    const struct link_zmq_options *options = &net->options;
    if (options->broker_key[0] == '\0')
        return true;
    return zmq_setsockopt(net->socket, ZMQ_CURVE_SERVERKEY, options->broker_key,
                          LINK_KEY_TEXT_BYTES) == 0 &&
           zmq_setsockopt(net->socket, ZMQ_CURVE_PUBLICKEY, options->public_key,
                          LINK_KEY_TEXT_BYTES) == 0 &&
           zmq_setsockopt(net->socket, ZMQ_CURVE_SECRETKEY, options->secret_key,
                          LINK_KEY_TEXT_BYTES) == 0;
}

static bool open_monitor(struct link_zmq *net)
{
    char name[64];
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED;
    snprintf(name, sizeof name, "inproc://kentong-%p-%lu", (void *)net, ++net->serial);
    if (zmq_socket_monitor(net->socket, name, events) != 0)
        return false;
    net->monitor = zmq_socket(context_get(), ZMQ_PAIR);
    return net->monitor != NULL && set_int(net->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(net->monitor, name) == 0;
}

bool link_zmq_open(struct link_zmq *net)
{
    assert(net->socket == NULL);
    net->socket = zmq_socket(context_get(), ZMQ_DEALER);
    if (net->socket != NULL && set_options(net->socket) && set_keys(net) && open_monitor(net) &&
        zmq_connect(net->socket, net->options.endpoint) == 0)
        return true;
    int saved = errno;
    link_zmq_close(net);
    errno = saved;
    return false;
}

void link_zmq_close(struct link_zmq *net)
{
    if (net->socket != NULL) {
        zmq_socket_monitor(net->socket, NULL, 0);
        zmq_close(net->socket);
    }
    if (net->monitor != NULL)
        zmq_close(net->monitor);
    net->socket = net->monitor = NULL;
}

void link_zmq_linger(struct link_zmq *net, int linger_ms)
{
    if (net->socket != NULL)
        set_int(net->socket, ZMQ_LINGER, linger_ms);
}

void link_zmq_wait(struct link_zmq *net, int wake_fd, int timeout_ms)
{
    zmq_pollitem_t items[3] = {
        {.fd = wake_fd,          .events = ZMQ_POLLIN},
        {.socket = net->socket,  .events = ZMQ_POLLIN},
        {.socket = net->monitor, .events = ZMQ_POLLIN}
    };
    /* Interrupted or not: the caller looks at everything anyway. */
    (void)zmq_poll(items, net->socket != NULL ? 3 : 1, timeout_ms);
}

/* Drops what is left of a message of too many frames. */
static enum link_zmq_event next_discard(struct link_zmq *net)
{
    while (zmq_msg_more(&net->frames[1]))
        if (zmq_msg_recv(&net->frames[1], net->socket, ZMQ_DONTWAIT) < 0)
            break;
    return LINK_ZMQ_BAD;
}

static enum link_zmq_event next_message(struct link_zmq *net, struct bytes *first,
                                        struct bytes *second)
{
    int got;
    do {
        got = zmq_msg_recv(&net->frames[0], net->socket, ZMQ_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return LINK_ZMQ_NOTHING;
    *first = bytes_of(zmq_msg_data(&net->frames[0]), zmq_msg_size(&net->frames[0]));
    *second = (struct bytes){0};
    if (!zmq_msg_more(&net->frames[0]))
        return LINK_ZMQ_MESSAGE;
    /* Frames of one message arrive together or not at all. */
    if (zmq_msg_recv(&net->frames[1], net->socket, ZMQ_DONTWAIT) < 0)
        return LINK_ZMQ_BAD;
    *second = bytes_of(zmq_msg_data(&net->frames[1]), zmq_msg_size(&net->frames[1]));
    return zmq_msg_more(&net->frames[1]) ? next_discard(net) : LINK_ZMQ_MESSAGE;
}

static enum link_zmq_event event_of(uint16_t kind)
{
    switch (kind) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        return LINK_ZMQ_CONNECTED;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return LINK_ZMQ_AUTH_FAILED;
    default:
        return LINK_ZMQ_LOST;
    }
}

static enum link_zmq_event next_monitored(struct link_zmq *net)
{
    zmq_msg_t frame;
    uint16_t kind = 0;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, net->monitor, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&frame);
        return LINK_ZMQ_NOTHING;
    }
    if (zmq_msg_size(&frame) == MONITOR_EVENT_BYTES)
        memcpy(&kind, zmq_msg_data(&frame), sizeof kind);
    while (zmq_msg_more(&frame))
        if (zmq_msg_recv(&frame, net->monitor, ZMQ_DONTWAIT) < 0)
            break;
    zmq_msg_close(&frame);
    return event_of(kind);
}

enum link_zmq_event link_zmq_next(struct link_zmq *net, struct bytes *first, struct bytes *second)
{
    if (net->socket == NULL)
        return LINK_ZMQ_NOTHING;
    /* What arrived before the end of a connection still counts. */
    enum link_zmq_event event = next_message(net, first, second);
    return event != LINK_ZMQ_NOTHING ? event : next_monitored(net);
}

static bool send_frame(void *socket, struct bytes frame, int flags)
{
    int sent;
    do {
        sent = zmq_send(socket, frame.data, frame.length, flags | ZMQ_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

bool link_zmq_send(struct link_zmq *net, struct bytes first, struct bytes second)
{
    if (net->socket == NULL)
        return false;
    if (second.length == 0)
        return send_frame(net->socket, first, 0);
    return send_frame(net->socket, first, ZMQ_SNDMORE) && send_frame(net->socket, second, 0);
}
