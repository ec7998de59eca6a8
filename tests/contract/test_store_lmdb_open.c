/* test_store_lmdb_open.c - what may be opened, by how many, and how much is read for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/store/store_lmdb_inner.h"
#include "tests/contract/lmdb_place.h"
#include "tests/contract/map_shim.h"

static int set_up(void **state)
{
    struct lmdb_place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    lmdb_place_make(place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    lmdb_place_remove(*state);
    free(*state);
    return 0;
}

static enum status try_open(struct lmdb_place *place)
{
    struct store *store = NULL;
    enum status status = store_lmdb_open(&place->options, &store, &place->fault);
    if (status == STATUS_OK) {
        store->ops->close(store);
    } else {
        assert_true(strlen(place->fault.text) > 0);
    }
    return status;
}

static void a_second_open_is_refused_in_the_same_process(void **state)
{
    struct lmdb_place *place = *state;
    struct store *store = lmdb_place_open(place);
    assert_int_equal(try_open(place), STATUS_BUSY);
    place->options.is_read_only = true;
    assert_int_equal(try_open(place), STATUS_BUSY);
    store->ops->close(store);
    assert_int_equal(try_open(place), STATUS_OK);
}

static void a_second_open_is_refused_in_another_process(void **state)
{
    struct lmdb_place *place = *state;
    fflush(NULL);
    int ready[2] = {-1, -1}, done[2] = {-1, -1};
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = NULL;
        uint8_t byte = 0;
        int how = store_lmdb_open(&place->options, &store, &place->fault) != STATUS_OK ||
                  write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1;
        _exit(how);
    }
    uint8_t byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(try_open(place), STATUS_BUSY);
    assert_int_equal(write(done[1], &byte, 1), 1);
    int how = 1;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(try_open(place), STATUS_OK);
    for (int end = 0; end < 2; end++) {
        close(ready[end]);
        close(done[end]);
    }
}

/* The whole content of a file; the caller frees it. */
static struct bytes content_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about = {0};
    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    uint8_t *data = malloc((size_t)about.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)about.st_size), about.st_size);
    close(fd);
    return bytes_of(data, (size_t)about.st_size);
}

static void free_content(struct bytes content)
{
    free((void *)(uintptr_t)content.data);
}

/* Writes into the log's environment behind the store's back. */
static void put_raw(const struct lmdb_place *place, const char *table, const char *name,
                    struct bytes field)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi = 0;
    MDB_val key = {.mv_data = (void *)(uintptr_t)name, .mv_size = strlen(name)};
    MDB_val value = {.mv_data = (void *)(uintptr_t)field.data, .mv_size = field.length};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, place->options.map_bytes), 0);
    assert_int_equal(mdb_env_open(env, place->log, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* Opening ends with `expected`, changes no byte and makes no file. (OK: opening to read.) */
static void expect_untouched(struct lmdb_place *place, enum status expected)
{
    char data[PATH_MAX], lock[PATH_MAX];
    lmdb_place_path(place, "data.mdb", data);
    lmdb_place_path(place, "lock.mdb", lock);
    (void)unlink(lock);
    struct stat before, after;
    struct bytes old = content_of(data);
    assert_int_equal(stat(data, &before), 0);
    if (expected != STATUS_OK) {
        assert_int_equal(try_open(place), expected);
    }
    place->options.is_read_only = true;
    assert_int_equal(try_open(place), expected);
    struct bytes now = content_of(data);
    assert_int_equal(stat(data, &after), 0);
    assert_bytes_equal(now, old);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    assert_int_equal(access(lock, F_OK), -1);
    free_content(old);
    free_content(now);
}

static void another_version_is_left_as_it_was(void **state)
{
    static const uint8_t two[8] = {[7] = 2};
    put_raw(*state, "meta", "format", bytes_of(two, sizeof two));
    expect_untouched(*state, STATUS_VERSION);
}

static void damaged_fields_are_corrupt(void **state)
{
    put_raw(*state, "meta", "uuid", bytes_of("short", 5));
    expect_untouched(*state, STATUS_CORRUPT);
}

static void a_chunk_beyond_the_tail_is_corrupt(void **state)
{
    put_raw(*state, "chunks", "\1\1\1\1\1\1\1\1", bytes_of("chunk", 5));
    expect_untouched(*state, STATUS_CORRUPT);
}

/* Another LMDB file than a log. */
static void a_foreign_environment_is_corrupt(void **state)
{
    struct lmdb_place *place = *state;
    char path[PATH_MAX];
    assert_int_equal(unlink(lmdb_place_path(place, "data.mdb", path)), 0);
    MDB_env *env = NULL;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, place->log, 0, 0600), 0);
    mdb_env_close(env);
    expect_untouched(place, STATUS_CORRUPT);
}

static void cut(struct lmdb_place *place, off_t length)
{
    char path[PATH_MAX];
    assert_int_equal(truncate(lmdb_place_path(place, "data.mdb", path), length), 0);
}

static void a_file_cut_short_is_corrupt(void **state)
{
    cut(*state, 12288);
    expect_untouched(*state, STATUS_CORRUPT);
}

static void an_empty_file_is_corrupt(void **state)
{
    cut(*state, 0);
    expect_untouched(*state, STATUS_CORRUPT);
}

static void garbage_is_corrupt(void **state)
{
    struct lmdb_place *place = *state;
    char path[PATH_MAX];
    FILE *file = fopen(lmdb_place_path(place, "data.mdb", path), "wb");
    assert_non_null(file);
    for (int index = 0; index < 10000; index++) {
        fputc(index * 7, file);
    }
    assert_int_equal(fclose(file), 0);
    expect_untouched(place, STATUS_CORRUPT);
}

static void an_absent_log_is_not_found(void **state)
{
    struct lmdb_place *place = *state;
    char path[PATH_MAX];
    assert_int_equal(unlink(lmdb_place_path(place, "data.mdb", path)), 0);
    assert_int_equal(try_open(place), STATUS_NOT_FOUND);
    place->options.directory = "/nonexistent/log";
    assert_int_equal(try_open(place), STATUS_NOT_FOUND);
}

static void reading_only_changes_nothing(void **state)
{
    struct lmdb_place *place = *state;
    struct suite_world world;
    lmdb_world_open(&world, place);
    assert_int_equal(world_append(&world, 0, 5, 3000), STATUS_OK);
    assert_int_equal(world_put(&world, SPACE_VALUES, "k", "v"), STATUS_OK);
    lmdb_world_close(&world);
    expect_untouched(place, STATUS_OK);
    assert_true(place->options.is_read_only);
    lmdb_world_open(&world, place);
    world_expect_last(&world, 5);
    world_expect_chunk(&world, 3, 1, 5, 3000);
    world_expect_value(&world, SPACE_VALUES, "k", "v");
    lmdb_world_close(&world);
}

struct filesystem_row {
    const char *name;
    uint64_t magic;
    bool is_trusted;
};

static const struct filesystem_row filesystem_rows[] = {
    {"ext4 is trusted",                 0xef53,     true },
    {"xfs is trusted",                  0x58465342, true },
    {"btrfs is trusted",                0x9123683e, true },
    {"nfs is not",                      0x6969,     false},
    {"cifs is not",                     0xff534d42, false},
    {"fuse is not",                     0x65735546, false},
    {"an overlay is not",               0x794c7630, false},
    {"memory is not",                   0x01021994, false},
    {"what nobody knows is not either", 0x12345678, false},
};

static void filesystem(void **state)
{
    const struct filesystem_row *row = *state;
    const char *name = NULL;
    assert_int_equal(lmdb_place_is_trusted(row->magic, &name), row->is_trusted);
    assert_non_null(name);
}

static void the_file_system_is_asked(void **state)
{
    struct lmdb_place *place = *state;
    struct statfs about;
    const char *name = NULL;
    place->options.allow_any_filesystem = false;
    assert_int_equal(statfs(place->log, &about), 0);
    bool is_trusted = lmdb_place_is_trusted((uint32_t)about.f_type, &name);
    assert_int_equal(try_open(place), is_trusted ? STATUS_OK : STATUS_DENIED);
    /* The kernel's own tree is on no file system for a log, everywhere. */
    place->options.directory = "/proc/self";
    assert_int_equal(try_open(place), STATUS_DENIED);
    place->options.directory = "/proc/self/log";
    assert_int_equal(store_lmdb_create(&place->options, suite_uuid, suite_secret, &place->fault),
                     STATUS_DENIED);
}

static void fill_log(struct lmdb_place *place, uint64_t chunks)
{
    struct suite_world world;
    lmdb_world_open(&world, place);
    for (uint64_t asked = 0, done = 0; done < chunks; done++) {
        for (; asked < chunks && asked < done + place->options.queue_writes; asked++) {
            world_ask_append(&world, asked, asked + 1, 120);
        }
        assert_int_equal(world_wait(&world).status, STATUS_OK);
    }
    lmdb_world_close(&world);
}

enum { SHORT_LOG = 1000, LONG_LOG = 100000, FLOORS_MORE = 8, LARGE_MAP_BYTES = 64 * 1024 * 1024 };

/* Makes a log of so many small chunks and opens it; the pages of it that were touched for that. */
static size_t pages_read_by_opening(struct lmdb_place *place, uint64_t chunks)
{
    place->options.map_bytes = LARGE_MAP_BYTES;
    place->options.queue_writes = 1024;
    fill_log(place, chunks);
    struct suite_world world;
    map_shim_watch(place->options.map_bytes);
    lmdb_world_open(&world, place);
    size_t pages = map_shim_touched();
    world_expect_last(&world, chunks);
    assert_int_equal(world_statistics(&world).chunk_reads, 0);
    assert_true(world_statistics(&world).used_bytes > chunks * 120);
    world_expect_chunk(&world, 1, 1, 1, 120);
    assert_true(map_shim_touched() > pages);
    lmdb_world_close(&world);
    map_shim_watch(0);
    return pages;
}

static void opening_reads_no_more_of_a_long_log(void **state)
{
    struct lmdb_place *place = *state;
    if (!map_shim_works()) {
        skip();
    }
    size_t few = pages_read_by_opening(place, SHORT_LOG);
    lmdb_place_remove(place);
    lmdb_place_make(place);
    size_t many = pages_read_by_opening(place, LONG_LOG);
    /* The tree is higher, and it is opened twice: to look, and to write. */
    print_message("opening read %zu pages of a short log, %zu of a long one\n", few, many);
    assert_in_range(many, 1, few + FLOORS_MORE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_open_is_refused_in_the_same_process),
        TEST(a_second_open_is_refused_in_another_process),
        TEST(another_version_is_left_as_it_was),
        TEST(damaged_fields_are_corrupt),
        TEST(a_chunk_beyond_the_tail_is_corrupt),
        TEST(a_foreign_environment_is_corrupt),
        TEST(a_file_cut_short_is_corrupt),
        TEST(an_empty_file_is_corrupt),
        TEST(garbage_is_corrupt),
        TEST(an_absent_log_is_not_found),
        TEST(reading_only_changes_nothing),
        TEST(the_file_system_is_asked),
        TEST(opening_reads_no_more_of_a_long_log),
    };
    return CHECK_ROWS(filesystem_rows, filesystem) + cmocka_run_group_tests(tests, NULL, NULL);
}
