/* store_lmdb_open.c - opens a log, starts the threads, and ends them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const uint64_t MEBIBYTE = UINT64_C(1) << 20;

void store_lmdb_options_default(struct store_lmdb_options *options, const char *directory)
{
    *options = (struct store_lmdb_options){
        .directory = directory,
        .map_bytes = MEBIBYTE * MEBIBYTE,
        .headroom_bytes = 64 * MEBIBYTE,
        .grow_bytes = 2 * MEBIBYTE,
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

static void end_reader(struct lmdb_reader *reader)
{
    if (reader->txn != NULL) {
        mdb_txn_abort(reader->txn);
    }
    reader->txn = NULL;
}

void lmdb_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    struct store_lmdb *lmdb = (struct store_lmdb *)store;
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

/* Signals are for the broker's own threads, except those that a thread brings on itself. */
static enum status start_thread(pthread_t *thread, void *main(void *), void *context)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigset_t others, before;
    sigfillset(&others);
    for (size_t index = 0; index < sizeof own / sizeof own[0]; index++) {
        sigdelset(&others, own[index]);
    }
    pthread_sigmask(SIG_SETMASK, &others, &before);
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
