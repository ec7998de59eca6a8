/* suite_world.c - opens, asks, waits and compares.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/suite_world.h"

const uint8_t suite_uuid[16] = {0x4b, 0x54, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
const uint8_t suite_secret[32] = {0xff, 0, 0xee, 1, 0xdd, 2, [31] = 0x80};

int world_set_up(void **state)
{
    struct suite_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->engine = *state;
    world->place = world->engine->make();
    world->store = world->engine->open(world->place);
    *state = world;
    return 0;
}

int world_tear_down(void **state)
{
    struct suite_world *world = *state;
    world->store->ops->close(world->store);
    world->engine->remove(world->place);
    free(world);
    return 0;
}

void world_reopen(struct suite_world *world)
{
    world->store->ops->close(world->store);
    world->store = world->engine->open(world->place);
}

struct blob *world_chunk(uint64_t first, size_t length)
{
    struct blob *blob = blob_new_empty(length);
    assert_non_null(blob);
    uint64_t seed = first * 2654435761 + 1;
    for (size_t index = 0; index < length; index++) {
        blob_room(blob)[index] = (uint8_t)(chance_next(&seed) >> 56);
    }
    return blob;
}

uint64_t world_ask_append(struct suite_world *world, uint64_t expect, uint64_t last, size_t length)
{
    struct blob *chunk = world_chunk(expect + 1, length);
    struct store *store = world->store;
    assert_int_equal(store->ops->append(store, expect, last, chunk, ++world->token), STATUS_OK);
    blob_drop(chunk);
    return world->token;
}

uint64_t world_ask_put(struct suite_world *world, enum store_space space, struct bytes key,
                       struct bytes value)
{
    struct store *store = world->store;
    assert_int_equal(store->ops->put(store, space, key, value, ++world->token), STATUS_OK);
    return world->token;
}

uint64_t world_ask_read(struct suite_world *world, uint64_t seq)
{
    struct store *store = world->store;
    assert_int_equal(store->ops->read(store, seq, ++world->token), STATUS_OK);
    return world->token;
}

uint64_t world_ask_get(struct suite_world *world, enum store_space space, struct bytes key)
{
    struct store *store = world->store;
    assert_int_equal(store->ops->get(store, space, key, ++world->token), STATUS_OK);
    return world->token;
}

struct store_done world_wait(struct suite_world *world)
{
    struct store_done done = {0};
    if (!world->store->ops->poll(world->store, &done)) {
        world->engine->settle(world->store);
        assert_true(world->store->ops->poll(world->store, &done));
    }
    return done;
}

void world_expect(struct suite_world *world, uint64_t token, enum status status)
{
    struct store_done done = world_wait(world);
    assert_int_equal(done.token, token);
    assert_int_equal(done.status, status);
    assert_null(done.blob);
}

enum status world_append(struct suite_world *world, uint64_t expect, uint64_t last, size_t length)
{
    uint64_t token = world_ask_append(world, expect, last, length);
    struct store_done done = world_wait(world);
    assert_int_equal(done.token, token);
    assert_int_equal(done.operation, STORE_APPEND);
    return done.status;
}

enum status world_put(struct suite_world *world, enum store_space space, const char *key,
                      const char *value)
{
    uint64_t token = world_ask_put(world, space, bytes_of_text(key), bytes_of_text(value));
    struct store_done done = world_wait(world);
    assert_int_equal(done.token, token);
    assert_int_equal(done.operation, STORE_PUT);
    return done.status;
}

void world_expect_value(struct suite_world *world, enum store_space space, const char *key,
                        const char *value)
{
    uint64_t token = world_ask_get(world, space, bytes_of_text(key));
    if (value == NULL) {
        world_expect(world, token, STATUS_NOT_FOUND);
        return;
    }
    struct store_done done = world_wait(world);
    assert_int_equal(done.token, token);
    assert_int_equal(done.operation, STORE_GET);
    assert_int_equal(done.status, STATUS_OK);
    assert_bytes_equal(blob_bytes(done.blob), bytes_of_text(value));
    blob_drop(done.blob);
}

void world_expect_chunk(struct suite_world *world, uint64_t seq, uint64_t first, uint64_t last,
                        size_t length)
{
    uint64_t token = world_ask_read(world, seq);
    struct store_done done = world_wait(world);
    assert_int_equal(done.token, token);
    assert_int_equal(done.operation, STORE_READ);
    if (last == 0) {
        assert_int_equal(done.status, STATUS_NOT_FOUND);
        assert_null(done.blob);
        assert_int_equal(done.first, seq);
        assert_int_equal(done.last, seq);
        return;
    }
    assert_int_equal(done.status, STATUS_OK);
    assert_int_equal(done.first, first);
    assert_int_equal(done.last, last);
    struct blob *expected = world_chunk(first, length);
    assert_bytes_equal(blob_bytes(done.blob), blob_bytes(expected));
    blob_drop(expected);
    blob_drop(done.blob);
}

void world_expect_last(struct suite_world *world, uint64_t last)
{
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    assert_int_equal(tail.last, last);
}

struct store_statistics world_statistics(struct suite_world *world)
{
    struct store_statistics statistics;
    world->store->ops->statistics(world->store, &statistics);
    return statistics;
}

uint64_t world_fill(struct suite_world *world)
{
    uint64_t last = 0;
    while (world_append(world, last, last + 1, SUITE_CHUNK_BYTES) == STATUS_OK) {
        last++;
        assert_true(last < SUITE_CHUNKS_MAX);
    }
    assert_true(last >= SUITE_CHUNKS_MIN);
    return last;
}
