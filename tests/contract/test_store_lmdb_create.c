/* test_store_lmdb_create.c - a new log is there whole, or not at all.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/contract/disk_shim.h"
#include "tests/contract/lmdb_place.h"

enum { CRASHED = 9, EVENTS_MAX = 200, CRASH_POINTS_MAX = 200 };

static int set_up(void **state)
{
    struct lmdb_place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    lmdb_place_make_empty(place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct lmdb_place *place = *state;
    disk_shim_set(NULL);
    lmdb_place_remove(place);
    free(place);
    return 0;
}

static enum status create(struct lmdb_place *place)
{
    return store_lmdb_create(&place->options, suite_uuid, suite_secret, &place->fault);
}

static bool exists(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

static void expect_new_log(struct lmdb_place *place, uint64_t incarnation)
{
    char fresh[PATH_MAX];
    struct store *store = lmdb_place_open(place);
    struct store_tail tail;
    store->ops->tail(store, &tail);
    assert_int_equal(tail.first, 1);
    assert_int_equal(tail.last, 0);
    assert_int_equal(tail.incarnation, incarnation);
    assert_memory_equal(tail.uuid, suite_uuid, sizeof suite_uuid);
    assert_memory_equal(tail.secret, suite_secret, sizeof suite_secret);
    store->ops->close(store);
    snprintf(fresh, sizeof fresh, "%s.new", place->log);
    assert_false(exists(fresh));
}

static void a_new_log_can_be_opened(void **state)
{
    struct lmdb_place *place = *state;
    struct stat about;
    place->options.incarnation = 3;
    assert_int_equal(create(place), STATUS_OK);
    assert_int_equal(stat(place->log, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    expect_new_log(place, 3);
}

static void an_existing_one_is_left_alone(void **state)
{
    struct lmdb_place *place = *state;
    assert_int_equal(create(place), STATUS_OK);
    uint8_t other[32] = {1};
    assert_int_equal(store_lmdb_create(&place->options, other, other, &place->fault), STATUS_BUSY);
    assert_non_null(strstr(place->fault.text, "exists"));
    expect_new_log(place, 1);
}

static void even_an_empty_directory_is_left_alone(void **state)
{
    struct lmdb_place *place = *state;
    assert_int_equal(mkdir(place->log, 0700), 0);
    assert_int_equal(create(place), STATUS_BUSY);
    assert_int_equal(rmdir(place->log), 0);
}

static void a_parent_is_needed(void **state)
{
    struct lmdb_place *place = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/none/log", place->root);
    place->options.directory = path;
    assert_int_equal(create(place), STATUS_NOT_FOUND);
    place->options.directory = "";
    assert_int_equal(create(place), STATUS_INVALID);
    snprintf(path, sizeof path, "%s/", place->root);
    assert_int_equal(create(place), STATUS_INVALID);
}

/* What was called, with the inode behind the descriptor. */
static struct {
    enum disk_call call;
    ino_t inode;
} events[EVENTS_MAX];
static size_t event_count;

static int record(const struct disk_event *event)
{
    struct stat about = {0};
    assert_true(event_count < EVENTS_MAX);
    assert_true(event->fd < 0 || fstat(event->fd, &about) == 0);
    events[event_count].call = event->call;
    events[event_count++].inode = about.st_ino;
    return 0;
}

static void file_directory_name_parent_are_flushed_in_this_order(void **state)
{
    struct lmdb_place *place = *state;
    char path[PATH_MAX];
    struct stat file, directory, parent;
    event_count = 0;
    disk_shim_set(record);
    assert_int_equal(create(place), STATUS_OK);
    disk_shim_set(NULL);
    assert_int_equal(stat(lmdb_place_path(place, "data.mdb", path), &file), 0);
    assert_int_equal(stat(place->log, &directory), 0);
    assert_int_equal(stat(place->root, &parent), 0);
    assert_true(event_count > 4);
    const size_t end = event_count - 4;
    assert_true(events[end].call == DISK_FSYNC && events[end].inode == file.st_ino);
    assert_true(events[end + 1].call == DISK_FSYNC && events[end + 1].inode == directory.st_ino);
    assert_true(events[end + 2].call == DISK_RENAME);
    assert_true(events[end + 3].call == DISK_FSYNC && events[end + 3].inode == parent.st_ino);
}

static size_t calls_left;

static int crash_in_time(const struct disk_event *event)
{
    (void)event;
    if (calls_left == 0) {
        _exit(CRASHED);
    }
    calls_left--;
    return 0;
}

/* Creates in a child that dies before its call number `point`; whether it got to the end. */
static bool create_and_crash(struct lmdb_place *place, size_t point)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        calls_left = point;
        disk_shim_set(crash_in_time);
        _exit(create(place) == STATUS_OK ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && (WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == CRASHED));
    return WEXITSTATUS(how) == 0;
}

static void a_crash_at_any_call_leaves_all_or_nothing(void **state)
{
    struct lmdb_place *place = *state;
    size_t absent = 0, whole = 0;
    bool is_done = false;
    for (size_t point = 0; !is_done; point++) {
        assert_true(point < CRASH_POINTS_MAX);
        is_done = create_and_crash(place, point);
        if (exists(place->log)) {
            whole++;
        } else {
            absent++;
            assert_int_equal(create(place), STATUS_OK);
        }
        expect_new_log(place, 1);
        lmdb_place_remove(place);
        assert_int_equal(mkdir(place->root, 0700), 0);
    }
    assert_true(absent >= 10 && whole >= 2);
}

static int fail_rename(const struct disk_event *event)
{
    return event->call == DISK_RENAME ? EIO : 0;
}

static const char *appearing;

/* Somebody else makes it at the last moment. */
static int appear(const struct disk_event *event)
{
    assert_true(event->call != DISK_RENAME || mkdir(appearing, 0700) == 0);
    return 0;
}

static void one_that_appears_meanwhile_is_left_alone(void **state)
{
    struct lmdb_place *place = *state;
    appearing = place->log;
    disk_shim_set(appear);
    assert_int_equal(create(place), STATUS_BUSY);
    assert_int_equal(rmdir(place->log), 0);
}

static int fail_writes(const struct disk_event *event)
{
    return event->call == DISK_WRITE && event->is_zeros ? ENOSPC : 0;
}

static void a_failed_creation_leaves_nothing(void **state)
{
    struct lmdb_place *place = *state;
    disk_shim_set(fail_rename);
    assert_int_equal(create(place), STATUS_IO);
    assert_true(strlen(place->fault.text) > 0);
    disk_shim_set(fail_writes);
    assert_int_equal(create(place), STATUS_FULL);
    disk_shim_set(NULL);
    assert_int_equal(rmdir(place->root), 0);
    assert_int_equal(mkdir(place->root, 0700), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_log_can_be_opened),
        TEST(an_existing_one_is_left_alone),
        TEST(even_an_empty_directory_is_left_alone),
        TEST(one_that_appears_meanwhile_is_left_alone),
        TEST(a_parent_is_needed),
        TEST(file_directory_name_parent_are_flushed_in_this_order),
        TEST(a_crash_at_any_call_leaves_all_or_nothing),
        TEST(a_failed_creation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
