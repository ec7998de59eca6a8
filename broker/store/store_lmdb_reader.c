/* store_lmdb_reader.c - threads that copy chunks and values out, one short transaction each.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>

enum { IDLE_MS = 60000 };

int lmdb_reader_begin(struct lmdb_reader *reader)
{
    MDB_env *env = reader->store->tables.env;
    int error = reader->txn == NULL ? mdb_txn_begin(env, NULL, MDB_RDONLY, &reader->txn)
                                    : mdb_txn_renew(reader->txn);
    if (error == 0) {
        atomic_store(&reader->since_ns, lmdb_now_ns());
    } else if (reader->txn != NULL) {
        mdb_txn_abort(reader->txn);
        reader->txn = NULL;
    }
    return error;
}

void lmdb_reader_end(struct lmdb_reader *reader)
{
    mdb_txn_reset(reader->txn);
    atomic_store(&reader->since_ns, 0);
}

static enum status status_of(enum store_operation operation, int error)
{
    switch (error) {
    case 0:
        return STATUS_OK;
    case MDB_NOTFOUND:
        return STATUS_NOT_FOUND;
    case MDB_READERS_FULL:
    case ENOMEM:
        return operation == STORE_READ ? STATUS_BUSY : STATUS_IO;
    default:
        return STATUS_IO;
    }
}

/* Puts the cursor on the chunk that holds `seq` and gives its range. A chunk ends where the next
 * one starts, the last one with the log. */
static int find_chunk(MDB_cursor *cursor, uint64_t seq, uint64_t log_last, struct store_done *done,
                      MDB_val *chunk)
{
    uint8_t wanted[LMDB_SEQ_BYTES];
    lmdb_seq_encode(seq, wanted);
    MDB_val key = {.mv_data = wanted, .mv_size = sizeof wanted};
    int error = mdb_cursor_get(cursor, &key, chunk, MDB_SET_RANGE);
    if (error == MDB_NOTFOUND) {
        error = mdb_cursor_get(cursor, &key, chunk, MDB_LAST);
    } else if (error == 0 && lmdb_seq_decode(&key) != seq) {
        error = mdb_cursor_get(cursor, &key, chunk, MDB_PREV);
    }
    if (error != 0) {
        return error;
    }
    done->first = lmdb_seq_decode(&key);
    error = mdb_cursor_get(cursor, &key, NULL, MDB_NEXT);
    done->last = error == 0 ? lmdb_seq_decode(&key) - 1 : log_last;
    if (error != 0 && error != MDB_NOTFOUND) {
        return error;
    }
    return done->first <= seq && seq <= done->last ? 0 : MDB_CORRUPTED;
}

static int copy_out(const MDB_val *value, struct store_done *done)
{
    done->blob = blob_new(bytes_of(value->mv_data, value->mv_size));
    return done->blob == NULL ? ENOMEM : 0;
}

static int read_chunk(struct lmdb_reader *reader, uint64_t seq, struct store_done *done)
{
    struct lmdb_tables *tables = &reader->store->tables;
    uint64_t log_last = 0;
    MDB_cursor *cursor = NULL;
    MDB_val chunk;
    int error = lmdb_tables_read_last(tables, reader->txn, &log_last);
    if (error != 0) {
        return error == MDB_NOTFOUND ? MDB_CORRUPTED : error;
    }
    if (seq == 0 || seq > log_last) {
        return MDB_NOTFOUND;
    }
    error = mdb_cursor_open(reader->txn, tables->chunks, &cursor);
    if (error != 0) {
        return error;
    }
    error = find_chunk(cursor, seq, log_last, done, &chunk);
    error = error != 0 ? error : copy_out(&chunk, done);
    mdb_cursor_close(cursor);
    return error;
}

static int read_value(struct lmdb_reader *reader, const struct store_request *request,
                      struct store_done *done)
{
    struct bytes name = blob_bytes(request->bytes);
    MDB_val key = {.mv_data = (void *)(uintptr_t)name.data, .mv_size = name.length};
    MDB_val value;
    int error = mdb_get(reader->txn, reader->store->tables.spaces[request->space], &key, &value);
    return error != 0 ? error : copy_out(&value, done);
}

static void serve(struct lmdb_reader *reader, const struct store_request *request)
{
    struct store_lmdb *store = reader->store;
    struct store_done done = {.operation = request->operation, .token = request->token};
    int error = lmdb_reader_begin(reader);
    if (error == 0) {
        error = request->operation == STORE_READ ? read_chunk(reader, request->seq, &done)
                                                 : read_value(reader, request, &done);
        lmdb_reader_end(reader);
    }
    done.status = status_of(request->operation, error);
    if (done.status == STATUS_OK && request->operation == STORE_READ) {
        pthread_mutex_lock(&store->facts_lock);
        store->facts.chunk_reads++;
        pthread_mutex_unlock(&store->facts_lock);
    } else if (done.status != STATUS_OK) {
        /* Whoever is told of damage must know where to go on. */
        done.first = done.last = request->seq;
    }
    blob_drop(request->bytes);
    store_completions_push(&store->completions, &done, 1);
}

void *lmdb_reader_main(void *context)
{
    struct lmdb_reader *reader = context;
    struct store_request request;
    uint32_t count = 0;
    while (store_queue_take(&reader->store->reads, &request, 1, IDLE_MS, &count)) {
        if (count > 0) {
            serve(reader, &request);
        }
    }
    return NULL;
}
