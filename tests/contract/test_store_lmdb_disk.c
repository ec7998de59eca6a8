/* test_store_lmdb_disk.c - full disks, ill disks, and the file that grows ahead of the writing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/store_lmdb_inner.h"
#include "tests/contract/disk_shim.h"
#include "tests/contract/lmdb_place.h"

enum { META_BYTES = 8192, VALUE_BYTES = 64 * 1024, WAIT_SECONDS = 20 };

/* A world of its own, so that a test may set options before it opens. */
struct disk_test {
    struct lmdb_place place;
    struct suite_world world;
    char data[PATH_MAX];
};

static int set_up(void **state)
{
    struct disk_test *test = calloc(1, sizeof *test);
    assert_non_null(test);
    lmdb_place_make(&test->place);
    lmdb_place_path(&test->place, "data.mdb", test->data);
    lmdb_world_open(&test->world, &test->place);
    *state = test;
    return 0;
}

static int tear_down(void **state)
{
    struct disk_test *test = *state;
    disk_shim_set(NULL);
    lmdb_world_close(&test->world);
    lmdb_place_remove(&test->place);
    free(test);
    return 0;
}

static struct stat file_of(const struct disk_test *test)
{
    struct stat about;
    assert_int_equal(stat(test->data, &about), 0);
    return about;
}

/* Waits until the file is as long as the writer wants it when it has nothing else to do. */
static void wait_for_growth(struct disk_test *test)
{
    const struct store_lmdb_options *options = &test->place.options;
    time_t end = time(NULL) + WAIT_SECONDS;
    uint64_t wanted = world_statistics(&test->world).used_bytes + options->headroom_bytes +
                      LMDB_STEPS_AHEAD * options->grow_bytes;
    while ((uint64_t)file_of(test).st_size < wanted) {
        assert_true(time(NULL) < end);
    }
    /* The bite that made it long enough is flushed once the next write is answered. */
    assert_int_equal(world_put(&test->world, SPACE_VALUES, "settled", "1"), STATUS_OK);
}

static atomic_int faults;
static atomic_bool has_unflushed_zeros;

/* Counts writes of LMDB's that make the file longer, or go where zeros are not yet on disk. */
static int watch_end(const struct disk_event *event)
{
    struct stat about;
    if (event->call == DISK_WRITE && event->is_zeros) {
        atomic_store(&has_unflushed_zeros, true);
    } else if (event->call == DISK_FDATASYNC) {
        atomic_store(&has_unflushed_zeros, false);
    } else if (event->call == DISK_WRITE && fstat(event->fd, &about) == 0) {
        bool is_past = event->offset + (off_t)event->length > about.st_size;
        atomic_fetch_add(&faults, is_past || atomic_load(&has_unflushed_zeros) ? 1 : 0);
    }
    return 0;
}

static void watch(void)
{
    atomic_store(&faults, 0);
    atomic_store(&has_unflushed_zeros, false);
    disk_shim_set(watch_end);
}

static void the_file_grows_ahead_while_nothing_is_asked(void **state)
{
    struct disk_test *test = *state;
    wait_for_growth(test);
    struct stat file = file_of(test);
    assert_true((uint64_t)file.st_blocks * 512 >= (uint64_t)file.st_size);
    watch();
    for (uint64_t seq = 0; seq < 10; seq++) {
        assert_int_equal(world_append(&test->world, seq, seq + 1, 1000), STATUS_OK);
    }
    assert_int_equal(atomic_load(&faults), 0);
}

/* Copying tools leave holes where a file has zeros: what is not there on disk is not counted. */
static void holes_are_filled(void **state)
{
    struct disk_test *test = *state;
    wait_for_growth(test);
    off_t length = file_of(test).st_size;
    uint64_t used = world_statistics(&test->world).used_bytes;
    lmdb_world_close(&test->world);
    assert_int_equal(truncate(test->data, (off_t)used), 0);
    assert_int_equal(truncate(test->data, length), 0);
    assert_true(file_of(test).st_blocks * 512 < length);
    watch();
    lmdb_world_open(&test->world, &test->place);
    assert_int_equal(world_append(&test->world, 0, 1, SUITE_CHUNK_BYTES), STATUS_OK);
    assert_int_equal(atomic_load(&faults), 0);
    struct stat file = file_of(test);
    assert_true((uint64_t)file.st_blocks * 512 >= used + test->place.options.headroom_bytes);
}

static void no_commit_makes_the_file_longer(void **state)
{
    struct disk_test *test = *state;
    uint64_t seed = 7, last = 0;
    static uint8_t value[VALUE_BYTES];
    memset(value, 1, sizeof value);
    watch();
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        char key[16];
        snprintf(key, sizeof key, "%u", chance_below(&seed, 30));
        uint64_t put = world_ask_put(&test->world, SPACE_VALUES, bytes_of_text(key),
                                     bytes_of(value, 1 + chance_below(&seed, VALUE_BYTES - 1)));
        world_expect(&test->world, put, STATUS_OK);
        status = world_append(&test->world, last, last + 1, 1 + chance_below(&seed, 300000));
        last += status == STATUS_OK ? 1 : 0;
    }
    assert_int_equal(status, STATUS_FULL);
    for (int round = 0; round < 20; round++) {
        uint64_t first = test->world.token + 1;
        for (uint64_t index = 0; index < SUITE_QUEUE_WRITES; index++) {
            world_ask_put(&test->world, SPACE_VALUES, bytes_of(&index, sizeof index),
                          bytes_of(value, 1 + chance_below(&seed, 5000)));
        }
        for (uint64_t index = 0; index < SUITE_QUEUE_WRITES; index++) {
            world_expect(&test->world, first + index, STATUS_OK);
        }
    }
    assert_true(last > 20);
    assert_int_equal(atomic_load(&faults), 0);
}

static void limit_file(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_disk_that_gets_room_again_is_used_again(void **state)
{
    struct disk_test *test = *state;
    struct suite_world *world = &test->world;
    wait_for_growth(test);
    limit_file((rlim_t)file_of(test).st_size + UINT64_C(3) * SUITE_CHUNK_BYTES);
    uint64_t last = 0;
    while (world_append(world, last, last + 1, SUITE_CHUNK_BYTES) == STATUS_OK) {
        last++;
        assert_true(last < SUITE_CHUNKS_MIN);
    }
    assert_true(last >= 3);
    for (int round = 0; round < 100; round++) {
        assert_int_equal(world_put(world, SPACE_VALUES, "cursor", "1"), STATUS_OK);
    }
    assert_int_equal(world_append(world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_FULL);
    world_reopen(world);
    assert_int_equal(world_append(world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_FULL);
    limit_file(RLIM_INFINITY);
    assert_int_equal(world_append(world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_OK);
    world_expect_last(world, last + 1);
}

/* The file may suddenly not be as long as it already is: LMDB's writes come back short. */
static void a_short_write_is_full(void **state)
{
    struct disk_test *test = *state;
    struct suite_world *world = &test->world;
    wait_for_growth(test);
    assert_int_equal(world_append(world, 0, 1, 100), STATUS_OK);
    limit_file((rlim_t)world_statistics(world).used_bytes + 100000);
    uint64_t append = world_ask_append(world, 1, 2, SUITE_CHUNK_BYTES);
    uint64_t follower = world_ask_append(world, 2, 3, 10);
    uint64_t put = world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    world_expect(world, append, STATUS_FULL);
    world_expect(world, follower, STATUS_FULL);
    world_expect(world, put, STATUS_OK);
    world_expect_last(world, 1);
    limit_file(RLIM_INFINITY);
    assert_int_equal(world_append(world, 1, 2, SUITE_CHUNK_BYTES), STATUS_OK);
    world_reopen(world);
    world_expect_last(world, 2);
    world_expect_value(world, SPACE_VALUES, "k", "v");
}

static int no_space_for_large(const struct disk_event *event)
{
    return event->call == DISK_WRITE && !event->is_zeros && event->length > 100000 ? ENOSPC : 0;
}

static void what_fits_passes_when_a_commit_runs_out_of_space(void **state)
{
    struct disk_test *test = *state;
    struct suite_world *world = &test->world;
    wait_for_growth(test);
    disk_shim_set(no_space_for_large);
    uint64_t tokens[6];
    tokens[0] = world_ask_put(world, SPACE_VALUES, bytes_of_text("a"), bytes_of_text("1"));
    tokens[1] = world_ask_append(world, 0, 1, 500);
    tokens[2] = world_ask_append(world, 1, 2, SUITE_CHUNK_BYTES);
    tokens[3] = world_ask_put(world, SPACE_VALUES, bytes_of_text("b"), bytes_of_text("2"));
    tokens[4] = world_ask_append(world, 2, 3, 500);
    tokens[5] = world_ask_append(world, 1, 2, 500);
    static const enum status expected[] = {STATUS_OK, STATUS_OK,   STATUS_FULL,
                                           STATUS_OK, STATUS_FULL, STATUS_OK};
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        world_expect(world, tokens[index], expected[index]);
    }
    disk_shim_set(NULL);
    world_expect_last(world, 2);
    world_expect_chunk(world, 2, 2, 2, 500);
    world_expect_value(world, SPACE_VALUES, "b", "2");
    assert_int_equal(world_append(world, 2, 3, SUITE_CHUNK_BYTES), STATUS_OK);
}

static int no_space_to_grow(const struct disk_event *event)
{
    return event->call == DISK_WRITE && event->is_zeros ? ENOSPC : 0;
}

static void no_space_to_grow_is_full(void **state)
{
    struct disk_test *test = *state;
    wait_for_growth(test);
    disk_shim_set(no_space_to_grow);
    uint64_t last = 0;
    while (world_append(&test->world, last, last + 1, SUITE_CHUNK_BYTES) == STATUS_OK) {
        last++;
        assert_true(last < SUITE_CHUNKS_MIN);
    }
    assert_int_equal(world_append(&test->world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_FULL);
    assert_int_equal(world_put(&test->world, SPACE_VALUES, "k", "v"), STATUS_OK);
    disk_shim_set(NULL);
    assert_int_equal(world_append(&test->world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_OK);
}

static sem_t commit_may_end;

static int hold_flush(const struct disk_event *event)
{
    if (event->call == DISK_FDATASYNC) {
        disk_shim_set(NULL);
        assert_int_equal(sem_wait(&commit_may_end), 0);
    }
    return 0;
}

static void what_waits_for_a_commit_goes_into_the_next(void **state)
{
    struct disk_test *test = *state;
    struct suite_world *world = &test->world;
    wait_for_growth(test);
    uint64_t commits = world_statistics(world).commits;
    assert_int_equal(sem_init(&commit_may_end, 0, 0), 0);
    disk_shim_set(hold_flush);
    for (uint64_t seq = 0; seq < SUITE_QUEUE_WRITES; seq++) {
        world_ask_append(world, seq, seq + 1, 5000);
    }
    world_expect_last(world, 0);
    assert_int_equal(sem_post(&commit_may_end), 0);
    for (uint64_t seq = 0; seq < SUITE_QUEUE_WRITES; seq++) {
        assert_int_equal(world_wait(world).status, STATUS_OK);
    }
    assert_in_range(world_statistics(world).commits - commits, 1, 2);
    assert_int_equal(sem_destroy(&commit_may_end), 0);
}

static int fail_data(const struct disk_event *event)
{
    return event->call == DISK_WRITE && event->offset >= META_BYTES ? EIO : 0;
}

static int fail_flush(const struct disk_event *event)
{
    return event->call == DISK_FDATASYNC ? EIO : 0;
}

static int fail_meta(const struct disk_event *event)
{
    return event->call == DISK_WRITE && event->offset < META_BYTES ? EIO : 0;
}

static int no_space_for_meta(const struct disk_event *event)
{
    return event->call == DISK_WRITE && event->offset < META_BYTES ? ENOSPC : 0;
}

struct illness_row {
    const char *name;
    disk_judge *judge;
};

static const struct illness_row illness_rows[] = {
    {"a data page that cannot be written is the end",          fail_data        },
    {"a flush that fails is the end",                          fail_flush       },
    {"a meta page that cannot be written is the end",          fail_meta        },
    {"a meta page for which there is no space is the end too", no_space_for_meta},
};

/* Nothing is acknowledged from the failure on; what was before is there after a restart. */
static void an_ill_disk_is_the_end(void **state)
{
    const struct illness_row *row = *state;
    void *context = NULL;
    set_up(&context);
    struct disk_test *test = context;
    struct suite_world *world = &test->world;
    wait_for_growth(test);
    assert_int_equal(world_append(world, 0, 1, 3000), STATUS_OK);
    disk_shim_set(row->judge);
    uint64_t append = world_ask_append(world, 1, 2, 3000);
    uint64_t put = world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    world_expect(world, append, STATUS_UNKNOWN);
    world_expect(world, put, STATUS_UNKNOWN);
    disk_shim_set(NULL);
    assert_int_equal(world_append(world, 1, 2, 3000), STATUS_UNKNOWN);
    assert_int_equal(world_append(world, 2, 3, 3000), STATUS_UNKNOWN);
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "v"), STATUS_UNKNOWN);
    world_reopen(world);
    world_expect_chunk(world, 1, 1, 1, 3000);
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    assert_in_range(tail.last, 1, 2);
    assert_int_equal(world_append(world, tail.last, tail.last + 1, 10), STATUS_OK);
    tear_down(&context);
}

/* A follower that does not take what was read for it must not keep old pages from coming back. */
static void a_stalled_follower_blocks_no_pages(void **state)
{
    struct disk_test *test = *state;
    struct suite_world *world = &test->world;
    static uint8_t value[VALUE_BYTES];
    struct blob *kept[SUITE_QUEUE_READS];
    assert_int_equal(world_append(world, 0, 1, 30000), STATUS_OK);
    for (size_t index = 0; index < SUITE_QUEUE_READS; index++) {
        world_ask_read(world, 1);
        kept[index] = world_wait(world).blob;
        assert_non_null(kept[index]);
    }
    uint64_t used = world_statistics(world).used_bytes;
    for (int round = 0; round < 500; round++) {
        memset(value, round, sizeof value);
        uint64_t put =
            world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of(value, sizeof value));
        world_expect(world, put, STATUS_OK);
    }
    assert_in_range(world_statistics(world).used_bytes, used, used + UINT64_C(16) * VALUE_BYTES);
    assert_int_equal(world_statistics(world).oldest_reader_ms, 0);
    for (size_t index = 0; index < SUITE_QUEUE_READS; index++) {
        blob_drop(kept[index]);
    }
}

/* What one that is held would do, and that it is seen: so that the test above can fail. */
static bool hold(void *context, struct bytes key, struct bytes value)
{
    struct suite_world *world = context;
    static uint8_t large[VALUE_BYTES];
    (void)key;
    (void)value;
    uint64_t used = world_statistics(world).used_bytes;
    for (int round = 0; round < 100; round++) {
        uint64_t put =
            world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of(large, sizeof large));
        world_expect(world, put, STATUS_OK);
    }
    assert_true(world_statistics(world).used_bytes > used + UINT64_C(90) * VALUE_BYTES);
    time_t end = time(NULL) + WAIT_SECONDS;
    while (world_statistics(world).oldest_reader_ms == 0) {
        assert_true(time(NULL) < end);
    }
    return false;
}

static void a_reader_that_is_held_is_seen(void **state)
{
    struct disk_test *test = *state;
    struct store *store = test->world.store;
    assert_int_equal(world_put(&test->world, SPACE_VALUES, "k", "v"), STATUS_OK);
    assert_int_equal(store->ops->list(store, SPACE_VALUES, bytes_of_text("k"), hold, &test->world),
                     STATUS_OK);
    assert_int_equal(world_statistics(&test->world).oldest_reader_ms, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_grows_ahead_while_nothing_is_asked),
        TEST(holes_are_filled),
        TEST(no_commit_makes_the_file_longer),
        TEST(a_disk_that_gets_room_again_is_used_again),
        TEST(a_short_write_is_full),
        TEST(what_fits_passes_when_a_commit_runs_out_of_space),
        TEST(no_space_to_grow_is_full),
        TEST(what_waits_for_a_commit_goes_into_the_next),
        TEST(a_stalled_follower_blocks_no_pages),
        TEST(a_reader_that_is_held_is_seen),
    };
    signal(SIGXFSZ, SIG_IGN);
    return CHECK_ROWS(illness_rows, an_ill_disk_is_the_end) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
