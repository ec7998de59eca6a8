/* ingest_checkpoint.h - what spares a start the whole log: marks, rings and ids in disposable
 * parts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest (docs/decisions/0006). State is cut into blocks of fixed place:
 * producers by slot, rings by slot, the id window by sequence. A checkpoint writes the blocks that
 * changed over their former selves, then one manifest that names the sequence to read the log from.
 * Every block says only what is durable, and applying a record twice changes nothing: so a block
 * may be newer than its manifest, and a crash between two parts is harmless. Names are "once/0" for
 * the manifest (first in order), "once/p…", "once/r…" and "once/w…" for the blocks.
 */
#ifndef BROKER_CORE_INGEST_CHECKPOINT_H
#define BROKER_CORE_INGEST_CHECKPOINT_H

#include "broker/base/codec.h"
#include "broker/core/effect.h"
#include "broker/core/limits.h"

enum {
    CHECKPOINT_PART_BYTES_MAX = 256 * 1024,
    CHECKPOINT_PART_MS = 5,   /* between two parts: commits of events come first */
    CHECKPOINT_CHUNKS = 4096, /* a start reads one after the other: small ones count as well */
    CHECKPOINT_NAME_BYTES = 16
};

enum checkpoint_phase {
    CHECKPOINT_IDLE,
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
    uint32_t chunks;            /* appended after the target, or read by this start */
    uint8_t *is_producer_block; /* one a block: written since the epoch began */
    uint8_t *is_ring_block;
    /* While starting: what the manifest says and what has come. */
    bool has_manifest, is_bad;
    uint64_t filled; /* window entries */
    uint64_t epoch_max;
    uint8_t *is_producer_block_read, *is_ring_block_read;
    char name[CHECKPOINT_NAME_BYTES];
};

/* Takes the memory. MEMORY. */
enum status checkpoint_init(struct checkpoint *checkpoint,
                            const struct core_limits *limits) STATUS_MUST_CHECK;
void checkpoint_deinit(struct checkpoint *checkpoint);

/* Starts a part of `kind`: '0', 'p', 'r' or 'w'. */
void checkpoint_put_head(const struct checkpoint *checkpoint, struct codec_writer *writer,
                         uint8_t kind);

/* Ends it and returns its bytes, which must fit. */
struct bytes checkpoint_seal(struct codec_writer *writer);

/* Opens a part: checksum, log and epoch must fit. The manifest's epoch is the one from then on. */
bool checkpoint_open(struct checkpoint *checkpoint, struct bytes value, uint8_t kind,
                     struct codec_reader *payload);

/* The name of a block's part; lives until the next call. */
struct bytes checkpoint_name(struct checkpoint *checkpoint, uint8_t kind, uint64_t block);

/* Reads a name. False: none of ours. */
bool checkpoint_read_name(struct bytes name, uint8_t *kind, uint64_t *block);

#endif
