/* crowd.c - one sweep over all sockets a turn.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/scale/crowd.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "tests/scale/crowd_words.h"
#include "tests/support/site_process.h"

enum { SOCKETS_MAX = 16384, TAKE_MAX = 200, PING_SECONDS = 4 };

static _Noreturn void stop(const char *why)
{
    fprintf(stderr, "crowd: %s\n", why);
    exit(1);
}

/* ---- sockets ---- */

static void set_number(void *socket, int option, int value)
{
    if (zmq_setsockopt(socket, option, &value, sizeof value) != 0) {
        stop("a socket's option");
    }
}

static void set_keys(void *socket, const char *profile, char endpoint[64])
{
    json_error_t error;
    json_t *keys = json_load_file(profile, 0, &error);
    const char *broker = json_string_value(json_object_get(keys, "brokerKey"));
    const char *public = json_string_value(json_object_get(keys, "publicKey"));
    const char *secret = json_string_value(json_object_get(keys, "secretKey"));
    const char *where = json_string_value(json_object_get(keys, "endpoint"));
    if (broker == NULL || public == NULL || secret == NULL || where == NULL ||
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, broker, strlen(broker)) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, strlen(public)) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, strlen(secret)) != 0) {
        stop(profile);
    }
    snprintf(endpoint, 64, "%s", where);
    json_decref(keys);
}

static void open_monitor(struct crowd *crowd, struct crowd_session *session, uint32_t index)
{
    char address[64];
    int events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    snprintf(address, sizeof address, "inproc://crowd.%u", index);
    session->monitor = zmq_socket(crowd->context, ZMQ_PAIR);
    if (session->monitor == NULL || zmq_socket_monitor(session->socket, address, events) != 0 ||
        zmq_connect(session->monitor, address) != 0) {
        stop("a monitor");
    }
}

static void open_session(struct crowd *crowd, struct crowd_session *session)
{
    char endpoint[64];
    session->socket = zmq_socket(crowd->context, ZMQ_DEALER);
    if (session->socket == NULL) {
        stop("a socket");
    }
    set_number(session->socket, ZMQ_LINGER, 0);
    set_number(session->socket, ZMQ_RCVHWM, 10000);
    set_number(session->socket, ZMQ_HANDSHAKE_IVL, 60000);
    set_keys(session->socket, session->profile, endpoint);
    if (session->is_watched) {
        open_monitor(crowd, session, (uint32_t)(session - crowd->sessions));
    }
    if (zmq_connect(session->socket, endpoint) != 0) {
        stop(endpoint);
    }
    session->is_open = false;
    session->begun = 0;
    crowd_say_hello(session);
}

static void close_session(struct crowd_session *session)
{
    if (session->monitor != NULL) {
        zmq_socket_monitor(session->socket, NULL, 0);
        zmq_close(session->monitor);
        session->monitor = NULL;
    }
    zmq_close(session->socket);
    session->socket = NULL;
}

void crowd_init(struct crowd *crowd, uint32_t room)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->context = zmq_ctx_new();
    crowd->sessions = calloc(room, sizeof *crowd->sessions);
    crowd->room = room;
    if (crowd->context == NULL || crowd->sessions == NULL ||
        zmq_ctx_set(crowd->context, ZMQ_MAX_SOCKETS, SOCKETS_MAX) != 0) {
        stop("no memory");
    }
}

void crowd_deinit(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        close_session(&crowd->sessions[i]);
        free(crowd->sessions[i].follows);
    }
    zmq_ctx_term(crowd->context);
    free(crowd->sessions);
}

uint32_t crowd_add(struct crowd *crowd, uint32_t agency, const char *profile, bool follows,
                   bool is_watched)
{
    uint32_t index = crowd->count++;
    struct crowd_session *session = &crowd->sessions[index];
    if (index >= crowd->room) {
        stop("too many sessions");
    }
    *session = (struct crowd_session){.agency = agency, .is_watched = is_watched};
    snprintf(session->profile, sizeof session->profile, "%s", profile);
    session->producer = index;
    session->follows = follows ? calloc(CROWD_FOLLOWS, sizeof *session->follows) : NULL;
    open_session(crowd, session);
    return index;
}

void crowd_reconnect(struct crowd *crowd, int except)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        struct crowd_session *session = &crowd->sessions[i];
        if ((int)session->agency != except) {
            close_session(session);
            open_session(crowd, session);
        }
    }
}

void crowd_forget_cuts(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        crowd->sessions[i].cut_s = 0;
        crowd->sessions[i].was_let_in = false;
    }
}

/* ---- what comes ---- */

static void hear_monitor(struct crowd_session *session)
{
    uint8_t frame[256];
    while (zmq_recv(session->monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= 2) {
        uint16_t event;
        memcpy(&event, frame, sizeof event);
        (void)zmq_recv(session->monitor, frame, sizeof frame, ZMQ_DONTWAIT);
        if (event == ZMQ_EVENT_DISCONNECTED && session->cut_s == 0) {
            session->cut_s = site_seconds();
        } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED && session->cut_s > 0) {
            session->was_let_in = true;
        }
    }
}

static uint32_t hear_session(struct crowd *crowd, struct crowd_session *session)
{
    uint32_t count = 0;
    zmq_msg_t frames[2];
    while (count < TAKE_MAX) {
        zmq_msg_init(&frames[0]);
        zmq_msg_init(&frames[1]);
        bool is_message = zmq_msg_recv(&frames[0], session->socket, ZMQ_DONTWAIT) >= 0;
        if (is_message && zmq_msg_more(&frames[0]) &&
            (zmq_msg_recv(&frames[1], session->socket, 0) < 0 || zmq_msg_more(&frames[1]))) {
            stop("a message of more than two frames");
        }
        if (is_message) {
            struct bytes first = bytes_of(zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]));
            struct bytes second = bytes_of(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]));
            crowd_hear(crowd, session, first, second);
        }
        zmq_msg_close(&frames[0]);
        zmq_msg_close(&frames[1]);
        if (!is_message) {
            break;
        }
        count++;
    }
    return count;
}

static void ping_some(struct crowd *crowd, double now_s)
{
    uint32_t due = (uint32_t)((now_s - crowd->turned_s) / PING_SECONDS * crowd->count) + 1;
    for (; due > 0 && crowd->count > 0; due--) {
        struct crowd_session *session = &crowd->sessions[crowd->ping_next++ % crowd->count];
        if (session->is_open) {
            crowd_say_ping(session);
        }
    }
}

void crowd_turn(struct crowd *crowd)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    uint32_t heard = 0;
    for (uint32_t i = 0; i < crowd->count; i++) {
        struct crowd_session *session = &crowd->sessions[i];
        heard += hear_session(crowd, session);
        if (session->monitor != NULL) {
            hear_monitor(session);
        }
    }
    crowd->messages += heard;
    if (heard == 0) {
        (void)nanosleep(&moment, NULL);
    }
    double now_s = site_seconds();
    if (crowd->turned_s > 0) {
        ping_some(crowd, now_s);
        double turn_s = now_s - crowd->turned_s;
        crowd->longest_turn_s = turn_s > crowd->longest_turn_s ? turn_s : crowd->longest_turn_s;
    }
    crowd->turned_s = now_s;
}

/* ---- the book ---- */

static bool is_counted(const struct crowd_session *session, int except)
{
    return (int)session->agency != except;
}

bool crowd_is_served(const struct crowd *crowd, int except)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        const struct crowd_session *session = &crowd->sessions[i];
        bool is_served =
            session->is_open && (session->follows == NULL || session->begun == CROWD_FOLLOWS);
        if (is_counted(session, except) && !is_served) {
            return false;
        }
    }
    return true;
}

bool crowd_is_covered(const struct crowd *crowd, int except, uint64_t head)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        const struct crowd_session *session = &crowd->sessions[i];
        for (uint32_t k = 0; session->follows != NULL && k < CROWD_FOLLOWS; k++) {
            if (is_counted(session, except) && session->follows[k].next <= head) {
                return false;
            }
        }
    }
    return true;
}

/* Deliveries came in sequence and of the right topic: so the number of events tells. */
uint64_t crowd_count_wrong(const struct crowd *crowd, int except, uint64_t head)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < crowd->count; i++) {
        const struct crowd_session *session = &crowd->sessions[i];
        for (uint32_t k = 0; session->follows != NULL && k < CROWD_FOLLOWS; k++) {
            const struct crowd_follow *follow = &session->follows[k];
            uint64_t expected = 0;
            for (uint64_t seq = follow->first; seq <= head; seq++) {
                expected += crowd->topic_of[seq] == 1 + k;
            }
            wrong += is_counted(session, except) && follow->events != expected;
        }
    }
    return wrong;
}
