/* ingest_checkpoint.h - what spares a start the whole log: marks, rings and ids in disposable parts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest (docs/decisions/0004). State is cut into blocks of fixed place: producers by
 * slot, rings by slot, the id window by sequence. A checkpoint writes the blocks that changed over their
 * former selves, then one manifest that names the sequence to read the log from. Every block says
 * only what is durable, and applying a record twice changes nothing: so a block may be newer than its
 * manifest, and a crash between two parts is harmless. Names are "once/0" for the manifest (first in
 * order), "once/p…", "once/r…" and "once/w…" for the blocks.
 */
#ifndef BROKER_CORE_INGEST_CHECKPOINT_H
#define BROKER_CORE_INGEST_CHECKPOINT_H

#include "broker/base/codec.h"
#include "broker/core/effect.h"
#include "broker/core/limits.h"

enum {
    CHECKPOINT_PART_BYTES_MAX = 256 * 1024,
    CHECKPOINT_PART_MS = 5, /* between two parts: commits of events come first */
    CHECKPOINT_NAME_BYTES = 16
};

enum checkpoint_phase {
    CHECKPOINT_IDLE,
    CHECKPOINT_FORGET, /* the manifest that is there names blocks of another layout */
    CHECKPOINT_WINDOW,
    CHECKPOINT_PRODUCERS,
    CHECKPOINT_RINGS,
    CHECKPOINT_MANIFEST
};

/* How state is cut; a manifest of another cut is not used. */
struct checkpoint_layout {
    uint32_t window_block, window_blocks;     /* sequences a block, blocks in turn */
    uint32_t producer_block, producer_blocks; /* slots a block, blocks in all */
    uint32_t ring_block, ring_blocks;
    uint32_t window_events, ring_room;
};

struct checkpoint {
    uint8_t *buffer; /* of one part */
    struct checkpoint_layout layout;
    uint8_t uuid[16];
    uint64_t incarnation;
    uint64_t epoch; /* of the slots' meaning; raised when they were given anew */
    uint64_t seq;   /* of the manifest: recovery reads what follows */
    enum checkpoint_phase phase;
    uint64_t target; /* being written: will be seq */
    uint64_t block;  /* the next to write in this phase */
    uint64_t started_ms, part_ms;
    bool must_forget;
    uint8_t *is_producer_block; /* one a block: written since the epoch began */
    uint8_t *is_ring_block;
    /* While starting: what the manifest says and what has come. */
    bool has_manifest, is_bad;
    uint64_t filled; /* window entries */
    uint64_t epoch_max;
    uint8_t *is_producer_block_read, *is_ring_block_read;
    char name[CHECKPOINT_NAME_BYTES];
};

struct ingest;

/* Takes the memory. MEMORY. */
enum status checkpoint_init(struct checkpoint *checkpoint,
                            const struct core_limits *limits) STATUS_MUST_CHECK;
void checkpoint_deinit(struct checkpoint *checkpoint);

/* Reads one part into `ingest`, which is starting. */
void checkpoint_read(struct ingest *ingest, struct bytes name, struct bytes value);

/* No more parts: whether they were whole. If not, producers and window are to be reset. */
bool checkpoint_is_whole(struct ingest *ingest);

/* Emits the next part when it is time. */
void checkpoint_continue(struct ingest *ingest, uint64_t now_ms, struct effects *fx);

/* When checkpoint_continue() has something to do; UINT64_MAX: never. */
uint64_t checkpoint_deadline_ms(const struct ingest *ingest);

/* Shared by writing and reading: a part's bytes are `kind`, identity, payload, checksum. */
uint64_t checkpoint_checksum(struct bytes bytes);

#endif
