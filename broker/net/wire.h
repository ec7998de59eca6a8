/* wire.h - protobuf bytes to the core's requests, and the core's answers to protobuf bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure but for memory: no socket, no clock. The only broker files that include generated code are
 * wire*.c. Control frames are pre-scanned (size, depth, counts, UTF-8) before protobuf-c sees them,
 * and unpacked from an arena with a hard cap. One thread.
 */
#ifndef BROKER_NET_WIRE_H
#define BROKER_NET_WIRE_H

#include "broker/core/effect.h"
#include "broker/net/net.h"

enum { CONTROL_BYTES_MAX = 64 * 1024 /* of a first frame */ };

struct wire;

/* What the wire needs to know of the site to speak for it. */
struct wire_options {
    struct bytes site_name;
    uint8_t uuid[16];
    uint64_t incarnation;
    uint8_t secret[32]; /* of the log: resume tokens, window keys */
    uint32_t heartbeat_ms;
    uint32_t event_bytes, batch_bytes, window_events, follows, filters;
};

/* NULL: no memory. Options are copied. */
struct wire *wire_new(const struct wire_options *options);

/* Zeroes the secret; NULL is let pass. */
void wire_free(struct wire *wire);

/* Reads one message into `request` (kind REQUEST_BAD with code and field when it cannot be read).
 * What the request points to lives until the next wire_decode(), and as long as the message's
 * frames, which stay the caller's. */
void wire_decode(struct wire *wire, const struct net_message *message, struct request *request);

/* Writes an answer as one or two frames (counted; *second NULL when there is one). A delivery of a
 * whole page shares the page's blob without a copy. `wall_ms` is for welcome. MEMORY only. */
enum status wire_encode(struct wire *wire, const struct answer *answer, int64_t wall_ms,
                        struct blob **first, struct blob **second) STATUS_MUST_CHECK;

#endif
