/* engine_perform.c - the effects of one step, done in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <string.h>

#include "broker/engine_private.h"

/* Told to the core before its next input. Where even that list is full the peer is cut, and the
 * core learns it by silence. */
static void engine_echo(struct engine *engine, uint64_t peer, uint64_t follow, uint64_t first)
{
    if (engine->echo_count == ENGINE_ECHOES_ROOM) {
        engine->options.net->ops->drop(engine->options.net, peer);
        return;
    }
    uint32_t place = (engine->echo_first + engine->echo_count) % ENGINE_ECHOES_ROOM;
    engine->echoes[place] = (struct engine_echo){.peer = peer, .follow = follow, .first = first};
    engine->echo_count++;
}

/* A delivery that did not leave holds back the later ones of its follow: they would tear a gap. */
static bool delivery_is_held_back(const struct engine *engine, const struct answer *answer)
{
    for (uint32_t index = 0; index < engine->echo_count; index++) {
        const struct engine_echo *echo =
            &engine->echoes[(engine->echo_first + index) % ENGINE_ECHOES_ROOM];
        if (echo->peer == answer->peer &&
            (echo->follow == 0 ||
             (answer->kind == ANSWER_DELIVER && echo->follow == answer->of.deliver.follow))) {
            return true;
        }
    }
    return false;
}

static void engine_cut(struct engine *engine, uint64_t peer)
{
    engine->options.net->ops->drop(engine->options.net, peer);
    engine_echo(engine, peer, 0, 0);
}

static void engine_send(struct engine *engine, const struct answer *answer)
{
    if (delivery_is_held_back(engine, answer)) {
        return;
    }
    struct bytes agency =
        answer->kind == ANSWER_FOLLOWING ? answer->of.following.agency : (struct bytes){0};
    struct blob *first = NULL;
    struct blob *second = NULL;
    enum status status =
        wire_encode(engine->wire, answer, agency, engine->wall_ms, &first, &second);
    if (status == STATUS_OK) {
        struct net *net = engine->options.net;
        status = net->ops->send(net, answer->peer, first, second);
    } else {
        status = STATUS_BUSY;
    }
    if (status == STATUS_BUSY && answer->kind == ANSWER_DELIVER) {
        engine_echo(engine, answer->peer, answer->of.deliver.follow, answer->of.deliver.first);
    } else if (status != STATUS_OK) {
        /* An answer that cannot be given would be waited for in vain: better a new session. */
        engine_cut(engine, answer->peer);
    }
}

static void engine_append(struct engine *engine, const struct effect *effect)
{
    uint32_t count = effect->of.append.count;
    assert(count > 0 && effect->of.append.first == engine->sealed + 1);
    assert(engine->append_count < ENGINE_APPENDS_ROOM);
    struct engine_append *append =
        &engine->appends[(engine->append_first + engine->append_count) % ENGINE_APPENDS_ROOM];
    append->first = effect->of.append.first;
    append->last = append->first + count - 1;
    enum status status =
        chunk_seal(effect->of.append.items, count, engine->chain, &append->chunk, append->hash);
    if (status != STATUS_OK) {
        engine_fail(engine, "a chunk could not be sealed", status);
        return;
    }
    memcpy(engine->chain, append->hash, sizeof engine->chain);
    struct engine_request request = {.operation = STORE_APPEND,
                                     .seq = engine->sealed,
                                     .last = append->last,
                                     .token = append->last,
                                     .value = blob_keep(append->chunk)};
    engine->sealed = append->last;
    engine->append_count++;
    engine_queue_add(&engine->writes, &request);
}

static void engine_put(struct engine *engine, enum store_space space, struct bytes key,
                       struct bytes value, uint64_t token)
{
    struct engine_request request = {.operation = STORE_PUT, .space = space, .token = token};
    request.key = blob_new(key);
    request.value = value.length > 0 ? blob_new(value) : NULL;
    if (request.key == NULL || (value.length > 0 && request.value == NULL)) {
        blob_drop(request.key);
        engine_fail(engine, "no memory to save a value", STATUS_MEMORY);
        return;
    }
    engine->writes_under_way++;
    engine_queue_add(&engine->writes, &request);
}

static void engine_load(struct engine *engine, const struct effect *effect)
{
    struct engine_request request = {.operation = STORE_GET,
                                     .space = SPACE_VALUES,
                                     .token = effect->of.load.token,
                                     .key = blob_new(effect->of.load.key)};
    if (request.key == NULL) {
        engine_fail(engine, "no memory to load a value", STATUS_MEMORY);
        return;
    }
    engine_queue_add(&engine->reads, &request);
}

static void engine_read(struct engine *engine, const struct effect *effect)
{
    struct engine_request request = {
        .operation = STORE_READ, .token = effect->of.read.token, .seq = effect->of.read.seq};
    engine_queue_add(&engine->reads, &request);
}

static void engine_do(struct engine *engine, const struct effect *effect)
{
    struct net *net = engine->options.net;
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
        engine_put(engine, SPACE_VALUES, effect->of.save.key, effect->of.save.value,
                   effect->of.save.token);
        break;
    case FX_LOAD:
        engine_load(engine, effect);
        break;
    case FX_CHECKPOINT:
        engine_put(engine, SPACE_CHECKPOINTS, effect->of.checkpoint.name,
                   effect->of.checkpoint.value, 0);
        break;
    case FX_DROP:
        net->ops->drop(net, effect->of.drop.peer);
        break;
    case FX_READY:
        engine->is_ready = true;
        break;
    case FX_TRACE:
        engine->options.trace(engine->options.trace_context, effect->of.trace.level,
                              effect->of.trace.text, effect->of.trace.subject,
                              effect->of.trace.value);
        break;
    }
}

void engine_perform(struct engine *engine)
{
    for (uint32_t index = 0; index < engine->fx.count && !engine->has_failed; index++) {
        engine_do(engine, &engine->fx.list[index]);
    }
    engine_queue_flush(&engine->writes, engine->options.store);
    engine_queue_flush(&engine->reads, engine->options.store);
}
