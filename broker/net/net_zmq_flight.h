/* net_zmq_flight.h - bytes handed to libzmq without a copy, and the count of those not yet back.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NET_NET_ZMQ_FLIGHT_H
#define BROKER_NET_NET_ZMQ_FLIGHT_H

#include <zmq.h>

#include "broker/base/blob.h"
#include "broker/base/status.h"

/* A count shared with libzmq's threads; lives as long as anything that it counts. */
struct net_flight;

/* NULL: no memory. */
struct net_flight *net_flight_new(void);
void net_flight_drop(struct net_flight *flight);
uint64_t net_flight_bytes(const struct net_flight *flight);

/* Messages that it counts; a moment later there may be fewer, never more. */
uint32_t net_flight_frames(const struct net_flight *flight);

/* Makes a message of the blob's bytes, counted in both flights until libzmq is done with it. Takes
 * the blob in any case. MEMORY: there is no message. */
enum status net_flight_message(struct blob *blob, struct net_flight *peer, struct net_flight *all,
                               zmq_msg_t *message) STATUS_MUST_CHECK;

/* A blob of a message's bytes: a copy when they are few, else the message itself, which is left
 * empty. NULL: no memory. */
struct blob *net_flight_blob(zmq_msg_t *message);

#endif
