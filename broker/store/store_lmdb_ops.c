/* store_lmdb_ops.c - the table of functions: asks the store's threads and hands out their answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>

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

const struct store_ops lmdb_ops = {
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
