/* test_map.c - the map agrees with a plain array after any series of changes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/map.h"

#include "tests/unit/check.h"

static struct bytes name_of(const void *owner, uint32_t index)
{
    const char *const *names = owner;
    return bytes_of_text(names[index]);
}

static void names_find_their_index(void **state)
{
    (void)state;
    static const char *const names[] = {"damkar", "polisi", "", "bpbd"};
    struct map map;
    assert_int_equal(map_init(&map, COUNT_OF(names), name_of, names), STATUS_OK);
    for (uint32_t index = 0; index < COUNT_OF(names); index++) {
        assert_int_equal(map_find(&map, name_of(names, index)), MAP_NONE);
        assert_true(map_insert(&map, index));
    }
    for (uint32_t index = 0; index < COUNT_OF(names); index++) {
        assert_int_equal(map_find(&map, name_of(names, index)), index);
    }
    assert_int_equal(map_find(&map, bytes_of_text("dinkes")), MAP_NONE);
    assert_int_equal(map_remove(&map, bytes_of_text("dinkes")), MAP_NONE);
    assert_int_equal(map_remove(&map, bytes_of_text("polisi")), 1);
    assert_int_equal(map_find(&map, bytes_of_text("polisi")), MAP_NONE);
    map_clear(&map);
    assert_int_equal(map.count, 0);
    assert_int_equal(map_find(&map, bytes_of_text("damkar")), MAP_NONE);
    map_deinit(&map);
    map_deinit(&map);
}

static void a_full_map_says_so(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    struct map map;
    assert_int_equal(map_init(&map, 2, name_of, names), STATUS_OK);
    assert_true(map_insert(&map, 0));
    assert_true(map_insert(&map, 1));
    assert_false(map_insert(&map, 2));
    assert_int_equal(map_find(&map, bytes_of_text("c")), MAP_NONE);
    assert_int_equal(map_remove(&map, bytes_of_text("a")), 0);
    assert_true(map_insert(&map, 2));
    assert_int_equal(map_find(&map, bytes_of_text("b")), 1);
    map_deinit(&map);
}

enum { KEYS = 200, ROOM = 150, STEPS = 200000 };

static struct bytes number_of(const void *owner, uint32_t index)
{
    const uint64_t *numbers = owner;
    return bytes_of(&numbers[index], sizeof numbers[index]);
}

static void a_plain_array_agrees(void **state)
{
    (void)state;
    uint64_t numbers[KEYS] = {0}, seed = 2;
    bool is_in[KEYS] = {false};
    uint32_t count = 0;
    struct map map;
    assert_int_equal(map_init(&map, ROOM, number_of, numbers), STATUS_OK);
    for (uint32_t index = 0; index < KEYS; index++) {
        numbers[index] = chance_next(&seed);
    }
    for (int step = 0; step < STEPS; step++) {
        uint32_t index = chance_below(&seed, KEYS), other = chance_below(&seed, KEYS);
        struct bytes key = number_of(numbers, index);
        if (chance_below(&seed, 5) < 2) {
            assert_int_equal(map_remove(&map, key), is_in[index] ? index : MAP_NONE);
            count -= is_in[index];
            is_in[index] = false;
        } else if (!is_in[index]) {
            is_in[index] = count < ROOM;
            assert_int_equal(map_insert(&map, index), is_in[index]);
            count += is_in[index];
        }
        assert_int_equal(map.count, count);
        assert_int_equal(map_find(&map, number_of(numbers, other)),
                         is_in[other] ? other : MAP_NONE);
    }
    map_deinit(&map);
}

/* All keys have their home in the same few slots, also across the end of the table. */
static void crowded_homes_survive_removal_in_any_order(void **state)
{
    (void)state;
    enum { CROWD = 16 };
    uint64_t numbers[CROWD] = {0}, seed = 3;
    struct map map;
    assert_int_equal(map_init(&map, CROWD, number_of, numbers), STATUS_OK);
    for (uint32_t index = 0; index < CROWD; index++) {
        do {
            numbers[index] = chance_next(&seed);
            assert_true(map_insert(&map, index));
            uint32_t at = 0;
            while (map.slots[at].entry != index + 1) {
                at++;
            }
            if (((map.slots[at].hash + 2) & map.mask) < 4) {
                break;
            }
            assert_int_equal(map_remove(&map, number_of(numbers, index)), index);
        } while (true);
    }
    for (uint32_t step = 0; step < CROWD; step++) {
        uint32_t gone = (step * 7 + 3) % CROWD;
        assert_int_equal(map_remove(&map, number_of(numbers, gone)), gone);
        for (uint32_t later = step + 1; later < CROWD; later++) {
            uint32_t left = (later * 7 + 3) % CROWD;
            assert_int_equal(map_find(&map, number_of(numbers, left)), left);
        }
    }
    map_deinit(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_index),
        cmocka_unit_test(a_full_map_says_so),
        cmocka_unit_test(a_plain_array_agrees),
        cmocka_unit_test(crowded_homes_survive_removal_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
