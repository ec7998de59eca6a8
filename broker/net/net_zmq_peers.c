/* net_zmq_peers.c - handles for connections: a serial number that never comes back, and a slot.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>

#include "broker/net/net_zmq_private.h"

enum { SLOT_BITS = 20 };

static struct bytes name_of(const void *owner, uint32_t index)
{
    const struct net_peer *peer = &((const struct net_peer *)owner)[index];
    return bytes_of(peer->name, peer->name_length);
}

enum status net_peers_init(struct net_zmq *net, uint32_t room)
{
    assert(room > 0 && room < UINT32_C(1) << SLOT_BITS);
    net->peers = calloc(room, sizeof *net->peers);
    net->free_slots = calloc(room, sizeof *net->free_slots);
    net->cuts = calloc(room, sizeof *net->cuts);
    if (net->peers == NULL || net->free_slots == NULL || net->cuts == NULL) {
        return STATUS_MEMORY;
    }
    for (uint32_t i = 0; i < room; i++) {
        net->free_slots[i] = room - 1 - i;
    }
    net->peer_room = room;
    net->free_count = room;
    return map_init(&net->by_name, room, name_of, net->peers);
}

void net_peers_deinit(struct net_zmq *net)
{
    for (uint32_t i = 0; i < net->peer_room; i++) {
        net_flight_drop(net->peers[i].flight);
    }
    map_deinit(&net->by_name);
    free(net->peers);
    free(net->free_slots);
    free(net->cuts);
}

struct bytes net_peer_routing(const struct net_peer *peer)
{
    return bytes_of(peer->name + 1, ROUTING_BYTES);
}

static struct bytes peer_user(const struct net_peer *peer)
{
    size_t before = 1 + ROUTING_BYTES;
    return bytes_of(peer->name + before, peer->name_length - before);
}

struct bytes net_peer_agency(const struct net_peer *peer)
{
    return bytes_of(peer_user(peer).data, peer->agency_length);
}

bool net_peer_is_gone(const struct net_zmq *net, const struct net_peer *peer)
{
    /* No inode: it had ended before its word was read. */
    return peer->descriptor >= 0 &&
           (peer->inode == 0 || net_connection_inode(net, peer->descriptor) != peer->inode);
}

struct net_peer *net_peer_find(struct net_zmq *net, uint64_t handle)
{
    uint64_t slot = handle & ((UINT64_C(1) << SLOT_BITS) - 1);
    if (handle == 0 || slot >= net->peer_room || net->peers[slot].handle != handle) {
        return NULL;
    }
    return &net->peers[slot];
}

void net_peer_forget(struct net_zmq *net, struct net_peer *peer)
{
    uint32_t slot = map_remove(&net->by_name, bytes_of(peer->name, peer->name_length));
    assert(slot != MAP_NONE && &net->peers[slot] == peer);
    zap_count_session(net->zap, peer_user(peer), -1);
    net_flight_drop(peer->flight);
    *peer = (struct net_peer){0};
    net->free_slots[net->free_count++] = slot;
}

/* Monitors may lose words, so a full table looks for itself. Those to be cut are in a ring and
 * stay. */
static void forget_gone(struct net_zmq *net)
{
    for (uint32_t i = 0; i < net->peer_room; i++) {
        struct net_peer *peer = &net->peers[i];
        if (peer->handle != 0 && peer->cut_ms == 0 && net_peer_is_gone(net, peer)) {
            net_peer_forget(net, peer);
        }
    }
}

static void descriptor_note(struct net_zmq *net, struct net_peer *peer, int descriptor)
{
    peer->descriptor = descriptor;
    peer->inode = net_connection_inode(net, descriptor);
    if (descriptor >= 0 && (uint32_t)descriptor < net->descriptor_room) {
        net->heard[descriptor] = (struct net_heard){.inode = peer->inode, .handle = peer->handle};
    }
}

static struct net_peer *peer_add(struct net_zmq *net, const struct net_sender *sender,
                                 const uint8_t *name, size_t name_length)
{
    struct bytes agency;
    uint8_t key_id[KEY_ID_BYTES];
    if (!zap_user_read(sender->user, &agency, key_id)) {
        return NULL;
    }
    if (net->free_count == 0) {
        forget_gone(net);
    }
    struct net_flight *flight = net->free_count > 0 ? net_flight_new() : NULL;
    if (flight == NULL) {
        return NULL;
    }
    uint32_t slot = net->free_slots[--net->free_count];
    struct net_peer *peer = &net->peers[slot];
    memcpy(peer->name, name, name_length);
    peer->name_length = (uint8_t)name_length;
    memcpy(peer->key_id, key_id, KEY_ID_BYTES);
    peer->agency_length = (uint8_t)agency.length;
    peer->handle = ++net->serial << SLOT_BITS | slot;
    peer->flight = flight;
    descriptor_note(net, peer, sender->descriptor);
    bool is_inserted = map_insert(&net->by_name, slot);
    assert(is_inserted);
    zap_count_session(net->zap, peer_user(peer), 1);
    return peer;
}

struct net_peer *net_peer_hear(struct net_zmq *net, const struct net_sender *sender)
{
    uint8_t name[1 + ROUTING_BYTES + ZAP_USER_BYTES_MAX];
    if (sender->user.length > ZAP_USER_BYTES_MAX) {
        return NULL;
    }
    name[0] = (uint8_t)sender->socket;
    memcpy(name + 1, sender->routing, ROUTING_BYTES);
    memcpy(name + 1 + ROUTING_BYTES, sender->user.data, sender->user.length);
    size_t name_length = 1 + ROUTING_BYTES + sender->user.length;
    uint32_t slot = map_find(&net->by_name, bytes_of(name, name_length));
    return slot != MAP_NONE ? &net->peers[slot] : peer_add(net, sender, name, name_length);
}
