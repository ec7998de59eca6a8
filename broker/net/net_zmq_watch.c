/* net_zmq_watch.c - connections that ended, that are to be cut, that never said a word.
 * SPDX-License-Identifier: Apache-2.0
 *
 * libzmq 4.3.4 cannot drop a peer, so its connection is shut down. A monitor's word is a hint,
 * believed only when the descriptor agrees.
 */
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "broker/net/net_zmq_private.h"

enum { TICK_MS = 50 };

static uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* While something is due the timer ticks, so that an idle loop comes by. */
static void timer_set(struct net_zmq *net, bool is_needed)
{
    struct itimerspec every = {0};
    if (net->is_timer_set != is_needed) {
        long tick_ns = is_needed ? TICK_MS * 1000000L : 0;
        every.it_interval.tv_nsec = tick_ns;
        every.it_value.tv_nsec = tick_ns;
        (void)timerfd_settime(net->timer, 0, &every, NULL);
        net->is_timer_set = is_needed;
    }
}

/* ---- cuts ---- */

void net_watch_cut_later(struct net_zmq *net, struct net_peer *peer)
{
    uint32_t place = (net->cut_first + net->cut_count++) % net->peer_room;
    net->cuts[place] = (uint32_t)(peer - net->peers);
    peer->cut_ms = clock_ms() + CUT_DELAY_MS;
    timer_set(net, true);
}

static void cut_due(struct net_zmq *net, uint64_t now_ms)
{
    while (net->cut_count > 0) {
        struct net_peer *peer = &net->peers[net->cuts[net->cut_first]];
        if (peer->cut_ms > now_ms) {
            return;
        }
        net->cut_first = (net->cut_first + 1) % net->peer_room;
        net->cut_count--;
        net_connection_cut(net, peer->descriptor, peer->inode);
        net_peer_forget(net, peer);
    }
}

/* ---- newcomers ---- */

static void newcomer_add(struct net_zmq *net, int descriptor)
{
    ino_t inode = net_connection_inode(net, descriptor);
    if (net->newcomer_count == net->newcomer_room || inode == 0) {
        return;
    }
    uint32_t place = (net->newcomer_first + net->newcomer_count++) % net->newcomer_room;
    net->newcomers[place] = (struct net_newcomer){
        .descriptor = descriptor, .inode = inode, .due_ms = clock_ms() + net->silence_ms};
}

static bool was_heard(const struct net_zmq *net, const struct net_newcomer *newcomer)
{
    return (uint32_t)newcomer->descriptor >= net->descriptor_room ||
           net->heard[newcomer->descriptor].inode == newcomer->inode;
}

static void newcomers_due(struct net_zmq *net, uint64_t now_ms)
{
    while (net->newcomer_count > 0) {
        const struct net_newcomer *newcomer = &net->newcomers[net->newcomer_first];
        if (newcomer->due_ms > now_ms) {
            return;
        }
        if (!was_heard(net, newcomer) &&
            net_connection_inode(net, newcomer->descriptor) == newcomer->inode) {
            net_connection_cut(net, newcomer->descriptor, newcomer->inode);
            net->counts.silent_cut++;
        }
        net->newcomer_first = (net->newcomer_first + 1) % net->newcomer_room;
        net->newcomer_count--;
    }
}

/* ---- what the monitors say ---- */

/* Their words come in two frames; the first has event and value in the machine's own order. */
static bool event_receive(void *monitor, uint16_t *event, int32_t *value)
{
    zmq_msg_t first, address;
    (void)zmq_msg_init(&first);
    (void)zmq_msg_init(&address);
    bool is_read = zmq_msg_recv(&first, monitor, ZMQ_DONTWAIT) == sizeof *event + sizeof *value &&
                   zmq_msg_recv(&address, monitor, ZMQ_DONTWAIT) >= 0;
    if (is_read) {
        const uint8_t *data = zmq_msg_data(&first);
        memcpy(event, data, sizeof *event);
        memcpy(value, data + sizeof *event, sizeof *value);
    }
    (void)zmq_msg_close(&first);
    (void)zmq_msg_close(&address);
    return is_read;
}

static void suspect_add(struct net_zmq *net, int descriptor)
{
    if (net->suspect_count < SUSPECTS_MAX) {
        net->suspects[net->suspect_count++] = descriptor;
    }
}

static void event_take(struct net_zmq *net, uint16_t event, int32_t value)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        net->counts.accepted++;
        newcomer_add(net, value);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        net->counts.disconnected++;
        suspect_add(net, value);
        break;
    case ZMQ_EVENT_ACCEPT_FAILED:
        net->counts.accept_failed++;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        net->counts.handshakes_failed++;
        break;
    default:
        break;
    }
}

static void monitors_read(struct net_zmq *net)
{
    uint16_t event = 0;
    int32_t value = 0;
    for (uint32_t i = 0; i < net->socket_count; i++) {
        while (net->suspect_count < SUSPECTS_MAX &&
               event_receive(net->sockets[i].monitor, &event, &value)) {
            event_take(net, event, value);
        }
    }
}

/* Called when no message waits: what a closed connection still had to say was heard since it
 * became suspect. */
static void suspects_judge(struct net_zmq *net)
{
    for (uint32_t i = 0; i < net->suspect_count; i++) {
        int descriptor = net->suspects[i];
        bool is_watched = descriptor >= 0 && (uint32_t)descriptor < net->descriptor_room;
        struct net_peer *peer =
            is_watched ? net_peer_find(net, net->heard[descriptor].handle) : NULL;
        if (peer != NULL && peer->cut_ms == 0 && net_peer_is_gone(net, peer)) {
            net_peer_forget(net, peer);
        }
    }
    net->suspect_count = 0;
}

void net_watch_due(struct net_zmq *net)
{
    uint64_t now_ms = clock_ms();
    monitors_read(net);
    cut_due(net, now_ms);
    newcomers_due(net, now_ms);
}

void net_watch(struct net_zmq *net)
{
    uint64_t ticks = 0;
    ssize_t got = read(net->timer, &ticks, sizeof ticks);
    (void)got;
    suspects_judge(net);
    net_watch_due(net);
    timer_set(net, net->cut_count > 0 || net->newcomer_count > 0 || net->suspect_count > 0);
}
