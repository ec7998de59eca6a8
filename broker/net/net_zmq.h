/* net_zmq.h - the network as ZeroMQ: ROUTER sockets, CURVE keys to agencies, connections that can
 * be cut.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One object and one ZeroMQ context a process. All calls from one thread.
 */
#ifndef BROKER_NET_NET_ZMQ_H
#define BROKER_NET_NET_ZMQ_H

#include "broker/net/net.h"
#include "broker/net/zap.h"

/* A door: with CURVE, or (agency not NULL) plain and bound to that agency. */
struct net_zmq_door {
    const char *endpoint;
    const char *agency;
};

struct net_zmq_options {
    const struct net_zmq_door *doors;
    uint32_t door_count;
    const uint8_t *public_key,
        *secret_key;                 /* 32 bytes each; borrowed until net_zmq_new() returns */
    uint32_t sessions, sessions_key; /* in all, of one key */
    uint32_t handshakes_second;      /* of one key */
    uint32_t frame_bytes;            /* of one frame, at most */
    uint32_t heartbeat_ms, silence_ms;
    uint64_t handed_bytes, peer_bytes; /* in libzmq's hands: in all, of one peer */
};

/* What went wrong, in one sentence for a person. */
struct net_zmq_fault {
    char text[256];
};

struct net_zmq_statistics {
    uint64_t accepted, disconnected, accept_failed;
    uint64_t handshakes_failed; /* of any kind */
    uint64_t chosen_identities, nameless, oversized, silent_cut;
    uint64_t received, sent, busy;
    uint64_t handed_bytes;
    uint32_t peers;
    struct zap_statistics zap;
};

/* Makes context, ZAP thread and sockets, and tests that an unknown key and a client without CURVE
 * are refused and a known key is let in. Opens no door. Raises the limit of open files; where that
 * is not enough, fewer sessions are let in than asked for (*fault tells so, with OK). DENIED: a
 * test failed. MEMORY, INVALID. */
enum status net_zmq_new(const struct net_zmq_options *options, struct net **net,
                        struct net_zmq_fault *fault) STATUS_MUST_CHECK;

/* Binds the doors. BUSY: an address is taken; INVALID: it is none. */
enum status net_zmq_open(struct net *net, struct net_zmq_fault *fault) STATUS_MUST_CHECK;

/* The address that door `index` is really bound to; empty before net_zmq_open(). */
const char *net_zmq_endpoint(const struct net *net, uint32_t index);

/* Replaces the keys that may connect. Sessions that stand are the core's to end. MEMORY: the old
 * ones stay. */
enum status net_zmq_set_keys(struct net *net, const struct zap_key *keys,
                             uint32_t count) STATUS_MUST_CHECK;

void net_zmq_statistics(const struct net *net, struct net_zmq_statistics *statistics);

#endif
