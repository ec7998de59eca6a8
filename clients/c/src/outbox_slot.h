/* outbox_slot.h - one directory of an outbox: its lock and its segment files.
 * SPDX-License-Identifier: Apache-2.0
 *
 * DIR/NN/lock is held with flock() while a process uses the slot; DIR/NN/00000001.seg and so on are
 * only ever appended to, and deleted whole, the oldest first. One thread.
 */
#ifndef CLIENTS_C_SRC_OUTBOX_SLOT_H
#define CLIENTS_C_SRC_OUTBOX_SLOT_H

#include "clients/c/src/outbox_file.h"

enum { OUTBOX_SLOTS = 64, OUTBOX_SEGMENTS_MAX = 65536 };

enum outbox_status {
    OUTBOX_OK,
    OUTBOX_FULL,    /* of bytes, by its own bound or the disk's; nothing changed */
    OUTBOX_DAMAGED, /* what had been flushed is not what was written; left as it is */
    OUTBOX_IO,      /* the system reported an error; errno tells */
    OUTBOX_MEMORY,
    OUTBOX_TAKEN, /* another process holds it */
    OUTBOX_ABSENT /* there is no such slot */
};

#define OUTBOX_MUST_CHECK __attribute__((warn_unused_result))

struct slot_segment {
    uint32_t number;
    uint64_t bytes;
    uint64_t open_events; /* of its events: not answered */
    int64_t newest_ms;    /* when the newest of its events was written */
};

struct outbox_slot {
    int folder_fd, lock_fd, fd;    /* fd: of the last segment */
    struct slot_segment *segments; /* rising numbers, the last one is written to */
    uint32_t count, room;
    uint64_t bytes;         /* of all segments */
    uint64_t flushed_bytes; /* of the last segment */
    bool is_folder_dirty;   /* a new file's name is not flushed */
};

/* Locks slot `number` of the folder and lists its segments; makes the slot when `may_make`.
 * TAKEN, IO, MEMORY, ABSENT (only when it may not be made). */
enum outbox_status slot_open(struct outbox_slot *slot, const char *folder, unsigned number,
                             bool may_make) OUTBOX_MUST_CHECK;

/* The same without a lock, only for reading. */
enum outbox_status slot_peek(struct outbox_slot *slot, const char *folder,
                             unsigned number) OUTBOX_MUST_CHECK;
void slot_close(struct outbox_slot *slot);

/* The whole of segment `index`, to be freed by the caller. IO, MEMORY, DAMAGED (too large). */
enum outbox_status slot_read(const struct outbox_slot *slot, uint32_t index,
                             struct bytes *file) OUTBOX_MUST_CHECK;

/* The payload of the record `token` of that type, in a block to be freed by the caller. IO,
 * MEMORY, DAMAGED. */
enum outbox_status slot_read_record(const struct outbox_slot *slot, uint64_t token,
                                    enum outbox_type type, uint8_t **block,
                                    struct bytes *payload) OUTBOX_MUST_CHECK;

/* Starts a new segment with `head` after flushing the last. FULL, IO, MEMORY. */
enum outbox_status slot_roll(struct outbox_slot *slot, struct bytes head) OUTBOX_MUST_CHECK;

/* Appends a record without flushing it. FULL (no room on the disk), IO. */
enum outbox_status slot_append(struct outbox_slot *slot, enum outbox_type type,
                               struct bytes payload, uint64_t *token) OUTBOX_MUST_CHECK;

/* Everything appended is durable. IO. */
enum outbox_status slot_flush(struct outbox_slot *slot) OUTBOX_MUST_CHECK;

/* Cuts the last segment to `bytes`: an end that was never flushed. */
enum outbox_status slot_cut(struct outbox_slot *slot, uint64_t bytes) OUTBOX_MUST_CHECK;

/* Deletes the oldest segment; there are two at least. */
enum outbox_status slot_delete_first(struct outbox_slot *slot) OUTBOX_MUST_CHECK;

/* The segment of that number, or NULL. */
struct slot_segment *slot_find(const struct outbox_slot *slot, uint32_t number);

/* The process that holds the slot, as it wrote into the lock; 0: unknown. */
int slot_holder(const char *folder, unsigned number);

#endif
