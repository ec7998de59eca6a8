/* outbox.h - what was published and not answered, kept on disk until it is; and for a while after.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A process takes the lowest free slot of its profile's outbox and goes on with what it finds
 * there, in order within a lane. Appending writes, flushing makes durable: only a flushed event may
 * be told as SPOOLED. An event whose answer is STORED needs no flush. One thread.
 */
#ifndef CLIENTS_C_SRC_OUTBOX_H
#define CLIENTS_C_SRC_OUTBOX_H

#include "clients/c/src/outbox_slot.h"

struct outbox;

struct outbox_options {
    const char *folder; /* of all slots of the profile; made if its parent is there */
    int slot;           /* -1: the lowest free one */
    bool must_wait;     /* with slot -1: only a free one in which something waits, else ABSENT */
    uint64_t bytes_max; /* of this slot */
    uint32_t segment_bytes; /* when a new file is begun */
    uint64_t keep_ms; /* how long what was stored is kept, to be offered again after a restore */
};

/* Opens a slot and reads it. Slots that are taken or damaged are passed over (`*damaged` counts
 * the latter). DAMAGED only when the one slot that was asked for is. Fills random bytes into new
 * producers with `random`. */
enum outbox_status outbox_open(const struct outbox_options *options, struct outbox **outbox,
                               unsigned *damaged) OUTBOX_MUST_CHECK;

/* Lets the slot go. Does not flush. */
void outbox_close(struct outbox *outbox);

/* Which slot it is, and what link_new() wants to know. */
unsigned outbox_slot_number(const struct outbox *outbox);
const struct outbox_state *outbox_state(const struct outbox *outbox);

/* Writes an event under its number; `owner` is given back when it is answered. FULL, IO, MEMORY. */
enum outbox_status outbox_append(struct outbox *outbox, const struct outbox_event *event,
                                 void *owner, uint64_t *token) OUTBOX_MUST_CHECK;

/* Everything appended so far is durable. IO. */
enum outbox_status outbox_flush(struct outbox *outbox) OUTBOX_MUST_CHECK;

/* The next event of the lane to offer to the link; NULL: none. Its bytes live until
 * outbox_answer() or outbox_rewind(). `*status` tells when it could not be read: the lane then
 * stops there. */
const struct link_event *outbox_next(struct outbox *outbox, enum link_lane lane, uint64_t *token,
                                     uint64_t *number, enum outbox_status *status);

/* Writes that an event was stored or refused, and gives back its owner. An unknown token is
 * passed over. */
enum outbox_status outbox_answer(struct outbox *outbox, enum link_lane lane,
                                 const struct outbox_done *done, int64_t now_ms,
                                 void **owner) OUTBOX_MUST_CHECK;

/* Writes an event's new number. To be flushed before it is sent. */
enum outbox_status outbox_renumber(struct outbox *outbox, enum link_lane lane, uint64_t token,
                                   uint64_t number) OUTBOX_MUST_CHECK;

/* After a restore: offers again, in order, what has a number above `mark` and was not refused. */
enum outbox_status outbox_rewind(struct outbox *outbox, enum link_lane lane,
                                 uint64_t mark) OUTBOX_MUST_CHECK;

/* Remembers the log. */
enum outbox_status outbox_set_log(struct outbox *outbox,
                                  const struct link_log *log) OUTBOX_MUST_CHECK;

/* Gives the lane a new producer, durable on return. */
enum outbox_status outbox_renew(struct outbox *outbox, enum link_lane lane) OUTBOX_MUST_CHECK;

/* How many events are unanswered. */
uint64_t outbox_waiting(const struct outbox *outbox);

/* One slot, as somebody who looks at the outbox sees it. */
struct outbox_summary {
    unsigned slot;
    enum outbox_status status; /* OK, DAMAGED, IO */
    int process;               /* that holds it; 0: free */
    uint64_t waiting, stored, refused, bytes;
    int64_t oldest_ms; /* of what waits; 0: nothing does */
};

/* Reads slot `number` without taking it. ABSENT when there is none. */
enum outbox_status outbox_summarize(const char *folder, unsigned number,
                                    struct outbox_summary *summary) OUTBOX_MUST_CHECK;

#endif
