/* engine_private.h - what the engine's own files share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_ENGINE_PRIVATE_H
#define BROKER_ENGINE_PRIVATE_H

#include "broker/engine.h"
#include "broker/engine_queue.h"
#include "broker/log/chunk.h"
#include "broker/net/wire.h"

enum {
    ENGINE_EFFECTS_ROOM = 4096, /* effects of one step */
    ENGINE_SCRATCH_BYTES = 4 * 1024 * 1024,
    ENGINE_ECHOES_ROOM = 2 * ENGINE_EFFECTS_ROOM,
    ENGINE_APPENDS_ROOM = 1024, /* chunks handed to the store and not answered */
    ENGINE_TURN_INPUTS = 256    /* of each kind, in one turn */
};

/* What a failed send tells the core, before anything else is told. */
struct engine_echo {
    uint64_t peer;
    uint64_t follow; /* 0: the peer is gone */
    uint64_t first;
};

/* A chunk on its way to the disk. */
struct engine_append {
    struct blob *chunk;
    uint64_t first, last;
    uint8_t hash[CHUNK_HASH_BYTES];
};

struct engine {
    struct engine_options options;
    struct core *core;
    struct wire *wire;
    struct effects fx;
    struct engine_queue writes, reads;
    uint8_t secret[32];
    uint8_t chain[CHUNK_HASH_BYTES];         /* behind everything that was sealed */
    uint8_t chain_durable[CHUNK_HASH_BYTES]; /* behind everything that was flushed */
    struct engine_append *appends;           /* a ring */
    uint32_t append_first, append_count;
    struct engine_echo *echoes; /* a ring */
    uint32_t echo_first, echo_count;
    uint64_t sealed; /* the last sequence handed to the store */
    uint64_t policy_version;
    uint32_t writes_under_way; /* values and checkpoints */
    uint64_t now_ms;
    int64_t wall_ms;
    bool is_ready, is_draining, has_failed;
    struct engine_fault failure;
};

/* One input to the core, and everything that it asks for; then what failed sends tell it, until
 * nothing is left to tell. */
void engine_feed(struct engine *engine, struct input *input);

/* Does what engine->fx says, in order. */
void engine_perform(struct engine *engine);

/* Whether a step's requests to the store are sure to fit. */
bool engine_may_feed(const struct engine *engine);

/* Gives the core one completion of the store. */
void engine_complete(struct engine *engine, struct store_done *done);

/* No way on: keeps the first reason. */
void engine_fail(struct engine *engine, const char *text, enum status status);

void engine_say(struct engine *engine, enum trace_level level, const char *text, uint64_t value);

#endif
