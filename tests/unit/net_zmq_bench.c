/* net_zmq_bench.c - one context of clients for the whole program: several that end are not safe
 * with CURVE in libzmq 4.3.4.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/net_zmq_bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/c/digest.h"
#include "tests/unit/check.h"

void *bench_clients;
struct bench_keys bench_broker_keys, bench_damkar_keys, bench_rsud_keys, bench_stranger_keys;
char bench_plain_endpoint[64];

static void keys_make(struct bench_keys *keys)
{
    char public_text[41], secret_text[41];
    assert_int_equal(zmq_curve_keypair(public_text, secret_text), 0);
    assert_non_null(zmq_z85_decode(keys->public_key, public_text));
    assert_non_null(zmq_z85_decode(keys->secret_key, secret_text));
}

uint64_t bench_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the broker's side ---- */

void bench_let_in(struct net *net, bool is_damkar_revoked)
{
    struct zap_key keys[2] = {
        {.agency = bytes_of_text("damkar"), .is_revoked = is_damkar_revoked},
        {.agency = bytes_of_text("rsud")                                }
    };
    memcpy(keys[0].public_key, bench_damkar_keys.public_key, 32);
    memcpy(keys[1].public_key, bench_rsud_keys.public_key, 32);
    digest_key_id(keys[0].public_key, keys[0].key_id);
    digest_key_id(keys[1].public_key, keys[1].key_id);
    assert_int_equal(net_zmq_set_keys(net, keys, 2), STATUS_OK);
}

struct net *bench_net(uint32_t sessions_key, uint32_t silence_ms)
{
    struct net_zmq_door doors[] = {
        {.endpoint = "tcp://127.0.0.1:0"},
        { .endpoint = bench_plain_endpoint,              .agency = "siaga"}
    };
    struct net_zmq_options options = {.doors = doors,
                                      .door_count = 2,
                                      .public_key = bench_broker_keys.public_key,
                                      .secret_key = bench_broker_keys.secret_key,
                                      .sessions = 64,
                                      .sessions_key = sessions_key,
                                      .handshakes_second = 1,
                                      .frame_bytes = FRAME_BYTES,
                                      .heartbeat_ms = 5000,
                                      .silence_ms = silence_ms,
                                      .handed_bytes = 64 << 20,
                                      .peer_bytes = 4 << 20};
    struct net_zmq_fault fault;
    struct net *net = NULL;
    if (net_zmq_new(&options, &net, &fault) != STATUS_OK) {
        fail_msg("no network: %s", fault.text);
    }
    bench_let_in(net, false);
    if (net_zmq_open(net, &fault) != STATUS_OK) {
        fail_msg("no door: %s", fault.text);
    }
    return net;
}

int bench_setup(void **state)
{
    *state = bench_net(32, SILENCE_MS);
    return 0;
}

int bench_teardown(void **state)
{
    struct net *net = *state;
    net->ops->close(net);
    return 0;
}

/* Waits for the next message; false: none came in time. */
bool bench_hear(struct net *net, struct net_message *message, int wait_ms)
{
    uint64_t end = bench_now_ms() + (uint64_t)wait_ms;
    while (net->ops->receive(net, message) != STATUS_OK) {
        struct pollfd items[8];
        int descriptors[8];
        uint32_t count = net->ops->descriptors(net, descriptors, 8);
        for (uint32_t i = 0; i < count; i++) {
            items[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
        }
        if (bench_now_ms() >= end) {
            return false;
        }
        (void)poll(items, count, 20);
    }
    return true;
}

void bench_drop_frames(struct net_message *message)
{
    for (uint32_t i = 0; i < message->frame_count; i++) {
        blob_drop(message->frames[i]);
    }
}

struct net_zmq_statistics bench_counts(struct net *net)
{
    struct net_zmq_statistics statistics;
    net_zmq_statistics(net, &statistics);
    return statistics;
}

/* ---- the bench_clients' side ---- */

struct bench_client client_make(const struct bench_keys *keys, const uint8_t *server_key)
{
    static unsigned serial;
    struct bench_client client = {.socket = zmq_socket(bench_clients, ZMQ_DEALER),
                                  .monitor = zmq_socket(bench_clients, ZMQ_PAIR)};
    char address[64];
    int none = 0;
    (void)zmq_setsockopt(client.socket, ZMQ_LINGER, &none, sizeof none);
    if (keys != NULL) {
        (void)zmq_setsockopt(client.socket, ZMQ_CURVE_SERVERKEY, server_key, 32);
        (void)zmq_setsockopt(client.socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, 32);
        (void)zmq_setsockopt(client.socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 32);
    }
    (void)snprintf(address, sizeof address, "inproc://client.%u", serial++);
    assert_int_equal(zmq_socket_monitor(client.socket, address, ZMQ_EVENT_ALL), 0);
    assert_int_equal(zmq_connect(client.monitor, address), 0);
    return client;
}

void client_connect(struct bench_client *client, const char *endpoint)
{
    assert_int_equal(zmq_connect(client->socket, endpoint), 0);
}

struct bench_client client_of(struct net *net, const struct bench_keys *keys)
{
    struct bench_client client = client_make(keys, bench_broker_keys.public_key);
    client_connect(&client, net_zmq_endpoint(net, 0));
    return client;
}

void client_close(struct bench_client *client)
{
    (void)zmq_socket_monitor(client->socket, NULL, 0);
    (void)zmq_close(client->socket);
    (void)zmq_close(client->monitor);
}

/* Takes what the monitor says; whether one of `events` was among it. */
static bool monitor_says(struct bench_client *client, int events)
{
    uint8_t frame[6];
    uint16_t event = 0;
    while (zmq_recv(client->monitor, frame, sizeof frame, ZMQ_DONTWAIT) == 6) {
        char text[256];
        memcpy(&event, frame, sizeof event);
        (void)zmq_recv(client->monitor, text, sizeof text, 0);
        if ((event & events) != 0) {
            return true;
        }
    }
    return false;
}

bool client_hears_its_end(struct bench_client *client, int wait_ms)
{
    uint64_t end = bench_now_ms() + (uint64_t)wait_ms;
    bool is_over = false;
    while (!is_over && bench_now_ms() < end) {
        (void)poll(NULL, 0, 5);
        is_over = monitor_says(client, ZMQ_EVENT_DISCONNECTED);
    }
    return is_over;
}

/* Whether one of `events` is seen in time, while the broker's side runs. Messages that come are
 * let go. */
bool client_sees(struct bench_client *client, struct net *net, int events, int wait_ms)
{
    uint64_t end = bench_now_ms() + (uint64_t)wait_ms;
    struct net_message message;
    while (bench_now_ms() < end) {
        if (bench_hear(net, &message, 5)) {
            bench_drop_frames(&message);
        }
        if (monitor_says(client, events)) {
            return true;
        }
    }
    return false;
}

void client_say(struct bench_client *client, const char *text)
{
    assert_int_equal(zmq_send(client->socket, text, strlen(text), 0), (int)strlen(text));
}

void bench_send(struct net *net, uint64_t peer, const char *text, enum status expected)
{
    enum status status = net->ops->send(net, peer, blob_new(bytes_of_text(text)), NULL);
    assert_int_equal(status, expected);
}

bool client_receives(struct bench_client *client, const char *text)
{
    char got[64] = "";
    int wait_ms = WAIT_MS;
    (void)zmq_setsockopt(client->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    int length = zmq_recv(client->socket, got, sizeof got - 1, 0);
    return length == (int)strlen(text) && strcmp(got, text) == 0;
}

int bench_begin(void **state)
{
    (void)state;
    bench_clients = zmq_ctx_new();
    (void)snprintf(bench_plain_endpoint, sizeof bench_plain_endpoint, "ipc://@kentongan-test-%ld",
                   (long)getpid());
    keys_make(&bench_broker_keys);
    keys_make(&bench_damkar_keys);
    keys_make(&bench_rsud_keys);
    keys_make(&bench_stranger_keys);
    return 0;
}
