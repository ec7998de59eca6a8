/* store_full_disk.c - the embedded store on a disk that is really full; started by full_disk.sh.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/contract/lmdb_place.h"

enum { BALLAST_BYTES = 8 * 1024 * 1024, DISK_BYTES_MAX = 256 * 1024 * 1024 };

/* Writes zeros to a file until it has `most` bytes or the disk is full. */
static void fill_file(const char *path, size_t most)
{
    static const uint8_t zeros[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    ssize_t written = 1;
    for (size_t total = 0; written > 0 && total < most; total += (size_t)written) {
        written = write(fd, zeros, sizeof zeros);
    }
    assert_true(written > 0 || errno == ENOSPC);
    close(fd);
}

static uint64_t free_bytes(const struct lmdb_place *place)
{
    struct statvfs disk;
    assert_int_equal(statvfs(place->root, &disk), 0);
    return (uint64_t)disk.f_bavail * disk.f_frsize;
}

static uint64_t append_until_full(struct suite_world *world, uint64_t last)
{
    uint64_t seed = last + 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = world_append(world, last, last + 1, 100 + chance_below(&seed, 200000));
        last += status == STATUS_OK ? 1 : 0;
        assert_true(last < 10000);
    }
    assert_int_equal(status, STATUS_FULL);
    return last;
}

static void put_cursors(struct suite_world *world)
{
    char key[32];
    for (int round = 0; round < 500; round++) {
        snprintf(key, sizeof key, "cursor %d", round % 50);
        assert_int_equal(world_put(world, SPACE_VALUES, key, key), STATUS_OK);
    }
}

static void a_full_disk_refuses_chunks_and_keeps_cursors(void **state)
{
    (void)state;
    struct lmdb_place place;
    struct suite_world world;
    char ballast[PATH_MAX], rest[PATH_MAX];
    lmdb_place_make_empty(&place);
    assert_true(free_bytes(&place) < DISK_BYTES_MAX);
    place.options.map_bytes = (uint64_t)1 << 30;
    snprintf(ballast, sizeof ballast, "%s/ballast", place.root);
    snprintf(rest, sizeof rest, "%s/rest", place.root);
    fill_file(ballast, BALLAST_BYTES);
    assert_int_equal(store_lmdb_create(&place.options, suite_uuid, suite_secret, &place.fault),
                     STATUS_OK);
    lmdb_world_open(&world, &place);

    uint64_t last = append_until_full(&world, 0);
    put_cursors(&world);
    fill_file(rest, SIZE_MAX);
    assert_true(free_bytes(&place) < 4096);
    put_cursors(&world);
    assert_int_equal(world_append(&world, last, last + 1, STORE_CHUNK_BYTES_MAX), STATUS_FULL);
    world_reopen(&world);
    world_expect_last(&world, last);
    put_cursors(&world);

    assert_int_equal(unlink(ballast), 0);
    uint64_t more = append_until_full(&world, last);
    assert_true(more > last);
    put_cursors(&world);
    for (uint64_t seq = 1; seq <= more; seq++) {
        world_ask_read(&world, seq);
        struct store_done done = world_wait(&world);
        assert_int_equal(done.status, STATUS_OK);
        struct blob *expected = world_chunk(seq, blob_bytes(done.blob).length);
        assert_bytes_equal(blob_bytes(done.blob), blob_bytes(expected));
        blob_drop(expected);
        blob_drop(done.blob);
    }
    print_message("%llu chunks, then full; %llu more after 8 MiB were freed\n",
                  (unsigned long long)last, (unsigned long long)(more - last));
    lmdb_world_close(&world);
    lmdb_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_refuses_chunks_and_keeps_cursors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
