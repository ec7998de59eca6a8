/* admin.h - the door of a live site: DIR/admin.sock, a line of JSON asked, a line answered.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is spoken is in docs/admin-socket.md. Only root and the directory's owner are let in. All
 * calls from the thread of the engine; what takes long (log verify, log export) has a thread of its
 * own that gets its chunks through the engine.
 */
#ifndef BROKER_OPS_ADMIN_H
#define BROKER_OPS_ADMIN_H

#include <poll.h>

#include "broker/store/store.h"

enum { ADMIN_ENDPOINTS_MAX = 64, ADMIN_DESCRIPTORS_MAX = 16 };

/* What `info` tells. */
struct admin_info {
    const char *endpoints[ADMIN_ENDPOINTS_MAX];
    uint32_t endpoint_count;
    uint32_t sessions;
    uint64_t handed_bytes;
};

/* What the door asks of the house. */
struct admin_calls {
    void *context;
    /* Reads the policy files again; true: they are in force. False: `reason` says why not. */
    bool (*reload)(void *context, char *reason, size_t room);
    void (*info)(void *context, struct admin_info *info);
    void (*log)(void *context, struct store_tail *tail, uint64_t *used_bytes);
    /* Asks for the chunk that holds `seq`; admin_take_chunk() is to be called with what comes.
     * BUSY: later. */
    enum status (*read_chunk)(void *context, uint64_t seq);
    /* Begins the end of the broker. */
    void (*stop)(void *context);
};

struct admin;

/* Opens DIR/admin.sock, mode 0600, in place of what a killed broker left. Whoever calls holds the
 * log's lock. IO (errno says why), MEMORY. */
enum status admin_open(const char *directory, const struct admin_calls *calls,
                       struct admin **admin) STATUS_MUST_CHECK;

/* Ends what is under way, removes the socket. NULL is let pass. */
void admin_close(struct admin *admin);

/* What to poll; at most ADMIN_DESCRIPTORS_MAX. Returns how many. */
uint32_t admin_descriptors(const struct admin *admin, struct pollfd items[ADMIN_DESCRIPTORS_MAX]);

/* Does what can be done without waiting. */
void admin_turn(struct admin *admin);

/* The chunk that read_chunk() asked for; the blob is borrowed. */
void admin_take_chunk(struct admin *admin, const struct store_done *done);

#endif
