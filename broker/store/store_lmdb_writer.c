/* store_lmdb_writer.c - the one thread that writes: everything that waits goes into one commit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An answer is given only when its outcome is known (docs/decisions/0004): «full» when nothing was
 * written, which is retried piece by piece; «unknown» otherwise, and then nothing is written again.
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>

enum {
    BATCH_NEED_BYTES = 16 * 1024 * 1024,
    IDLE_MS = 1000,
    PATIENCE_MS = 2 /* nothing was asked for so long: there is time to grow */
};

static const uint64_t READER_CHECK_NS = UINT64_C(10000000000);

/* Chunks and checkpoints come back or are made again; cursors and what frees room must go on. */
static bool keeps_reserve(const struct store_request *request)
{
    bool is_removal =
        request->operation == STORE_PUT && blob_bytes(request->bytes).length == request->key_bytes;
    return request->operation == STORE_APPEND ||
           (request->space == SPACE_CHECKPOINTS && !is_removal);
}

/* OK: in this transaction. BUSY: in the next. FULL: in none. UNKNOWN: the disk is ill. */
static enum status admit(struct lmdb_writer *writer, const struct store_request *request)
{
    uint64_t need = writer->need_bytes + lmdb_room_need_bytes(&writer->room, request);
    bool keeps = writer->keeps_reserve || keeps_reserve(request);
    if (writer->need_bytes > 0 && need > BATCH_NEED_BYTES) {
        return STATUS_BUSY;
    }
    enum status status = lmdb_room_make(&writer->room, need, keeps);
    if (status == STATUS_OK) {
        writer->need_bytes = need;
        writer->keeps_reserve = keeps;
        return STATUS_OK;
    }
    if (status == STATUS_IO) {
        return STATUS_UNKNOWN;
    }
    return writer->need_bytes > 0 ? STATUS_BUSY : STATUS_FULL;
}

/* An append that counts on one refused for want of room hears the same, so that the asker gets one
 * answer for a whole run of appends, whatever of it was under way. */
static enum status admit_append(struct lmdb_writer *writer, const struct store_request *request)
{
    enum status status = STATUS_CONFLICT;
    if (request->seq == writer->last) {
        status = admit(writer, request);
    } else if (writer->refused_last != 0 && request->seq == writer->refused_last) {
        status = STATUS_FULL;
    }
    if (status == STATUS_OK) {
        writer->last = request->last;
        writer->refused_last = 0;
    } else if (status == STATUS_FULL) {
        writer->refused_last = request->last;
    }
    return status;
}

/* Decides on the first of `requests`: how many have their outcome, OK standing for «to be written».
 * At least one. */
static uint32_t plan(struct lmdb_writer *writer, const struct store_request *requests,
                     uint32_t count, enum status *outcomes)
{
    writer->need_bytes = 0;
    writer->keeps_reserve = false;
    uint32_t planned = 0;
    while (planned < count) {
        const struct store_request *request = &requests[planned];
        enum status status = writer->has_failed                   ? STATUS_UNKNOWN
                             : request->operation == STORE_APPEND ? admit_append(writer, request)
                                                                  : admit(writer, request);
        if (status == STATUS_BUSY) {
            break;
        }
        writer->has_failed = writer->has_failed || status == STATUS_UNKNOWN;
        outcomes[planned++] = status;
    }
    assert(planned > 0 || count == 0);
    return planned;
}

static MDB_val value_of(struct bytes bytes)
{
    return (MDB_val){.mv_data = (void *)(uintptr_t)bytes.data, .mv_size = bytes.length};
}

static int write_chunk(const struct lmdb_tables *tables, MDB_txn *txn,
                       const struct store_request *request)
{
    uint8_t first[LMDB_SEQ_BYTES];
    lmdb_seq_encode(request->seq + 1, first);
    MDB_val key = value_of(bytes_of(first, sizeof first));
    MDB_val chunk = value_of(blob_bytes(request->bytes));
    return mdb_put(txn, tables->chunks, &key, &chunk, MDB_APPEND);
}

static int write_value(const struct lmdb_tables *tables, MDB_txn *txn,
                       const struct store_request *request)
{
    struct bytes both = blob_bytes(request->bytes);
    MDB_val key = value_of(bytes_of(both.data, request->key_bytes));
    MDB_val value =
        value_of(bytes_of(both.data + request->key_bytes, both.length - request->key_bytes));
    if (value.mv_size > 0) {
        return mdb_put(txn, tables->spaces[request->space], &key, &value, 0);
    }
    int error = mdb_del(txn, tables->spaces[request->space], &key, NULL);
    return error == MDB_NOTFOUND ? 0 : error;
}

static int write_all(const struct lmdb_tables *tables, MDB_txn *txn,
                     const struct store_request *requests, const enum status *outcomes,
                     uint32_t count)
{
    uint64_t last = 0;
    int error = 0;
    for (uint32_t index = 0; error == 0 && index < count; index++) {
        const struct store_request *request = &requests[index];
        if (outcomes[index] != STATUS_OK) {
            continue;
        }
        if (request->operation == STORE_APPEND) {
            error = write_chunk(tables, txn, request);
            last = request->last;
        } else {
            error = write_value(tables, txn, request);
        }
    }
    return error == 0 && last > 0 ? lmdb_tables_write_last(tables, txn, last) : error;
}

static void note_commit(struct store_lmdb *store, uint64_t commit_ns)
{
    pthread_mutex_lock(&store->facts_lock);
    store->facts.commit_ns[store->facts.commits % LMDB_COMMITS_KEPT] = commit_ns;
    store->facts.commits++;
    pthread_mutex_unlock(&store->facts_lock);
}

/* One transaction with every request whose outcome is to be OK. 0, or an error of LMDB's. */
static int transact(struct store_lmdb *store, const struct store_request *requests,
                    const enum status *outcomes, uint32_t count)
{
    struct lmdb_writer *writer = &store->writer;
    if (writer->need_bytes == 0) {
        return 0; /* none is */
    }
    MDB_txn *txn = NULL;
    int error = mdb_txn_begin(store->tables.env, NULL, 0, &txn);
    if (error != 0) {
        return error;
    }
    error = write_all(&store->tables, txn, requests, outcomes, count);
    if (error != 0) {
        mdb_txn_abort(txn);
        return error;
    }
    lmdb_room_note_depth(&writer->room, &store->tables, txn);
    uint64_t begun_ns = lmdb_now_ns();
    error = mdb_txn_commit(txn);
    if (error == 0) {
        note_commit(store, lmdb_now_ns() - begun_ns);
        lmdb_room_observe(&writer->room, &store->tables);
    }
    return error;
}

/* Errors after which the transaction is known not to be there: LMDB writes the meta page last,
 * and when it is that write which fails, the next transaction ends with MDB_PANIC. A short write
 * of a full disk comes as EIO; it counts as full only where the file could indeed not have got
 * longer. */
static bool is_known_full(const struct lmdb_writer *writer, int error)
{
    switch (error) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return true;
    case EIO:
        return lmdb_room_bound_bytes(&writer->room) < writer->room.used_bytes + writer->need_bytes;
    default:
        return false;
    }
}

/* The room was there and yet was not: what fits is still to pass, so each is tried alone. */
static void write_one_by_one(struct store_lmdb *store, const struct store_request *requests,
                             enum status *outcomes, uint32_t count)
{
    struct lmdb_writer *writer = &store->writer;
    for (uint32_t index = 0; index < count; index++) {
        uint64_t last = writer->last;
        plan(writer, &requests[index], 1, &outcomes[index]);
        int error = transact(store, &requests[index], &outcomes[index], 1);
        if (error == 0) {
            continue;
        }
        writer->last = last;
        if (is_known_full(writer, error)) {
            outcomes[index] = STATUS_FULL;
            if (requests[index].operation == STORE_APPEND) {
                writer->refused_last = requests[index].last;
            }
        } else {
            outcomes[index] = STATUS_UNKNOWN;
            writer->has_failed = true;
        }
    }
}

static void publish(struct store_lmdb *store)
{
    pthread_mutex_lock(&store->facts_lock);
    store->facts.tail.last = store->writer.last;
    store->facts.room = store->writer.room;
    pthread_mutex_unlock(&store->facts_lock);
}

static void complete(struct store_lmdb *store, const struct store_request *requests,
                     const enum status *outcomes, uint32_t count)
{
    struct store_done *done = store->writer.done;
    for (uint32_t index = 0; index < count; index++) {
        const struct store_request *request = &requests[index];
        bool is_append = request->operation == STORE_APPEND;
        done[index] = (struct store_done){
            .operation = request->operation,
            .token = request->token,
            .status = outcomes[index],
            .first = is_append ? request->seq + 1 : 0,
            .last = is_append ? request->last : 0,
        };
        atomic_fetch_sub(&store->write_bytes, blob_bytes(request->bytes).length);
        blob_drop(request->bytes);
    }
    store_completions_push(&store->completions, done, count);
}

/* Plans, writes and answers the first of `requests`; how many. */
static uint32_t write_some(struct store_lmdb *store, const struct store_request *requests,
                           uint32_t count)
{
    struct lmdb_writer *writer = &store->writer;
    enum status *outcomes = writer->outcomes;
    uint64_t last = writer->last, refused_last = writer->refused_last;
    uint32_t planned = plan(writer, requests, count, outcomes);
    int error = transact(store, requests, outcomes, planned);
    if (error != 0) {
        writer->last = last;
        writer->refused_last = refused_last;
    }
    if (error != 0 && is_known_full(writer, error)) {
        write_one_by_one(store, requests, outcomes, planned);
    } else if (error != 0) {
        writer->has_failed = true;
        for (uint32_t index = 0; index < planned; index++) {
            outcomes[index] = STATUS_UNKNOWN;
        }
    }
    publish(store);
    complete(store, requests, outcomes, planned);
    return planned;
}

/* What there is time for between commits: zeros ahead, and slots of readers that died. */
static void keep_house(struct store_lmdb *store, bool is_idle)
{
    struct lmdb_writer *writer = &store->writer;
    if (is_idle && !writer->has_failed && lmdb_room_is_short(&writer->room, LMDB_STEPS_AHEAD)) {
        writer->has_failed = lmdb_room_fill_some(&writer->room) == STATUS_IO;
        publish(store);
    }
    uint64_t now_ns = lmdb_now_ns();
    if (now_ns - writer->readers_checked_ns > READER_CHECK_NS) {
        int dead = 0;
        /* What it could not clear now it clears the next time. */
        (void)mdb_reader_check(store->tables.env, &dead);
        writer->readers_checked_ns = now_ns;
        writer->room.is_stuck = false;
    }
}

/* How long to wait for something to write before there is other work. */
static uint32_t patience_ms(const struct lmdb_writer *writer)
{
    if (writer->has_failed || !lmdb_room_is_short(&writer->room, LMDB_STEPS_AHEAD)) {
        return IDLE_MS;
    }
    return lmdb_room_is_short(&writer->room, LMDB_STEPS_LOW) ? 0 : PATIENCE_MS;
}

void *lmdb_writer_main(void *context)
{
    struct store_lmdb *store = context;
    struct lmdb_writer *writer = &store->writer;
    uint32_t count = 0;
    while (store_queue_take(&store->writes, writer->requests, LMDB_BATCH_REQUESTS,
                            patience_ms(writer), &count)) {
        for (uint32_t written = 0; written < count;) {
            written += write_some(store, writer->requests + written, count - written);
        }
        keep_house(store, count == 0);
    }
    return NULL;
}
