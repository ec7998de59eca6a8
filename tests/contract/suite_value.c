/* suite_value.c - small values under keys.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "tests/contract/suite_world.h"

static void a_value_comes_back(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_put(world, SPACE_VALUES, "cursor/bpbd", "41"), STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "cursor/bpbd", "41");
    world_expect_value(world, SPACE_VALUES, "cursor/bpb", NULL);
    world_expect_value(world, SPACE_VALUES, "cursor/bpbd2", NULL);
}

static void a_newer_value_replaces(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "a long value, then a short"), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "b"), STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "k", "b");
}

static void an_empty_value_removes(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "v"), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_VALUES, "k", ""), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_VALUES, "never", ""), STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "k", NULL);
    world_expect_value(world, SPACE_VALUES, "never", NULL);
}

static void the_last_of_a_commit_wins(void **state)
{
    struct suite_world *world = *state;
    uint64_t tokens[5];
    const char *values[] = {"1", "", "2", "3", ""};
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        tokens[index] = world_ask_put(world, SPACE_VALUES, bytes_of_text(index < 4 ? "a" : "b"),
                                      bytes_of_text(values[index]));
    }
    for (size_t index = 0; index < COUNT_OF(tokens); index++) {
        world_expect(world, tokens[index], STATUS_OK);
    }
    world_expect_value(world, SPACE_VALUES, "a", "3");
    world_expect_value(world, SPACE_VALUES, "b", NULL);
}

static void spaces_are_apart(void **state)
{
    struct suite_world *world = *state;
    assert_int_equal(world_put(world, SPACE_VALUES, "k", "kept"), STATUS_OK);
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "k", "disposable"), STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "k", "kept");
    assert_int_equal(world_put(world, SPACE_VALUES, "k", ""), STATUS_OK);
    world_expect_value(world, SPACE_CHECKPOINTS, "k", "disposable");
}

static void the_bounds_are_inside(void **state)
{
    struct suite_world *world = *state;
    static uint8_t key[STORE_KEY_BYTES_MAX], value[STORE_VALUE_BYTES_MAX];
    memset(key, 0, sizeof key);
    memset(value, 0xa5, sizeof value);
    static const size_t lengths[][2] = {
        {1,                   1                    },
        {1,                   STORE_VALUE_BYTES_MAX},
        {STORE_KEY_BYTES_MAX, 1                    },
        {STORE_KEY_BYTES_MAX, STORE_VALUE_BYTES_MAX}
    };
    for (size_t row = 0; row < COUNT_OF(lengths); row++) {
        struct bytes key_bytes = bytes_of(key, lengths[row][0]);
        struct bytes value_bytes = bytes_of(value, lengths[row][1]);
        uint64_t put = world_ask_put(world, SPACE_VALUES, key_bytes, value_bytes);
        world_expect(world, put, STATUS_OK);
        world_ask_get(world, SPACE_VALUES, key_bytes);
        struct store_done done = world_wait(world);
        assert_int_equal(done.status, STATUS_OK);
        assert_bytes_equal(blob_bytes(done.blob), value_bytes);
        blob_drop(done.blob);
    }
}

static void key_and_value_are_copied(void **state)
{
    struct suite_world *world = *state;
    char key[] = "key", value[] = "value";
    uint64_t token = world_ask_put(world, SPACE_VALUES, bytes_of_text(key), bytes_of_text(value));
    memset(key, 'x', sizeof key);
    memset(value, 'x', sizeof value);
    world_expect(world, token, STATUS_OK);
    world_expect_value(world, SPACE_VALUES, "key", "value");
}

/* What list() showed: keys and values, each followed by a space. */
struct listing {
    char text[256];
    size_t used;
    int left; /* values to take before it says stop */
};

static bool note(void *context, struct bytes key, struct bytes value)
{
    struct listing *listing = context;
    listing->used += (size_t)snprintf(
        listing->text + listing->used, sizeof listing->text - listing->used, "%.*s=%.*s ",
        (int)key.length, (const char *)key.data, (int)value.length, (const char *)value.data);
    assert_true(listing->used < sizeof listing->text);
    return --listing->left > 0;
}

static void expect_listing(struct suite_world *world, const char *prefix, int most,
                           const char *expected)
{
    struct listing listing = {.left = most};
    struct store *store = world->store;
    assert_int_equal(store->ops->list(store, SPACE_VALUES, bytes_of_text(prefix), note, &listing),
                     STATUS_OK);
    assert_string_equal(listing.text, expected);
}

static void a_list_is_in_order_of_key(void **state)
{
    struct suite_world *world = *state;
    expect_listing(world, "", 100, "");
    static const char *const keys[] = {"b/2", "a", "b/10", "c", "b", "b/", "ab", "b0"};
    for (size_t index = 0; index < COUNT_OF(keys); index++) {
        assert_int_equal(world_put(world, SPACE_VALUES, keys[index], "v"), STATUS_OK);
    }
    assert_int_equal(world_put(world, SPACE_CHECKPOINTS, "b/3", "other"), STATUS_OK);
    expect_listing(world, "", 100, "a=v ab=v b=v b/=v b/10=v b/2=v b0=v c=v ");
    expect_listing(world, "b/", 100, "b/=v b/10=v b/2=v ");
    expect_listing(world, "b/1", 100, "b/10=v ");
    expect_listing(world, "zz", 100, "");
    expect_listing(world, "b/", 2, "b/=v b/10=v ");
    world_reopen(world);
    expect_listing(world, "b", 100, "b=v b/=v b/10=v b/2=v b0=v ");
}

static void many_values_are_all_kept(void **state)
{
    struct suite_world *world = *state;
    enum { KEYS = 500 };
    char key[32], value[32];
    for (int index = 0; index < KEYS; index++) {
        snprintf(key, sizeof key, "%d/%d", index * 7919 % KEYS, index);
        snprintf(value, sizeof value, "value %d", index);
        assert_int_equal(world_put(world, SPACE_CHECKPOINTS, key, value), STATUS_OK);
    }
    for (int index = 0; index < KEYS; index += 13) {
        snprintf(key, sizeof key, "%d/%d", index * 7919 % KEYS, index);
        snprintf(value, sizeof value, "value %d", index);
        world_expect_value(world, SPACE_CHECKPOINTS, key, value);
    }
}

static const struct suite_check checks[] = {
    {"a value comes back",                   a_value_comes_back       },
    {"a newer value replaces",               a_newer_value_replaces   },
    {"an empty value removes",               an_empty_value_removes   },
    {"the last of a commit wins",            the_last_of_a_commit_wins},
    {"the spaces are apart",                 spaces_are_apart         },
    {"the longest key and value are let in", the_bounds_are_inside    },
    {"key and value are copied when asked",  key_and_value_are_copied },
    {"a list is in order of key, by prefix", a_list_is_in_order_of_key},
    {"many values are all kept",             many_values_are_all_kept },
};

const struct suite_checks suite_value_checks = {checks, COUNT_OF(checks)};
