/* test_store_lmdb_kill.c - a process killed at any moment loses nothing that it was told is stored.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The parent starts itself as a writer (test_store_lmdb_kill LOG), which reports each sequence that
 * was acknowledged; kills it after a random time; opens the log, and walks it.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/contract/lmdb_place.h"

enum {
    KILLS = 50,
    UNDER_WAY = 8,
    APPENDS_MAX = 400, /* of one writer's life */
    DELAY_US_MAX = 20000,
    FIRST_WAIT_MS = 30000,
    MAP_BYTES = 256 * 1024 * 1024,
    HEADROOM_BYTES = 1024 * 1024
};

/* Chunks whose last and length follow from their first: nobody has to be told what was written. */
static uint64_t last_of(uint64_t first)
{
    return first + first * 7919 % 5;
}

static size_t length_of(uint64_t first)
{
    return 100 + (size_t)(first * 104729 % 3000);
}

static void set_options(struct store_lmdb_options *options, const char *log)
{
    store_lmdb_options_default(options, log);
    options->map_bytes = MAP_BYTES;
    options->headroom_bytes = HEADROOM_BYTES;
    options->grow_bytes = HEADROOM_BYTES / 2;
    options->allow_any_filesystem = true;
}

/* The writer's life. Its world is ended by SIGKILL, at the latest after APPENDS_MAX. */
static int write_until_killed(const char *log)
{
    struct lmdb_place place = {.log = ""};
    struct suite_world world;
    struct store_tail tail;
    set_options(&place.options, log);
    lmdb_world_open(&world, &place);
    world.store->ops->tail(world.store, &tail);
    uint64_t asked = tail.last;
    for (int done = 0, sent = 0; done < APPENDS_MAX; done++) {
        for (; sent < APPENDS_MAX && sent < done + UNDER_WAY; sent++) {
            world_ask_append(&world, asked, last_of(asked + 1), length_of(asked + 1));
            asked = last_of(asked + 1);
            char text[32];
            snprintf(text, sizeof text, "%llu", (unsigned long long)asked);
            world_ask_put(&world, SPACE_VALUES, bytes_of_text("reached"), bytes_of_text(text));
        }
        struct store_done append = world_wait(&world), put = world_wait(&world);
        if (append.status != STATUS_OK || put.status != STATUS_OK ||
            write(STDOUT_FILENO, &append.last, sizeof append.last) != sizeof append.last) {
            return 1;
        }
    }
    pause();
    return 0;
}

static pid_t start_writer(const char *log, int *output)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    char name[] = "test_store_lmdb_kill";
    char *const arguments[] = {name, (char *)(uintptr_t)log, NULL};
    pid_t child = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *output = ends[0];
    return child;
}

/* Lets the writer live until its first answer and then for `delay_us`, kills it, and gives the last
 * sequence that it was told is stored. */
static uint64_t run_and_kill(const char *log, uint32_t delay_us)
{
    int output = -1;
    uint64_t acknowledged = 0, next = 0;
    pid_t child = start_writer(log, &output);
    struct pollfd wait = {.fd = output, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, FIRST_WAIT_MS), 1);
    struct timespec delay = {.tv_nsec = (long)delay_us * 1000};
    nanosleep(&delay, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    while (read(output, &next, sizeof next) == sizeof next) {
        assert_true(next > acknowledged);
        acknowledged = next;
    }
    close(output);
    assert_true(acknowledged > 0);
    return acknowledged;
}

/* The sequence that the last value names. */
static uint64_t reached(struct suite_world *world)
{
    world_ask_get(world, SPACE_VALUES, bytes_of_text("reached"));
    struct store_done done = world_wait(world);
    assert_int_equal(done.status, STATUS_OK);
    struct bytes value = blob_bytes(done.blob);
    uint64_t seq = 0;
    for (size_t index = 0; index < value.length; index++) {
        seq = seq * 10 + (uint64_t)(value.data[index] - '0');
    }
    blob_drop(done.blob);
    return seq;
}

/* Every chunk after `from`, byte for byte and without a gap; the end of the log. */
static uint64_t walk(struct suite_world *world, uint64_t from)
{
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    uint64_t first = from + 1, before = from;
    while (first <= tail.last) {
        world_expect_chunk(world, first, first, last_of(first), length_of(first));
        before = first - 1;
        first = last_of(first) + 1;
    }
    assert_int_equal(first, tail.last + 1);
    /* A value is asked for after its chunk, so that it may be one behind, never ahead. */
    uint64_t named = reached(world);
    assert_true(named == tail.last || named == before);
    return tail.last;
}

static void a_kill_loses_nothing_acknowledged(void **state)
{
    (void)state;
    struct lmdb_place place;
    struct suite_world world;
    lmdb_place_make_empty(&place);
    set_options(&place.options, place.log);
    assert_int_equal(store_lmdb_create(&place.options, suite_uuid, suite_secret, &place.fault),
                     STATUS_OK);
    uint64_t seed = 19, last = 0, unheard = 0;
    for (int round = 0; round < KILLS; round++) {
        uint64_t acknowledged = run_and_kill(place.log, chance_below(&seed, DELAY_US_MAX));
        lmdb_world_open(&world, &place);
        last = walk(&world, last);
        assert_true(last >= acknowledged && reached(&world) >= acknowledged);
        unheard += last > acknowledged ? 1 : 0;
        lmdb_world_close(&world);
    }
    lmdb_world_open(&world, &place);
    assert_int_equal(walk(&world, 0), last);
    lmdb_world_close(&world);
    print_message("%d kills, %llu sequences, %llu times more was stored than heard of\n", KILLS,
                  (unsigned long long)last, (unsigned long long)unheard);
    lmdb_place_remove(&place);
}

int main(int count, char **arguments)
{
    if (count == 2) {
        return write_until_killed(arguments[1]);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_kill_loses_nothing_acknowledged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
