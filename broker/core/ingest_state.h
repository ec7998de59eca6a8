/* ingest_state.h - what the parts of ingest that hold no state of their own work on.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest: the rule (ingest_rule.c), settling and undoing (ingest_settle.c),
 * start-up (ingest_recover.c) and checkpoints (ingest_checkpoint.c) share it.
 */
#ifndef BROKER_CORE_INGEST_STATE_H
#define BROKER_CORE_INGEST_STATE_H

#include "broker/core/ingest.h"
#include "broker/core/ingest_checkpoint.h"
#include "broker/core/ingest_clock.h"
#include "broker/core/ingest_lookup.h"
#include "broker/core/ingest_pending.h"
#include "broker/core/ingest_producers.h"
#include "broker/core/ingest_receipts.h"
#include "broker/core/ingest_window.h"

enum {
    TRACES_MAX = 8,
    BUSY_RETRY_MS = 50,
    STORE_FULL_RETRY_MS = 5000,
    READ_RETRY_MS = 10,
    ROOM_RETRY_MS = 1000,
    LONG_RETRY_MS = 60000
};

enum ingest_phase { PHASE_STARTING, PHASE_RECOVERING, PHASE_READY };

/* Something an operator may want to know, until there is room to say it. */
struct ingest_trace {
    enum trace_level level;
    const char *text;
    uint64_t value;
};

struct ingest {
    struct core_limits limits;
    enum ingest_phase phase;
    uint64_t log_first;
    struct window window;
    struct producers producers;
    struct pending pending;
    struct receipts receipts;
    struct lookups lookups;
    struct checkpoint checkpoint;
    struct ingest_clock clock;
    uint64_t room_bytes;    /* of the store, as it last said */
    uint64_t reserve_bytes; /* of it, kept for priority >= 8 */
    uint64_t read_next;     /* recovery: the next sequence to read */
    bool is_reading;        /* recovery: a read is in flight */
    uint64_t retry_ms;      /* no read before */
    uint64_t now_ms;        /* of the last step */
    uint64_t room_ms;     /* when to ask for a tick, since somebody was refused for want of room */
    bool may_append;      /* as last told */
    bool is_tail_damaged; /* the log cannot be continued */
    struct ingest_trace traces[TRACES_MAX];
    uint32_t trace_count;
    struct ingest_statistics statistics;
};

/* Notes a trace; when there are too many, the later ones are lost. */
void ingest_note(struct ingest *ingest, enum trace_level level, const char *text, uint64_t value);

/* The answers that several parts give; static. */
extern const struct refusal ingest_busy, ingest_store_full, ingest_store_corrupt, ingest_conflict;

/* Moves the mark of `slot`'s producer to entry.number and remembers the entry in its ring, which it
 * must have; `move` becomes what undoes it. */
void ingest_move_mark(struct ingest *ingest, uint32_t slot, struct ring_entry entry,
                      struct pending_move *move);

/* The receipt of a duplicate: at once if `seq` is durable, else together with that event. */
void ingest_tell_duplicate(struct ingest *ingest, uint32_t receipt, uint64_t seq);

/* One move of a mark is durable, or rests on what is. */
void ingest_settle_move(struct ingest *ingest, const struct pending_move *move);

/* Settles what became durable. */
void ingest_settle(struct ingest *ingest);

/* Takes back everything that is not durable, and says STORE_FULL to whom waits for it. */
void ingest_undo(struct ingest *ingest);

/* `slot`'s producer is forgotten if it is at 0, with nothing pending or looked up: it was never
 * stored. */
void ingest_forget_if_unused(struct ingest *ingest, uint32_t slot);

/* Answers a look-up that ended. */
void ingest_end_lookup(struct ingest *ingest, const struct lookup_end *end);

/* A number of `slot`'s, which has a ring, is known to be durable; in rising order. */
void ingest_restore_number(struct ingest *ingest, uint32_t slot, struct ring_entry entry);

/* A page read during recovery. False: the store was busy. */
bool ingest_recover_page(struct ingest *ingest, const struct input *page);

/* Emits the next read of recovery if it is due. */
void ingest_recover_read(struct ingest *ingest, struct effects *fx);

/* Reads one part, while starting. What cannot be read spoils the checkpoint, not the start. */
void ingest_read_part(struct ingest *ingest, struct bytes name, struct bytes value);

/* No more parts: whether they were whole. If not, producers and window are to be reset. */
bool ingest_is_checkpoint_whole(const struct ingest *ingest);

/* Emits the next part of a checkpoint when it is time. */
void ingest_write_checkpoint(struct ingest *ingest, uint64_t now_ms, struct effects *fx);

/* The last sequence that may be appended: a start never reads more than checkpoint_events. */
uint64_t ingest_append_max(const struct ingest *ingest);

/* When ingest_write_checkpoint() has something to do; UINT64_MAX: never. */
uint64_t ingest_checkpoint_deadline_ms(const struct ingest *ingest);

#endif
