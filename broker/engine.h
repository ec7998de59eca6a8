/* engine.h - runs the core: one input at a time, its effects in order, over whatever network and
 * store.
 * SPDX-License-Identifier: Apache-2.0
 *
 * engine_turn() never waits, so that a simulator runs the same engine as a broker; who waits for
 * descriptors is engine_poll.h. One thread.
 */
#ifndef BROKER_ENGINE_H
#define BROKER_ENGINE_H

#include "broker/core/core.h"
#include "broker/net/net.h"
#include "broker/net/wire.h"
#include "broker/store/store.h"

struct engine;

/* What the engine tells its owner; called from within its functions. */
struct engine_listener {
    void *context;
    /* Something that an operator may want to know; `subject` may be empty, and lives for the
     * call. */
    void (*trace)(void *context, enum trace_level level, const char *text, struct bytes subject,
                  uint64_t value);
    /* Recovered: open the doors. Called once. */
    void (*ready)(void *context, uint64_t head);
    /* What engine_read_chunk() asked for; the blob is borrowed. NULL: never asked. */
    void (*chunk)(void *context, const struct store_done *done);
};

struct engine_options {
    struct net *net; /* both borrowed, and closed by the owner after engine_free() */
    struct store *store;
    const struct core_limits *limits;
    struct bytes site_name;
    uint32_t heartbeat_ms;
    bool accept_clock; /* start although the clock is far from the last record's */
    struct engine_listener listener;
};

/* Takes all memory; NULL: none. */
struct engine *engine_new(const struct engine_options *options);

/* Gives it back; what was asked of the store and is not done is not waited for. NULL is let
 * pass. */
void engine_free(struct engine *engine);

/* Puts a policy in force. Before engine_turn() was called: borrowed until the engine is ready,
 * comes in force at its start. After: copied; once it returned OK, the policy rules everything
 * that follows. FULL: the core has no room for it, the old one stays. */
enum status engine_set_policy(struct engine *engine, const struct policy_agency *agencies,
                              uint32_t agency_count, uint64_t now_ms,
                              int64_t wall_ms) STATUS_MUST_CHECK;

/* Takes what is there, within bounds, without waiting. True: there may be more at once. `now_ms`
 * never falls. */
bool engine_turn(struct engine *engine, uint64_t now_ms, int64_t wall_ms);

/* Asks the store for the chunk that holds `seq`, for a tool that looks at the log beside the core;
 * the listener's chunk() is told what came of it. BUSY: ask again. */
enum status engine_read_chunk(struct engine *engine, uint64_t seq) STATUS_MUST_CHECK;

/* When to take a turn though nothing came; UINT64_MAX: never. */
uint64_t engine_deadline_ms(const struct engine *engine);

/* Not NULL: it cannot go on (one sentence), and no turn does anything more. Nothing was lost that
 * was acknowledged. */
const char *engine_fault(const struct engine *engine);

/* From now on no message is received; what was accepted is finished, then sessions are told bye. */
void engine_drain(struct engine *engine);

/* Nothing that was accepted is unfinished; when it drains, everybody was told bye, too. */
bool engine_is_idle(const struct engine *engine);

/* The last durable sequence. */
uint64_t engine_head(const struct engine *engine);

#endif
