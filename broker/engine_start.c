/* engine_start.c - from a store that is open to a core that recovers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/engine_private.h"

enum { TAIL_WAIT_MS = 30000 };

static const int64_t CLOCK_BEHIND_MS_MAX = INT64_C(5) * 60 * 1000;
static const int64_t CLOCK_AHEAD_MS_MAX = INT64_C(30) * 24 * 3600 * 1000;

void engine_say(struct engine *engine, enum trace_level level, const char *text, uint64_t value)
{
    engine->options.trace(engine->options.trace_context, level, text, (struct bytes){0}, value);
}

void engine_fail(struct engine *engine, const char *text, enum status status)
{
    if (!engine->has_failed) {
        engine->has_failed = true;
        snprintf(engine->failure.text, sizeof engine->failure.text, "%s: %s", text,
                 status_text(status));
        engine_say(engine, TRACE_ALARM, text, status);
    }
}

/* Reads the chunk that holds `seq`, before the loop runs. */
static enum status read_now(struct store *store, uint64_t seq, struct blob **chunk)
{
    if (store->ops->read(store, seq, seq) != STATUS_OK) {
        return STATUS_IO;
    }
    struct store_done done;
    while (!store->ops->poll(store, &done)) {
        struct pollfd wait = {.fd = store->ops->descriptor(store), .events = POLLIN};
        if (wait.fd < 0 || poll(&wait, 1, TAIL_WAIT_MS) <= 0) {
            return STATUS_IO;
        }
    }
    *chunk = done.blob;
    return done.status;
}

static enum status clock_judge(const struct engine *engine, int64_t recorded_ms,
                               struct engine_fault *fault)
{
    if (engine->options.accept_clock || engine->wall_ms >= recorded_ms - CLOCK_BEHIND_MS_MAX) {
        if (engine->options.accept_clock || engine->wall_ms <= recorded_ms + CLOCK_AHEAD_MS_MAX) {
            return STATUS_OK;
        }
    }
    bool is_behind = engine->wall_ms < recorded_ms;
    int64_t apart_ms = is_behind ? recorded_ms - engine->wall_ms : engine->wall_ms - recorded_ms;
    snprintf(fault->text, sizeof fault->text,
             "the clock is %" PRId64
             " s %s the newest record; set it, or start with --accept-clock",
             apart_ms / 1000, is_behind ? "behind" : "ahead of");
    return STATUS_INVALID;
}

/* The newest chunk must be whole: new events would be chained to it. */
static enum status tail_judge(struct engine *engine, const struct store_tail *tail,
                              int64_t *recorded_at_ms, struct engine_fault *fault)
{
    struct blob *chunk = NULL;
    struct chunk_header header = {0};
    enum status status = read_now(engine->options.store, tail->last, &chunk);
    if (status == STATUS_OK) {
        status = chunk_verify(blob_bytes(chunk), &header);
        if (status == STATUS_OK && header.first + header.count - 1 != tail->last) {
            status = STATUS_CORRUPT;
        }
    }
    blob_drop(chunk);
    if (status != STATUS_OK) {
        snprintf(fault->text, sizeof fault->text,
                 "STORE_CORRUPT: the newest chunk, which holds %" PRIu64 ", cannot be trusted: %s",
                 tail->last, status_text(status));
        return status;
    }
    memcpy(engine->chain, header.hash, sizeof engine->chain);
    memcpy(engine->chain_durable, header.hash, sizeof engine->chain_durable);
    *recorded_at_ms = header.recorded_last_ms;
    return clock_judge(engine, header.recorded_last_ms, fault);
}

static bool give_checkpoint(void *context, struct bytes name, struct bytes value)
{
    struct engine *engine = context;
    struct input input = {.kind = IN_CHECKPOINT};
    input.of.checkpoint.name = name;
    input.of.checkpoint.value = value;
    engine_feed(engine, &input);
    return true;
}

static void give_start(struct engine *engine, const struct store_tail *tail, int64_t recorded_at_ms)
{
    struct store_statistics statistics;
    engine->options.store->ops->statistics(engine->options.store, &statistics);
    struct input input = {.kind = IN_START};
    input.of.start.first = tail->first;
    input.of.start.last = tail->last;
    input.of.start.incarnation = tail->incarnation;
    memcpy(input.of.start.uuid, tail->uuid, sizeof tail->uuid);
    input.of.start.recorded_at_ms = recorded_at_ms;
    input.of.start.room_bytes = statistics.room_bytes;
    engine_feed(engine, &input);
}

static enum status engine_begin(struct engine *engine, const struct policy_agency *agencies,
                                uint32_t agency_count, struct engine_fault *fault)
{
    struct store *store = engine->options.store;
    struct store_tail tail;
    store->ops->tail(store, &tail);
    int64_t recorded_at_ms = INT64_MIN;
    if (tail.last >= tail.first) {
        enum status status = tail_judge(engine, &tail, &recorded_at_ms, fault);
        if (status != STATUS_OK) {
            return status;
        }
    }
    engine->sealed = tail.last;
    give_start(engine, &tail, recorded_at_ms);
    enum status status =
        store->ops->list(store, SPACE_CHECKPOINTS, (struct bytes){0}, give_checkpoint, engine);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        /* Disposable: what was given is used, the rest is read from the log. */
        engine_say(engine, TRACE_WARNING, "the checkpoint could not be read whole", status);
    }
    engine_set_policy(engine, agencies, agency_count, engine->now_ms, engine->wall_ms);
    struct input recover = {.kind = IN_RECOVER};
    engine_feed(engine, &recover);
    return STATUS_OK;
}

static enum status engine_take(struct engine *engine)
{
    const struct engine_options *options = &engine->options;
    struct store_tail tail;
    options->store->ops->tail(options->store, &tail);
    struct wire_options wire = {.site_name = options->site_name,
                                .incarnation = tail.incarnation,
                                .heartbeat_ms = options->heartbeat_ms,
                                .event_bytes = options->limits.event_bytes,
                                .batch_bytes = options->limits.batch_bytes,
                                .window_events = options->limits.window_events,
                                .follows = options->limits.follows_session,
                                .filters = FILTERS_MAX};
    memcpy(wire.uuid, tail.uuid, sizeof wire.uuid);
    memcpy(wire.secret, tail.secret, sizeof wire.secret);
    memcpy(engine->secret, tail.secret, sizeof engine->secret);
    engine->wire = wire_new(&wire);
    sodium_memzero(&wire, sizeof wire);
    sodium_memzero(&tail, sizeof tail);
    engine->core = core_new(&options->limits);
    engine->appends = calloc(ENGINE_APPENDS_ROOM, sizeof *engine->appends);
    engine->echoes = calloc(ENGINE_ECHOES_ROOM, sizeof *engine->echoes);
    bool has_queues =
        engine_queue_init(&engine->writes, 2 * ENGINE_EFFECTS_ROOM) == STATUS_OK &&
        engine_queue_init(&engine->reads, 2 * ENGINE_EFFECTS_ROOM) == STATUS_OK &&
        effects_init(&engine->fx, ENGINE_EFFECTS_ROOM, ENGINE_SCRATCH_BYTES) == STATUS_OK;
    bool is_whole = engine->wire != NULL && engine->core != NULL && engine->appends != NULL &&
                    engine->echoes != NULL && has_queues;
    return is_whole ? STATUS_OK : STATUS_MEMORY;
}

enum status engine_new(const struct engine_options *options, const struct policy_agency *agencies,
                       uint32_t agency_count, uint64_t now_ms, int64_t wall_ms,
                       struct engine **engine, struct engine_fault *fault)
{
    assert(options->net != NULL && options->store != NULL && options->trace != NULL);
    struct engine *made = calloc(1, sizeof *made);
    if (made == NULL) {
        snprintf(fault->text, sizeof fault->text, "no memory");
        return STATUS_MEMORY;
    }
    made->options = *options;
    made->now_ms = now_ms;
    made->wall_ms = wall_ms;
    snprintf(fault->text, sizeof fault->text, "no memory for the limits that are configured");
    enum status status = engine_take(made);
    if (status == STATUS_OK) {
        status = engine_begin(made, agencies, agency_count, fault);
    }
    if (status != STATUS_OK) {
        engine_free(made);
        return status;
    }
    *engine = made;
    return STATUS_OK;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    for (uint32_t index = 0; index < engine->append_count; index++) {
        blob_drop(engine->appends[(engine->append_first + index) % ENGINE_APPENDS_ROOM].chunk);
    }
    core_free(engine->core);
    wire_free(engine->wire);
    effects_deinit(&engine->fx);
    engine_queue_deinit(&engine->writes);
    engine_queue_deinit(&engine->reads);
    free(engine->appends);
    free(engine->echoes);
    sodium_memzero(engine, sizeof *engine);
    free(engine);
}
