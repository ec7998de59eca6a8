/* engine.c - the loop's body: inputs to the core, effects to the world, in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/engine.h"

#include <assert.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/engine_inner.h"

static_assert((int)EFFECTS_MAX >= (int)CORE_EFFECTS_MIN, "a step has room for its effects");
static_assert((int)SCRATCH_BYTES >= (int)CORE_SCRATCH_MIN, "a step has room for its answers");

struct engine *engine_new(const struct engine_options *options)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return NULL;
    }
    engine->net = options->net;
    engine->store = options->store;
    engine->limits = *options->limits;
    engine->site_name = options->site_name;
    engine->heartbeat_ms = options->heartbeat_ms;
    engine->accept_clock = options->accept_clock;
    engine->listener_context = options->listener.context;
    engine->trace = options->listener.trace;
    engine->ready = options->listener.ready;
    engine->chunk = options->listener.chunk;
    engine->core = core_new(options->limits);
    if (engine->core == NULL ||
        effects_init(&engine->fx, EFFECTS_MAX, SCRATCH_BYTES) != STATUS_OK) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    struct engine_echo echo;
    if (engine == NULL) {
        return;
    }
    while (engine_echo_take(engine, &echo)) {
    }
    engine_store_deinit(engine);
    core_free(engine->core);
    effects_deinit(&engine->fx);
    wire_free(engine->wire);
    sodium_memzero(engine->tail.secret, sizeof engine->tail.secret);
    free(engine);
}

void engine_tell(struct engine *engine, enum trace_level level, const char *text,
                 struct bytes subject, uint64_t value)
{
    engine->trace(engine->listener_context, level, text, subject, value);
}

void engine_fail(struct engine *engine, const char *format, ...)
{
    va_list arguments;
    if (engine->state == ENGINE_FAILED) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(engine->fault, sizeof engine->fault, format, arguments);
    va_end(arguments);
    engine->state = ENGINE_FAILED;
    engine_tell(engine, TRACE_ALARM, engine->fault, (struct bytes){0}, engine_head(engine));
}

const char *engine_fault(const struct engine *engine)
{
    return engine->state == ENGINE_FAILED ? engine->fault : NULL;
}

uint64_t engine_head(const struct engine *engine)
{
    return core_head(engine->core);
}

/* ---- effects ---- */

static void open_doors(struct engine *engine)
{
    if (engine->state == ENGINE_RECOVERING) {
        engine->state = ENGINE_OPEN;
        engine->ready(engine->listener_context, engine_head(engine));
    }
}

/* flat switch */
static void perform(struct engine *engine, const struct effect *effect)
{
    switch (effect->kind) {
    case FX_SEND:
        engine_send(engine, &effect->of.send);
        break;
    case FX_APPEND:
        engine_append(engine, effect);
        break;
    case FX_READ:
        engine_read(engine, effect);
        break;
    case FX_SAVE:
        engine_save(engine, effect);
        break;
    case FX_LOAD:
        engine_load(engine, effect);
        break;
    case FX_CHECKPOINT:
        engine_checkpoint(engine, effect);
        break;
    case FX_DROP:
        engine_tell(engine, TRACE_DEBUG, "connection dropped",
                    bytes_of_text(effect->of.drop.reason), effect->of.drop.peer);
        engine->net->ops->drop(engine->net, effect->of.drop.peer);
        break;
    case FX_READY:
        open_doors(engine);
        break;
    case FX_TRACE:
        engine_tell(engine, effect->of.trace.level, effect->of.trace.text, effect->of.trace.subject,
                    effect->of.trace.value);
        break;
    }
}

static void step(struct engine *engine, struct input *input)
{
    input->now_ms = engine->now_ms;
    input->wall_ms = engine->wall_ms;
    core_step(engine->core, input, &engine->fx);
    for (uint32_t i = 0; i < engine->fx.count && engine->state != ENGINE_FAILED; i++) {
        perform(engine, &engine->fx.list[i]);
    }
}

static struct input input_of_echo(const struct engine_echo *echo)
{
    struct input input = {.kind = echo->kind};
    switch (echo->kind) {
    case IN_CLOSED:
        input.of.closed.peer = echo->peer;
        break;
    case IN_UNSENT:
        input.of.unsent.peer = echo->peer;
        input.of.unsent.follow = echo->follow;
        input.of.unsent.first = echo->first;
        break;
    default:
        assert(echo->kind == IN_PAGE);
        input.of.page.token = echo->token;
        input.of.page.status = STATUS_BUSY;
        break;
    }
    return input;
}

void engine_feed(struct engine *engine, struct input *input)
{
    struct engine_echo echo;
    if (engine->state != ENGINE_FAILED) {
        step(engine, input);
    }
    while (engine_echo_take(engine, &echo)) {
        struct input caused = input_of_echo(&echo);
        if (engine->state != ENGINE_FAILED) {
            step(engine, &caused);
        }
    }
}

/* ---- inputs ---- */

static void message_drop(const struct net_message *message)
{
    for (uint32_t i = 0; i < message->frame_count; i++) {
        blob_drop(message->frames[i]);
    }
}

/* While the store has no room for what the core asked for, it is given nothing more to ask for. */
static bool may_receive(const struct engine *engine)
{
    return engine->state == ENGINE_OPEN && engine->owed_first == NULL &&
           engine->append_count < APPENDS_MAX / 2;
}

static uint32_t receive(struct engine *engine)
{
    uint32_t count = 0;
    struct net_message message;
    while (count < MESSAGES_MAX && may_receive(engine) &&
           engine->net->ops->receive(engine->net, &message) == STATUS_OK) {
        struct input input = {.kind = IN_REQUEST};
        wire_decode(engine->wire, &message, &input.of.request);
        engine_feed(engine, &input);
        message_drop(&message);
        count++;
    }
    return count;
}

static uint32_t tick(struct engine *engine)
{
    if (engine->state < ENGINE_RECOVERING || core_deadline_ms(engine->core) > engine->now_ms) {
        return 0;
    }
    struct input input = {.kind = IN_TICK};
    uint64_t room_bytes = engine_room_bytes(engine);
    input.of.tick.room_bytes = room_bytes > 0 ? room_bytes : 1; /* 0 would say nothing */
    engine_feed(engine, &input);
    return 1;
}

/* Everything that was accepted is finished. */
static bool is_quiet(const struct engine *engine)
{
    return engine->append_count == 0 && engine->busy == 0 && engine->owed_first == NULL &&
           engine->echo_first == NULL && engine_deadline_ms(engine) > engine->now_ms;
}

/* Bye is the last word, so that nobody sends again what was stored. */
static uint32_t say_bye(struct engine *engine)
{
    if (engine->state != ENGINE_DRAINING || !is_quiet(engine)) {
        return 0;
    }
    struct input input = {.kind = IN_DRAINED};
    engine->state = ENGINE_DRAINED;
    engine_feed(engine, &input);
    return 1;
}

bool engine_turn(struct engine *engine, uint64_t now_ms, int64_t wall_ms)
{
    assert(now_ms >= engine->now_ms);
    engine->now_ms = now_ms;
    engine->wall_ms = wall_ms;
    if (engine->state == ENGINE_NEW) {
        engine_start(engine);
    }
    if (engine->state == ENGINE_FAILED) {
        return false;
    }
    uint32_t done = engine_complete(engine);
    engine_owe_again(engine);
    done += receive(engine);
    done += tick(engine);
    done += say_bye(engine);
    return done > 0 && engine->state != ENGINE_FAILED;
}

uint64_t engine_deadline_ms(const struct engine *engine)
{
    switch (engine->state) {
    case ENGINE_NEW:
        return 0;
    case ENGINE_TAIL:
    case ENGINE_FAILED:
        return UINT64_MAX;
    default:
        return core_deadline_ms(engine->core);
    }
}

enum status engine_set_policy(struct engine *engine, const struct policy_agency *agencies,
                              uint32_t agency_count, uint64_t now_ms, int64_t wall_ms)
{
    struct input input = {.kind = IN_POLICY};
    engine->policy_version++;
    if (engine->state < ENGINE_RECOVERING) {
        engine->agencies = agencies;
        engine->agency_count = agency_count;
        return STATUS_OK;
    }
    assert(now_ms >= engine->now_ms);
    engine->now_ms = now_ms;
    engine->wall_ms = wall_ms;
    input.of.policy.agencies = agencies;
    input.of.policy.agency_count = agency_count;
    input.of.policy.version = engine->policy_version;
    engine_feed(engine, &input);
    return core_policy_version(engine->core) == engine->policy_version ? STATUS_OK : STATUS_FULL;
}

enum status engine_read_chunk(struct engine *engine, uint64_t seq)
{
    assert(engine->chunk != NULL);
    return engine_chunk(engine, seq);
}

void engine_drain(struct engine *engine)
{
    if (engine->state == ENGINE_OPEN) {
        engine->state = ENGINE_DRAINING;
    }
}

bool engine_is_idle(const struct engine *engine)
{
    return engine->state != ENGINE_DRAINING && is_quiet(engine);
}
