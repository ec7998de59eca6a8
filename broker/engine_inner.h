/* engine_inner.h - what the files of the engine share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_ENGINE_INNER_H
#define BROKER_ENGINE_INNER_H

#include "broker/core/core.h"
#include "broker/log/chunk.h"
#include "broker/net/net.h"
#include "broker/net/wire.h"
#include "broker/store/store.h"

enum {
    APPENDS_MAX = 256,  /* under way at a time: the core's group of 32 MiB in chunks, and more */
    EFFECTS_MAX = 4096, /* of one step */
    SCRATCH_BYTES = 8 << 20, /* of one step; touched as it is used */
    COMPLETIONS_MAX = 256,   /* taken in one turn */
    MESSAGES_MAX = 256       /* taken in one turn */
};

enum engine_state {
    ENGINE_NEW,        /* nothing was asked yet */
    ENGINE_TAIL,       /* the last chunk is being read */
    ENGINE_RECOVERING, /* the core reads what follows its checkpoint */
    ENGINE_OPEN,
    ENGINE_DRAINING,
    ENGINE_DRAINED, /* everybody was told, or is being told */
    ENGINE_FAILED
};

/* One append that was asked of the store. */
struct engine_append {
    uint64_t first, last;
    struct page *page;
    uint8_t before[CHUNK_HASH_BYTES]; /* the chain's head without it */
};

/* One write or load that the store had no room for, with its bytes behind it. */
struct engine_owed {
    struct engine_owed *next;
    enum effect_kind kind; /* FX_APPEND, FX_SAVE, FX_CHECKPOINT, FX_LOAD */
    uint64_t token;
    uint64_t expect, last; /* FX_APPEND */
    struct blob *chunk;
    struct bytes key, value;
    uint8_t bytes[];
};

/* An input that an effect caused; it waits until all effects of the step are done. */
struct engine_echo {
    struct engine_echo *next;
    enum input_kind kind; /* IN_CLOSED, IN_UNSENT, IN_PAGE, IN_SAVED */
    uint64_t peer, follow, first, token;
};

struct engine {
    struct net *net;
    struct store *store;
    struct wire *wire;
    struct core *core;
    struct core_limits limits;
    struct effects fx;
    void *listener_context;
    void (*trace)(void *context, enum trace_level level, const char *text, struct bytes subject,
                  uint64_t value);
    void (*ready)(void *context, uint64_t head);
    void (*chunk)(void *context, const struct store_done *done);
    struct bytes site_name;
    uint32_t heartbeat_ms;
    bool accept_clock;
    enum engine_state state;
    char fault[256];
    uint64_t now_ms;
    int64_t wall_ms;
    struct store_tail tail;
    bool is_tail_damaged;           /* the chain has no head to go on from: nothing is appended */
    uint8_t hash[CHUNK_HASH_BYTES]; /* the chain's head, appends under way included */
    struct engine_append appends[APPENDS_MAX];
    uint32_t append_first, append_count;
    uint32_t busy; /* saves and loads under way */
    struct engine_owed *owed_first, *owed_last;
    struct engine_echo *echo_first, *echo_last;
    const struct policy_agency *agencies; /* until the start */
    uint32_t agency_count;
    uint64_t policy_version;
};

/* engine.c */

/* Gives the core one input (now_ms and wall_ms are filled in), performs its effects, then the
 * inputs that they caused. */
void engine_feed(struct engine *engine, struct input *input);
void engine_tell(struct engine *engine, enum trace_level level, const char *text,
                 struct bytes subject, uint64_t value);
/* No turn does anything more. */
void engine_fail(struct engine *engine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* engine_start.c */
void engine_start(struct engine *engine);
/* The last chunk was read. */
void engine_take_tail(struct engine *engine, const struct store_done *done);

/* engine_send.c */
void engine_send(struct engine *engine, const struct answer *answer);
void engine_drop(struct engine *engine, uint64_t peer);
void engine_echo_add(struct engine *engine, const struct engine_echo *echo);
/* Takes the oldest; false: none. */
bool engine_echo_take(struct engine *engine, struct engine_echo *echo);

/* engine_store.c */
void engine_append(struct engine *engine, const struct effect *effect);
void engine_read(struct engine *engine, const struct effect *effect);
/* For a tool. BUSY. */
enum status engine_chunk(struct engine *engine, uint64_t seq) STATUS_MUST_CHECK;
void engine_save(struct engine *engine, const struct effect *effect);
void engine_load(struct engine *engine, const struct effect *effect);
void engine_checkpoint(struct engine *engine, const struct effect *effect);
/* What may still be appended before the store is full. */
uint64_t engine_room_bytes(const struct engine *engine);
/* Takes at most COMPLETIONS_MAX completions; how many. */
uint32_t engine_complete(struct engine *engine);
/* Asks again what is owed, in order. */
void engine_owe_again(struct engine *engine);
void engine_store_deinit(struct engine *engine);

#endif
