/* net_zmq_table.c - the functions that the engine calls: receive, send, drop, descriptors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>

#include "broker/net/net_zmq_private.h"

enum {
    FRAMES_MAX = 2,
    WORDS_RESERVE = 8 /* the part of the room that deliveries leave free */
};

/* ---- receive ---- */

/* One message part by part: two frames are kept, the rest of a longer one is read and let go. */
struct incoming {
    struct net_sender sender;
    struct blob *frames[FRAMES_MAX];
    uint32_t frame_count;
    bool is_chosen; /* its routing id is not one that ZeroMQ assigned */
    bool has_user;
    char user[ZAP_USER_BYTES_MAX + 1];
};

static bool part_receive(void *router, zmq_msg_t *part)
{
    (void)zmq_msg_init(part);
    int got = zmq_msg_recv(part, router, ZMQ_DONTWAIT);
    while (got < 0 && errno == EINTR) {
        got = zmq_msg_recv(part, router, ZMQ_DONTWAIT);
    }
    if (got < 0) {
        (void)zmq_msg_close(part);
    }
    return got >= 0;
}

static void routing_read(struct incoming *in, zmq_msg_t *part)
{
    const uint8_t *data = zmq_msg_data(part);
    in->is_chosen = zmq_msg_size(part) != ROUTING_BYTES || data[0] != 0;
    if (!in->is_chosen) {
        memcpy(in->sender.routing, data, ROUTING_BYTES);
    }
}

/* Names come from the last frame: 4.3.4 loses what is known of the first one after a poll. */
static void sender_read(struct incoming *in, zmq_msg_t *last)
{
    const char *user = zmq_msg_gets(last, "User-Id");
    in->sender.descriptor = zmq_msg_get(last, ZMQ_SRCFD);
    in->has_user = user != NULL && strlen(user) <= ZAP_USER_BYTES_MAX;
    if (in->has_user) {
        memcpy(in->user, user, strlen(user));
        in->sender.user = bytes_of(in->user, strlen(user));
    }
}

static void frame_take(struct incoming *in, zmq_msg_t *part)
{
    if (zmq_msg_more(part) == 0) {
        sender_read(in, part);
    }
    if (in->frame_count < FRAMES_MAX) {
        in->frames[in->frame_count] = net_flight_blob(part);
    }
    in->frame_count++;
}

static bool incoming_receive(struct net_zmq *net, uint32_t socket, struct incoming *in)
{
    void *router = net->sockets[socket].router;
    zmq_msg_t part;
    /* Whoever talks without end must not put off the end of anybody, himself included. */
    if (net->unwatched++ % WATCH_MESSAGES == WATCH_MESSAGES - 1) {
        net_watch_due(net);
    }
    *in = (struct incoming){
        .sender = {.socket = socket, .descriptor = -1}
    };
    if (!part_receive(router, &part)) {
        return false;
    }
    routing_read(in, &part);
    bool has_more = zmq_msg_more(&part) != 0;
    (void)zmq_msg_close(&part);
    while (has_more && part_receive(router, &part)) {
        has_more = zmq_msg_more(&part) != 0;
        frame_take(in, &part);
        (void)zmq_msg_close(&part);
    }
    return true;
}

static void frames_drop(struct incoming *in)
{
    for (uint32_t i = 0; i < FRAMES_MAX; i++) {
        blob_drop(in->frames[i]);
        in->frames[i] = NULL;
    }
}

/* A plain door has one agency, whatever a name says. */
static bool is_at_own_door(const struct net_zmq *net, const struct net_peer *peer)
{
    const char *agency = net->sockets[peer->name[0]].agency;
    return agency[0] == '\0' || bytes_are_equal(net_peer_agency(peer), bytes_of_text(agency));
}

/* The peer that may be heard; NULL: cut, or being cut. */
static struct net_peer *sender_judge(struct net_zmq *net, struct incoming *in)
{
    struct net_peer *peer = NULL;
    net->counts.chosen_identities += in->is_chosen;
    net->counts.nameless += !in->has_user;
    if (!in->is_chosen && in->has_user) {
        peer = net_peer_hear(net, &in->sender);
    }
    if (peer != NULL && is_at_own_door(net, peer)) {
        return peer->cut_ms == 0 ? peer : NULL;
    }
    net_connection_cut(net, in->sender.descriptor,
                       net_connection_inode(net, in->sender.descriptor));
    return NULL;
}

static void message_fill(struct net_zmq *net, struct incoming *in, const struct net_peer *peer,
                         struct net_message *message)
{
    bool is_whole = in->frame_count >= 1 && in->frame_count <= FRAMES_MAX &&
                    in->frames[0] != NULL && (in->frame_count == 1 || in->frames[1] != NULL);
    *message = (struct net_message){
        .peer = peer->handle, .agency = net_peer_agency(peer), .is_bad = !is_whole};
    memcpy(message->key_id, peer->key_id, KEY_ID_BYTES);
    if (is_whole) {
        message->frame_count = in->frame_count;
        message->frames[0] = in->frames[0];
        message->frames[1] = in->frames[1];
    } else {
        net->counts.oversized++;
        frames_drop(in);
    }
    net->counts.received++;
}

static bool socket_receive(struct net_zmq *net, uint32_t socket, struct net_message *message)
{
    struct incoming in;
    while (incoming_receive(net, socket, &in)) {
        struct net_peer *peer = sender_judge(net, &in);
        if (peer != NULL) {
            message_fill(net, &in, peer, message);
            return true;
        }
        frames_drop(&in);
    }
    return false;
}

static enum status zmq_table_receive(struct net *base, struct net_message *message)
{
    struct net_zmq *net = net_zmq_of(base);
    for (uint32_t i = 0; i < net->socket_count; i++) {
        uint32_t socket = (net->socket_next + i) % net->socket_count;
        if (socket_receive(net, socket, message)) {
            net->socket_next = (socket + 1) % net->socket_count;
            return STATUS_OK;
        }
    }
    net_watch(net);
    return STATUS_NOT_FOUND;
}

/* ---- send ---- */

/* Whether two frames of `bytes` fit with 1 / `reserve` of the room left free; 0: none. */
static bool has_room(const struct net_zmq *net, const struct net_peer *peer, uint64_t bytes,
                     uint32_t reserve)
{
    uint64_t of_peer = net_flight_bytes(peer->flight), of_all = net_flight_bytes(net->all);
    uint64_t peer_max = net->peer_bytes_max, all_max = net->handed_bytes_max;
    uint32_t frames_max = PEER_FRAMES_MAX;
    if (reserve > 0) {
        peer_max -= peer_max / reserve;
        all_max -= all_max / reserve;
        frames_max -= frames_max / reserve;
    }
    return (of_peer == 0 || of_peer + bytes <= peer_max) && of_all + bytes <= all_max &&
           net_flight_frames(peer->flight) + FRAMES_MAX <= frames_max;
}

static bool zmq_table_may_deliver(struct net *base, uint64_t handle, uint64_t bytes)
{
    const struct net_zmq *net = net_zmq_of(base);
    const struct net_peer *peer = net_peer_find(net_zmq_of(base), handle);
    return peer == NULL || has_room(net, peer, bytes, WORDS_RESERVE);
}

/* The routing id alone may be refused; once it is taken, the frames after it are. */
static enum status routing_send(void *router, const struct net_peer *peer)
{
    struct bytes routing = net_peer_routing(peer);
    int sent = zmq_send(router, routing.data, routing.length, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR) {
        sent = zmq_send(router, routing.data, routing.length, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    }
    if (sent >= 0) {
        return STATUS_OK;
    }
    assert(errno == EAGAIN || errno == EHOSTUNREACH || errno == ETERM);
    return errno == EAGAIN ? STATUS_BUSY : STATUS_CLOSED;
}

static void frame_send(void *router, zmq_msg_t *frame, int flags)
{
    int sent = zmq_msg_send(frame, router, flags | ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR) {
        sent = zmq_msg_send(frame, router, flags | ZMQ_DONTWAIT);
    }
    if (sent < 0) {
        (void)zmq_msg_close(frame);
    }
}

/* Both frames become messages before the first is sent: half a message cannot be taken back. */
static enum status frames_send(struct net_zmq *net, struct net_peer *peer, struct blob *first,
                               struct blob *second)
{
    zmq_msg_t frames[FRAMES_MAX];
    void *router = net->sockets[peer->name[0]].router;
    if (net_flight_message(first, peer->flight, net->all, &frames[0]) != STATUS_OK) {
        blob_drop(second);
        return STATUS_BUSY;
    }
    if (second != NULL &&
        net_flight_message(second, peer->flight, net->all, &frames[1]) != STATUS_OK) {
        (void)zmq_msg_close(&frames[0]);
        return STATUS_BUSY;
    }
    enum status status = routing_send(router, peer);
    if (status != STATUS_OK) {
        (void)zmq_msg_close(&frames[0]);
        if (second != NULL) {
            (void)zmq_msg_close(&frames[1]);
        }
        return status;
    }
    frame_send(router, &frames[0], second != NULL ? ZMQ_SNDMORE : 0);
    if (second != NULL) {
        frame_send(router, &frames[1], 0);
    }
    return STATUS_OK;
}

static enum status zmq_table_send(struct net *base, uint64_t handle, struct blob *first,
                                  struct blob *second)
{
    struct net_zmq *net = net_zmq_of(base);
    struct net_peer *peer = net_peer_find(net, handle);
    uint64_t bytes = blob_bytes(first).length + (second != NULL ? blob_bytes(second).length : 0);
    enum status status = peer == NULL || peer->cut_ms != 0 ? STATUS_CLOSED : STATUS_OK;
    if (status == STATUS_OK && !has_room(net, peer, bytes, 0)) {
        status = STATUS_BUSY;
    }
    if (status == STATUS_OK) {
        status = frames_send(net, peer, first, second);
    } else {
        blob_drop(first);
        blob_drop(second);
    }
    net->counts.sent += status == STATUS_OK;
    net->counts.busy += status == STATUS_BUSY;
    if (status == STATUS_CLOSED && peer != NULL && peer->cut_ms == 0) {
        net_peer_forget(net, peer);
    }
    return status;
}

/* ---- drop, descriptors ---- */

static void zmq_table_drop(struct net *base, uint64_t handle)
{
    struct net_zmq *net = net_zmq_of(base);
    struct net_peer *peer = net_peer_find(net, handle);
    if (peer != NULL && peer->cut_ms == 0) {
        net_watch_cut_later(net, peer);
    }
}

static uint32_t zmq_table_descriptors(struct net *base, int *descriptors, uint32_t room)
{
    struct net_zmq *net = net_zmq_of(base);
    uint32_t count = 0;
    for (uint32_t i = 0; i < net->socket_count && count + 1 < room; i++) {
        size_t length = sizeof *descriptors;
        int got = zmq_getsockopt(net->sockets[i].router, ZMQ_FD, &descriptors[count], &length);
        assert(got == 0);
        count++;
    }
    if (count < room) {
        descriptors[count++] = net->timer;
    }
    return count;
}

const struct net_ops net_zmq_table = {.receive = zmq_table_receive,
                                      .send = zmq_table_send,
                                      .may_deliver = zmq_table_may_deliver,
                                      .drop = zmq_table_drop,
                                      .descriptors = zmq_table_descriptors,
                                      .close = net_zmq_close};
