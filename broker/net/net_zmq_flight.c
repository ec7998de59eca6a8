/* net_zmq_flight.c - the free functions that libzmq calls from its own threads: counts and a drop,
 * nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/net_zmq_flight.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { COPY_BYTES_MAX = 4096 };

struct net_flight {
    _Atomic uint64_t bytes;
    _Atomic uint32_t holders;
};

/* What one frame needs to be given back. */
struct parcel {
    struct blob *blob;
    struct net_flight *peer, *all;
};

struct net_flight *net_flight_new(void)
{
    struct net_flight *flight = malloc(sizeof *flight);
    if (flight != NULL) {
        atomic_init(&flight->bytes, 0);
        atomic_init(&flight->holders, 1);
    }
    return flight;
}

static struct net_flight *flight_keep(struct net_flight *flight, uint64_t bytes)
{
    (void)atomic_fetch_add(&flight->bytes, bytes);
    (void)atomic_fetch_add(&flight->holders, 1);
    return flight;
}

void net_flight_drop(struct net_flight *flight)
{
    if (flight != NULL && atomic_fetch_sub(&flight->holders, 1) == 1) {
        assert(atomic_load(&flight->bytes) == 0);
        free(flight);
    }
}

uint64_t net_flight_bytes(const struct net_flight *flight)
{
    return atomic_load(&flight->bytes);
}

uint32_t net_flight_frames(const struct net_flight *flight)
{
    return atomic_load(&flight->holders) - 1; /* who made it holds it, too */
}

static void parcel_free(void *data, void *hint)
{
    struct parcel *parcel = hint;
    uint64_t bytes = blob_bytes(parcel->blob).length;
    (void)data;
    (void)atomic_fetch_sub(&parcel->peer->bytes, bytes);
    (void)atomic_fetch_sub(&parcel->all->bytes, bytes);
    net_flight_drop(parcel->peer);
    net_flight_drop(parcel->all);
    blob_drop(parcel->blob);
    free(parcel);
}

enum status net_flight_message(struct blob *blob, struct net_flight *peer, struct net_flight *all,
                               zmq_msg_t *message)
{
    struct parcel *parcel = malloc(sizeof *parcel);
    if (parcel == NULL) {
        blob_drop(blob);
        return STATUS_MEMORY;
    }
    struct bytes bytes = blob_bytes(blob);
    *parcel = (struct parcel){.blob = blob,
                              .peer = flight_keep(peer, bytes.length),
                              .all = flight_keep(all, bytes.length)};
    /* libzmq never writes into what it was given. */
    if (zmq_msg_init_data(message, (void *)bytes.data, bytes.length, parcel_free, parcel) != 0) {
        parcel_free(NULL, parcel);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

static void message_release(void *context)
{
    (void)zmq_msg_close(context);
    free(context);
}

struct blob *net_flight_blob(zmq_msg_t *message)
{
    size_t length = zmq_msg_size(message);
    if (length <= COPY_BYTES_MAX) {
        return blob_new(bytes_of(zmq_msg_data(message), length));
    }
    zmq_msg_t *kept = malloc(sizeof *kept);
    if (kept == NULL) {
        return NULL;
    }
    (void)zmq_msg_init(kept);
    (void)zmq_msg_move(kept, message);
    struct blob *blob = blob_wrap(bytes_of(zmq_msg_data(kept), length), message_release, kept);
    if (blob == NULL) {
        message_release(kept);
    }
    return blob;
}
