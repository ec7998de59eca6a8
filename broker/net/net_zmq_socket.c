/* net_zmq_socket.c - one ROUTER, with every option that must not stay at its default.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>

#include "broker/net/net_zmq_private.h"

/* libzmq 4.3.4 knows it by number only: the name is in its draft interface. */
#define ZAP_ENFORCE_DOMAIN_OPTION 93

enum {
    BACKLOG = 4096,
    HANDSHAKE_MS = 5000,
    SEND_MESSAGES = 0, /* libzmq learns late what left: frames are counted here instead */
    RECEIVE_MESSAGES = 64,
    MONITOR_MESSAGES = 100000,
    LAST_WORDS_MS = 500 /* at the end, for what was handed over and has not left */
};

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* An unreachable or full peer must be told, a second one of the same name turned away, nothing may
 * linger. */
static bool set_routing(void *router)
{
    return set_number(router, ZMQ_ROUTER_MANDATORY, 1) &&
           set_number(router, ZMQ_ROUTER_HANDOVER, 0) && set_number(router, ZMQ_LINGER, 0) &&
           set_number(router, ZMQ_SNDHWM, SEND_MESSAGES) &&
           set_number(router, ZMQ_RCVHWM, RECEIVE_MESSAGES) &&
           set_number(router, ZMQ_BACKLOG, BACKLOG);
}

static bool set_liveness(void *router, const struct net_socket_options *options)
{
    int64_t frame_bytes = options->frame_bytes;
    return zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &frame_bytes, sizeof frame_bytes) == 0 &&
           set_number(router, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           set_number(router, ZMQ_HEARTBEAT_IVL, (int)options->heartbeat_ms) &&
           set_number(router, ZMQ_HEARTBEAT_TIMEOUT, (int)options->silence_ms) &&
           set_number(router, ZMQ_HEARTBEAT_TTL, (int)options->silence_ms) &&
           set_number(router, ZMQ_TCP_KEEPALIVE, 1);
}

/* A domain, and that its absence is a refusal; both read back, for without them everybody is let
 * in. */
static bool set_zap(void *router, const char *domain)
{
    char found[80] = "";
    size_t found_length = sizeof found;
    int is_enforced = 0;
    size_t length = sizeof is_enforced;
    return zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           set_number(router, ZAP_ENFORCE_DOMAIN_OPTION, 1) &&
           zmq_getsockopt(router, ZMQ_ZAP_DOMAIN, found, &found_length) == 0 &&
           strcmp(found, domain) == 0 && found[0] != '\0' &&
           zmq_getsockopt(router, ZAP_ENFORCE_DOMAIN_OPTION, &is_enforced, &length) == 0 &&
           is_enforced == 1;
}

static bool set_curve(void *router, const struct net_socket_options *options)
{
    return set_number(router, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(router, ZMQ_CURVE_PUBLICKEY, options->public_key, ZAP_KEY_BYTES) == 0 &&
           zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, options->secret_key, ZAP_KEY_BYTES) == 0;
}

/* ZeroMQ blocks in a full monitor, so its queue is long and read in every turn. */
static bool monitor_open(struct net_zmq *net, struct net_socket *socket)
{
    char address[64];
    int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    (void)snprintf(address, sizeof address, "inproc://kentongan.monitor.%u", net->socket_count);
    socket->monitor = zmq_socket(net->context, ZMQ_PAIR);
    return socket->monitor != NULL && set_number(socket->monitor, ZMQ_LINGER, 0) &&
           set_number(socket->monitor, ZMQ_RCVHWM, MONITOR_MESSAGES) &&
           zmq_socket_monitor(socket->router, address, events) == 0 &&
           zmq_connect(socket->monitor, address) == 0;
}

enum status net_socket_open(struct net_zmq *net, const char *agency,
                            const struct net_socket_options *options)
{
    char domain[80] = ZAP_DOMAIN;
    assert(net->socket_count < DOORS_MAX);
    struct net_socket *socket = &net->sockets[net->socket_count];
    *socket = (struct net_socket){.router = zmq_socket(net->context, ZMQ_ROUTER)};
    if (socket->router == NULL) {
        return STATUS_MEMORY;
    }
    if (agency != NULL) {
        (void)snprintf(socket->agency, sizeof socket->agency, "%s", agency);
        (void)snprintf(domain, sizeof domain, "plain:%s", agency);
    }
    bool is_set = set_routing(socket->router) && set_liveness(socket->router, options) &&
                  set_zap(socket->router, domain) &&
                  (agency != NULL || set_curve(socket->router, options)) &&
                  monitor_open(net, socket);
    if (!is_set) {
        net_socket_close(socket);
        return STATUS_DENIED;
    }
    net->socket_count++;
    return STATUS_OK;
}

void net_socket_close(struct net_socket *socket)
{
    if (socket->router != NULL) {
        (void)zmq_socket_monitor(socket->router, NULL, 0);
        (void)set_number(socket->router, ZMQ_LINGER, LAST_WORDS_MS);
        (void)zmq_close(socket->router);
    }
    if (socket->monitor != NULL) {
        (void)zmq_close(socket->monitor);
    }
    *socket = (struct net_socket){0};
}
