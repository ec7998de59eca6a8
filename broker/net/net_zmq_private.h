/* net_zmq_private.h - what the files of the ZeroMQ network share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NET_NET_ZMQ_PRIVATE_H
#define BROKER_NET_NET_ZMQ_PRIVATE_H

#include <sys/types.h>
#include <zmq.h>

#include "broker/base/map.h"
#include "broker/net/net.h"
#include "broker/net/net_zmq_flight.h"
#include "broker/net/zap.h"

enum {
    ROUTING_BYTES = 5, /* of an identity that ZeroMQ assigned: a zero and a number */
    DOORS_MAX = 64,
    ADDRESS_BYTES_MAX = 256,
    CUT_DELAY_MS = 200, /* so that the last words can leave */
    SUSPECTS_MAX = 1024,
    PEER_FRAMES_MAX = 8192, /* in libzmq's hands; both lanes may be owed a receipt an event */
    WATCH_MESSAGES = 64     /* received between two looks at what is due */
};

/* One connection of one key. */
struct net_peer {
    uint64_t handle; /* 0: free */
    uint8_t
        name[1 + ROUTING_BYTES + ZAP_USER_BYTES_MAX]; /* socket, routing id, user: the map's key */
    uint8_t name_length;
    uint8_t agency_length;
    uint8_t key_id[KEY_ID_BYTES];
    int descriptor;  /* of the connection when it was first heard; -1: unknown */
    ino_t inode;     /* of that descriptor: tells a reused number from the same connection */
    uint64_t cut_ms; /* not 0: dropped, to be cut then */
    struct net_flight *flight;
};

/* One ROUTER. All doors with CURVE share one; a plain door has its own. */
struct net_socket {
    void *router;
    void *monitor;
    char agency[65]; /* of a plain door; empty: CURVE */
};

/* One address that is listened at. */
struct net_door {
    char endpoint[ADDRESS_BYTES_MAX]; /* as asked for */
    char bound[ADDRESS_BYTES_MAX];    /* as it is */
    uint32_t socket;
};

/* One connection that was accepted and has said nothing yet. */
struct net_newcomer {
    int descriptor;
    ino_t inode;
    uint64_t due_ms;
};

/* Who was heard last through a descriptor. */
struct net_heard {
    ino_t inode;
    uint64_t handle;
};

struct net_counts {
    uint64_t accepted, disconnected, accept_failed, handshakes_failed;
    uint64_t chosen_identities, nameless, oversized, silent_cut;
    uint64_t received, sent, busy;
};

struct net_zmq {
    struct net base;
    void *context;
    struct zap *zap;
    struct net_socket sockets[DOORS_MAX];
    uint32_t socket_count, socket_next; /* next: who is asked first, so that none starves */
    struct net_door doors[DOORS_MAX];
    uint32_t door_count;
    struct net_peer *peers;
    struct map by_name;
    uint32_t *free_slots;
    uint32_t peer_room, free_count;
    uint64_t serial; /* of the last handle */
    uint32_t *cuts;  /* slots in the order in which they are to be cut; a ring of peer_room */
    uint32_t cut_first, cut_count;
    struct net_newcomer *newcomers; /* a ring, in order of time */
    uint32_t newcomer_room, newcomer_first, newcomer_count;
    struct net_heard *heard; /* by descriptor */
    uint32_t descriptor_room;
    int suspects[SUSPECTS_MAX]; /* descriptors that a monitor reported closed */
    uint32_t suspect_count;
    int timer; /* wakes the loop while something is due */
    bool is_timer_set;
    uint64_t handed_bytes_max, peer_bytes_max;
    uint64_t silence_ms;    /* in which a new connection must say its first word */
    struct net_flight *all; /* bytes in libzmq's hands, of all peers */
    uint32_t unwatched;     /* counts on with every message that was asked for */
    struct net_counts counts;
};

static inline struct net_zmq *net_zmq_of(struct net *net)
{
    return (struct net_zmq *)net;
}

/* net_zmq_socket: makes a ROUTER with every option of the house. `agency` NULL: CURVE. */
struct net_socket_options {
    const uint8_t *public_key, *secret_key;
    uint32_t frame_bytes, heartbeat_ms, silence_ms;
};
enum status net_socket_open(struct net_zmq *net, const char *agency,
                            const struct net_socket_options *options) STATUS_MUST_CHECK;
void net_socket_close(struct net_socket *socket);

/* net_zmq_probe: tries the doors of socket 0 as a stranger, as a client without CURVE, and as a
 * friend. NULL: as they should be; else what is wrong. */
const char *net_probe(struct net_zmq *net, const uint8_t *server_key);

/* net_zmq_peers: the table of connections. */
enum status net_peers_init(struct net_zmq *net, uint32_t room) STATUS_MUST_CHECK;
void net_peers_deinit(struct net_zmq *net);

/* Whose word a message is. */
struct net_sender {
    uint32_t socket;
    uint8_t routing[ROUTING_BYTES];
    struct bytes user; /* as ZAP gave it */
    int descriptor;    /* -1: unknown */
};

/* The peer of that sender, made if it is new. NULL: no room, or a user that ZAP never gave. */
struct net_peer *net_peer_hear(struct net_zmq *net, const struct net_sender *sender);
struct net_peer *net_peer_find(struct net_zmq *net, uint64_t handle);
void net_peer_forget(struct net_zmq *net, struct net_peer *peer);
struct bytes net_peer_routing(const struct net_peer *peer);
struct bytes net_peer_agency(const struct net_peer *peer);
bool net_peer_is_gone(const struct net_zmq *net, const struct net_peer *peer);

/* net_zmq_connection: descriptors that belong to libzmq. */
/* The inode of a connection that came in through one of the doors; 0: the descriptor is no such
 * thing (any more). */
ino_t net_connection_inode(const struct net_zmq *net, int descriptor);
/* Cuts it, if it still is that connection. */
void net_connection_cut(const struct net_zmq *net, int descriptor, ino_t inode);

/* net_zmq_watch: what is due, and what the monitors say. */
void net_watch_cut_later(struct net_zmq *net, struct net_peer *peer);
/* Between messages: cuts who is due, and reads the monitors. */
void net_watch_due(struct net_zmq *net);
/* The same when no message waits: first forgets those who are gone. */
void net_watch(struct net_zmq *net);

/* The functions that the engine calls, and the last of them, which lives where the network is
 * made. */
extern const struct net_ops net_zmq_table;
void net_zmq_close(struct net *base);

#endif
