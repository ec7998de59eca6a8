/* store_lmdb.h - the embedded store: one LMDB environment, one writer thread, reader threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_STORE_STORE_LMDB_H
#define BROKER_STORE_STORE_LMDB_H

#include "broker/store/store.h"

struct store_lmdb_options {
    const char *directory;     /* DIR/log */
    uint64_t map_bytes;        /* address space and bound of the file: default 1 TiB */
    uint64_t headroom_bytes;   /* kept free for values and trim: default 64 MiB */
    uint64_t grow_bytes;       /* step of zero-filled growth ahead: default 8 MiB */
    uint32_t queue_writes;     /* requests waiting at most: 4,096 */
    uint32_t queue_reads;      /* 1,024 */
    bool allow_any_filesystem; /* --allow-fs */
    bool is_read_only;         /* tools on a stopped site: no writer, nothing created, lock taken */
};

/* What went wrong at opening, in one sentence for a person. */
struct store_fault {
    char text[256];
};

void store_lmdb_options_default(struct store_lmdb_options *options, const char *directory);

/* Makes a new, empty log durably: a temporary directory beside, first commit, fsyncs, rename, fsync
 * of the parent. BUSY when it exists already. `uuid` 16 and `secret` 32 bytes are the caller's. */
enum status store_lmdb_create(const struct store_lmdb_options *options, const uint8_t uuid[16],
                              const uint8_t secret[32],
                              struct store_fault *fault) STATUS_MUST_CHECK;

/* Opens it. BUSY: another process has it. VERSION: another format, left byte for byte as it was.
 * DENIED: a file system that LMDB must not be used on. Reads of the log only its last key. */
enum status store_lmdb_open(const struct store_lmdb_options *options, struct store **store,
                            struct store_fault *fault) STATUS_MUST_CHECK;

#endif
