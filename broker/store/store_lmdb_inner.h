/* store_lmdb_inner.h - what the parts of the embedded store know of each other.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Four parts under one roof: the place (directory, file system, lock), the tables (what is where in
 * the environment), the room (how far the file may grow and has grown), and the threads: one
 * writer, LMDB_READERS readers.
 */
#ifndef BROKER_STORE_STORE_LMDB_INNER_H
#define BROKER_STORE_STORE_LMDB_INNER_H

#include <lmdb.h>
#include <stdatomic.h>

#include "broker/store/store_lmdb.h"
#include "broker/store/store_queue.h"

enum {
    LMDB_FORMAT = 1, /* of the tables */
    LMDB_SPACES = SPACE_CHECKPOINTS + 1,
    LMDB_READERS = 2,
    LMDB_STEPS_AHEAD = 8, /* of growth, filled while nothing else is to be done */
    LMDB_STEPS_LOW = 2,   /* of growth: less is filled between any two commits */
    LMDB_BATCH_REQUESTS = 1024,
    LMDB_COMMITS_KEPT = 64,
    LMDB_WRITE_BYTES_MAX = 64 * 1024 * 1024 /* asked for and not yet answered */
};

/* Faults: what went wrong, for a person. */

void lmdb_fault_set(struct store_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The status of an error of LMDB or of the system, and «doing WHAT: why» as the fault. */
enum status lmdb_fault_of(struct store_fault *fault, const char *what, int error) STATUS_MUST_CHECK;

/* The place. */

/* DENIED: the file system of `directory` is none that LMDB can be trusted on. NOT_FOUND, IO. */
enum status lmdb_place_check(const char *directory, bool allow_any,
                             struct store_fault *fault) STATUS_MUST_CHECK;

/* Whether a file system with this magic number (statfs) is one of those allowed; its name. */
bool lmdb_place_is_trusted(uint64_t magic, const char **name);

/* Takes the one lock of a log, which is on its directory: nothing is created for it, it holds
 * within this process too, and it goes when the process ends. BUSY, NOT_FOUND, DENIED, IO. */
enum status lmdb_place_lock(const char *directory, int *descriptor,
                            struct store_fault *fault) STATUS_MUST_CHECK;

/* The tables. */

struct lmdb_tables {
    MDB_env *env;
    MDB_dbi chunks; /* first sequence, big-endian -> chunk */
    MDB_dbi spaces[LMDB_SPACES];
    MDB_dbi meta;
    bool is_read_only;
};

/* Opens the environment in `directory`, whose lock is held, and its tables; tells what the log is.
 * A format of another version is left untouched: VERSION. NOT_FOUND, CORRUPT, MEMORY, IO. */
enum status lmdb_tables_open(const struct store_lmdb_options *options, struct lmdb_tables *tables,
                             struct store_tail *tail, struct store_fault *fault) STATUS_MUST_CHECK;

/* Makes environment and tables in an empty directory and commits what the log is. */
enum status lmdb_tables_create(const struct store_lmdb_options *options, const char *directory,
                               const struct store_tail *tail, struct lmdb_tables *tables,
                               struct store_fault *fault) STATUS_MUST_CHECK;

/* No transaction may be open. */
void lmdb_tables_close(struct lmdb_tables *tables);

/* The last sequence, as of `txn`. An error of LMDB's, or 0. */
int lmdb_tables_read_last(const struct lmdb_tables *tables, MDB_txn *txn, uint64_t *last);
int lmdb_tables_write_last(const struct lmdb_tables *tables, MDB_txn *txn, uint64_t last);

enum { LMDB_SEQ_BYTES = 8 };

void lmdb_seq_encode(uint64_t seq, uint8_t key[LMDB_SEQ_BYTES]);
uint64_t lmdb_seq_decode(const MDB_val *key);

/* The room: the file is filled with zeros ahead of what is used, so that no commit makes it longer
 * and a full disk shows here. Of what is filled, the reserve is kept for values. Writer's alone. */

struct lmdb_room {
    int fd; /* LMDB's own: closing another one of this file would drop LMDB's locks */
    uint64_t page_bytes;
    uint64_t map_bytes;
    uint64_t reserve_bytes;
    uint64_t step_bytes;
    uint64_t used_bytes;   /* of the file, by pages that are or were in use */
    uint64_t filled_bytes; /* of the file, written at least once */
    uint32_t depth;        /* of the deepest table */
    bool is_stuck;         /* the last growth ahead failed */
    uint8_t *zeros;
};

enum status lmdb_room_init(struct lmdb_room *room, const struct lmdb_tables *tables,
                           const struct store_lmdb_options *options) STATUS_MUST_CHECK;
void lmdb_room_deinit(struct lmdb_room *room);

/* Looks again at what is used, after a commit; and at how deep the tables are, before it. */
void lmdb_room_observe(struct lmdb_room *room, const struct lmdb_tables *tables);
void lmdb_room_note_depth(struct lmdb_room *room, const struct lmdb_tables *tables, MDB_txn *txn);

/* An upper bound of what writing `request` takes at the end of the file. */
uint64_t lmdb_room_need_bytes(const struct lmdb_room *room, const struct store_request *request);

/* Makes sure of `need_bytes` for one transaction, and of the reserve where it must stay whole. OK,
 * FULL, or IO: the disk is ill. */
enum status lmdb_room_make(struct lmdb_room *room, uint64_t need_bytes,
                           bool keeps_reserve) STATUS_MUST_CHECK;

/* Whether less than so many steps are filled ahead, and a bite of it. As lmdb_room_make(). */
bool lmdb_room_is_short(const struct lmdb_room *room, uint32_t steps);
enum status lmdb_room_fill_some(struct lmdb_room *room) STATUS_MUST_CHECK;

/* How long the file could be made now: map, disk and limits permitting. Any thread, on a copy. */
uint64_t lmdb_room_bound_bytes(const struct lmdb_room *room);

/* A lower bound of the chunk bytes that may still be appended. Any thread, on a copy. */
uint64_t lmdb_room_left_bytes(const struct lmdb_room *room);

/* The threads. */

struct store_lmdb;

struct lmdb_reader {
    struct store_lmdb *store;
    pthread_t thread;
    MDB_txn *txn;                   /* reset between requests */
    atomic_uint_least64_t since_ns; /* of the open transaction; 0: none */
};

/* Of the writer's thread alone. */
struct lmdb_writer {
    pthread_t thread;
    struct lmdb_room room;
    uint64_t last;         /* of the log, as committed and planned */
    uint64_t refused_last; /* where it would end had appends answered FULL been stored; 0: none */
    uint64_t need_bytes;   /* of the transaction that is being planned */
    bool keeps_reserve;    /* so is something in it */
    bool has_failed;       /* an outcome is unknown: nothing is written any more */
    uint64_t readers_checked_ns;
    struct store_request requests[LMDB_BATCH_REQUESTS];
    enum status outcomes[LMDB_BATCH_REQUESTS];
    struct store_done done[LMDB_BATCH_REQUESTS];
};

/* Shared, under a lock. */
struct lmdb_facts {
    struct store_tail tail;
    struct lmdb_room room;
    uint64_t commits;
    uint64_t commit_ns[LMDB_COMMITS_KEPT]; /* a ring */
    uint64_t chunk_reads;
};

struct store_lmdb {
    struct store store;
    int lock_fd;
    struct lmdb_tables tables;
    struct store_queue writes, reads;
    struct store_completions completions;
    pthread_mutex_t facts_lock;
    struct lmdb_facts facts;
    struct lmdb_writer writer;
    struct lmdb_reader readers[LMDB_READERS];
    struct lmdb_reader lister; /* no thread: list()'s own */
    uint32_t threads;          /* that run: readers, then the writer */
    /* Of the engine's thread alone: asked for, completion not polled. */
    uint32_t writes_open, writes_most, reads_open, reads_most;
    atomic_uint_least64_t write_bytes; /* asked for, not yet answered */
};

/* What a thread runs; the context is the store, and the reader. */
void *lmdb_writer_main(void *context);
void *lmdb_reader_main(void *context);

/* A read transaction of its own for `reader`, ended by lmdb_reader_end(). An error of LMDB's. */
int lmdb_reader_begin(struct lmdb_reader *reader);
void lmdb_reader_end(struct lmdb_reader *reader);

/* The table, and its end: waits for the threads and frees what there is, however little. */
extern const struct store_ops lmdb_ops;
void lmdb_close(struct store *store);

uint64_t lmdb_now_ns(void);

#endif
