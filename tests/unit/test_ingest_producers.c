/* test_ingest_producers.c - the table of producers and the pool of rings.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_producers.h"

#include "tests/unit/check.h"

enum { ROOM = 12, AGENCY_ROOM = 5, RINGS = 3, RING_ROOM = 4, STEPS = 60000 };

static struct producer_key key_of(char agency, uint8_t producer)
{
    uint8_t id[PRODUCER_BYTES];
    memset(id, producer, sizeof id);
    return producers_key(bytes_of(&agency, 1), id);
}

static void open_table(struct producers *producers)
{
    assert_int_equal(producers_init(producers, ROOM, AGENCY_ROOM, RINGS, RING_ROOM), STATUS_OK);
}

static uint32_t add(struct producers *producers, char agency, uint32_t producer)
{
    struct producer_key key = key_of(agency, (uint8_t)producer);
    return producers_add(producers, &key);
}

static void limits_bind_by_agency_and_in_all(void **state)
{
    (void)state;
    struct producers producers;
    open_table(&producers);
    struct producer_key of_a = key_of('a', 99), of_b = key_of('b', 99);
    for (uint32_t count = 0; count < AGENCY_ROOM; count++) {
        assert_true(producers_have_room(&producers, &of_a));
        assert_int_equal(add(&producers, 'a', count), count);
    }
    assert_false(producers_have_room(&producers, &of_a));
    assert_true(producers_have_room(&producers, &of_b));
    /* What is in the log counts, whatever the limit. */
    for (uint32_t count = AGENCY_ROOM; count < ROOM; count++) {
        assert_int_not_equal(add(&producers, 'a', count), PRODUCER_NONE);
    }
    assert_int_equal(add(&producers, 'a', 100), PRODUCER_NONE);
    assert_false(producers_have_room(&producers, &of_b));
    for (uint32_t slot = 0; slot < ROOM - 1; slot++) {
        producers_remove(&producers, slot);
    }
    assert_true(producers_have_room(&producers, &of_a));
    producers_deinit(&producers);
}

static void slots_come_back_as_they_were(void **state)
{
    (void)state;
    struct producers producers;
    static const uint32_t slots[] = {7, 2, 11, 3};
    open_table(&producers);
    for (uint32_t index = 0; index < COUNT_OF(slots); index++) {
        struct producer_key key = key_of('a', (uint8_t)slots[index]);
        producers_restore(&producers, slots[index], &key);
        assert_int_equal(producers_find(&producers, &key), slots[index]);
    }
    bool is_taken[ROOM] = {[7] = true, [2] = true, [11] = true, [3] = true};
    for (uint32_t count = 0; count < ROOM - COUNT_OF(slots); count++) {
        uint32_t slot = add(&producers, 'b', count);
        assert_true(slot < ROOM && !is_taken[slot]);
        is_taken[slot] = true;
    }
    assert_int_equal(add(&producers, 'b', 50), PRODUCER_NONE);
    producers_reset(&producers);
    assert_int_equal(add(&producers, 'a', 7), 0);
    producers_deinit(&producers);
}

static void a_ring_remembers_its_last_numbers(void **state)
{
    (void)state;
    struct producers producers;
    open_table(&producers);
    uint32_t slot = add(&producers, 'a', 1);
    assert_null(producers_recall(&producers, slot, 2));
    assert_true(producers_take_ring(&producers, slot));
    for (uint64_t number = 2; number <= 12; number += 2) {
        producers_push(&producers, slot, (struct ring_entry){number, number * 10, number * 100});
    }
    assert_null(producers_recall(&producers, slot, 4));
    assert_null(producers_recall(&producers, slot, 7));
    assert_int_equal(producers_recall(&producers, slot, 6)->seq, 60);
    assert_int_equal(producers_recall(&producers, slot, 12)->digest, 1200);
    producers_pop(&producers, slot, 12);
    assert_null(producers_recall(&producers, slot, 12));
    assert_int_equal(producers_recall(&producers, slot, 10)->seq, 100);
    assert_int_equal(producers_ring_at(&producers, producers_at(&producers, slot)->ring, 0)->number,
                     6);
    producers_deinit(&producers);
}

static void the_least_used_ring_goes_to_who_needs_one(void **state)
{
    (void)state;
    struct producers producers;
    uint32_t slots[RINGS + 1];
    open_table(&producers);
    for (uint32_t count = 0; count <= RINGS; count++) {
        slots[count] = add(&producers, 'a', count);
    }
    for (uint32_t count = 0; count < RINGS; count++) {
        assert_true(producers_take_ring(&producers, slots[count]));
        producers_push(&producers, slots[count], (struct ring_entry){1, 1, 1});
    }
    producers_push(&producers, slots[0], (struct ring_entry){2, 4, 1});
    assert_true(producers_take_ring(&producers, slots[RINGS]));
    assert_int_equal(producers_at(&producers, slots[1])->ring, PRODUCER_NONE);
    assert_non_null(producers_recall(&producers, slots[0], 1));
    /* Who has something pending keeps its ring; when all have, there is none to take. */
    for (uint32_t count = 0; count <= RINGS; count++) {
        producers_at(&producers, slots[count])->pending = count != 1;
    }
    assert_false(producers_take_ring(&producers, slots[1]));
    producers_at(&producers, slots[2])->pending = 0;
    assert_true(producers_take_ring(&producers, slots[1]));
    assert_null(producers_recall(&producers, slots[2], 1));
    producers_deinit(&producers);
}

/* Producers come, publish and go by chance; the pool never loses or doubles a ring. */
static void chance_does_not_wear_it_out(void **state)
{
    (void)state;
    struct producers producers;
    uint64_t chance = 5, number = 0;
    open_table(&producers);
    for (uint32_t step = 0; step < STEPS; step++) {
        char agency = (char)('a' + chance_below(&chance, 3));
        struct producer_key key = key_of(agency, (uint8_t)chance_below(&chance, 10));
        uint32_t slot = producers_find(&producers, &key);
        if (slot == PRODUCER_NONE) {
            slot = producers_have_room(&producers, &key) ? producers_add(&producers, &key)
                                                         : PRODUCER_NONE;
        } else if (chance_below(&chance, 8) == 0) {
            producers_remove(&producers, slot);
            slot = PRODUCER_NONE;
        }
        if (slot != PRODUCER_NONE) {
            assert_true(producers_take_ring(&producers, slot));
            number++;
            producers_push(&producers, slot, (struct ring_entry){number, number, number});
            assert_int_equal(producers_recall(&producers, slot, number)->seq, number);
        }
        uint32_t rings = 0, used = 0;
        for (uint32_t other = 0; other < ROOM; other++) {
            const struct producer *producer = producers_at(&producers, other);
            used += producer->is_used;
            if (producer->is_used && producer->ring != PRODUCER_NONE) {
                assert_int_equal(producers.rings[producer->ring].producer, other);
                rings++;
            }
        }
        assert_true(rings <= RINGS);
        assert_int_equal(used, producers.count);
    }
    producers_deinit(&producers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_bind_by_agency_and_in_all),
        cmocka_unit_test(slots_come_back_as_they_were),
        cmocka_unit_test(a_ring_remembers_its_last_numbers),
        cmocka_unit_test(the_least_used_ring_goes_to_who_needs_one),
        cmocka_unit_test(chance_does_not_wear_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
