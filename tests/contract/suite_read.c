/* suite_read.c - chunks come back as they were, by any sequence that they hold.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/suite_world.h"

static void nothing_is_in_an_empty_log(void **state)
{
    struct suite_world *world = *state;
    world_expect_chunk(world, 0, 0, 0, 0);
    world_expect_chunk(world, 1, 0, 0, 0);
    world_expect_chunk(world, UINT64_MAX, 0, 0, 0);
}

static void a_chunk_is_found_by_any_sequence(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 10, 5000), STATUS_OK);
    assert_int_equal(world_append(world, 10, 11, 50), STATUS_OK);
    assert_int_equal(world_append(world, 11, 300, 100000), STATUS_OK);
    static const uint64_t inside[][4] = {
        {1,   1,  10,  5000  },
        {5,   1,  10,  5000  },
        {10,  1,  10,  5000  },
        {11,  11, 11,  50    },
        {12,  12, 300, 100000},
        {150, 12, 300, 100000},
        {300, 12, 300, 100000},
    };
    for (size_t row = 0; row < COUNT_OF(inside); row++) {
        world_expect_chunk(world, inside[row][0], inside[row][1], inside[row][2], inside[row][3]);
    }
}

static void nothing_is_beyond_the_edges(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 3, 200), STATUS_OK);
    world_expect_chunk(world, 0, 0, 0, 0);
    world_expect_chunk(world, 4, 0, 0, 0);
    world_expect_chunk(world, UINT64_MAX, 0, 0, 0);
    world_expect_chunk(world, 3, 1, 3, 200);
}

static void chunks_of_every_size_come_back(void **state)
{
    struct suite_world *world = *state;
    static const size_t sizes[] = {1,    2,    111,  2000, 2035, 2036,  2037,  2038,
                                   4079, 4080, 4081, 4096, 8175, 65536, 300001};
    for (uint64_t index = 0; index < COUNT_OF(sizes); index++) {
        assert_int_equal(world_append(world, index, index + 1, sizes[index]), STATUS_OK);
    }
    for (uint64_t index = 0; index < COUNT_OF(sizes); index++) {
        world_expect_chunk(world, index + 1, index + 1, index + 1, sizes[index]);
    }
}

static void the_largest_chunk_comes_back(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, STORE_CHUNK_BYTES_MAX), STATUS_OK);
    world_expect_chunk(world, 1, 1, 1, STORE_CHUNK_BYTES_MAX);
}

static void every_read_is_answered_with_its_token(void **state)
{
    struct suite_world *world = *state;
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        assert_int_equal(world_append(world, index, index + 1, 3000 + index), STATUS_OK);
    }
    uint64_t first_token = world->token + 1;
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        world_ask_read(world, index + 1);
    }
    bool is_answered[SUITE_QUEUE_READS] = {false};
    for (uint64_t index = 0; index < SUITE_QUEUE_READS; index++) {
        struct store_done done = world_wait(world);
        uint64_t asked = done.token - first_token;
        assert_int_equal(done.status, STATUS_OK);
        assert_true(asked < SUITE_QUEUE_READS && !is_answered[asked]);
        is_answered[asked] = true;
        assert_int_equal(done.first, asked + 1);
        assert_int_equal(blob_bytes(done.blob).length, 3000 + asked);
        blob_drop(done.blob);
    }
}

static void reads_and_writes_pass_each_other(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, 1000), STATUS_OK);
    uint64_t read = world_ask_read(world, 1);
    uint64_t append = world_ask_append(world, 1, 2, 1000);
    bool has_read = false, has_appended = false;
    for (int index = 0; index < 2; index++) {
        struct store_done done = world_wait(world);
        assert_int_equal(done.status, STATUS_OK);
        has_read = has_read || done.token == read;
        has_appended = has_appended || done.token == append;
        blob_drop(done.blob);
    }
    assert_true(has_read && has_appended);
}

static void chunk_reads_are_counted(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, 1000), STATUS_OK);
    uint64_t before = world_statistics(world).chunk_reads;
    world_expect_chunk(world, 1, 1, 1, 1000);
    world_expect_chunk(world, 1, 1, 1, 1000);
    world_expect_chunk(world, 2, 0, 0, 0);
    assert_int_equal(world_statistics(world).chunk_reads, before + 2);
}

static void what_was_read_outlives_the_store(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 1, 9000), STATUS_OK);
    world_ask_read(world, 1);
    struct store_done done = world_wait(world);
    world_reopen(world);
    struct blob *expected = world_chunk(1, 9000);
    assert_bytes_equal(blob_bytes(done.blob), blob_bytes(expected));
    blob_drop(expected);
    blob_drop(done.blob);
}

static const struct suite_check checks[] = {
    {"nothing is in an empty log",             nothing_is_in_an_empty_log           },
    {"a chunk is found by any of its numbers", a_chunk_is_found_by_any_sequence     },
    {"nothing is beyond the edges",            nothing_is_beyond_the_edges          },
    {"chunks of every size come back",         chunks_of_every_size_come_back       },
    {"the largest chunk comes back",           the_largest_chunk_comes_back         },
    {"every read is answered with its token",  every_read_is_answered_with_its_token},
    {"reads and writes pass each other",       reads_and_writes_pass_each_other     },
    {"chunk reads are counted",                chunk_reads_are_counted              },
    {"what was read outlives the store",       what_was_read_outlives_the_store     },
};

const struct suite_checks suite_read_checks = {checks, COUNT_OF(checks)};
