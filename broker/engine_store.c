/* engine_store.c - what the core asks of the store, and what comes back of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>

#include "broker/engine_inner.h"

/* Of checkpoints, which are answered to nobody, and of reads for a tool: the core's own tokens
 * never look like this. */
static const uint64_t token_own = UINT64_MAX;

uint64_t engine_room_bytes(const struct engine *engine)
{
    struct store_statistics statistics;
    engine->store->ops->statistics(engine->store, &statistics);
    return statistics.room_bytes;
}

/* ---- asking ---- */

static enum status ask(struct engine *engine, const struct engine_owed *owed)
{
    const struct store_ops *ops = engine->store->ops;
    switch (owed->kind) {
    case FX_APPEND:
        return ops->append(engine->store, owed->expect, owed->last, owed->chunk, owed->token);
    case FX_SAVE:
        return ops->put(engine->store, SPACE_VALUES, owed->key, owed->value, owed->token);
    case FX_CHECKPOINT:
        return ops->put(engine->store, SPACE_CHECKPOINTS, owed->key, owed->value, owed->token);
    default:
        assert(owed->kind == FX_LOAD);
        return ops->get(engine->store, SPACE_VALUES, owed->key, owed->token);
    }
}

/* A copy that lives until the store has room; it keeps the chunk. */
static struct engine_owed *owed_copy(const struct engine_owed *from)
{
    struct engine_owed *owed = malloc(sizeof *owed + from->key.length + from->value.length);
    if (owed == NULL) {
        return NULL;
    }
    *owed = *from;
    owed->next = NULL;
    owed->chunk = from->chunk != NULL ? blob_keep(from->chunk) : NULL;
    if (from->key.length > 0) {
        memcpy(owed->bytes, from->key.data, from->key.length);
    }
    if (from->value.length > 0) {
        memcpy(owed->bytes + from->key.length, from->value.data, from->value.length);
    }
    owed->key = bytes_of(owed->bytes, from->key.length);
    owed->value = bytes_of(owed->bytes + from->key.length, from->value.length);
    return owed;
}

static void owed_free(struct engine_owed *owed)
{
    blob_drop(owed->chunk);
    free(owed);
}

/* Writes are kept in the order in which they were asked for, so nothing may pass what is owed. */
static void ask_in_order(struct engine *engine, const struct engine_owed *request)
{
    engine->busy += request->kind == FX_SAVE || request->kind == FX_LOAD;
    if (engine->owed_first == NULL && ask(engine, request) == STATUS_OK) {
        return;
    }
    struct engine_owed *owed = owed_copy(request);
    if (owed == NULL) {
        engine_fail(engine, "no memory");
        return;
    }
    if (engine->owed_last != NULL) {
        engine->owed_last->next = owed;
    } else {
        engine->owed_first = owed;
    }
    engine->owed_last = owed;
}

void engine_owe_again(struct engine *engine)
{
    while (engine->owed_first != NULL && ask(engine, engine->owed_first) == STATUS_OK) {
        struct engine_owed *done = engine->owed_first;
        engine->owed_first = done->next;
        owed_free(done);
    }
    if (engine->owed_first == NULL) {
        engine->owed_last = NULL;
    }
}

static struct engine_append *append_at(struct engine *engine, uint32_t place)
{
    return &engine->appends[(engine->append_first + place) % APPENDS_MAX];
}

/* The page is built while the store flushes; it is shown to the core only when that is done. */
static void append_note(struct engine *engine, const struct effect *effect, struct blob *chunk,
                        const uint8_t hash[CHUNK_HASH_BYTES])
{
    struct engine_append *append = append_at(engine, engine->append_count++);
    *append = (struct engine_append){.first = effect->of.append.first,
                                     .last = effect->of.append.first + effect->of.append.count - 1};
    memcpy(append->before, engine->hash, CHUNK_HASH_BYTES);
    memcpy(engine->hash, hash, CHUNK_HASH_BYTES);
    if (page_build(chunk, engine->tail.secret, &append->page) != STATUS_OK) {
        engine_fail(engine, "no memory");
    }
}

void engine_append(struct engine *engine, const struct effect *effect)
{
    struct blob *chunk = NULL;
    uint8_t hash[CHUNK_HASH_BYTES];
    assert(engine->append_count < APPENDS_MAX && effect->of.append.count > 0);
    assert(!engine->is_tail_damaged);
    enum status status =
        chunk_seal(effect->of.append.items, effect->of.append.count, engine->hash, &chunk, hash);
    if (status != STATUS_OK) {
        engine_fail(engine, "a chunk could not be sealed: %s", status_text(status));
        return;
    }
    const struct engine_owed request = {.kind = FX_APPEND,
                                        .expect = effect->of.append.first - 1,
                                        .last =
                                            effect->of.append.first + effect->of.append.count - 1,
                                        .chunk = chunk};
    ask_in_order(engine, &request);
    append_note(engine, effect, chunk, hash);
    blob_drop(chunk);
}

void engine_read(struct engine *engine, const struct effect *effect)
{
    const struct engine_echo busy = {.kind = IN_PAGE, .token = effect->of.read.token};
    if (engine->store->ops->read(engine->store, effect->of.read.seq, effect->of.read.token) !=
        STATUS_OK) {
        engine_echo_add(engine, &busy);
    }
}

enum status engine_chunk(struct engine *engine, uint64_t seq)
{
    return engine->store->ops->read(engine->store, seq, token_own);
}

void engine_save(struct engine *engine, const struct effect *effect)
{
    const struct engine_owed request = {.kind = FX_SAVE,
                                        .token = effect->of.save.token,
                                        .key = effect->of.save.key,
                                        .value = effect->of.save.value};
    ask_in_order(engine, &request);
}

void engine_load(struct engine *engine, const struct effect *effect)
{
    const struct engine_owed request = {
        .kind = FX_LOAD, .token = effect->of.load.token, .key = effect->of.load.key};
    ask_in_order(engine, &request);
}

void engine_checkpoint(struct engine *engine, const struct effect *effect)
{
    const struct engine_owed request = {.kind = FX_CHECKPOINT,
                                        .token = token_own,
                                        .key = effect->of.checkpoint.name,
                                        .value = effect->of.checkpoint.value};
    ask_in_order(engine, &request);
}

/* ---- what comes back ---- */

static void appended(struct engine *engine, const struct store_done *done)
{
    assert(engine->append_count > 0);
    struct engine_append append = *append_at(engine, 0);
    struct input input = {.kind = IN_APPENDED};
    assert(append.first == done->first && append.last == done->last);
    engine->append_first = (engine->append_first + 1) % APPENDS_MAX;
    engine->append_count--;
    input.of.appended.status = done->status;
    input.of.appended.first = append.first;
    input.of.appended.last = append.last;
    input.of.appended.room_bytes = engine_room_bytes(engine);
    if (done->status == STATUS_OK) {
        input.of.appended.page = append.page;
    } else if (append.first == core_head(engine->core) + 1) {
        /* The first that found no room: those behind it count on it, and find none either. */
        memcpy(engine->hash, append.before, CHUNK_HASH_BYTES);
    }
    engine_feed(engine, &input);
    page_drop(append.page);
}

static void take_append(struct engine *engine, const struct store_done *done)
{
    if (done->status == STATUS_OK || done->status == STATUS_FULL) {
        appended(engine, done);
    } else {
        /* Whether it is on disk is not known, or the log is another's: better down than lying. */
        engine_fail(engine, "storing %llu to %llu ended with: %s", (unsigned long long)done->first,
                    (unsigned long long)done->last, status_text(done->status));
    }
}

static void take_put(struct engine *engine, const struct store_done *done)
{
    struct input input = {.kind = IN_SAVED};
    if (done->status == STATUS_UNKNOWN) {
        engine_fail(engine, "keeping a value ended with: %s", status_text(done->status));
        return;
    }
    if (done->token != token_own) {
        engine->busy--;
        input.of.saved.token = done->token;
        input.of.saved.status = done->status;
        engine_feed(engine, &input);
    }
}

/* Damage is named by the chunk's range where that is known, else by the sequence that was asked
 * for. */
static struct input page_input(struct engine *engine, const struct store_done *done)
{
    struct input input = {.kind = IN_PAGE};
    struct page *page = NULL;
    enum status status = done->status;
    input.of.page.token = done->token;
    if (status == STATUS_OK) {
        status = page_build(done->blob, engine->tail.secret, &page);
    }
    bool is_other = page != NULL && (page->first != done->first || page->last != done->last);
    if (is_other) {
        page_drop(page);
        page = NULL;
    }
    if (status == STATUS_MEMORY) {
        status = STATUS_BUSY;
    } else if (is_other ||
               (status != STATUS_OK && status != STATUS_NOT_FOUND && status != STATUS_BUSY)) {
        status = STATUS_CORRUPT;
        input.of.page.corrupt_first = done->first;
        input.of.page.corrupt_last = done->last;
        engine_tell(engine, TRACE_ALARM, "the log is damaged from this sequence", (struct bytes){0},
                    done->first);
    }
    input.of.page.status = status;
    input.of.page.page = page;
    return input;
}

static void take_read(struct engine *engine, const struct store_done *done)
{
    if (done->token == token_own) {
        engine->chunk(engine->listener_context, done);
        return;
    }
    if (engine->state == ENGINE_TAIL) {
        engine_take_tail(engine, done);
        return;
    }
    struct input input = page_input(engine, done);
    engine_feed(engine, &input);
    page_drop(input.of.page.page);
}

static void take_get(struct engine *engine, const struct store_done *done)
{
    struct input input = {.kind = IN_LOADED};
    engine->busy--;
    input.of.loaded.token = done->token;
    input.of.loaded.status = done->status == STATUS_IO ? STATUS_CORRUPT : done->status;
    if (done->status == STATUS_OK) {
        input.of.loaded.value = blob_bytes(done->blob);
    }
    engine_feed(engine, &input);
}

uint32_t engine_complete(struct engine *engine)
{
    uint32_t count = 0;
    struct store_done done;
    while (count < COMPLETIONS_MAX && engine->state != ENGINE_FAILED &&
           engine->store->ops->poll(engine->store, &done)) {
        switch (done.operation) {
        case STORE_APPEND:
            take_append(engine, &done);
            break;
        case STORE_PUT:
            take_put(engine, &done);
            break;
        case STORE_READ:
            take_read(engine, &done);
            break;
        case STORE_GET:
            take_get(engine, &done);
            break;
        }
        blob_drop(done.blob);
        count++;
    }
    return count;
}

void engine_store_deinit(struct engine *engine)
{
    for (uint32_t i = 0; i < engine->append_count; i++) {
        page_drop(append_at(engine, i)->page);
    }
    while (engine->owed_first != NULL) {
        struct engine_owed *owed = engine->owed_first;
        engine->owed_first = owed->next;
        owed_free(owed);
    }
}
