/* net.h - peers and messages: one table of functions, ZeroMQ or a simulated network behind it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NET_NET_H
#define BROKER_NET_NET_H

#include "broker/base/blob.h"
#include "broker/base/status.h"
#include "proto/c/facts.h"

/* A message that came in. Frames are counted; the receiver drops them. */
struct net_message {
    uint64_t peer;       /* a handle for this connection of this key; never reused in a run */
    struct bytes agency; /* who the key belongs to; borrowed until the next receive */
    uint8_t key_id[KEY_ID_BYTES];
    struct blob *frames[2];
    uint32_t frame_count; /* 1 or 2; more than 2, none or too large: is_bad */
    bool is_bad;
};

struct net;

struct net_ops {
    /* Next message; NOT_FOUND: none now. */
    enum status (*receive)(struct net *net, struct net_message *message);
    /* Hands one message of one or two frames to the peer; frames are taken (dropped) in any case;
     * second may be NULL. BUSY: the peer's queue is full, nothing was sent; CLOSED: the peer is
     * gone. */
    enum status (*send)(struct net *net, uint64_t peer, struct blob *first, struct blob *second);
    /* Whether `bytes` of what can be given again may be sent now: the last part of a peer's room,
     * and of all peers', is kept for words that cannot. */
    bool (*may_deliver)(struct net *net, uint64_t peer, uint64_t bytes);
    /* Forgets the peer and cuts its connection. */
    void (*drop)(struct net *net, uint64_t peer);
    /* Descriptors to poll for readability are engine-specific: fills at most `room`, returns how
     * many. ZeroMQ's own edge-triggered descriptor is hidden: after any wake-up the engine calls
     * receive() until NOT_FOUND. */
    uint32_t (*descriptors)(struct net *net, int *descriptors, uint32_t room);
    void (*close)(struct net *net);
};

struct net {
    const struct net_ops *ops;
};

#endif
