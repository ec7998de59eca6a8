/* test_ingest_window.c - ids are known as long as promised, and as long as a plain list knows them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_window.h"

#include "tests/unit/check.h"

enum { EVENTS = 20, PENDING = 6, AGE_MS = 32000, STEPS = 100000, KEYS = 60 };

static void write_key(uint64_t id, uint8_t key[ID_BYTES])
{
    memset(key, 0, ID_BYTES);
    memcpy(key, &id, sizeof id);
}

static void push(struct window *window, uint64_t id)
{
    uint8_t key[ID_BYTES];
    write_key(id, key);
    window_push(window, key, id * 10);
}

/* The sequence of an id; 0: not known. */
static uint64_t find(const struct window *window, uint64_t id)
{
    uint8_t key[ID_BYTES];
    uint64_t seq, digest;
    write_key(id, key);
    if (!window_find(window, key, &seq, &digest)) {
        return 0;
    }
    assert_int_equal(digest, id * 10);
    return seq;
}

static void open_window(struct window *window)
{
    assert_int_equal(window_init(window, EVENTS, PENDING, AGE_MS), STATUS_OK);
}

static void the_newest_are_known_and_the_oldest_leave(void **state)
{
    (void)state;
    struct window window;
    open_window(&window);
    for (uint64_t seq = 1; seq <= EVENTS + 5; seq++) {
        push(&window, seq);
        window_settle(&window, seq, 0);
    }
    assert_int_equal(find(&window, 5), 0);
    assert_int_equal(find(&window, 6), 6);
    assert_int_equal(find(&window, EVENTS + 5), EVENTS + 5);
    assert_int_equal(window.next - window.low, EVENTS);
    window_deinit(&window);
}

static void what_is_pending_pushes_nothing_out(void **state)
{
    (void)state;
    struct window window;
    open_window(&window);
    for (uint64_t seq = 1; seq <= EVENTS; seq++) {
        push(&window, seq);
        window_settle(&window, seq, 0);
    }
    for (uint64_t seq = 1; seq <= PENDING; seq++) {
        push(&window, EVENTS + seq);
    }
    assert_int_equal(find(&window, 1), 1);
    for (uint64_t seq = PENDING; seq >= 1; seq--) {
        assert_int_equal(find(&window, EVENTS + seq), EVENTS + seq);
        window_pop(&window);
        assert_int_equal(find(&window, EVENTS + seq), 0);
    }
    assert_int_equal(find(&window, 1), 1);
    window_deinit(&window);
}

static void ids_leave_by_age_but_never_too_early(void **state)
{
    (void)state;
    struct window window;
    open_window(&window);
    /* One event a second: the window is 32 seconds and 20 events; then a long silence. */
    for (uint64_t seq = 1; seq <= 10; seq++) {
        push(&window, seq);
        window_settle(&window, seq, (int64_t)seq * 1000);
    }
    push(&window, 11);
    window_settle(&window, 11, 5000 + AGE_MS);
    for (uint64_t seq = 5; seq <= 11; seq++) {
        assert_int_equal(find(&window, seq), seq);
    }
    /* Times are noted a thirty-second part of the age apart: the tenth, just after a note, is let
     * live until the next one is too old. */
    push(&window, 12);
    window_settle(&window, 12, 12000 + AGE_MS + AGE_MS / 32);
    for (uint64_t seq = 1; seq <= 9; seq++) {
        assert_int_equal(find(&window, seq), 0);
    }
    assert_int_equal(find(&window, 12), 12);
    window_deinit(&window);
}

static void an_id_that_stands_twice_is_the_newer_one(void **state)
{
    (void)state;
    struct window window;
    open_window(&window);
    push(&window, 7);
    push(&window, 8);
    push(&window, 7);
    window_settle(&window, 3, 0);
    assert_int_equal(find(&window, 7), 3);
    for (uint64_t seq = 4; seq <= EVENTS + 2; seq++) {
        push(&window, 100 + seq);
        window_settle(&window, seq, 0);
    }
    /* The older one has left, and did not take the newer one along. */
    assert_int_equal(find(&window, 7), 3);
    assert_int_equal(find(&window, 8), 0);
    window_deinit(&window);
}

static void blanks_are_never_found(void **state)
{
    (void)state;
    struct window window;
    static const uint8_t nothing[ID_BYTES];
    uint64_t seq, digest;
    open_window(&window);
    window_push(&window, nothing, 0);
    window_push(&window, nothing, 0);
    window_settle(&window, 2, 0);
    assert_false(window_find(&window, nothing, &seq, &digest));
    push(&window, 3);
    assert_int_equal(find(&window, 3), 3);
    window_deinit(&window);
}

static void a_checkpoint_fills_it_in_any_order(void **state)
{
    (void)state;
    struct window window;
    uint8_t key[ID_BYTES];
    open_window(&window);
    window_open(&window, 100, 110);
    for (uint64_t seq = 115; seq >= 95; seq--) {
        write_key(seq == 103 ? 108 : seq, key); /* one id twice */
        bool is_inside = seq >= 100 && seq < 110;
        assert_int_equal(window_fill(&window, seq, key, (seq == 103 ? 108 : seq) * 10), is_inside);
    }
    assert_int_equal(find(&window, 100), 100);
    assert_int_equal(find(&window, 108), 108);
    assert_int_equal(find(&window, 95), 0);
    push(&window, 110);
    assert_int_equal(find(&window, 110), 110);
    window_deinit(&window);
}

static void a_plain_list_agrees(void **state)
{
    (void)state;
    struct window window;
    uint64_t chance = 4, durable = 0;
    uint64_t *ids = calloc(STEPS + 1, sizeof *ids);
    assert_non_null(ids);
    open_window(&window);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t pending = window.next - 1 - durable;
        if (chance_below(&chance, 2) == 0 && pending < PENDING) {
            ids[window.next] = 1 + chance_below(&chance, KEYS);
            push(&window, ids[window.next]);
        } else if (chance_below(&chance, 4) == 0 && pending > 0 &&
                   find(&window, ids[window.next - 1]) == window.next - 1) {
            window_pop(&window);
            /* What it hid would be found again in the log only: publishing never hides. */
            uint64_t hidden = ids[window.next];
            for (uint64_t seq = window.low; seq < window.next; seq++) {
                ids[seq] = ids[seq] == hidden ? UINT64_MAX : ids[seq];
            }
        } else if (pending > 0) {
            durable += 1 + chance_below(&chance, (uint32_t)pending);
            window_settle(&window, durable, 0);
        }
        uint64_t id = 1 + chance_below(&chance, KEYS), expected = 0;
        uint64_t low = durable > EVENTS ? durable - EVENTS + 1 : 1;
        for (uint64_t seq = low; seq < window.next; seq++) {
            expected = ids[seq] == id ? seq : expected;
        }
        assert_int_equal(find(&window, id), expected);
    }
    free(ids);
    window_deinit(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_known_and_the_oldest_leave),
        cmocka_unit_test(what_is_pending_pushes_nothing_out),
        cmocka_unit_test(ids_leave_by_age_but_never_too_early),
        cmocka_unit_test(an_id_that_stands_twice_is_the_newer_one),
        cmocka_unit_test(blanks_are_never_found),
        cmocka_unit_test(a_checkpoint_fills_it_in_any_order),
        cmocka_unit_test(a_plain_list_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
