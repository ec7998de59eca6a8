/* test_store_fake.c - the simulator's store keeps the contract, and fails as told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/store_suite.h"
#include "tests/sim/store_fake.h"

enum { CAPACITY_BYTES = 24 * 1024 * 1024 };

static void *make_disk(void)
{
    return fake_disk_new(suite_uuid, suite_secret, CAPACITY_BYTES);
}

static struct store *open_disk(void *place)
{
    return store_fake_open(place, SUITE_QUEUE_WRITES, SUITE_QUEUE_READS);
}

static void settle(struct store *store)
{
    store_fake_commit(store, STORE_FAKE_ALL);
    store_fake_serve(store, STORE_FAKE_ALL);
}

static void remove_disk(void *place)
{
    fake_disk_free(place);
}

static const struct suite_engine engine = {
    .name = "store_fake",
    .make = make_disk,
    .open = open_disk,
    .settle = settle,
    .remove = remove_disk,
};

static void crash(struct suite_world *world, uint32_t kept)
{
    store_fake_crash(world->store, kept);
    world->store = open_disk(world->place);
}

static void nothing_is_done_until_told(void **state)
{
    struct suite_world *world = *state;
    struct store_done done;
    uint64_t token = world_ask_append(world, 0, 1, 10);
    uint64_t second = world_ask_append(world, 1, 2, 10);
    assert_false(world->store->ops->poll(world->store, &done));
    world_expect_last(world, 0);
    assert_int_equal(store_fake_writes_waiting(world->store), 2);
    assert_int_equal(store_fake_commit(world->store, 1), 1);
    world_expect_last(world, 1);
    world_expect(world, token, STATUS_OK);
    assert_false(world->store->ops->poll(world->store, &done));
    world_expect(world, second, STATUS_OK);
}

static void a_crash_loses_what_was_not_flushed(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_OK);
    world_ask_append(world, 1, 2, 10);
    world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    crash(world, 0);
    world_expect_last(world, 1);
    world_expect_value(world, SPACE_VALUES, "k", NULL);
}

static void a_crash_may_keep_what_was_in_flight(void **state)
{
    struct suite_world *world = *state;
    world_ask_append(world, 0, 1, 10);
    world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    world_ask_append(world, 1, 2, 10);
    crash(world, 2);
    world_expect_last(world, 1);
    world_expect_value(world, SPACE_VALUES, "k", "v");
}

static void a_full_disk_gets_room_again(void **state)
{
    struct suite_world *world = *state;
    fake_disk_set_room(world->place, FAKE_ROOM_RESERVE);
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_FULL);
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "k", "v"), STATUS_FULL);
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "v"), STATUS_OK);
    fake_disk_set_room(world->place, FAKE_ROOM_NONE);
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "w"), STATUS_FULL);
    world_expect_value(world, SPACE_VALUES, "k", "v");
    fake_disk_set_room(world->place, FAKE_ROOM_ENOUGH);
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_OK);
}

static void a_slow_disk_does_nothing(void **state)
{
    struct suite_world *world = *state;
    uint64_t token = world_ask_append(world, 0, 1, 10);
    store_fake_set_slow(world->store, true);
    assert_int_equal(store_fake_commit(world->store, STORE_FAKE_ALL), 0);
    store_fake_set_slow(world->store, false);
    world_expect(world, token, STATUS_OK);
}

static void reads_are_refused_as_often_as_told(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_OK);
    store_fake_refuse_reads(world->store, 1);
    world_expect(world, world_ask_read(world, 1), STATUS_BUSY);
    world_expect_chunk(world, 1, 1, 1, 10);
}

static void a_corrupt_chunk_comes_as_it_is(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 3, 100), STATUS_OK);
    fake_disk_corrupt(world->place, 2, 50);
    world_ask_read(world, 2);
    struct store_done done = world_wait(world);
    struct blob *expected = world_chunk(1, 100);
    assert_int_equal(done.status, STATUS_OK);
    assert_false(bytes_are_equal(blob_bytes(done.blob), blob_bytes(expected)));
    assert_memory_equal(blob_bytes(done.blob).data, blob_bytes(expected).data, 50);
    blob_drop(expected);
    blob_drop(done.blob);
}

static void a_failed_commit_is_the_last(void **state)
{
    struct suite_world *world = *state;
    store_fake_fail_commit(world->store, true);
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_UNKNOWN);
    assert_int_equal(world_append(world, 1, 2, 10), STATUS_UNKNOWN);
    crash(world, 0);
    world_expect_last(world, 1);
    store_fake_fail_commit(world->store, false);
    assert_int_equal(world_append(world, 1, 2, 10), STATUS_UNKNOWN);
    crash(world, 0);
    world_expect_last(world, 1);
}

static void a_restore_goes_back_and_says_so(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 3, 10), STATUS_OK);
    assert_int_equal(world_append(world, 3, 5, 10), STATUS_OK);
    crash(world, 0);
    fake_disk_restore(world->place, 3);
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    assert_int_equal(tail.last, 3);
    assert_int_equal(tail.incarnation, 2);
    world_expect_chunk(world, 4, 0, 0, 0);
    assert_int_equal(world_append(world, 3, 4, 10), STATUS_OK);
}

#define FAULT(function)                                                                            \
    {                                                                                              \
#function, function, world_set_up, world_tear_down, (void *)(uintptr_t)&engine             \
    }

int main(void)
{
    const struct CMUnitTest faults[] = {
        FAULT(nothing_is_done_until_told),
        FAULT(a_crash_loses_what_was_not_flushed),
        FAULT(a_crash_may_keep_what_was_in_flight),
        FAULT(a_full_disk_gets_room_again),
        FAULT(a_slow_disk_does_nothing),
        FAULT(reads_are_refused_as_often_as_told),
        FAULT(a_corrupt_chunk_comes_as_it_is),
        FAULT(a_failed_commit_is_the_last),
        FAULT(a_restore_goes_back_and_says_so),
    };
    return store_suite_run(&engine) + cmocka_run_group_tests(faults, NULL, NULL);
}
