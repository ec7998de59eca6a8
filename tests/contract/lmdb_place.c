/* lmdb_place.c - makes, opens and removes logs under the system's temporary directory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/lmdb_place.h"

#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 30000, MAP_BYTES = 24 * 1024 * 1024 };

void lmdb_place_make_empty(struct lmdb_place *place)
{
    const char *base = getenv("TMPDIR");
    snprintf(place->root, sizeof place->root, "%.40s/kentongan-XXXXXX",
             base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(place->root));
    snprintf(place->log, sizeof place->log, "%s/log", place->root);
    store_lmdb_options_default(&place->options, place->log);
    place->options.map_bytes = MAP_BYTES;
    place->options.headroom_bytes = MAP_BYTES / 6;
    place->options.grow_bytes = MAP_BYTES / 96;
    place->options.queue_writes = SUITE_QUEUE_WRITES;
    place->options.queue_reads = SUITE_QUEUE_READS;
    place->options.allow_any_filesystem = true;
}

void lmdb_place_make(struct lmdb_place *place)
{
    lmdb_place_make_empty(place);
    assert_int_equal(store_lmdb_create(&place->options, suite_uuid, suite_secret, &place->fault),
                     STATUS_OK);
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void lmdb_place_remove(struct lmdb_place *place)
{
    assert_int_equal(nftw(place->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct store *lmdb_place_open(struct lmdb_place *place)
{
    struct store *store = NULL;
    enum status status = store_lmdb_open(&place->options, &store, &place->fault);
    if (status != STATUS_OK) {
        print_error("%s\n", place->fault.text);
    }
    assert_int_equal(status, STATUS_OK);
    return store;
}

const char *lmdb_place_path(const struct lmdb_place *place, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", place->log, name);
    return path;
}

void lmdb_settle(struct store *store)
{
    struct pollfd wait = {.fd = store->ops->descriptor(store), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
}

void lmdb_world_open(struct suite_world *world, struct lmdb_place *place)
{
    *world = (struct suite_world){.engine = &lmdb_engine, .place = place};
    world->store = lmdb_place_open(place);
}

void lmdb_world_close(struct suite_world *world)
{
    world->store->ops->close(world->store);
    world->store = NULL;
}

static void *make_place(void)
{
    struct lmdb_place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    lmdb_place_make(place);
    return place;
}

static struct store *open_place(void *place)
{
    return lmdb_place_open(place);
}

static void remove_place(void *place)
{
    lmdb_place_remove(place);
    free(place);
}

const struct suite_engine lmdb_engine = {
    .name = "store_lmdb",
    .make = make_place,
    .open = open_place,
    .settle = lmdb_settle,
    .remove = remove_place,
};
