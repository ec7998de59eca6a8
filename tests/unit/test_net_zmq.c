/* test_net_zmq.c - what bad and slow clients can do to a network of real ZeroMQ on loopback.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/net_zmq.h"

#include <poll.h>
#include <zmq.h>

#include "tests/unit/check.h"
#include "tests/unit/net_zmq_bench.h"

/* ---- what a bad one can do ---- */

static void a_chosen_identity_is_cut(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_make(&bench_damkar_keys, bench_broker_keys.public_key);
    struct net_message message;
    (void)zmq_setsockopt(client.socket, ZMQ_ROUTING_ID, "damkar", 6);
    client_connect(&client, net_zmq_endpoint(net, 0));
    client_say(&client, "hello");
    assert_true(client_sees(&client, net, ZMQ_EVENT_DISCONNECTED, WAIT_MS));
    assert_false(bench_hear(net, &message, QUIET_MS));
    assert_int_equal(bench_counts(net).received, 0);
    assert_true(bench_counts(net).chosen_identities >= 1);
    client_close(&client);
}

static void an_oversized_frame_ends_the_connection(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    char *large = calloc(1, FRAME_BYTES + 1024);
    assert_non_null(large);
    assert_true(zmq_send(client.socket, large, FRAME_BYTES + 1024, 0) > 0);
    assert_true(client_sees(&client, net, ZMQ_EVENT_DISCONNECTED, WAIT_MS));
    assert_false(bench_hear(net, &message, QUIET_MS));
    free(large);
    client_close(&client);
}

static void more_than_two_frames_are_one_bad_message(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    static const int parts[] = {3, 10000};
    struct net_message message;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (int part = 1; part < parts[i]; part++) {
            assert_int_equal(zmq_send(client.socket, "x", 1, ZMQ_SNDMORE), 1);
        }
        client_say(&client, "end");
        assert_true(bench_hear(net, &message, WAIT_MS));
        assert_true(message.is_bad);
        assert_int_equal(message.frame_count, 0);
    }
    client_say(&client, "good");
    assert_true(bench_hear(net, &message, WAIT_MS));
    assert_false(message.is_bad);
    bench_drop_frames(&message);
    client_close(&client);
}

static void large_frames_come_whole(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    uint8_t *large = malloc(FRAME_BYTES - 64);
    assert_non_null(large);
    for (size_t i = 0; i < FRAME_BYTES - 64; i++) {
        large[i] = (uint8_t)(i * 31 >> 3);
    }
    assert_int_equal(zmq_send(client.socket, "p", 1, ZMQ_SNDMORE), 1);
    assert_true(zmq_send(client.socket, large, FRAME_BYTES - 64, 0) > 0);
    assert_true(bench_hear(net, &message, WAIT_MS));
    assert_int_equal(message.frame_count, 2);
    assert_int_equal(blob_bytes(message.frames[1]).length, FRAME_BYTES - 64);
    assert_memory_equal(blob_bytes(message.frames[1]).data, large, FRAME_BYTES - 64);
    bench_drop_frames(&message);
    free(large);
    client_close(&client);
}

static void who_says_nothing_is_cut(void **state)
{
    struct net *net = bench_net(32, 1000 * SLOWNESS);
    (void)state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct bench_client talker = client_of(net, &bench_rsud_keys);
    client_say(&talker, "hello");
    assert_true(client_sees(&client, net, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, WAIT_MS));
    assert_true(client_sees(&client, net, ZMQ_EVENT_DISCONNECTED, WAIT_MS));
    assert_false(client_sees(&talker, net, ZMQ_EVENT_DISCONNECTED, QUIET_MS));
    assert_true(bench_counts(net).silent_cut >= 1);
    client_close(&client);
    client_close(&talker);
    net->ops->close(net);
}

/* ---- sending ---- */

static void a_stalled_peer_gives_busy_and_loses_nothing(void **state)
{
    enum { BYTES = 16 * 1024, TRIES = 4000 };
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    int taken = 0, got = 0, wait_ms = WAIT_MS, few = 4;
    (void)zmq_setsockopt(client.socket, ZMQ_RCVHWM, &few, sizeof few);
    client_say(&client, "hello");
    assert_true(bench_hear(net, &message, WAIT_MS));
    bench_drop_frames(&message);
    enum status status = STATUS_OK;
    for (int i = 0; i < TRIES && status == STATUS_OK; i++) {
        struct blob *blob = blob_new_empty(BYTES);
        memset(blob_room(blob), i & 0xff, BYTES);
        status = net->ops->send(net, message.peer, blob, NULL);
        taken += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_BUSY);
    assert_true(bench_counts(net).handed_bytes <= 4 << 20);
    (void)zmq_setsockopt(client.socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    static uint8_t frame[BYTES];
    while (got < taken && zmq_recv(client.socket, frame, BYTES, 0) == BYTES) {
        assert_int_equal(frame[0], got & 0xff);
        got++;
    }
    assert_int_equal(got, taken);
    uint64_t end = bench_now_ms() + WAIT_MS;
    while (bench_counts(net).handed_bytes > 0 && bench_now_ms() < end) {
        (void)bench_hear(net, &message, 5);
    }
    assert_int_equal(bench_counts(net).handed_bytes, 0);
    bench_send(net, message.peer, "again", STATUS_OK);
    client_close(&client);
}

/* What can be given again fills a slow peer's room, but never the part that is kept for words. */
static void a_slow_peer_has_room_for_words(void **state)
{
    enum { WORDS = 1000 };
    static const size_t sizes[] = {(size_t)16 * 1024, 1};
    struct net *net = *state;
    for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
        struct bench_client client = client_of(net, &bench_damkar_keys);
        struct net_message message;
        int few = 4;
        (void)zmq_setsockopt(client.socket, ZMQ_RCVHWM, &few, sizeof few);
        client_say(&client, "hello");
        assert_true(bench_hear(net, &message, WAIT_MS));
        bench_drop_frames(&message);
        int given = 0;
        while (given < 2000000 && net->ops->may_deliver(net, message.peer, sizes[size])) {
            struct blob *blob = blob_new_empty(sizes[size]);
            memset(blob_room(blob), 'e', sizes[size]);
            assert_int_equal(net->ops->send(net, message.peer, blob, NULL), STATUS_OK);
            given++;
        }
        assert_in_range(given, 100, 1999999);
        for (int word = 0; word < WORDS; word++) {
            bench_send(net, message.peer, "pong", STATUS_OK);
        }
        client_close(&client);
    }
}

static void a_dropped_peer_hears_the_last_word_and_is_cut(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    client_say(&client, "hello");
    assert_true(bench_hear(net, &message, WAIT_MS));
    bench_drop_frames(&message);
    uint64_t peer = message.peer, begin = bench_now_ms();
    bench_send(net, peer, "why", STATUS_OK);
    net->ops->drop(net, peer);
    bench_send(net, peer, "late", STATUS_CLOSED);
    client_say(&client, "still here");
    assert_true(client_sees(&client, net, ZMQ_EVENT_DISCONNECTED, 1000 * SLOWNESS));
    assert_true(bench_now_ms() - begin < UINT64_C(1000) * SLOWNESS);
    assert_true(client_receives(&client, "why"));
    net->ops->drop(net, peer);
    client_close(&client);
}

/* Neither the other's words nor its own may put off the end. */
static void a_dropped_peer_is_cut_while_many_talk(void **state)
{
    enum { TALKERS = 8, WORDS = 48 };
    struct net *net = *state;
    struct bench_client talkers[TALKERS];
    struct net_message message;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    client_say(&client, "hello");
    assert_true(bench_hear(net, &message, WAIT_MS));
    bench_drop_frames(&message);
    uint64_t peer = message.peer;
    for (int i = 0; i < TALKERS; i++) {
        talkers[i] = client_of(net, &bench_rsud_keys);
        client_say(&talkers[i], "hello");
        assert_true(bench_hear(net, &message, WAIT_MS));
        bench_drop_frames(&message);
        for (int word = 0; word < WORDS; word++) {
            client_say(&talkers[i], "and another thing");
        }
    }
    net->ops->drop(net, peer);
    uint64_t end = bench_now_ms() + 1000;
    while (bench_now_ms() < end) {
        (void)poll(NULL, 0, 100);
    }
    for (int i = 0; i < TALKERS * WORDS * 3 / 4; i++) {
        assert_int_equal(net->ops->receive(net, &message), STATUS_OK);
        bench_drop_frames(&message);
    }
    assert_true(client_hears_its_end(&client, WAIT_MS));
    for (int i = 0; i < TALKERS; i++) {
        client_close(&talkers[i]);
    }
    client_close(&client);
}

/* Its word comes late; whose connection it was is not known any more. */
static void a_peer_that_left_before_it_was_heard_is_forgotten(void **state)
{
    struct net *net = *state;
    struct bench_client client = client_of(net, &bench_damkar_keys);
    struct net_message message;
    client_say(&client, "hello");
    (void)poll(NULL, 0, 300 * SLOWNESS);
    client_close(&client);
    (void)poll(NULL, 0, 300 * SLOWNESS);
    assert_true(bench_hear(net, &message, WAIT_MS));
    bench_drop_frames(&message);
    uint64_t end = bench_now_ms() + WAIT_MS;
    while (bench_counts(net).peers > 0 && bench_now_ms() < end) {
        (void)bench_hear(net, &message, 5);
    }
    assert_int_equal(bench_counts(net).peers, 0);
}

static void a_gone_peer_is_closed_and_its_handle_never_comes_back(void **state)
{
    struct net *net = *state;
    struct net_message message;
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        struct bench_client client = client_of(net, &bench_damkar_keys);
        client_say(&client, "hello");
        assert_true(bench_hear(net, &message, WAIT_MS));
        bench_drop_frames(&message);
        assert_true(message.peer > last);
        last = message.peer;
        client_close(&client);
        uint64_t end = bench_now_ms() + WAIT_MS;
        while (bench_counts(net).peers > 0 && bench_now_ms() < end) {
            (void)bench_hear(net, &message, 5);
        }
        assert_int_equal(bench_counts(net).peers, 0);
        bench_send(net, last, "anybody", STATUS_CLOSED);
    }
}

static void a_taken_address_is_told(void **state)
{
    struct net *net = *state;
    struct net_zmq_door door = {.endpoint = net_zmq_endpoint(net, 0)};
    struct net_zmq_options options = {.doors = &door,
                                      .door_count = 1,
                                      .public_key = bench_broker_keys.public_key,
                                      .secret_key = bench_broker_keys.secret_key,
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

#define ON_NET(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_NET(a_chosen_identity_is_cut),
        ON_NET(an_oversized_frame_ends_the_connection),
        ON_NET(more_than_two_frames_are_one_bad_message),
        ON_NET(large_frames_come_whole),
        cmocka_unit_test(who_says_nothing_is_cut),
        ON_NET(a_stalled_peer_gives_busy_and_loses_nothing),
        ON_NET(a_slow_peer_has_room_for_words),
        ON_NET(a_dropped_peer_hears_the_last_word_and_is_cut),
        ON_NET(a_dropped_peer_is_cut_while_many_talk),
        ON_NET(a_peer_that_left_before_it_was_heard_is_forgotten),
        ON_NET(a_gone_peer_is_closed_and_its_handle_never_comes_back),
        ON_NET(a_taken_address_is_told),
    };
    return cmocka_run_group_tests_name("network", tests, bench_begin, NULL);
}
