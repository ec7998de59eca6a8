/* test_net_zmq.c - the network against real ZeroMQ clients on loopback: who gets in, and what a
 * bad one can do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/net_zmq.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "proto/c/digest.h"

enum { FRAME_BYTES = 256 * 1024, WAIT_MS = 5000, QUIET_MS = 400 };

struct keys {
    uint8_t public_key[32], secret_key[32];
};

/* One context of clients for the whole program: several that end are not safe with CURVE in
 * 4.3.4. */
static void *clients;
static struct keys broker_keys, damkar_keys, rsud_keys, stranger_keys;
static char plain_endpoint[64];

static void keys_make(struct keys *keys)
{
    char public_text[41], secret_text[41];
    assert_int_equal(zmq_curve_keypair(public_text, secret_text), 0);
    assert_non_null(zmq_z85_decode(keys->public_key, public_text));
    assert_non_null(zmq_z85_decode(keys->secret_key, secret_text));
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the broker's side ---- */

static void let_in(struct net *net, bool is_damkar_revoked)
{
    struct zap_key keys[2] = {
        {.agency = bytes_of_text("damkar"), .is_revoked = is_damkar_revoked},
        {.agency = bytes_of_text("rsud")                                }
    };
    memcpy(keys[0].public_key, damkar_keys.public_key, 32);
    memcpy(keys[1].public_key, rsud_keys.public_key, 32);
    digest_key_id(keys[0].public_key, keys[0].key_id);
    digest_key_id(keys[1].public_key, keys[1].key_id);
    assert_int_equal(net_zmq_set_keys(net, keys, 2), STATUS_OK);
}

static struct net *net_make(uint32_t sessions_key)
{
    struct net_zmq_door doors[] = {
        {.endpoint = "tcp://127.0.0.1:0"},
        { .endpoint = plain_endpoint,              .agency = "siaga"}
    };
    struct net_zmq_options options = {.doors = doors,
                                      .door_count = 2,
                                      .public_key = broker_keys.public_key,
                                      .secret_key = broker_keys.secret_key,
                                      .sessions = 64,
                                      .sessions_key = sessions_key,
                                      .handshakes_second = 1,
                                      .frame_bytes = FRAME_BYTES,
                                      .heartbeat_ms = 5000,
                                      .silence_ms = 1000,
                                      .handed_bytes = 64 << 20,
                                      .peer_bytes = 4 << 20};
    struct net_zmq_fault fault;
    struct net *net = NULL;
    if (net_zmq_new(&options, &net, &fault) != STATUS_OK) {
        fail_msg("no network: %s", fault.text);
    }
    let_in(net, false);
    if (net_zmq_open(net, &fault) != STATUS_OK) {
        fail_msg("no door: %s", fault.text);
    }
    return net;
}

static int setup(void **state)
{
    *state = net_make(32);
    return 0;
}

static int teardown(void **state)
{
    struct net *net = *state;
    net->ops->close(net);
    return 0;
}

/* Waits for the next message; false: none came in time. */
static bool hear(struct net *net, struct net_message *message, int wait_ms)
{
    uint64_t end = now_ms() + (uint64_t)wait_ms;
    while (net->ops->receive(net, message) != STATUS_OK) {
        struct pollfd items[8];
        int descriptors[8];
        uint32_t count = net->ops->descriptors(net, descriptors, 8);
        for (uint32_t i = 0; i < count; i++) {
            items[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
        }
        if (now_ms() >= end) {
            return false;
        }
        (void)poll(items, count, 20);
    }
    return true;
}

static void frames_drop(struct net_message *message)
{
    for (uint32_t i = 0; i < message->frame_count; i++) {
        blob_drop(message->frames[i]);
    }
}

static struct net_zmq_statistics counts(struct net *net)
{
    struct net_zmq_statistics statistics;
    net_zmq_statistics(net, &statistics);
    return statistics;
}

/* ---- the clients' side ---- */

struct client {
    void *socket, *monitor;
};

static struct client client_make(const struct keys *keys, const uint8_t *server_key)
{
    static unsigned serial;
    struct client client = {.socket = zmq_socket(clients, ZMQ_DEALER),
                            .monitor = zmq_socket(clients, ZMQ_PAIR)};
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

static void client_connect(struct client *client, const char *endpoint)
{
    assert_int_equal(zmq_connect(client->socket, endpoint), 0);
}

static struct client friend_of(struct net *net, const struct keys *keys)
{
    struct client client = client_make(keys, broker_keys.public_key);
    client_connect(&client, net_zmq_endpoint(net, 0));
    return client;
}

static void client_close(struct client *client)
{
    (void)zmq_socket_monitor(client->socket, NULL, 0);
    (void)zmq_close(client->socket);
    (void)zmq_close(client->monitor);
}

/* Whether one of `events` is seen in time, while the broker's side runs. Messages that come are
 * let go. */
static bool sees(struct client *client, struct net *net, int events, int wait_ms)
{
    uint64_t end = now_ms() + (uint64_t)wait_ms;
    struct net_message message;
    while (now_ms() < end) {
        uint8_t frame[6];
        uint16_t event = 0;
        if (hear(net, &message, 5)) {
            frames_drop(&message);
        }
        while (zmq_recv(client->monitor, frame, sizeof frame, ZMQ_DONTWAIT) == 6) {
            memcpy(&event, frame, sizeof event);
            char text[256];
            (void)zmq_recv(client->monitor, text, sizeof text, 0);
            if ((event & events) != 0) {
                return true;
            }
        }
    }
    return false;
}

static void say(struct client *client, const char *text)
{
    assert_int_equal(zmq_send(client->socket, text, strlen(text), 0), (int)strlen(text));
}

static void send_text(struct net *net, uint64_t peer, const char *text, enum status expected)
{
    enum status status = net->ops->send(net, peer, blob_new(bytes_of_text(text)), NULL);
    assert_int_equal(status, expected);
}

static bool receives(struct client *client, const char *text)
{
    char got[64] = "";
    int wait_ms = WAIT_MS;
    (void)zmq_setsockopt(client->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    int length = zmq_recv(client->socket, got, sizeof got - 1, 0);
    return length == (int)strlen(text) && strcmp(got, text) == 0;
}

/* ---- who gets in ---- */

static void a_known_key_is_heard_by_its_name(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct net_message message;
    uint8_t key_id[KEY_ID_BYTES];
    say(&client, "hello");
    assert_true(hear(net, &message, WAIT_MS));
    digest_key_id(damkar_keys.public_key, key_id);
    assert_true(bytes_are_equal(message.agency, bytes_of_text("damkar")));
    assert_memory_equal(message.key_id, key_id, KEY_ID_BYTES);
    assert_int_equal(message.frame_count, 1);
    assert_false(message.is_bad);
    assert_true(bytes_are_equal(blob_bytes(message.frames[0]), bytes_of_text("hello")));
    frames_drop(&message);
    send_text(net, message.peer, "welcome", STATUS_OK);
    assert_true(receives(&client, "welcome"));
    client_close(&client);
}

struct refused_row {
    const char *name;
    const struct keys *keys; /* NULL: none */
    const uint8_t *server_key;
    int expected; /* what the client sees */
    bool is_plain;
};

static const struct refused_row refused_rows[] = {
    {"an unknown key is refused",             &stranger_keys, broker_keys.public_key,
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, false},
    {"a client without CURVE is refused",     NULL,           NULL,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      false},
    {"a client with a password is refused",   NULL,           NULL,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      true },
    {"a key for another broker gets nowhere", &damkar_keys,   stranger_keys.public_key,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      false},
};

static void test_refused(void **state)
{
    const struct refused_row *row = *state;
    struct net *net = net_make(32);
    struct client client = client_make(row->keys, row->server_key);
    if (row->is_plain) {
        (void)zmq_setsockopt(client.socket, ZMQ_PLAIN_USERNAME, "damkar", 6);
        (void)zmq_setsockopt(client.socket, ZMQ_PLAIN_PASSWORD, "x", 1);
    }
    client_connect(&client, net_zmq_endpoint(net, 0));
    assert_true(sees(&client, net, row->expected | ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    assert_false(sees(&client, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, QUIET_MS));
    assert_int_equal(counts(net).received, 0);
    client_close(&client);
    net->ops->close(net);
}

static void a_revoked_key_cannot_come_back(void **state)
{
    struct net *net = *state;
    let_in(net, true);
    struct client client = friend_of(net, &damkar_keys);
    struct client other = friend_of(net, &rsud_keys);
    assert_true(sees(&client, net, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, WAIT_MS));
    assert_true(sees(&other, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&client);
    client_close(&other);
}

static void a_plain_door_has_one_agency(void **state)
{
    struct net *net = *state;
    struct client client = client_make(NULL, NULL);
    struct net_message message;
    static const uint8_t zeros[KEY_ID_BYTES];
    client_connect(&client, plain_endpoint);
    say(&client, "hello");
    assert_true(hear(net, &message, WAIT_MS));
    assert_true(bytes_are_equal(message.agency, bytes_of_text("siaga")));
    assert_memory_equal(message.key_id, zeros, KEY_ID_BYTES);
    frames_drop(&message);
    net->ops->drop(net, message.peer);
    assert_true(sees(&client, net, ZMQ_EVENT_DISCONNECTED, 1000));
    client_close(&client);
}

static void sessions_of_one_key_are_capped(void **state)
{
    struct client held[3];
    struct net_message message;
    (void)state;
    struct net *net = net_make(2);
    for (int i = 0; i < 2; i++) {
        held[i] = friend_of(net, &damkar_keys);
        say(&held[i], "hello");
        assert_true(hear(net, &message, WAIT_MS));
        frames_drop(&message);
    }
    held[2] = friend_of(net, &damkar_keys);
    assert_false(sees(&held[2], net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 1500));
    struct client other = friend_of(net, &rsud_keys);
    assert_true(sees(&other, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&held[0]);
    assert_true(sees(&held[2], net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&held[1]);
    client_close(&held[2]);
    client_close(&other);
    net->ops->close(net);
}

/* ---- what a bad one can do ---- */

static void a_chosen_identity_is_cut(void **state)
{
    struct net *net = *state;
    struct client client = client_make(&damkar_keys, broker_keys.public_key);
    struct net_message message;
    (void)zmq_setsockopt(client.socket, ZMQ_ROUTING_ID, "damkar", 6);
    client_connect(&client, net_zmq_endpoint(net, 0));
    say(&client, "hello");
    assert_true(sees(&client, net, ZMQ_EVENT_DISCONNECTED, WAIT_MS));
    assert_false(hear(net, &message, QUIET_MS));
    assert_int_equal(counts(net).received, 0);
    assert_true(counts(net).chosen_identities >= 1);
    client_close(&client);
}

static void an_oversized_frame_ends_the_connection(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct net_message message;
    char *large = calloc(1, FRAME_BYTES + 1024);
    assert_non_null(large);
    assert_true(zmq_send(client.socket, large, FRAME_BYTES + 1024, 0) > 0);
    assert_true(sees(&client, net, ZMQ_EVENT_DISCONNECTED, WAIT_MS));
    assert_false(hear(net, &message, QUIET_MS));
    free(large);
    client_close(&client);
}

static void more_than_two_frames_are_one_bad_message(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    static const int parts[] = {3, 10000};
    struct net_message message;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (int part = 1; part < parts[i]; part++) {
            assert_int_equal(zmq_send(client.socket, "x", 1, ZMQ_SNDMORE), 1);
        }
        say(&client, "end");
        assert_true(hear(net, &message, WAIT_MS));
        assert_true(message.is_bad);
        assert_int_equal(message.frame_count, 0);
    }
    say(&client, "good");
    assert_true(hear(net, &message, WAIT_MS));
    assert_false(message.is_bad);
    frames_drop(&message);
    client_close(&client);
}

static void large_frames_come_whole(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct net_message message;
    uint8_t *large = malloc(FRAME_BYTES - 64);
    assert_non_null(large);
    for (size_t i = 0; i < FRAME_BYTES - 64; i++) {
        large[i] = (uint8_t)(i * 31 >> 3);
    }
    assert_int_equal(zmq_send(client.socket, "p", 1, ZMQ_SNDMORE), 1);
    assert_true(zmq_send(client.socket, large, FRAME_BYTES - 64, 0) > 0);
    assert_true(hear(net, &message, WAIT_MS));
    assert_int_equal(message.frame_count, 2);
    assert_int_equal(blob_bytes(message.frames[1]).length, FRAME_BYTES - 64);
    assert_memory_equal(blob_bytes(message.frames[1]).data, large, FRAME_BYTES - 64);
    frames_drop(&message);
    free(large);
    client_close(&client);
}

static void who_says_nothing_is_cut(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct client talker = friend_of(net, &rsud_keys);
    say(&talker, "hello");
    assert_true(sees(&client, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    assert_true(sees(&client, net, ZMQ_EVENT_DISCONNECTED, 3000));
    assert_false(sees(&talker, net, ZMQ_EVENT_DISCONNECTED, QUIET_MS));
    assert_int_equal(counts(net).silent_cut, 1);
    client_close(&client);
    client_close(&talker);
}

/* ---- sending ---- */

static void a_stalled_peer_gives_busy_and_loses_nothing(void **state)
{
    enum { BYTES = 16 * 1024, TRIES = 4000 };
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct net_message message;
    int taken = 0, got = 0, wait_ms = 1000, few = 4;
    (void)zmq_setsockopt(client.socket, ZMQ_RCVHWM, &few, sizeof few);
    say(&client, "hello");
    assert_true(hear(net, &message, WAIT_MS));
    frames_drop(&message);
    enum status status = STATUS_OK;
    for (int i = 0; i < TRIES && status == STATUS_OK; i++) {
        struct blob *blob = blob_new_empty(BYTES);
        memset(blob_room(blob), i & 0xff, BYTES);
        status = net->ops->send(net, message.peer, blob, NULL);
        taken += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_BUSY);
    assert_true(counts(net).handed_bytes <= 4 << 20);
    (void)zmq_setsockopt(client.socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    static uint8_t frame[BYTES];
    while (got < taken && zmq_recv(client.socket, frame, BYTES, 0) == BYTES) {
        assert_int_equal(frame[0], got & 0xff);
        got++;
    }
    assert_int_equal(got, taken);
    uint64_t end = now_ms() + WAIT_MS;
    while (counts(net).handed_bytes > 0 && now_ms() < end) {
        (void)hear(net, &message, 5);
    }
    assert_int_equal(counts(net).handed_bytes, 0);
    send_text(net, message.peer, "again", STATUS_OK);
    client_close(&client);
}

static void a_dropped_peer_hears_the_last_word_and_is_cut(void **state)
{
    struct net *net = *state;
    struct client client = friend_of(net, &damkar_keys);
    struct net_message message;
    say(&client, "hello");
    assert_true(hear(net, &message, WAIT_MS));
    frames_drop(&message);
    uint64_t peer = message.peer, begin = now_ms();
    send_text(net, peer, "why", STATUS_OK);
    net->ops->drop(net, peer);
    send_text(net, peer, "late", STATUS_CLOSED);
    say(&client, "still here");
    assert_true(sees(&client, net, ZMQ_EVENT_DISCONNECTED, 1000));
    assert_true(now_ms() - begin < 1000);
    assert_true(receives(&client, "why"));
    net->ops->drop(net, peer);
    client_close(&client);
}

static void a_gone_peer_is_closed_and_its_handle_never_comes_back(void **state)
{
    struct net *net = *state;
    struct net_message message;
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        struct client client = friend_of(net, &damkar_keys);
        say(&client, "hello");
        assert_true(hear(net, &message, WAIT_MS));
        frames_drop(&message);
        assert_true(message.peer > last);
        last = message.peer;
        client_close(&client);
        uint64_t end = now_ms() + WAIT_MS;
        while (counts(net).peers > 0 && now_ms() < end) {
            (void)hear(net, &message, 5);
        }
        assert_int_equal(counts(net).peers, 0);
        send_text(net, last, "anybody", STATUS_CLOSED);
    }
}

static void a_taken_address_is_told(void **state)
{
    struct net *net = *state;
    struct net_zmq_door door = {.endpoint = net_zmq_endpoint(net, 0)};
    struct net_zmq_options options = {.doors = &door,
                                      .door_count = 1,
                                      .public_key = broker_keys.public_key,
                                      .secret_key = broker_keys.secret_key,
                                      .sessions = 16,
                                      .sessions_key = 4,
                                      .handshakes_second = 1,
                                      .frame_bytes = FRAME_BYTES,
                                      .heartbeat_ms = 5000,
                                      .silence_ms = 15000,
                                      .handed_bytes = 4 << 20,
                                      .peer_bytes = 2 << 20};
    struct net_zmq_fault fault;
    struct net *second = NULL;
    assert_int_equal(net_zmq_new(&options, &second, &fault), STATUS_OK);
    assert_int_equal(net_zmq_open(second, &fault), STATUS_BUSY);
    assert_non_null(strstr(fault.text, door.endpoint));
    second->ops->close(second);
}

static int begin(void **state)
{
    (void)state;
    clients = zmq_ctx_new();
    (void)snprintf(plain_endpoint, sizeof plain_endpoint, "ipc://@kentongan-test-%ld",
                   (long)getpid());
    keys_make(&broker_keys);
    keys_make(&damkar_keys);
    keys_make(&rsud_keys);
    keys_make(&stranger_keys);
    return 0;
}

#define ON_NET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    enum { ROWS = sizeof refused_rows / sizeof *refused_rows };
    static const struct CMUnitTest others[] = {
        ON_NET(a_known_key_is_heard_by_its_name),
        ON_NET(a_revoked_key_cannot_come_back),
        ON_NET(a_plain_door_has_one_agency),
        cmocka_unit_test(sessions_of_one_key_are_capped),
        ON_NET(a_chosen_identity_is_cut),
        ON_NET(an_oversized_frame_ends_the_connection),
        ON_NET(more_than_two_frames_are_one_bad_message),
        ON_NET(large_frames_come_whole),
        ON_NET(who_says_nothing_is_cut),
        ON_NET(a_stalled_peer_gives_busy_and_loses_nothing),
        ON_NET(a_dropped_peer_hears_the_last_word_and_is_cut),
        ON_NET(a_gone_peer_is_closed_and_its_handle_never_comes_back),
        ON_NET(a_taken_address_is_told),
    };
    struct CMUnitTest rows[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = (struct CMUnitTest){.name = refused_rows[i].name,
                                      .test_func = test_refused,
                                      .initial_state = (void *)&refused_rows[i]};
    }
    int failed = cmocka_run_group_tests_name("who is refused", rows, begin, NULL);
    return failed + cmocka_run_group_tests_name("the network", others, NULL, NULL);
}
