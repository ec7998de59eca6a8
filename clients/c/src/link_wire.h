/* link_wire.h - the client's own codec: link_said to frames, frames to link_heard.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure but for memory: no socket, no clock. Frames are bounded and pre-scanned before protobuf-c
 * sees them; batches are never unpacked, only stepped through.
 */
#ifndef CLIENTS_C_SRC_LINK_WIRE_H
#define CLIENTS_C_SRC_LINK_WIRE_H

#include "clients/c/src/link_message.h"

struct link_wire;

/* NULL: no memory. */
struct link_wire *link_wire_new(void);
void link_wire_free(struct link_wire *wire);

/* Writes one message as one or two frames; the views live until the next link_wire_encode();
 * `second` is empty when there is one frame. False: no memory. */
bool link_wire_encode(struct link_wire *wire, const struct link_said *said, struct bytes *first,
                      struct bytes *second);

/* Reads one message; kind LINK_HEARD_BAD when it is none. `first` is copied from; views of
 * records point into `second`, both live until the next link_wire_decode() and as long as the
 * caller keeps the frames. False: no memory. */
bool link_wire_decode(struct link_wire *wire, struct bytes first, struct bytes second,
                      struct link_heard *heard);

#endif
