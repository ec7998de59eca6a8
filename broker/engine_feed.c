/* engine_feed.c - what came in, one input at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <string.h>

#include "broker/engine_private.h"

bool engine_may_feed(const struct engine *engine)
{
    return !engine->has_failed && engine_queue_has_room(&engine->writes, ENGINE_EFFECTS_ROOM) &&
           engine_queue_has_room(&engine->reads, ENGINE_EFFECTS_ROOM);
}

static void engine_step(struct engine *engine, struct input *input)
{
    input->now_ms = engine->now_ms;
    input->wall_ms = engine->wall_ms;
    core_step(engine->core, input, &engine->fx);
    engine_perform(engine);
}

void engine_feed(struct engine *engine, struct input *input)
{
    engine_step(engine, input);
    while (engine->echo_count > 0 && engine_may_feed(engine)) {
        struct engine_echo echo = engine->echoes[engine->echo_first];
        engine->echo_first = (engine->echo_first + 1) % ENGINE_ECHOES_ROOM;
        engine->echo_count--;
        struct input told = {.kind = echo.follow == 0 ? IN_CLOSED : IN_UNSENT};
        if (echo.follow == 0) {
            told.of.closed.peer = echo.peer;
        } else {
            told.of.unsent.peer = echo.peer;
            told.of.unsent.follow = echo.follow;
            told.of.unsent.first = echo.first;
        }
        engine_step(engine, &told);
    }
}

static uint64_t store_room_bytes(const struct engine *engine)
{
    struct store_statistics statistics;
    engine->options.store->ops->statistics(engine->options.store, &statistics);
    return statistics.room_bytes;
}

/* The page is made from the very bytes that were flushed, as a reader would get them. */
static void complete_append(struct engine *engine, const struct store_done *done)
{
    assert(engine->append_count > 0);
    struct engine_append append = engine->appends[engine->append_first];
    engine->append_first = (engine->append_first + 1) % ENGINE_APPENDS_ROOM;
    engine->append_count--;
    assert(done->token == append.last);
    struct input input = {.kind = IN_APPENDED};
    input.of.appended.status = done->status;
    input.of.appended.first = append.first;
    input.of.appended.last = append.last;
    input.of.appended.room_bytes = store_room_bytes(engine);
    if (done->status == STATUS_OK) {
        memcpy(engine->chain_durable, append.hash, sizeof append.hash);
        enum status status = page_build(append.chunk, engine->secret, &input.of.appended.page);
        if (status != STATUS_OK) {
            engine_fail(engine, "a chunk that was just written cannot be read", status);
        }
    } else {
        memcpy(engine->chain, engine->chain_durable, sizeof engine->chain);
        engine->sealed = core_head(engine->core);
    }
    blob_drop(append.chunk);
    if (!engine->has_failed) {
        engine_feed(engine, &input);
        page_drop(input.of.appended.page);
    }
}

static void complete_read(struct engine *engine, const struct store_done *done)
{
    struct input input = {.kind = IN_PAGE};
    input.of.page.token = done->token;
    input.of.page.status = done->status == STATUS_IO ? STATUS_BUSY : done->status;
    if (done->status == STATUS_OK) {
        enum status status = page_build(done->blob, engine->secret, &input.of.page.page);
        bool is_memory = status == STATUS_MEMORY;
        input.of.page.status = is_memory ? STATUS_BUSY : status;
        if (status == STATUS_CORRUPT || status == STATUS_VERSION) {
            input.of.page.status = STATUS_CORRUPT;
            input.of.page.corrupt_first = done->first;
            input.of.page.corrupt_last = done->last;
            engine_say(engine, TRACE_ALARM, "a damaged chunk was read; its first sequence is",
                       done->first);
        }
    } else if (done->status == STATUS_IO) {
        engine_say(engine, TRACE_ALARM, "the disk failed to give a chunk", done->first);
    }
    engine_feed(engine, &input);
    page_drop(input.of.page.page);
}

static void complete_put(struct engine *engine, const struct store_done *done)
{
    assert(engine->writes_under_way > 0);
    engine->writes_under_way--;
    if (done->token == 0) {
        return; /* a part of a checkpoint: disposable */
    }
    struct input input = {.kind = IN_SAVED};
    input.of.saved.token = done->token;
    input.of.saved.status = done->status;
    engine_feed(engine, &input);
}

static void complete_get(struct engine *engine, const struct store_done *done)
{
    struct input input = {.kind = IN_LOADED};
    input.of.loaded.token = done->token;
    input.of.loaded.status = done->status == STATUS_IO ? STATUS_CORRUPT : done->status;
    if (done->blob != NULL) {
        input.of.loaded.value = blob_bytes(done->blob);
    }
    engine_feed(engine, &input);
}

void engine_complete(struct engine *engine, struct store_done *done)
{
    bool is_write = done->operation == STORE_APPEND || done->operation == STORE_PUT;
    if (is_write && done->status != STATUS_OK && done->status != STATUS_FULL) {
        engine_fail(engine, "the log could not be written; better down than lying", done->status);
    } else if (done->operation == STORE_APPEND) {
        complete_append(engine, done);
    } else if (done->operation == STORE_PUT) {
        complete_put(engine, done);
    } else if (done->operation == STORE_READ) {
        complete_read(engine, done);
    } else {
        complete_get(engine, done);
    }
    blob_drop(done->blob);
}
