/* ingest.h - publishing: who is asking again, what is new, and who hears STORED when.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. The rule is architecture §4. Its parts are the files ingest_*.{h,c}:
 * window (ids), producers (marks and rings), pending (accepted, not durable), receipts, lookup (the
 * backward scan), checkpoint and recovery. Nobody else includes them.
 *
 * What is accepted goes out in groups: one group of appends in flight, the rest waits for its end.
 * Everything that is owed is kept inside and emitted by ingest_continue() as far as there is room.
 */
#ifndef BROKER_CORE_INGEST_H
#define BROKER_CORE_INGEST_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"

struct ingest;

/* What ingest asks of the composer; both are pure questions. */
struct ingest_ask {
    void *context;
    /* NULL: `producer` may be used. Else why not (FENCED, PRODUCER_RETIRED); asked before anything.
     * */
    const struct refusal *(*judge_producer)(void *context, const uint8_t producer[PRODUCER_BYTES]);
    /* Whether the agency may publish to `topic` (the right alone); asked of new events only. */
    bool (*may_publish)(void *context, struct bytes topic);
};

/* One publish, borrowed for the call; the frame is counted. */
struct ingest_publish {
    uint64_t now_ms;
    int64_t wall_ms;
    uint64_t peer;
    uint64_t number; /* of the request */
    struct bytes agency;
    const uint8_t *key_id; /* KEY_ID_BYTES */
    const struct publish_request *publish;
};

/* Whether a peer is still owed receipts; false: they are forgotten. */
typedef bool ingest_peer_is_open(void *context, uint64_t peer);

/* Takes all memory (touched as it is used); NULL: none. */
struct ingest *ingest_new(const struct core_limits *limits);

/* Gives it back, with the frames that it holds; NULL is let pass. */
void ingest_free(struct ingest *ingest);

/* IN_START. */
void ingest_start(struct ingest *ingest, const struct input *start);

/* IN_CHECKPOINT: one part. What cannot be read or is of another log is left out: slower, never
 * wrong. */
void ingest_checkpoint(struct ingest *ingest, struct bytes name, struct bytes value);

/* IN_RECOVER: from now on ingest_continue() reads what follows the checkpoint. */
void ingest_recover(struct ingest *ingest);

/* Recovered: publishes are taken. Before, ingest_publish() must not be called. */
bool ingest_is_ready(const struct ingest *ingest);

/* REQUEST_PUBLISH of an open session. Every item gets a receipt through ingest_continue(); NULL: so
 * it will be. Else nothing was looked at and the whole request is refused (BUSY): answer an error.
 * */
const struct refusal *ingest_publish(struct ingest *ingest, const struct ingest_publish *publish,
                                     const struct ingest_ask *ask);

/* IN_APPENDED. On FULL everything that is not durable is undone and answered STORE_FULL. Afterwards
 * ingest_head() is the new head. */
void ingest_appended(struct ingest *ingest, const struct input *appended);

/* What may still be appended before the store is full. */
void ingest_room(struct ingest *ingest, uint64_t room_bytes);

/* IN_TICK, which may say what may still be appended: a full store would never be seen to have room
 * again. Not told, it is asked for again a second later. */
void ingest_tick(struct ingest *ingest, const struct input *tick);

/* IN_PAGE with a token of TOKEN_INGEST. */
void ingest_page(struct ingest *ingest, const struct input *page);

/* Emits, as far as `fx` has room: receipts (in order within a request), appends if `may_append` and
 * none is in flight, reads, one part of a checkpoint. To be called in every step, last. */
void ingest_continue(struct ingest *ingest, uint64_t now_ms, bool may_append,
                     ingest_peer_is_open *is_open, void *context, struct effects *fx);

/* When ingest_continue() should run again; 0: at once, something is owed; UINT64_MAX: never. */
uint64_t ingest_deadline_ms(const struct ingest *ingest);

/* The last durable sequence. */
uint64_t ingest_head(const struct ingest *ingest);

/* The mark of an agency's producer; 0: unknown. For welcome. */
uint64_t ingest_mark(const struct ingest *ingest, struct bytes agency,
                     const uint8_t producer[PRODUCER_BYTES]);

/* What an operator may want to see. */
struct ingest_statistics {
    uint64_t stored, duplicates, refused, busy, gaps; /* items, since start */
    uint32_t pending_events, producers, lookups;
    size_t pending_bytes;
    uint32_t id_window_events;
    uint64_t checkpoint_seq; /* recovery would read from here */
};

void ingest_statistics(const struct ingest *ingest, struct ingest_statistics *statistics);

#endif
