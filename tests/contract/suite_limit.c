/* suite_limit.c - queues and disks have an end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "tests/contract/suite_world.h"

static void a_full_queue_of_writes_is_busy(void **state)
{
    struct suite_world *world = *state;
    struct store *store = world->store;
    for (uint64_t index = 0; index < SUITE_QUEUE_WRITES; index++) {
        world_ask_append(world, index, index + 1, 100);
    }
    struct blob *chunk = world_chunk(1, 100);
    uint64_t next = SUITE_QUEUE_WRITES;
    assert_int_equal(store->ops->append(store, next, next + 1, chunk, 0), STATUS_BUSY);
    assert_int_equal(
        store->ops->put(store, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"), 0),
        STATUS_BUSY);
    assert_int_equal(world_wait(world).status, STATUS_OK);
    uint64_t token = world_ask_append(world, next, next + 1, 100);
    for (uint64_t index = 1; index < SUITE_QUEUE_WRITES; index++) {
        assert_int_equal(world_wait(world).status, STATUS_OK);
    }
    world_expect(world, token, STATUS_OK);
    blob_drop(chunk);
}

static void a_full_queue_of_reads_is_busy(void **state)
{
    struct suite_world *world = *state;
    struct store *store = world->store;
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        world_ask_read(world, 1);
    }
    assert_int_equal(store->ops->read(store, 1, 0), STATUS_BUSY);
    assert_int_equal(store->ops->get(store, SPACE_VALUES, bytes_of_text("k"), 0), STATUS_BUSY);
    assert_int_equal(world_wait(world).status, STATUS_NOT_FOUND);
    world_ask_get(world, SPACE_VALUES, bytes_of_text("k"));
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        assert_int_equal(world_wait(world).status, STATUS_NOT_FOUND);
    }
}

static void writes_do_not_wait_for_reads(void **state)
{
    struct suite_world *world = *state;
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        world_ask_read(world, 1);
    }
    uint64_t token = world_ask_append(world, 0, 1, 100);
    bool is_written = false;
    for (uint64_t index = 0; index <= SUITE_QUEUE_READS; index++) {
        struct store_done done = world_wait(world);
        is_written = is_written || (done.token == token && done.status == STATUS_OK);
        blob_drop(done.blob);
    }
    assert_true(is_written);
}

static void a_full_store_takes_no_chunk(void **state)
{
    struct suite_world *world = *state;
    uint64_t last = world_fill(world);
    world_expect_last(world, last);
    world_expect_chunk(world, last + 1, 0, 0, 0);
    assert_int_equal(world_append(world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_FULL);
    assert_true(world_statistics(world).room_bytes < SUITE_CHUNK_BYTES);
    for (uint64_t seq = 1; seq <= last; seq++) {
        world_expect_chunk(world, seq, seq, seq, SUITE_CHUNK_BYTES);
    }
}

static void a_full_store_keeps_values(void **state)
{
    struct suite_world *world = *state;
    uint64_t last = world_fill(world);
    char text[32];
    for (int round = 0; round < 300; round++) {
        snprintf(text, sizeof text, "%d", round);
        assert_int_equal(world_put(world, SPACE_VALUES, "cursor", text), STATUS_OK);
    }
    world_expect_value(world, SPACE_VALUES, "cursor", "299");
    assert_int_equal(world_put(world, SPACE_VALUES, "cursor", ""), STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "cursor", NULL);
    world_reopen(world);
    world_expect_last(world, last);
    assert_int_equal(world_append(world, last, last + 1, SUITE_CHUNK_BYTES), STATUS_FULL);
}

static void what_followed_a_refused_chunk_is_full_too(void **state)
{
    struct suite_world *world = *state;
    uint64_t last = world_fill(world);
    uint64_t first = world_ask_append(world, last, last + 2, SUITE_CHUNK_BYTES);
    uint64_t second = world_ask_append(world, last + 2, last + 3, SUITE_CHUNK_BYTES);
    uint64_t value = world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    uint64_t wrong = world_ask_append(world, last + 7, last + 8, SUITE_CHUNK_BYTES);
    uint64_t third = world_ask_append(world, last + 3, last + 4, SUITE_CHUNK_BYTES);
    world_expect(world, first, STATUS_FULL);
    world_expect(world, second, STATUS_FULL);
    world_expect(world, value, STATUS_OK);
    world_expect(world, wrong, STATUS_CONFLICT);
    world_expect(world, third, STATUS_FULL);
    world_expect_last(world, last);
}

/* Takes a page, as a removal may. */
enum { SMALL_CHUNK_BYTES = 4000 };

static void checkpoints_leave_the_reserve_alone(void **state)
{
    struct suite_world *world = *state;
    static uint8_t large[STORE_VALUE_BYTES_MAX];
    memset(large, 1, sizeof large);
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "part", "small"), STATUS_OK);
    uint64_t last = world_fill(world);
    while (world_append(world, last, last + 1, SMALL_CHUNK_BYTES) == STATUS_OK) {
        last++;
    }
    uint64_t token = world_ask_put(world, SPACE_CHECKPOINTS, bytes_of_text("part"),
                                   bytes_of(large, sizeof large));
    world_expect(world, token, STATUS_FULL);
    world_expect_value(world, SPACE_CHECKPOINTS, "part", "small");
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "part", ""), STATUS_OK);
    world_expect_value(world, SPACE_CHECKPOINTS, "part", NULL);
}

static void room_gets_less_with_every_chunk(void **state)
{
    struct suite_world *world = *state;
    uint64_t before = world_statistics(world).room_bytes;
    uint64_t used = world_statistics(world).used_bytes;
    assert_int_equal(world_append(world, 0, 1, SUITE_CHUNK_BYTES), STATUS_OK);
    assert_true(world_statistics(world).room_bytes < before);
    assert_true(world_statistics(world).used_bytes >= used + SUITE_CHUNK_BYTES);
}

static void the_room_told_is_there(void **state)
{
    struct suite_world *world = *state;
    uint64_t room = world_statistics(world).room_bytes;
    /* The sizes that fill pages worst: just too long to share one, and one byte over. */
    static const size_t lengths[] = {2050, SUITE_CHUNK_BYTES + 1};
    uint64_t last = 0;
    for (size_t length = lengths[0]; room >= length; length = lengths[last % 2]) {
        assert_int_equal(world_append(world, last, last + 1, length), STATUS_OK);
        room -= length;
        last++;
    }
    assert_true(last > 1);
}

static const struct suite_check checks[] = {
    {"a full queue of writes is busy",               a_full_queue_of_writes_is_busy           },
    {"a full queue of reads is busy",                a_full_queue_of_reads_is_busy            },
    {"writes do not wait for a full queue of reads", writes_do_not_wait_for_reads             },
    {"a full store takes no chunk and still reads",  a_full_store_takes_no_chunk              },
    {"a full store keeps values",                    a_full_store_keeps_values                },
    {"what counted on a refused chunk is full too",  what_followed_a_refused_chunk_is_full_too},
    {"checkpoints leave the reserve alone",          checkpoints_leave_the_reserve_alone      },
    {"room gets less with every chunk",              room_gets_less_with_every_chunk          },
    {"the room told is there",                       the_room_told_is_there                   },
};

const struct suite_checks suite_limit_checks = {checks, COUNT_OF(checks)};
