/* engine.h - the loop's body: what came in goes to the core one by one, what it asks for is done.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It knows the world only as tables (net.h, store.h) and time only as parameters, so that the
 * simulator runs the same code as the broker. One thread.
 */
#ifndef BROKER_ENGINE_H
#define BROKER_ENGINE_H

#include "broker/core/core.h"
#include "broker/net/net.h"
#include "broker/store/store.h"

struct engine;

/* Something that an operator may want to know; views live for the call. */
typedef void engine_trace(void *context, enum trace_level level, const char *text,
                          struct bytes subject, uint64_t value);

struct engine_options {
    struct core_limits limits;
    struct bytes site_name; /* copied */
    uint32_t heartbeat_ms;
    struct net *net;     /* borrowed, as is the store */
    struct store *store; /* open; nobody else polls it */
    engine_trace *trace;
    void *trace_context;
    bool accept_clock; /* start although the clock disagrees with the log (architecture §8) */
};

/* What stopped it, in one sentence for a person. */
struct engine_fault {
    char text[256];
};

enum engine_state {
    ENGINE_RECOVERING, /* reads what follows the last checkpoint; the doors are to stay shut */
    ENGINE_SERVING,
    ENGINE_DRAINED, /* after engine_drain(): nothing is under way any more */
    ENGINE_FAILED   /* the store did not say what became of a commit: end the process */
};

/* Verifies the newest chunk, gives the core the last checkpoint and the policy, and begins to
 * recover. Waits for one read. CORRUPT, VERSION: the newest chunk; INVALID: the clock; MEMORY,
 * IO. */
enum status engine_new(const struct engine_options *options, const struct policy_agency *agencies,
                       uint32_t agency_count, uint64_t now_ms, int64_t wall_ms,
                       struct engine **engine, struct engine_fault *fault) STATUS_MUST_CHECK;

/* Neither net nor store is closed; NULL is let pass. */
void engine_free(struct engine *engine);

/* Feeds the core what waits, at most a bounded number of inputs, and does what it asks for. True:
 * more waits, call again without waiting. */
bool engine_turn(struct engine *engine, uint64_t now_ms, int64_t wall_ms);

/* When engine_turn() is due although nothing came in; UINT64_MAX: never. */
uint64_t engine_deadline_ms(const struct engine *engine);

/* The policy comes in force before this returns. */
void engine_set_policy(struct engine *engine, const struct policy_agency *agencies,
                       uint32_t agency_count, uint64_t now_ms, int64_t wall_ms);

/* From now on nothing is received; what was accepted is finished. */
void engine_drain(struct engine *engine);

enum engine_state engine_state(const struct engine *engine);

/* Why it is FAILED. */
const char *engine_failure(const struct engine *engine);

/* The last durable sequence. */
uint64_t engine_head(const struct engine *engine);

#endif
