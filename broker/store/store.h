/* store.h - where chunks and small values are kept: one table of functions, several engines.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The store knows chunks as opaque bytes with a first and a last sequence. One write primitive: the
 * conditional append. Everything that takes time is asked for with a token and completed through
 * poll(), in any order between kinds, but: writes (append, put) complete in the order in which they
 * were asked for, and a completion is given out only after the flush of the commit that holds the
 * write. One contract suite (tests/contract/store_suite.c) runs on every engine.
 */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include "broker/base/blob.h"
#include "broker/base/status.h"

enum store_space {
    SPACE_VALUES,     /* cursors, policy times: promised to be kept */
    SPACE_CHECKPOINTS /* disposable: lost means rebuilt from the log */
};

enum {
    STORE_KEY_BYTES_MAX = 400,
    STORE_VALUE_BYTES_MAX = 1024 * 1024,
    STORE_CHUNK_BYTES_MAX = 1024 * 1024
};

/* What the log is. */
struct store_tail {
    uint64_t first;       /* first sequence kept; last + 1 when empty */
    uint64_t last;        /* 0: empty from the beginning */
    uint64_t incarnation; /* from 1 */
    uint8_t uuid[16];
    uint8_t secret[32]; /* made with the log: keys window keys and resume tokens; never leaves the
                           site */
};

struct store_statistics {
    uint64_t room_bytes; /* in chunks of 100 bytes and more that may still be appended before FULL,
                            at least; headroom is already off */
    uint64_t used_bytes; /* of the file */
    uint64_t commits;
    uint64_t commit_ns_last;
    uint64_t commit_ns_max;    /* of the last 64 */
    uint64_t chunk_reads;      /* chunks read since open, start-up included */
    uint64_t oldest_reader_ms; /* age of the oldest open read transaction */
};

enum store_operation { STORE_APPEND, STORE_PUT, STORE_READ, STORE_GET };

/* One finished request. */
struct store_done {
    enum store_operation operation;
    uint64_t token;
    /* APPEND: OK, CONFLICT, FULL (nothing changed), UNKNOWN (stop the broker).
     * A FULL store refuses chunks and checkpoints and goes on with values from its headroom; an
     * append that counts on one answered FULL is FULL too.
     * PUT: OK, FULL, UNKNOWN. READ: OK, NOT_FOUND, IO, BUSY. GET: OK, NOT_FOUND, IO. */
    enum status status;
    uint64_t first, last; /* READ: of the chunk, or both what was asked for when it is not there or
                             cannot be read. APPEND: as asked */
    struct blob *blob;    /* READ: the chunk, GET: the value; the caller drops it. Else NULL */
};

/* Called for each value whose key starts with a prefix, in order of key; views live for the call.
 * False: stop. */
typedef bool store_visit(void *context, struct bytes key, struct bytes value);

struct store;

struct store_ops {
    const char *engine; /* "lmdb" */
    /* Stores `chunk` (kept until completion) as the successor of `expect`: refused with CONFLICT if
     * the last sequence, with all earlier appends counted, is not `expect`. first = expect + 1 <=
     * last. */
    enum status (*append)(struct store *store, uint64_t expect, uint64_t last, struct blob *chunk,
                          uint64_t token);
    /* Keeps or (empty value) removes a value; both are copied. */
    enum status (*put)(struct store *store, enum store_space space, struct bytes key,
                       struct bytes value, uint64_t token);
    /* Reads the chunk that holds `seq`. */
    enum status (*read)(struct store *store, uint64_t seq, uint64_t token);
    enum status (*get)(struct store *store, enum store_space space, struct bytes key,
                       uint64_t token);
    /* Synchronous, for start-up and tools; never while the engine's loop runs. */
    enum status (*list)(struct store *store, enum store_space space, struct bytes prefix,
                        store_visit *visit, void *context);
    /* Next completion; false: none now. Engine's thread only. */
    bool (*poll)(struct store *store, struct store_done *done);
    /* Readable, level-triggered, while completions wait; -1: poll() needs no waiting. */
    int (*descriptor)(struct store *store);
    void (*tail)(struct store *store, struct store_tail *tail);
    void (*statistics)(struct store *store, struct store_statistics *statistics);
    /* Ends its threads after what was asked for is done; NULL is let pass. */
    void (*close)(struct store *store);
};

/* Every engine's object starts with its table. The functions of the table return OK (asked for), or
 * BUSY (the queue is full: ask again after a completion), never more. */
struct store {
    const struct store_ops *ops;
};

#endif
