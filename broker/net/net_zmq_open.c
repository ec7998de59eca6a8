/* net_zmq_open.c - makes the network, opens its doors, closes it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "broker/net/net_zmq.h"
#include "broker/net/net_zmq_private.h"

enum { OTHER_DESCRIPTORS = 1024, SESSIONS_MIN = 16, SESSIONS_MAX = 500000 };

__attribute__((format(printf, 3, 4))) static enum status
fail(enum status status, struct net_zmq_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return status;
}

/* libzmq spins when files run out, so fewer are let in than could be. Returns how many sessions
 * there may be. */
static uint32_t files_allow(uint32_t sessions, struct net_zmq *net, struct net_zmq_fault *fault)
{
    struct rlimit files;
    rlim_t wanted = 2 * (rlim_t)sessions + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        files = (struct rlimit){.rlim_cur = OTHER_DESCRIPTORS, .rlim_max = OTHER_DESCRIPTORS};
    }
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    net->descriptor_room = (uint32_t)(files.rlim_cur < wanted ? files.rlim_cur : wanted);
    if (files.rlim_cur >= wanted) {
        return sessions;
    }
    rlim_t spare = files.rlim_cur > 2 * (rlim_t)OTHER_DESCRIPTORS
                       ? files.rlim_cur - OTHER_DESCRIPTORS
                       : files.rlim_cur / 2;
    uint32_t allowed = spare / 2 > SESSIONS_MIN ? (uint32_t)(spare / 2) : SESSIONS_MIN;
    (void)fail(STATUS_OK, fault, "%lu open files allow %u sessions, not %u: raise LimitNOFILE",
               (unsigned long)files.rlim_cur, allowed, sessions);
    return allowed;
}

static enum status memory_take(struct net_zmq *net, uint32_t sessions)
{
    /* Beside the sessions, room for connections that are being cut or refused. */
    enum status status = net_peers_init(net, sessions + sessions / 4 + SESSIONS_MIN);
    net->newcomer_room = net->peer_room;
    net->newcomers = calloc(net->newcomer_room, sizeof *net->newcomers);
    net->heard = calloc(net->descriptor_room, sizeof *net->heard);
    net->all = net_flight_new();
    net->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (status != STATUS_OK || net->newcomers == NULL || net->heard == NULL || net->all == NULL ||
        net->timer < 0) {
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

/* ZeroMQ counts routing ids from an unseeded rand(): the first would be the same in every run. */
static void seed_routing_ids(void)
{
    unsigned seed = 0;
    randombytes_buf(&seed, sizeof seed);
    srand(seed);
}

static enum status context_open(struct net_zmq *net, const struct net_zmq_options *options,
                                uint32_t sessions)
{
    struct zap_options zap = {.sessions = sessions,
                              .sessions_key = options->sessions_key,
                              .handshakes_second = options->handshakes_second};
    seed_routing_ids();
    net->context = zmq_ctx_new();
    if (net->context == NULL) {
        return STATUS_MEMORY;
    }
    (void)zmq_ctx_set(net->context, ZMQ_MAX_SOCKETS, (int)net->descriptor_room);
    return zap_start(net->context, &zap, &net->zap);
}

static enum status door_add(struct net_zmq *net, const struct net_zmq_door *door,
                            const struct net_socket_options *options)
{
    uint32_t index = net->door_count;
    int length = snprintf(net->doors[index].endpoint, ADDRESS_BYTES_MAX, "%s", door->endpoint);
    if (length < 0 || length >= ADDRESS_BYTES_MAX) {
        return STATUS_INVALID;
    }
    if (door->agency != NULL) {
        enum status status = zap_allow_plain(net->zap, bytes_of_text(door->agency));
        net->doors[index].socket = net->socket_count;
        if (status == STATUS_OK) {
            status = net_socket_open(net, door->agency, options);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    net->door_count++;
    return STATUS_OK;
}

/* Socket 0 is the one with CURVE, also when no door leads to it: then it is only tried. */
static enum status doors_make(struct net_zmq *net, const struct net_zmq_options *options,
                              struct net_zmq_fault *fault)
{
    struct net_socket_options socket = {.public_key = options->public_key,
                                        .secret_key = options->secret_key,
                                        .frame_bytes = options->frame_bytes,
                                        .heartbeat_ms = options->heartbeat_ms,
                                        .silence_ms = options->silence_ms};
    if (net_socket_open(net, NULL, &socket) != STATUS_OK) {
        return fail(STATUS_DENIED, fault, "ZeroMQ did not take the options of the CURVE socket");
    }
    const char *wrong = net_probe(net, options->public_key);
    if (wrong != NULL) {
        return fail(STATUS_DENIED, fault, "the test of the locks failed: %s", wrong);
    }
    for (uint32_t i = 0; i < options->door_count; i++) {
        enum status status = door_add(net, &options->doors[i], &socket);
        if (status != STATUS_OK) {
            return fail(status, fault, "%s: %s", options->doors[i].endpoint, status_text(status));
        }
    }
    return STATUS_OK;
}

static enum status net_fill(struct net_zmq *net, const struct net_zmq_options *options,
                            struct net_zmq_fault *fault)
{
    uint32_t sessions = files_allow(options->sessions, net, fault);
    enum status status = memory_take(net, sessions);
    if (status == STATUS_OK) {
        status = context_open(net, options, sessions);
    }
    if (status != STATUS_OK) {
        return fail(status, fault, "no network: %s", status_text(status));
    }
    net->handed_bytes_max = options->handed_bytes;
    net->silence_ms = options->silence_ms;
    net->peer_bytes_max = options->peer_bytes;
    return doors_make(net, options, fault);
}

void net_zmq_close(struct net *base)
{
    struct net_zmq *net = net_zmq_of(base);
    for (uint32_t i = 0; i < net->socket_count; i++) {
        net_socket_close(&net->sockets[i]);
    }
    zap_stop(net->zap);
    if (net->context != NULL) {
        while (zmq_ctx_term(net->context) != 0 && errno == EINTR) {
        }
    }
    net_peers_deinit(net);
    net_flight_drop(net->all);
    if (net->timer >= 0) {
        (void)close(net->timer);
    }
    free(net->newcomers);
    free(net->heard);
    free(net);
}

enum status net_zmq_new(const struct net_zmq_options *options, struct net **net,
                        struct net_zmq_fault *fault)
{
    *fault = (struct net_zmq_fault){.text = ""};
    if (options->door_count > DOORS_MAX - 1 || options->sessions > SESSIONS_MAX) {
        return fail(STATUS_INVALID, fault, "more doors or sessions than a network has");
    }
    struct net_zmq *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return fail(STATUS_MEMORY, fault, "no memory");
    }
    made->base.ops = &net_zmq_table;
    made->timer = -1;
    enum status status = net_fill(made, options, fault);
    if (status != STATUS_OK) {
        net_zmq_close(&made->base);
        return status;
    }
    *net = &made->base;
    return STATUS_OK;
}

static enum status door_open(struct net_zmq *net, uint32_t index, struct net_zmq_fault *fault)
{
    const char *endpoint = net->doors[index].endpoint;
    void *router = net->sockets[net->doors[index].socket].router;
    size_t length = sizeof net->doors[index].bound;
    int is_six = strchr(endpoint, '[') != NULL;
    (void)zmq_setsockopt(router, ZMQ_IPV6, &is_six, sizeof is_six);
    if (zmq_bind(router, endpoint) != 0) {
        return fail(errno == EADDRINUSE ? STATUS_BUSY : STATUS_INVALID, fault, "%s: %s", endpoint,
                    zmq_strerror(errno));
    }
    (void)zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, net->doors[index].bound, &length);
    return STATUS_OK;
}

enum status net_zmq_open(struct net *net, struct net_zmq_fault *fault)
{
    struct net_zmq *zmq = net_zmq_of(net);
    for (uint32_t i = 0; i < zmq->door_count; i++) {
        enum status status = door_open(zmq, i, fault);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

const char *net_zmq_endpoint(const struct net *net, uint32_t index)
{
    const struct net_zmq *zmq = (const struct net_zmq *)net;
    assert(index < zmq->door_count);
    return zmq->doors[index].bound;
}

enum status net_zmq_set_keys(struct net *net, const struct zap_key *keys, uint32_t count)
{
    return zap_set_keys(net_zmq_of(net)->zap, keys, count);
}

void net_zmq_statistics(const struct net *net, struct net_zmq_statistics *statistics)
{
    const struct net_zmq *zmq = (const struct net_zmq *)net;
    const struct net_counts *counts = &zmq->counts;
    *statistics = (struct net_zmq_statistics){
        .accepted = counts->accepted,
        .disconnected = counts->disconnected,
        .accept_failed = counts->accept_failed,
        .handshakes_failed = counts->handshakes_failed,
        .chosen_identities = counts->chosen_identities,
        .nameless = counts->nameless,
        .oversized = counts->oversized,
        .silent_cut = counts->silent_cut,
        .received = counts->received,
        .sent = counts->sent,
        .busy = counts->busy,
        .handed_bytes = net_flight_bytes(zmq->all),
        .peers = zmq->peer_room - zmq->free_count,
    };
    zap_statistics(zmq->zap, &statistics->zap);
}
