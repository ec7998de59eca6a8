/* sim_net.h - connections between clients and the broker as a net that fails.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Behind the table of net.h for the broker; clients have functions of their own. Inside one
 * connection messages keep their order, as in TCP; between connections nothing is promised. What a
 * client sent before it gave up may still arrive, after its next connection has begun.
 */
#ifndef TESTS_SIM_SIM_NET_H
#define TESTS_SIM_SIM_NET_H

#include "broker/net/net.h"
#include "tests/sim/model.h"
#include "tests/sim/story.h"

/* How often things go wrong, in a million. */
struct sim_net_rates {
    uint32_t repeat;       /* a publish arrives twice */
    uint32_t cut;          /* a message breaks the connection */
    uint32_t half_open;    /* a message is the last that passes, and nobody is told */
    uint32_t busy;         /* a message to a client is not taken, though there is room */
    uint32_t stall;        /* a message and all behind it are held up */
    uint64_t delay_ms_max; /* of every message */
    uint64_t stall_ms_max;
    uint32_t queue_messages; /* to one client, before it counts as full */
};

struct sim_net;

/* What is borrowed must outlive it. Never NULL. */
struct sim_net *sim_net_new(const struct sim_net_rates *rates, struct prng *prng,
                            struct model *model, struct tally *tally, struct story *story);
void sim_net_free(struct sim_net *net);

/* The broker's side. */
struct net *sim_net_table(struct sim_net *net);

/* A message that nobody sent is what the broker receives next; both blobs are taken. */
void sim_net_inject(struct sim_net *net, uint64_t handle, struct blob *first, struct blob *second);

/* Who made a connection. */
const char *sim_net_name(const struct sim_net *net, uint64_t handle);

/* From now on nothing new goes wrong, what is held up passes, and queues are long. */
void sim_net_heal(struct sim_net *net);

/* Time passes. */
void sim_net_set_now(struct sim_net *net, uint64_t now_ms);

/* When something arrives at the broker; UINT64_MAX: nothing is under way. */
uint64_t sim_net_broker_due_ms(const struct sim_net *net);

/* The broker opens its doors, or is gone: then every connection breaks. */
void sim_net_open_doors(struct sim_net *net);
void sim_net_break_all(struct sim_net *net);

/* A new connection with the key of `agency`; its handle. */
uint64_t sim_net_connect(struct sim_net *net, const char *name, uint32_t agency);

enum sim_net_event {
    SIM_NET_NOTHING,
    SIM_NET_CONNECTED,
    SIM_NET_LOST,
    SIM_NET_MESSAGE /* two blobs, the caller's; the second may be NULL */
};

/* What comes next at a client. */
enum sim_net_event sim_net_poll(struct sim_net *net, uint64_t handle, struct blob **first,
                                struct blob **second);

/* When sim_net_poll() has something; UINT64_MAX: nothing is under way. */
uint64_t sim_net_client_due_ms(const struct sim_net *net, uint64_t handle);

/* A message from a client; a publish may be repeated on its way. */
void sim_net_send(struct sim_net *net, uint64_t handle, struct bytes first, struct bytes second,
                  bool is_publish);

/* The client gives the connection up. */
void sim_net_close(struct sim_net *net, uint64_t handle);

#endif
