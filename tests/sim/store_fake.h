/* store_fake.h - the store in memory: nothing is done until told, and it fails when told.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Single-threaded and without chance: the caller decides what is flushed, what is served and what
 * a crash keeps. The log is in a `struct fake_disk`, so that a new broker can open it.
 */
#ifndef TESTS_SIM_STORE_FAKE_H
#define TESTS_SIM_STORE_FAKE_H

#include "tests/sim/fake_disk.h"

enum { STORE_FAKE_ALL = INT32_MAX };

/* Opens the log of `disk`, which must outlive the store; one store a disk at a time. At most
 * `queue_writes` writes and `queue_reads` reads are under way. */
struct store *store_fake_open(struct fake_disk *disk, uint32_t queue_writes, uint32_t queue_reads);

/* Asked for and not yet flushed, and not yet served. */
uint32_t store_fake_writes_waiting(const struct store *store);
uint32_t store_fake_reads_waiting(const struct store *store);

/* Flushes the first `count` writes as one commit; their completions may be polled. How many. */
uint32_t store_fake_commit(struct store *store, uint32_t count);

/* Serves the first `count` reads and gets. How many. */
uint32_t store_fake_serve(struct store *store, uint32_t count);

/* The broker dies. Of the writes that wait, the first `kept` were being flushed and are on disk,
 * though nobody heard of it; the others are lost. Ends the store. */
void store_fake_crash(struct store *store, uint32_t kept);

/* While slow, commit and serve do nothing. */
void store_fake_set_slow(struct store *store, bool is_slow);

/* The next `count` reads of chunks are answered BUSY. */
void store_fake_refuse_reads(struct store *store, uint32_t count);

/* The next commit ends with UNKNOWN, on disk or not, and so does every write after it. */
void store_fake_fail_commit(struct store *store, bool is_kept);

#endif
