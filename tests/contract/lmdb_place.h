/* lmdb_place.h - throw-away directories with an embedded store in them, for tests.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CONTRACT_LMDB_PLACE_H
#define TESTS_CONTRACT_LMDB_PLACE_H

#include <limits.h>

#include "broker/store/store_lmdb.h"
#include "tests/contract/store_suite.h"

/* A temporary directory, the log's path in it, and options that name it: a small map, so that the
 * store is soon full and sanitizers have address space left. */
struct lmdb_place {
    char root[64];
    char log[80];
    struct store_lmdb_options options;
    struct store_fault fault;
};

extern const struct suite_engine lmdb_engine;

/* With a new log in it, and without. */
void lmdb_place_make(struct lmdb_place *place);
void lmdb_place_make_empty(struct lmdb_place *place);

/* Removes the directory and everything in it. */
void lmdb_place_remove(struct lmdb_place *place);

struct store *lmdb_place_open(struct lmdb_place *place);

/* The path of a file of the log, or of another name beside it ("../NAME"). */
const char *lmdb_place_path(const struct lmdb_place *place, const char *name, char path[PATH_MAX]);

/* Waits until a completion may be polled. */
void lmdb_settle(struct store *store);

/* A world (suite_world.h) around a place: as the suite's set-up and tear-down do. */
void lmdb_world_open(struct suite_world *world, struct lmdb_place *place);
void lmdb_world_close(struct suite_world *world);

#endif
