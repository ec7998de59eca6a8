/* store_lmdb.c - the table of store.h over the embedded store: asks its threads, hands out answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/store_lmdb_inner.h"

static const uint64_t MEBIBYTE = UINT64_C(1) << 20;

void store_lmdb_options_default(struct store_lmdb_options *options, const char *directory)
{
    *options = (struct store_lmdb_options){
        .directory = directory,
        .map_bytes = MEBIBYTE * MEBIBYTE,
        .headroom_bytes = 64 * MEBIBYTE,
        .grow_bytes = 8 * MEBIBYTE,
        .incarnation = 1,
        .queue_writes = 4096,
        .queue_reads = 1024,
    };
}

uint64_t lmdb_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct store_lmdb *lmdb_of(struct store *store)
{
    return (struct store_lmdb *)store;
}

static bool has_room(const struct store_lmdb *lmdb, size_t length)
{
    return lmdb->writes_open < lmdb->writes_most &&
           atomic_load(&lmdb->write_bytes) + length <= LMDB_WRITE_BYTES_MAX;
}

static void ask_write(struct store_lmdb *lmdb, const struct store_request *request)
{
    atomic_fetch_add(&lmdb->write_bytes, blob_bytes(request->bytes).length);
    lmdb->writes_open++;
    store_queue_push(&lmdb->writes, request);
}

static enum status lmdb_append(struct store *store, uint64_t expect, uint64_t last,
                               struct blob *chunk, uint64_t token)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    size_t length = blob_bytes(chunk).length;
    assert(!lmdb->tables.is_read_only);
    assert(expect < last && length > 0 && length <= STORE_CHUNK_BYTES_MAX);
    if (!has_room(lmdb, length)) {
        return STATUS_BUSY;
    }
    ask_write(lmdb, &(struct store_request){.operation = STORE_APPEND,
                                            .token = token,
                                            .seq = expect,
                                            .last = last,
                                            .bytes = blob_keep(chunk)});
    return STATUS_OK;
}

static struct blob *joined(struct bytes key, struct bytes value)
{
    struct blob *both = blob_new_empty(key.length + value.length);
    if (both == NULL) {
        return NULL;
    }
    memcpy(blob_room(both), key.data, key.length);
    if (value.length > 0) {
        memcpy(blob_room(both) + key.length, value.data, value.length);
    }
    return both;
}

static enum status lmdb_put(struct store *store, enum store_space space, struct bytes key,
                            struct bytes value, uint64_t token)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    assert(!lmdb->tables.is_read_only);
    assert(key.length > 0 && key.length <= STORE_KEY_BYTES_MAX);
    assert(value.length <= STORE_VALUE_BYTES_MAX);
    struct blob *both = has_room(lmdb, key.length + value.length) ? joined(key, value) : NULL;
    if (both == NULL) {
        return STATUS_BUSY;
    }
    ask_write(lmdb, &(struct store_request){.operation = STORE_PUT,
                                            .space = space,
                                            .token = token,
                                            .bytes = both,
                                            .key_bytes = (uint32_t)key.length});
    return STATUS_OK;
}

static enum status lmdb_read(struct store *store, uint64_t seq, uint64_t token)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    if (lmdb->reads_open == lmdb->reads_most) {
        return STATUS_BUSY;
    }
    lmdb->reads_open++;
    store_queue_push(&lmdb->reads,
                     &(struct store_request){.operation = STORE_READ, .token = token, .seq = seq});
    return STATUS_OK;
}

static enum status lmdb_get(struct store *store, enum store_space space, struct bytes key,
                            uint64_t token)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    assert(key.length > 0 && key.length <= STORE_KEY_BYTES_MAX);
    struct blob *name = lmdb->reads_open < lmdb->reads_most ? blob_new(key) : NULL;
    if (name == NULL) {
        return STATUS_BUSY;
    }
    lmdb->reads_open++;
    store_queue_push(&lmdb->reads,
                     &(struct store_request){
                         .operation = STORE_GET, .space = space, .token = token, .bytes = name});
    return STATUS_OK;
}

static bool starts_with(const MDB_val *key, struct bytes prefix)
{
    return key->mv_size >= prefix.length &&
           (prefix.length == 0 || memcmp(key->mv_data, prefix.data, prefix.length) == 0);
}

static int visit_values(MDB_cursor *cursor, struct bytes prefix, store_visit *visit, void *context)
{
    MDB_val key = {.mv_data = (void *)(uintptr_t)prefix.data, .mv_size = prefix.length};
    MDB_val value;
    int error =
        mdb_cursor_get(cursor, &key, &value, prefix.length == 0 ? MDB_FIRST : MDB_SET_RANGE);
    while (error == 0 && starts_with(&key, prefix) &&
           visit(context, bytes_of(key.mv_data, key.mv_size),
                 bytes_of(value.mv_data, value.mv_size))) {
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return error == MDB_NOTFOUND ? 0 : error;
}

static enum status lmdb_list(struct store *store, enum store_space space, struct bytes prefix,
                             store_visit *visit, void *context)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    MDB_cursor *cursor = NULL;
    if (lmdb_reader_begin(&lmdb->lister) != 0) {
        return STATUS_IO;
    }
    int error = mdb_cursor_open(lmdb->lister.txn, lmdb->tables.spaces[space], &cursor);
    if (error == 0) {
        error = visit_values(cursor, prefix, visit, context);
        mdb_cursor_close(cursor);
    }
    lmdb_reader_end(&lmdb->lister);
    return error == 0 ? STATUS_OK : STATUS_IO;
}

static bool lmdb_poll(struct store *store, struct store_done *done)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    if (!store_completions_pop(&lmdb->completions, done)) {
        return false;
    }
    bool is_write = done->operation == STORE_APPEND || done->operation == STORE_PUT;
    uint32_t *open = is_write ? &lmdb->writes_open : &lmdb->reads_open;
    assert(*open > 0);
    --*open;
    return true;
}

static int lmdb_descriptor(struct store *store)
{
    return lmdb_of(store)->completions.descriptor;
}

static void lmdb_tail(struct store *store, struct store_tail *tail)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    pthread_mutex_lock(&lmdb->facts_lock);
    *tail = lmdb->facts.tail;
    pthread_mutex_unlock(&lmdb->facts_lock);
}

static uint64_t longest_commit_ns(const struct lmdb_facts *facts)
{
    uint64_t longest_ns = 0;
    for (size_t index = 0; index < LMDB_COMMITS_KEPT; index++) {
        longest_ns = longest_ns > facts->commit_ns[index] ? longest_ns : facts->commit_ns[index];
    }
    return longest_ns;
}

static uint64_t age_ms(struct lmdb_reader *reader, uint64_t now_ns)
{
    uint64_t since_ns = atomic_load(&reader->since_ns);
    return since_ns == 0 || since_ns > now_ns ? 0 : (now_ns - since_ns) / 1000000;
}

static void lmdb_statistics(struct store *store, struct store_statistics *statistics)
{
    struct store_lmdb *lmdb = lmdb_of(store);
    pthread_mutex_lock(&lmdb->facts_lock);
    struct lmdb_facts facts = lmdb->facts;
    pthread_mutex_unlock(&lmdb->facts_lock);
    *statistics = (struct store_statistics){
        .room_bytes = lmdb_room_left_bytes(&facts.room),
        .used_bytes = facts.room.used_bytes,
        .commits = facts.commits,
        .commit_ns_last =
            facts.commits == 0 ? 0 : facts.commit_ns[(facts.commits - 1) % LMDB_COMMITS_KEPT],
        .commit_ns_max = longest_commit_ns(&facts),
        .chunk_reads = facts.chunk_reads,
    };
    uint64_t now_ns = lmdb_now_ns();
    uint64_t oldest_ms = age_ms(&lmdb->lister, now_ns);
    for (size_t index = 0; index < LMDB_READERS; index++) {
        uint64_t reader_ms = age_ms(&lmdb->readers[index], now_ns);
        oldest_ms = oldest_ms > reader_ms ? oldest_ms : reader_ms;
    }
    statistics->oldest_reader_ms = oldest_ms;
}

static void end_reader(struct lmdb_reader *reader)
{
    if (reader->txn != NULL) {
        mdb_txn_abort(reader->txn);
    }
    reader->txn = NULL;
}

static void lmdb_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    struct store_lmdb *lmdb = lmdb_of(store);
    if (lmdb->threads > 0) {
        store_queue_close(&lmdb->reads);
        store_queue_close(&lmdb->writes);
    }
    for (uint32_t index = 0; index < lmdb->threads; index++) {
        pthread_join(index < LMDB_READERS ? lmdb->readers[index].thread : lmdb->writer.thread,
                     NULL);
    }
    for (uint32_t index = 0; index < LMDB_READERS; index++) {
        end_reader(&lmdb->readers[index]);
    }
    end_reader(&lmdb->lister);
    lmdb_room_deinit(&lmdb->writer.room);
    store_queue_deinit(&lmdb->reads);
    store_queue_deinit(&lmdb->writes);
    store_completions_deinit(&lmdb->completions);
    lmdb_tables_close(&lmdb->tables);
    pthread_mutex_destroy(&lmdb->facts_lock);
    if (lmdb->lock_fd >= 0) {
        close(lmdb->lock_fd);
    }
    free(lmdb);
}

static const struct store_ops lmdb_ops = {
    .engine = "lmdb",
    .append = lmdb_append,
    .put = lmdb_put,
    .read = lmdb_read,
    .get = lmdb_get,
    .list = lmdb_list,
    .poll = lmdb_poll,
    .descriptor = lmdb_descriptor,
    .tail = lmdb_tail,
    .statistics = lmdb_statistics,
    .close = lmdb_close,
};

/* Signals are for the threads of the broker, never for these. */
static enum status start_thread(pthread_t *thread, void *main(void *), void *context)
{
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int error = pthread_create(thread, NULL, main, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0 ? STATUS_OK : STATUS_MEMORY;
}

static enum status start_threads(struct store_lmdb *lmdb)
{
    uint32_t wanted = lmdb->tables.is_read_only ? LMDB_READERS : LMDB_READERS + 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && lmdb->threads < wanted) {
        struct lmdb_reader *reader = &lmdb->readers[lmdb->threads % LMDB_READERS];
        status = lmdb->threads < LMDB_READERS
                     ? start_thread(&reader->thread, lmdb_reader_main, reader)
                     : start_thread(&lmdb->writer.thread, lmdb_writer_main, lmdb);
        lmdb->threads += status == STATUS_OK ? 1 : 0;
    }
    return status;
}

/* What is needed before any thread runs. */
static enum status prepare(struct store_lmdb *lmdb, const struct store_lmdb_options *options)
{
    lmdb->writes_most = options->queue_writes;
    lmdb->reads_most = options->queue_reads;
    enum status status = store_queue_init(&lmdb->writes, options->queue_writes);
    if (status == STATUS_OK) {
        status = store_queue_init(&lmdb->reads, options->queue_reads);
    }
    if (status == STATUS_OK) {
        status = store_completions_init(&lmdb->completions,
                                        options->queue_writes + options->queue_reads);
    }
    if (status == STATUS_OK) {
        status = lmdb_room_init(&lmdb->writer.room, &lmdb->tables, options);
    }
    lmdb->writer.last = lmdb->facts.tail.last;
    lmdb->writer.readers_checked_ns = lmdb_now_ns();
    lmdb->facts.room = lmdb->writer.room;
    return status;
}

static struct store_lmdb *lmdb_new(void)
{
    struct store_lmdb *lmdb = calloc(1, sizeof *lmdb);
    if (lmdb == NULL) {
        return NULL;
    }
    lmdb->store.ops = &lmdb_ops;
    lmdb->lock_fd = -1;
    pthread_mutex_init(&lmdb->facts_lock, NULL);
    for (uint32_t index = 0; index < LMDB_READERS; index++) {
        lmdb->readers[index].store = lmdb;
    }
    lmdb->lister.store = lmdb;
    return lmdb;
}

enum status store_lmdb_open(const struct store_lmdb_options *options, struct store **store,
                            struct store_fault *fault)
{
    struct store_lmdb *lmdb = lmdb_new();
    lmdb_fault_set(fault, "no memory for the store");
    if (lmdb == NULL) {
        return STATUS_MEMORY;
    }
    enum status status = lmdb_place_check(options->directory, options->allow_any_filesystem, fault);
    if (status == STATUS_OK) {
        status = lmdb_place_lock(options->directory, &lmdb->lock_fd, fault);
    }
    if (status == STATUS_OK) {
        status = lmdb_tables_open(options, &lmdb->tables, &lmdb->facts.tail, fault);
    }
    if (status == STATUS_OK) {
        lmdb_fault_set(fault, "no memory, descriptor or thread for the store");
        status = prepare(lmdb, options);
    }
    if (status == STATUS_OK) {
        status = start_threads(lmdb);
    }
    if (status != STATUS_OK) {
        lmdb_close(&lmdb->store);
        return status;
    }
    lmdb_fault_set(fault, "%s", "");
    *store = &lmdb->store;
    return STATUS_OK;
}
