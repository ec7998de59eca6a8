/* suite_life.c - closing, opening, and waiting.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <poll.h>
#include <stdio.h>

#include "tests/contract/suite_world.h"

static void everything_is_there_after_a_reopen(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_append(world, 0, 9, 7000), STATUS_OK);
    assert_int_equal(world_append(world, 9, 10, 70), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_VALUES, "cursor", "9"), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "marks", "m"), STATUS_OK);
    world_reopen(world);
    struct store_tail tail;
    world->store->ops->tail(world->store, &tail);
    assert_int_equal(tail.first, 1);
    assert_int_equal(tail.last, 10);
    assert_int_equal(tail.incarnation, 1);
    assert_memory_equal(tail.uuid, suite_uuid, sizeof suite_uuid);
    assert_memory_equal(tail.secret, suite_secret, sizeof suite_secret);
    world_expect_chunk(world, 4, 1, 9, 7000);
    world_expect_chunk(world, 10, 10, 10, 70);
    world_expect_value(world, SPACE_VALUES, "cursor", "9");
    world_expect_value(world, SPACE_CHECKPOINTS, "marks", "m");
    assert_int_equal(world_append(world, 9, 11, 10), STATUS_CONFLICT);
    assert_int_equal(world_append(world, 10, 11, 10), STATUS_OK);
}

static void an_empty_log_stays_empty(void **state)
{
    struct suite_world *world = *state;
    world_reopen(world);
    world_expect_last(world, 0);
    world_expect_chunk(world, 1, 0, 0, 0);
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_OK);
}

static void close_finishes_what_was_asked(void **state)
{
    struct suite_world *world = *state;
    for (uint64_t index = 0; index + 1 < SUITE_QUEUE_WRITES; index++) {
        world_ask_append(world, index, index + 1, 20000);
    }
    world_ask_put(world, SPACE_VALUES, bytes_of_text("k"), bytes_of_text("v"));
    world_ask_read(world, 1);
    world_reopen(world);
    world_expect_last(world, SUITE_QUEUE_WRITES - 1);
    world_expect_chunk(world, SUITE_QUEUE_WRITES - 1, SUITE_QUEUE_WRITES - 1,
                       SUITE_QUEUE_WRITES - 1, 20000);
    world_expect_value(world, SPACE_VALUES, "k", "v");
}

static void nothing_asked_is_nothing_done(void **state)
{
    struct suite_world *world = *state;
    struct store_done done;
    assert_false(world->store->ops->poll(world->store, &done));
    assert_int_equal(world_append(world, 0, 1, 10), STATUS_OK);
    assert_false(world->store->ops->poll(world->store, &done));
}

static void null_is_let_pass(void **state)
{
    struct suite_world *world = *state;
    world->store->ops->close(NULL);
    assert_non_null(world->store->ops->engine);
    assert_true(strlen(world->store->ops->engine) > 0);
}

static bool is_readable(struct suite_world *world)
{
    struct pollfd wait = {.fd = world->store->ops->descriptor(world->store), .events = POLLIN};
    return poll(&wait, 1, 0) == 1 && (wait.revents & POLLIN) != 0;
}

static void the_descriptor_is_readable_while_completions_wait(void **state)
{
    struct suite_world *world = *state;
    if (world->store->ops->descriptor(world->store) < 0) {
        world_expect(world, world_ask_append(world, 0, 1, 10), STATUS_OK);
        return;
    }
    assert_false(is_readable(world));
    world_ask_append(world, 0, 1, 10);
    world_ask_append(world, 1, 2, 10);
    assert_int_equal(world_wait(world).status, STATUS_OK);
    world->engine->settle(world->store);
    assert_true(is_readable(world));
    assert_true(is_readable(world));
    assert_int_equal(world_wait(world).status, STATUS_OK);
    assert_false(is_readable(world));
}

enum { MODEL_CHUNKS = 200, MODEL_KEYS = 20 };

/* What the store must hold after a random life. */
struct model {
    uint64_t last_of[MODEL_CHUNKS + 1]; /* [0]: 0 */
    size_t length_of[MODEL_CHUNKS + 1];
    size_t chunks;
    int value_of[MODEL_KEYS]; /* 0: none */
};

static void live_a_little(struct suite_world *world, struct model *model, uint64_t *seed)
{
    uint64_t tail = model->last_of[model->chunks];
    if (chance_below(seed, 3) > 0) {
        uint64_t last = tail + 1 + chance_below(seed, 50);
        size_t length = 1 + chance_below(seed, 6000);
        bool is_right = chance_below(seed, 5) > 0;
        assert_int_equal(world_append(world, tail + (is_right ? 0 : 1), last + 1, length),
                         is_right ? STATUS_OK : STATUS_CONFLICT);
        if (is_right) {
            model->chunks++;
            model->last_of[model->chunks] = last + 1;
            model->length_of[model->chunks] = length;
        }
        return;
    }
    uint32_t key = chance_below(seed, MODEL_KEYS);
    int value = (int)chance_below(seed, 3);
    char name[16], text[16] = "";
    snprintf(name, sizeof name, "key %u", key);
    if (value > 0) {
        snprintf(text, sizeof text, "%d", value);
    }
    model->value_of[key] = value;
    assert_int_equal(world_put(world, SPACE_VALUES, name, text), STATUS_OK);
}

static void expect_model(struct suite_world *world, const struct model *model)
{
    world_expect_last(world, model->last_of[model->chunks]);
    for (size_t index = 1; index <= model->chunks; index++) {
        uint64_t first = model->last_of[index - 1] + 1, last = model->last_of[index];
        world_expect_chunk(world, first + (last - first) / 2, first, last, model->length_of[index]);
    }
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        char name[16], text[16];
        snprintf(name, sizeof name, "key %u", key);
        snprintf(text, sizeof text, "%d", model->value_of[key]);
        world_expect_value(world, SPACE_VALUES, name, model->value_of[key] == 0 ? NULL : text);
    }
}

static void a_random_life_agrees_with_a_plain_model(void **state)
{
    struct suite_world *world = *state;
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    uint64_t seed = 112;
    while (model->chunks < MODEL_CHUNKS) {
        live_a_little(world, model, &seed);
        if (chance_below(&seed, 60) == 0) {
            world_reopen(world);
        }
    }
    expect_model(world, model);
    world_reopen(world);
    expect_model(world, model);
    free(model);
}

static const struct suite_check checks[] = {
    {"everything is there after a reopen",                everything_is_there_after_a_reopen     },
    {"an empty log stays empty",                          an_empty_log_stays_empty               },
    {"close finishes what was asked",                     close_finishes_what_was_asked          },
    {"nothing asked is nothing done",                     nothing_asked_is_nothing_done          },
    {"closing nothing is let pass",                       null_is_let_pass                       },
    {"the descriptor is readable while completions wait",
     the_descriptor_is_readable_while_completions_wait                                           },
    {"a random life agrees with a plain model",           a_random_life_agrees_with_a_plain_model},
};

const struct suite_checks suite_life_checks = {checks, COUNT_OF(checks)};
