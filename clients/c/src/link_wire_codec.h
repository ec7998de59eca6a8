/* link_wire_codec.h - the inside of the client's codec, shared by its parts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_LINK_WIRE_CODEC_H
#define CLIENTS_C_SRC_LINK_WIRE_CODEC_H

#include "clients/c/src/link_message.h"
#include "clients/c/src/link_wire_arena.h"

struct link_wire {
    struct arena said, heard;    /* of the last message each way */
    struct link_record *records; /* of the last batch */
    uint32_t record_room;
};

/* Steps through a batch: its records in rising sequence, each Personal with the record before
 * it. False: it is no batch, or there is no memory (`*is_memory`). */
bool link_wire_batch(struct link_wire *wire, struct bytes batch, uint32_t *count, bool *is_memory);

#endif
