/* net_zmq_probe.c - tries the lock before the door is opened.
 * SPDX-License-Identifier: Apache-2.0
 *
 * CURVE without a working ZAP handler lets everybody in who knows the broker's public key. That
 * cannot be seen in the options alone, so three clients try, over an address that nobody else
 * knows.
 */
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "broker/net/net_zmq_private.h"

enum { TRY_MS = 5000, STEP_MS = 100 };

struct probe {
    void *client, *monitor;
};

/* A closed monitor keeps its address for a while, so each try has its own. */
static bool probe_open(struct net_zmq *net, struct probe *probe)
{
    char monitor_address[64];
    int none = 0;
    (void)snprintf(monitor_address, sizeof monitor_address, "inproc://kentongan.probe.%08x",
                   randombytes_random());
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_DISCONNECTED;
    probe->client = zmq_socket(net->context, ZMQ_DEALER);
    probe->monitor = zmq_socket(net->context, ZMQ_PAIR);
    return probe->client != NULL && probe->monitor != NULL &&
           zmq_setsockopt(probe->client, ZMQ_LINGER, &none, sizeof none) == 0 &&
           zmq_socket_monitor(probe->client, monitor_address, events) == 0 &&
           zmq_connect(probe->monitor, monitor_address) == 0;
}

static void probe_close(struct probe *probe)
{
    if (probe->client != NULL) {
        (void)zmq_socket_monitor(probe->client, NULL, 0);
        (void)zmq_close(probe->client);
    }
    if (probe->monitor != NULL) {
        (void)zmq_close(probe->monitor);
    }
    probe->client = NULL;
    probe->monitor = NULL;
}

/* The first word that the client's monitor says of the handshake; 0: none in time. */
static uint16_t probe_wait(struct probe *probe)
{
    uint16_t event = 0;
    zmq_pollitem_t item = {.socket = probe->monitor, .events = ZMQ_POLLIN};
    for (int waited_ms = 0; waited_ms < TRY_MS; waited_ms += STEP_MS) {
        if (zmq_poll(&item, 1, STEP_MS) > 0) {
            uint8_t frame[6] = {0};
            (void)zmq_recv(probe->monitor, frame, sizeof frame, 0);
            memcpy(&event, frame, sizeof event);
            (void)zmq_recv(probe->monitor, frame, sizeof frame, 0);
            return event;
        }
    }
    return event;
}

/* `server_key` NULL: a client without CURVE. */
static uint16_t probe_try(struct net_zmq *net, const char *address, const uint8_t *server_key,
                          const uint8_t *public_key, const uint8_t *secret_key)
{
    struct probe probe = {0};
    uint16_t event = 0;
    bool is_ready = probe_open(net, &probe);
    if (is_ready && server_key != NULL) {
        is_ready =
            zmq_setsockopt(probe.client, ZMQ_CURVE_SERVERKEY, server_key, ZAP_KEY_BYTES) == 0 &&
            zmq_setsockopt(probe.client, ZMQ_CURVE_PUBLICKEY, public_key, ZAP_KEY_BYTES) == 0 &&
            zmq_setsockopt(probe.client, ZMQ_CURVE_SECRETKEY, secret_key, ZAP_KEY_BYTES) == 0;
    }
    if (is_ready && zmq_connect(probe.client, address) == 0) {
        event = probe_wait(&probe);
    }
    probe_close(&probe);
    return event;
}

static const char *probe_run(struct net_zmq *net, const char *address, const uint8_t *server_key)
{
    uint8_t public_key[ZAP_KEY_BYTES], secret_key[ZAP_KEY_BYTES];
    (void)crypto_box_keypair(public_key, secret_key);
    if (probe_try(net, address, server_key, public_key, secret_key) !=
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        return "a key that nobody knows was not refused";
    }
    uint16_t downgrade = probe_try(net, address, NULL, NULL, NULL);
    if (downgrade == 0 || downgrade == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        return "a client without CURVE was not refused";
    }
    zap_set_probe(net->zap, public_key);
    uint16_t friend = probe_try(net, address, server_key, public_key, secret_key);
    zap_set_probe(net->zap, NULL);
    sodium_memzero(secret_key, sizeof secret_key);
    return friend == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? NULL : "a known key was not let in";
}

const char *net_probe(struct net_zmq *net, const uint8_t *server_key)
{
    char address[96];
    void *router = net->sockets[0].router;
    (void)snprintf(address, sizeof address, "ipc://@kentongan-%ld-%08x%08x", (long)getpid(),
                   randombytes_random(), randombytes_random());
    if (zap_set_keys(net->zap, NULL, 0) != STATUS_OK || zmq_bind(router, address) != 0) {
        return "its address could not be bound";
    }
    const char *fault = probe_run(net, address, server_key);
    (void)zmq_unbind(router, address);
    return fault;
}
