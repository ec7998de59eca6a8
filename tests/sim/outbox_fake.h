/* outbox_fake.h - a publisher's outbox that loses what was not flushed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_OUTBOX_FAKE_H
#define TESTS_SIM_OUTBOX_FAKE_H

#include "clients/c/src/link.h"
#include "tests/sim/bulletin.h"

/* One event; its address is stable until it is purged. */
struct outbox_entry {
    uint64_t token;
    const struct bulletin *bulletin;
    struct link_event event;
    enum link_lane lane;
    uint64_t number, flushed_number;
    bool is_flushed;
    bool is_offered;              /* to the link that runs now */
    bool is_answered, is_refused; /* the removal is not flushed yet */
};

struct outbox_fake {
    struct outbox_entry **list; /* in the order of both lanes together */
    uint32_t count, room;
    uint64_t tokens;
    uint64_t given[LINK_LANES]; /* flushed: the highest number of each lane */
    struct link_log log;
    struct outbox_fake *copy; /* what a restore would bring back; NULL: none */
};

void outbox_fake_deinit(struct outbox_fake *outbox);

void outbox_fake_add(struct outbox_fake *outbox, const struct bulletin *bulletin,
                     enum link_lane lane, uint64_t number);

/* The next event of a lane that the link was not offered, or NULL. */
struct outbox_entry *outbox_fake_next(struct outbox_fake *outbox, enum link_lane lane);

/* The entry of that token; NULL: it was purged. */
struct outbox_entry *outbox_fake_find(struct outbox_fake *outbox, uint64_t token);

/* Everything is on disk; what was answered is gone. */
void outbox_fake_flush(struct outbox_fake *outbox);

/* Keeps a copy of what is flushed, for outbox_fake_restore(). */
void outbox_fake_keep_copy(struct outbox_fake *outbox);

/* The power fails: what was not flushed never happened; told through `lost` and `revived`. */
typedef void outbox_fake_tell(void *context, const struct outbox_entry *entry);
void outbox_fake_power_cut(struct outbox_fake *outbox, outbox_fake_tell *lost,
                           outbox_fake_tell *revived, void *context);

/* The process dies: all that it wrote is there. */
void outbox_fake_kill(struct outbox_fake *outbox);

/* The copy takes the outbox's place; `lost` hears of what is in the outbox alone, `revived` of what
 * the copy brings back. */
void outbox_fake_restore(struct outbox_fake *outbox, outbox_fake_tell *lost,
                         outbox_fake_tell *revived, void *context);

#endif
