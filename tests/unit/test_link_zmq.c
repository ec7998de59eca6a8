/* test_link_zmq.c - the socket over CURVE: a key that is known, one that is not, a broker that is
 * not there.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_zmq.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/unit/check.h"

struct server {
    void *context, *zap, *socket;
    pthread_t thread;
    atomic_bool is_ending;
    atomic_int status; /* what ZAP answers: 200 or 400 */
    char endpoint[64], public_key[41], secret_key[41];
};

static void receive_all(void *socket, char frames[16][64], size_t lengths[16], int *count)
{
    zmq_msg_t frame;
    int more = 1;
    for (*count = 0; more && *count < 16; ++*count) {
        zmq_msg_init(&frame);
        assert_true(zmq_msg_recv(&frame, socket, 0) >= 0);
        lengths[*count] = zmq_msg_size(&frame) < 64 ? zmq_msg_size(&frame) : 64;
        memcpy(frames[*count], zmq_msg_data(&frame), lengths[*count]);
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
}

static void answer_zap(struct server *server)
{
    char frames[16][64];
    size_t lengths[16] = {0};
    int count;
    receive_all(server->zap, frames, lengths, &count);
    bool is_known = atomic_load(&server->status) == 200;
    zmq_send(server->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(server->zap, frames[1], lengths[1], ZMQ_SNDMORE);
    zmq_send(server->zap, is_known ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(server->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(server->zap, is_known ? "damkar" : "", is_known ? 6 : 0, ZMQ_SNDMORE);
    zmq_send(server->zap, "", 0, 0);
}

/* Says back what it hears. */
static void answer_peer(struct server *server)
{
    char frames[16][64];
    size_t lengths[16];
    int count;
    receive_all(server->socket, frames, lengths, &count);
    for (int i = 0; i < count; i++)
        zmq_send(server->socket, frames[i], lengths[i], i + 1 < count ? ZMQ_SNDMORE : 0);
}

static void *serve(void *argument)
{
    struct server *server = argument;
    while (!atomic_load(&server->is_ending)) {
        zmq_pollitem_t items[2] = {
            {.socket = server->zap,    .events = ZMQ_POLLIN},
            {.socket = server->socket, .events = ZMQ_POLLIN}
        };
        zmq_poll(items, 2, 5);
        if ((items[0].revents & ZMQ_POLLIN) != 0)
            answer_zap(server);
        if ((items[1].revents & ZMQ_POLLIN) != 0)
            answer_peer(server);
    }
    zmq_close(server->zap);
    zmq_close(server->socket);
    return NULL;
}

static void server_start(struct server *server)
{
    const int yes = 1, none = 0;
    size_t length = sizeof server->endpoint;
    *server = (struct server){.context = zmq_ctx_new()};
    atomic_store(&server->status, 200);
    assert_int_equal(zmq_curve_keypair(server->public_key, server->secret_key), 0);
    server->zap = zmq_socket(server->context, ZMQ_REP);
    assert_int_equal(zmq_bind(server->zap, "inproc://zeromq.zap.01"), 0);
    server->socket = zmq_socket(server->context, ZMQ_ROUTER);
    zmq_setsockopt(server->socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(server->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    zmq_setsockopt(server->socket, ZMQ_CURVE_SECRETKEY, server->secret_key, 41);
    zmq_setsockopt(server->socket, ZMQ_ZAP_DOMAIN, "test", 4);
    assert_int_equal(zmq_bind(server->socket, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(server->socket, ZMQ_LAST_ENDPOINT, server->endpoint, &length);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    atomic_store(&server->is_ending, true);
    pthread_join(server->thread, NULL);
}

static struct link_zmq *connect_to(const struct server *server)
{
    struct link_zmq_options options = {0};
    memcpy(options.endpoint, server->endpoint, sizeof server->endpoint);
    memcpy(options.broker_key, server->public_key, sizeof options.broker_key);
    assert_int_equal(zmq_curve_keypair(options.public_key, options.secret_key), 0);
    struct link_zmq *net = link_zmq_new(&options);
    assert_non_null(net);
    assert_true(link_zmq_open(net));
    return net;
}

static enum link_zmq_event next_event(struct link_zmq *net, struct bytes *first,
                                      struct bytes *second)
{
    int wake_fd = eventfd(0, EFD_NONBLOCK);
    enum link_zmq_event event = LINK_ZMQ_NOTHING;
    for (int turn = 0; turn < 200 && event == LINK_ZMQ_NOTHING; turn++) {
        event = link_zmq_next(net, first, second);
        if (event == LINK_ZMQ_NOTHING)
            link_zmq_wait(net, wake_fd, 50);
    }
    close(wake_fd);
    return event;
}

static void a_known_key_is_let_in_and_frames_come_back(void **state)
{
    (void)state;
    struct server server;
    struct bytes first, second;
    server_start(&server);
    struct link_zmq *net = connect_to(&server);
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_CONNECTED);
    assert_true(link_zmq_send(net, bytes_of_text("one"), (struct bytes){0}));
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_MESSAGE);
    assert_bytes_equal(first, bytes_of_text("one"));
    assert_int_equal(second.length, 0);
    assert_true(link_zmq_send(net, bytes_of_text("two"), bytes_of_text("frames")));
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_MESSAGE);
    assert_bytes_equal(second, bytes_of_text("frames"));
    server_stop(&server);
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_LOST);
    link_zmq_free(net);
}

static void an_unknown_key_is_told_apart_and_may_be_tried_again(void **state)
{
    (void)state;
    struct server server;
    struct bytes first, second;
    server_start(&server);
    atomic_store(&server.status, 400);
    struct link_zmq *net = connect_to(&server);
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_AUTH_FAILED);
    link_zmq_close(net);
    atomic_store(&server.status, 200); /* enrolled meanwhile */
    assert_true(link_zmq_open(net));
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_CONNECTED);
    link_zmq_free(net);
    server_stop(&server);
}

/* A port that is taken and that nobody listens on: whoever connects is refused, now and later. */
static int nobody_take_port(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    snprintf(server->endpoint, sizeof server->endpoint, "tcp://127.0.0.1:%u",
             (unsigned)ntohs(address.sin_port));
    return descriptor;
}

static void nobody_there_is_told_at_once(void **state)
{
    (void)state;
    struct server nobody = {0};
    struct bytes first, second;
    assert_int_equal(zmq_curve_keypair(nobody.public_key, nobody.secret_key), 0);
    int descriptor = nobody_take_port(&nobody);
    struct link_zmq *net = connect_to(&nobody);
    assert_int_equal(next_event(net, &first, &second), LINK_ZMQ_LOST);
    link_zmq_free(net);
    close(descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_is_let_in_and_frames_come_back),
        cmocka_unit_test(an_unknown_key_is_told_apart_and_may_be_tried_again),
        cmocka_unit_test(nobody_there_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
