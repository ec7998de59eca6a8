/* test_net_zmq_lock.c - who gets in over real ZeroMQ on loopback, and who does not.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/net_zmq.h"

#include <zmq.h>

#include "proto/c/digest.h"
#include "tests/unit/check.h"
#include "tests/unit/net_zmq_bench.h"

/* ---- who gets in ---- */

static void a_known_key_is_heard_by_its_name(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    uint8_t key_id[KEY_ID_BYTES];
    client_say(&client, "hello");
    assert_true(bench_hear(net, &message, WAIT_MS));
    digest_key_id(bench_damkar_keys.public_key, key_id);
    assert_true(bytes_are_equal(message.agency, bytes_of_text("damkar")));
    assert_memory_equal(message.key_id, key_id, KEY_ID_BYTES);
    assert_int_equal(message.frame_count, 1);
    assert_false(message.is_bad);
    assert_true(bytes_are_equal(blob_bytes(message.frames[0]), bytes_of_text("hello")));
    bench_drop_frames(&message);
    bench_send(net, message.peer, "welcome", STATUS_OK);
    assert_true(client_receives(&client, "welcome"));
    client_close(&client);
}

struct refused_row {
    const char *name;
    const struct bench_keys *keys; /* NULL: none */
    const uint8_t *server_key;
    int expected; /* what the client sees */
    bool is_plain;
};

static const struct refused_row refused_rows[] = {
    {"an unknown key is refused",             &bench_stranger_keys, bench_broker_keys.public_key,
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, false},
    {"a client without CURVE is refused",     NULL,                 NULL,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      false},
    {"a client with a password is refused",   NULL,                 NULL,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      true },
    {"a key for another broker gets nowhere", &bench_damkar_keys,   bench_stranger_keys.public_key,
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
         ZMQ_EVENT_DISCONNECTED,      false},
};

static void test_refused(void **state)
{
    const struct refused_row *row = *state;
    struct net *net = bench_net(32, SILENCE_MS);
    struct bench_client client = client_make(row->keys, row->server_key);
    if (row->is_plain) {
        (void)zmq_setsockopt(client.socket, ZMQ_PLAIN_USERNAME, "damkar", 6);
        (void)zmq_setsockopt(client.socket, ZMQ_PLAIN_PASSWORD, "x", 1);
    }
    client_connect(&client, net_zmq_endpoint(net, 0));
    assert_true(client_sees(&client, net, row->expected | ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    assert_false(client_sees(&client, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, QUIET_MS));
    assert_int_equal(bench_counts(net).received, 0);
    client_close(&client);
    net->ops->close(net);
}

static void a_revoked_key_cannot_come_back(void **state)
{
    struct net *net = *state;
    bench_let_in(net, true);
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct bench_client other = client_of(net, &bench_rsud_keys);
    assert_true(client_sees(&client, net, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, WAIT_MS));
    assert_true(client_sees(&other, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&client);
    client_close(&other);
}

static void a_plain_door_has_one_agency(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_make(NULL, NULL);
    struct net_message message;
    static const uint8_t zeros[KEY_ID_BYTES];
    client_connect(&client, bench_plain_endpoint);
    client_say(&client, "hello");
    assert_true(bench_hear(net, &message, WAIT_MS));
    assert_true(bytes_are_equal(message.agency, bytes_of_text("siaga")));
    assert_memory_equal(message.key_id, zeros, KEY_ID_BYTES);
    bench_drop_frames(&message);
    net->ops->drop(net, message.peer);
    assert_true(client_sees(&client, net, ZMQ_EVENT_DISCONNECTED, 1000 * SLOWNESS));
    client_close(&client);
}

static void sessions_of_one_key_are_capped(void **state)
{
    struct bench_client held[3];
    struct net_message message;
    (void)state;
    struct net *net = bench_net(2, SILENCE_MS);
    for (int i = 0; i < 2; i++) {
        held[i] = client_of(net, &bench_damkar_keys);
        client_say(&held[i], "hello");
        assert_true(bench_hear(net, &message, WAIT_MS));
        bench_drop_frames(&message);
    }
    held[2] = client_of(net, &bench_damkar_keys);
    assert_false(client_sees(&held[2], net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 1500));
    struct bench_client other = client_of(net, &bench_rsud_keys);
    assert_true(client_sees(&other, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&held[0]);
    assert_true(client_sees(&held[2], net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    client_close(&held[1]);
    client_close(&held[2]);
    client_close(&other);
    net->ops->close(net);
}

#define ON_NET(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_NET(a_known_key_is_heard_by_its_name),
        ON_NET(a_revoked_key_cannot_come_back),
        ON_NET(a_plain_door_has_one_agency),
        cmocka_unit_test(sessions_of_one_key_are_capped),
    };
    int failures = bench_begin(NULL);
    failures += CHECK_ROWS(refused_rows, test_refused);
    return failures + cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
