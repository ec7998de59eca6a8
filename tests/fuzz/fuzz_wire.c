/* fuzz_wire.c - one message of two frames: whatever they are, a request or a refusal comes of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes are the length of the first frame; what is left is the second. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire *wire;
    static const struct wire_options site = {.event_bytes = 65536, .batch_bytes = 1048576};
    struct net_message message = {
        .peer = 1, .agency = {(const uint8_t *)"damkar", 6}
    };
    struct request request;
    if (wire == NULL) {
        wire = wire_new(&site);
    }
    if (size < 2 || wire == NULL) {
        return 0;
    }
    size_t first = (size_t)data[0] << 8 | data[1];
    first = first > size - 2 ? size - 2 : first;
    message.frames[0] = blob_new(bytes_of(data + 2, first));
    message.frame_count = 1;
    if (size - 2 > first) {
        message.frames[1] = blob_new(bytes_of(data + 2 + first, size - 2 - first));
        message.frame_count = 2;
    }
    wire_decode(wire, &message, &request);
    assert(request.kind <= REQUEST_BAD);
    assert(request.kind != REQUEST_BAD || request.of.bad.code != NULL);
    blob_drop(message.frames[0]);
    blob_drop(message.frames[1]);
    return 0;
}
