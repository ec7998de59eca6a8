/* store_lmdb.h - the embedded store: one LMDB environment, one writer thread, reader threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_STORE_STORE_LMDB_H
#define BROKER_STORE_STORE_LMDB_H

#include "broker/store/store.h"

struct store_lmdb_options {
    const char *directory;     /* DIR/log */
    uint64_t map_bytes;        /* address space and bound of the file: default 1 TiB */
    uint64_t headroom_bytes;   /* of the file, kept for values and trim: default 64 MiB */
    uint64_t grow_bytes;       /* step of zero-filled growth ahead, a page at least: 2 MiB */
    uint64_t incarnation;      /* of a log that is created: default 1; a restore raises it */
    uint32_t queue_writes;     /* asked for and not yet polled at most: default 4,096 */
    uint32_t queue_reads;      /* default 1,024 */
    bool allow_any_filesystem; /* --allow-fs */
    bool is_read_only;         /* tools on a stopped site: no writer, nothing created, lock taken */
};

/* What went wrong at opening, in one sentence for a person. */
struct store_fault {
    char text[256];
};

void store_lmdb_options_default(struct store_lmdb_options *options, const char *directory);

/* Makes a new, empty log durably: in NAME.new beside it, first commit, fsyncs, rename, fsync of
 * the parent; a death in between leaves no NAME, and NAME.new is cleared by the next attempt.
 * BUSY: it exists already. DENIED: as below. FULL: no room for the headroom. NOT_FOUND: no
 * parent. INVALID: no usable name. MEMORY, IO. `uuid` 16 and `secret` 32 bytes are the caller's.
 * What root creates belongs to the parent's owner. */
enum status store_lmdb_create(const struct store_lmdb_options *options, const uint8_t uuid[16],
                              const uint8_t secret[32],
                              struct store_fault *fault) STATUS_MUST_CHECK;

/* Opens it; the options must outlive the call only. BUSY: it is open already, here or in another
 * process. VERSION: another format, left byte for byte as it was. DENIED: a file system that
 * LMDB must not be used on, or no rights. NOT_FOUND, CORRUPT, MEMORY, IO. Reads of the log only
 * its last key. A store that is_read_only takes no append and no put (an assert). */
enum status store_lmdb_open(const struct store_lmdb_options *options, struct store **store,
                            struct store_fault *fault) STATUS_MUST_CHECK;

#endif
