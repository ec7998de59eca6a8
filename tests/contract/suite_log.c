/* suite_log.c - the conditional append.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "tests/contract/suite_world.h"

static void is_empty_and_knows_itself(void **state)
{
    struct suite_world *world = *state;
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    assert_int_equal(tail.first, 1);
    assert_int_equal(tail.last, 0);
    assert_int_equal(tail.incarnation, 1);
    assert_memory_equal(tail.uuid, suite_uuid, sizeof suite_uuid);
    assert_memory_equal(tail.secret, suite_secret, sizeof suite_secret);
}

static void an_append_moves_the_tail(void **state)
{
    struct suite_world *world = *state;
    uint64_t token = world_ask_append(world, 0, 7, 300);
    struct store_done done = world_wait(world);
    assert_int_equal(done.operation, STORE_APPEND);
    assert_int_equal(done.token, token);
    assert_int_equal(done.status, STATUS_OK);
    assert_int_equal(done.first, 1);
    assert_int_equal(done.last, 7);
    assert_null(done.blob);
    world_expect_last(world, 7);
    assert_int_equal(world_append(world, 7, 8, 20), STATUS_OK);
    world_expect_last(world, 8);
}

static void another_tail_is_a_conflict(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 1, 2, 100), STATUS_CONFLICT);
    assert_int_equal(world_append(world, 0, 5, 100), STATUS_OK);
    assert_int_equal(world_append(world, 0, 5, 100), STATUS_CONFLICT);
    assert_int_equal(world_append(world, 4, 6, 100), STATUS_CONFLICT);
    assert_int_equal(world_append(world, 6, 7, 100), STATUS_CONFLICT);
    world_expect_last(world, 5);
    world_expect_chunk(world, 6, 0, 0, 0);
    world_expect_chunk(world, 5, 1, 5, 100);
}

static void appends_in_a_row_expect_each_other(void **state)
{
    struct suite_world *world = *state;
    uint64_t tokens[SUITE_QUEUE_WRITES];
    for (uint64_t index = 0; index < COUNT_OF(tokens); index++) {
        tokens[index] = world_ask_append(world, index * 3, index * 3 + 3, 500 + index);
    }
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        world_expect(world, tokens[index], STATUS_OK);
    }
    world_expect_last(world, 3 * COUNT_OF(tokens));
}

static void a_conflict_stops_its_followers(void **state)
{
    struct suite_world *world = *state;
    uint64_t first = world_ask_append(world, 0, 1, 100);
    uint64_t wrong = world_ask_append(world, 5, 6, 100);
    uint64_t after_wrong = world_ask_append(world, 6, 7, 100);
    uint64_t right = world_ask_append(world, 1, 2, 100);
    world_expect(world, first, STATUS_OK);
    world_expect(world, wrong, STATUS_CONFLICT);
    world_expect(world, after_wrong, STATUS_CONFLICT);
    world_expect(world, right, STATUS_OK);
    world_expect_last(world, 2);
}

static void the_same_append_twice_is_stored_once(void **state)
{
    struct suite_world *world = *state;
    uint64_t first = world_ask_append(world, 0, 4, 900);
    uint64_t again = world_ask_append(world, 0, 4, 900);
    world_expect(world, first, STATUS_OK);
    world_expect(world, again, STATUS_CONFLICT);
    world_expect_last(world, 4);
}

static void the_callers_chunk_may_go(void **state)
{
    struct suite_world *world = *state;
    struct blob *chunk = world_chunk(1, 4000);
    struct store *store = world->store;
    assert_int_equal(store->ops->append(store, 0, 1, chunk, 77), STATUS_OK);
    blob_drop(chunk);
    world_expect(world, 77, STATUS_OK);
    world_expect_chunk(world, 1, 1, 1, 4000);
}

static void numbers_need_all_their_bits(void **state)
{
    struct suite_world *world = *state;
    uint64_t last = UINT64_C(0x0102030405060708);
    assert_int_equal(world_append(world, 0, last, 64), STATUS_OK);
    assert_int_equal(world_append(world, last, last + 1, 65), STATUS_OK);
    world_expect_last(world, last + 1);
    world_expect_chunk(world, last, 1, last, 64);
    world_expect_chunk(world, last + 1, last + 1, last + 1, 65);
    world_reopen(world);
    world_expect_last(world, last + 1);
}

static void writes_complete_in_the_order_asked(void **state)
{
    struct suite_world *world = *state;
    uint64_t tokens[SUITE_QUEUE_WRITES];
    uint64_t last = 0;
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        char key[16];
        snprintf(key, sizeof key, "cursor/%zu", index % 5);
        if (index % 3 == 1) {
            tokens[index] = world_ask_append(world, last, last + index, 1000);
            last += index;
        } else {
            enum store_space space = index % 2 == 0 ? SPACE_VALUES : SPACE_CHECKPOINTS;
            tokens[index] =
                world_ask_put(world, space, bytes_of_text(key), bytes_of(&index, sizeof index));
        }
    }
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        world_expect(world, tokens[index], STATUS_OK);
    }
    world_expect_last(world, last);
}

static void commits_are_counted_and_grouped(void **state)
{
    struct suite_world *world = *state;
    uint64_t before = world_statistics(world).commits;
    for (uint64_t index = 0; index < SUITE_QUEUE_WRITES; index++) {
        world_ask_append(world, index, index + 1, 200);
    }
    for (uint64_t index = 0; index < SUITE_QUEUE_WRITES; index++) {
        assert_int_equal(world_wait(world).status, STATUS_OK);
    }
    uint64_t commits = world_statistics(world).commits - before;
    assert_in_range(commits, 1, SUITE_QUEUE_WRITES);
}

static const struct suite_check checks[] = {
    {"a new log is empty and knows who it is",            is_empty_and_knows_itself           },
    {"an append moves the tail",                          an_append_moves_the_tail            },
    {"an append that expects another tail is a conflict", another_tail_is_a_conflict          },
    {"appends in a row expect each other",                appends_in_a_row_expect_each_other  },
    {"a conflict stops those that counted on it",         a_conflict_stops_its_followers      },
    {"the same append twice is stored once",              the_same_append_twice_is_stored_once},
    {"the caller's chunk may go once it was asked",       the_callers_chunk_may_go            },
    {"sequences use all 64 bits",                         numbers_need_all_their_bits         },
    {"writes complete in the order asked",                writes_complete_in_the_order_asked  },
    {"commits are counted",                               commits_are_counted_and_grouped     },
};

const struct suite_checks suite_log_checks = {checks, COUNT_OF(checks)};
