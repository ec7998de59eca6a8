/* net_zmq_bench.h - a network on loopback, and ZeroMQ clients that know or do not know its locks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_NET_ZMQ_BENCH_H
#define TESTS_UNIT_NET_ZMQ_BENCH_H

#include "broker/net/net_zmq.h"

/* The thread sanitizer stops everybody for seconds while it looks up the names of a report. */
#ifdef __SANITIZE_THREAD__
enum { SLOWNESS = 20 };
#else
enum { SLOWNESS = 1 };
#endif

enum { FRAME_BYTES = 256 * 1024, WAIT_MS = 5000 * SLOWNESS, QUIET_MS = 400, SILENCE_MS = 60000 };

struct bench_keys {
    uint8_t public_key[32], secret_key[32];
};

/* A DEALER, and what its monitor says. */
struct bench_client {
    void *socket, *monitor;
};

extern void *bench_clients; /* the context of all clients */
extern struct bench_keys bench_broker_keys, bench_damkar_keys, bench_rsud_keys, bench_stranger_keys;
extern char bench_plain_endpoint[64];

/* Makes the context and the keys; cmocka's group setup. */
int bench_begin(void **state);

/* A network with a CURVE door (index 0) and a plain one of the agency `siaga`; lets damkar and
 * rsud in. */
struct net *bench_net(uint32_t sessions_key, uint32_t silence_ms);
int bench_setup(void **state);
int bench_teardown(void **state);

/* Gives the keys again. */
void bench_let_in(struct net *net, bool is_damkar_revoked);

/* Waits for the next message; false: none came in time. */
bool bench_hear(struct net *net, struct net_message *message, int wait_ms);
void bench_drop_frames(struct net_message *message);
struct net_zmq_statistics bench_counts(struct net *net);

/* Sends one frame, and checks what the network says to it. */
void bench_send(struct net *net, uint64_t peer, const char *text, enum status expected);

uint64_t bench_now_ms(void);

/* `keys` NULL: without CURVE. */
struct bench_client client_make(const struct bench_keys *keys, const uint8_t *server_key);
void client_connect(struct bench_client *client, const char *endpoint);
struct bench_client client_of(struct net *net, const struct bench_keys *keys);
void client_close(struct bench_client *client);
void client_say(struct bench_client *client, const char *text);
bool client_receives(struct bench_client *client, const char *text);

/* Whether its connection ends in time, while the broker's side stands still. */
bool client_hears_its_end(struct bench_client *client, int wait_ms);

/* Whether one of `events` is seen in time, while the broker's side runs. Messages that come are
 * let go. */
bool client_sees(struct bench_client *client, struct net *net, int events, int wait_ms);

#endif
