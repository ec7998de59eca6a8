/* test_pages.c - pages stay within their room, and one read serves all who wait for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/pages.h"

#include "tests/unit/check.h"
#include "tests/unit/page_maker.h"

enum { WAITERS = 8 };

struct fixture {
    struct pages *pages;
    struct effects fx;
};

static int set_up(void **state)
{
    struct core_limits limits;
    core_limits_default(&limits);
    limits.pages = 6;
    limits.page_bytes = 60000;
    limits.reads = 2;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->pages = pages_new(&limits, WAITERS);
    assert_int_equal(effects_init(&fixture->fx, 8, 64), STATUS_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pages_free(fixture->pages);
    effects_deinit(&fixture->fx);
    free(fixture);
    return page_maker_free_released() == 0 ? 0 : -1;
}

/* A page of ten events whose cost is about that of `length` bytes an event. */
static struct page *ten_from(uint64_t first, uint32_t length)
{
    struct made_event events[10];
    for (uint32_t index = 0; index < 10; index++) {
        events[index] = (struct made_event){.topic = "a", .length = length};
    }
    return page_make(first, events, 10);
}

/* What pages ask for now, as sequences; returns how many. */
static uint32_t reads_asked(struct fixture *fixture, uint64_t now_ms, uint64_t seqs[8])
{
    effects_clear(&fixture->fx);
    pages_continue(fixture->pages, now_ms, &fixture->fx);
    for (uint32_t index = 0; index < fixture->fx.count; index++) {
        assert_int_equal(fixture->fx.list[index].kind, FX_READ);
        seqs[index] = fixture->fx.list[index].of.read.seq;
    }
    return fixture->fx.count;
}

static void answer(struct fixture *fixture, uint32_t effect, enum status status, struct page *page)
{
    struct input input = {.kind = IN_PAGE, .now_ms = 1000};
    input.of.page.token = fixture->fx.list[effect].of.read.token;
    input.of.page.status = status;
    input.of.page.page = page;
    input.of.page.corrupt_first = 3;
    input.of.page.corrupt_last = 9;
    pages_answer(fixture->pages, &input);
    page_drop(page);
}

/* The waiters woken now, as bits. */
static uint32_t woken_with(struct fixture *fixture, enum status status)
{
    struct pages_woken woken;
    uint32_t waiters = 0;
    while (pages_take_woken(fixture->pages, &woken)) {
        assert_int_equal(woken.status, status);
        waiters |= 1u << woken.waiter;
    }
    return waiters;
}

static void the_newest_pages_are_found_until_their_half_is_full(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t first = 1; first < 50; first += 10) {
        struct page *page = ten_from(first, 10);
        pages_add_newest(fixture->pages, page);
        page_drop(page);
    }
    assert_null(pages_find(fixture->pages, 20));
    assert_non_null(pages_find(fixture->pages, 21));
    assert_non_null(pages_find(fixture->pages, 50));
    assert_null(pages_find(fixture->pages, 51));
}

static void a_large_page_pushes_out_by_its_bytes_and_always_fits(void **state)
{
    struct fixture *fixture = *state;
    struct page *small = ten_from(1, 10), *large = ten_from(11, 100000);
    pages_add_newest(fixture->pages, small);
    pages_add_newest(fixture->pages, large);
    page_drop(small);
    page_drop(large);
    assert_null(pages_find(fixture->pages, 1));
    assert_non_null(pages_find(fixture->pages, 11));
}

static void a_page_that_lost_its_place_lives_until_the_next_step(void **state)
{
    struct fixture *fixture = *state;
    struct page *page = ten_from(1, 10), *large = ten_from(11, 100000);
    pages_add_newest(fixture->pages, page);
    page_drop(page);
    pages_add_newest(fixture->pages, large);
    page_drop(large);
    assert_int_equal(page_maker_free_released(), 2);
    assert_int_equal(page->first, 1);
    pages_settle(fixture->pages);
    assert_int_equal(page_maker_free_released(), 1);
}

static void one_read_serves_all_who_wait_for_it(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    pages_wait(fixture->pages, 0, 5);
    pages_wait(fixture->pages, 1, 5);
    assert_int_equal(pages_deadline_ms(fixture->pages), 0);
    assert_int_equal(reads_asked(fixture, 0, seqs), 1);
    assert_int_equal(seqs[0], 5);
    pages_wait(fixture->pages, 2, 5);
    uint64_t none[8];
    struct effects asked = fixture->fx;
    fixture->fx.count = 0;
    pages_continue(fixture->pages, 0, &fixture->fx);
    assert_int_equal(fixture->fx.count, 0);
    fixture->fx = asked;
    assert_int_equal(pages_deadline_ms(fixture->pages), UINT64_MAX);
    answer(fixture, 0, STATUS_OK, ten_from(1, 10));
    assert_int_equal(woken_with(fixture, STATUS_OK), 7);
    assert_int_equal(pages_find(fixture->pages, 10)->first, 1);
    assert_int_equal(reads_asked(fixture, 0, none), 0);
}

static void no_more_reads_fly_than_may_and_the_rest_has_its_turn(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    for (uint32_t waiter = 0; waiter < 4; waiter++) {
        pages_wait(fixture->pages, waiter, 1 + waiter * 7);
    }
    assert_int_equal(reads_asked(fixture, 0, seqs), 2);
    assert_int_equal(seqs[1], 8);
    answer(fixture, 0, STATUS_OK, ten_from(1, 10));
    assert_int_equal(woken_with(fixture, STATUS_OK), 1);
    assert_int_equal(reads_asked(fixture, 0, seqs), 1);
    assert_int_equal(seqs[0], 15);
    answer(fixture, 0, STATUS_OK, ten_from(13, 10));
    assert_int_equal(reads_asked(fixture, 0, seqs), 0);
    assert_int_equal(woken_with(fixture, STATUS_OK), 4 | 8);
}

static void damage_is_told_to_those_who_wait_and_remembered_for_nobody(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    struct pages_woken woken;
    pages_wait(fixture->pages, 3, 5);
    assert_int_equal(reads_asked(fixture, 0, seqs), 1);
    answer(fixture, 0, STATUS_CORRUPT, NULL);
    assert_true(pages_take_woken(fixture->pages, &woken));
    assert_int_equal(woken.waiter, 3);
    assert_int_equal(woken.status, STATUS_CORRUPT);
    assert_int_equal(woken.corrupt_first, 3);
    assert_int_equal(woken.corrupt_last, 9);
    pages_wait(fixture->pages, 3, 5);
    assert_int_equal(reads_asked(fixture, 0, seqs), 1);
}

static void a_busy_store_is_asked_again_after_a_moment(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    pages_wait(fixture->pages, 3, 5);
    assert_int_equal(reads_asked(fixture, 1000, seqs), 1);
    answer(fixture, 0, STATUS_BUSY, NULL);
    assert_int_equal(woken_with(fixture, STATUS_OK), 0);
    assert_int_equal(reads_asked(fixture, 1000, seqs), 0);
    uint64_t deadline_ms = pages_deadline_ms(fixture->pages);
    assert_true(deadline_ms > 1000 && deadline_ms < 2000);
    assert_int_equal(reads_asked(fixture, deadline_ms, seqs), 1);
}

static void a_cancelled_wait_wakes_nobody_and_asks_for_nothing(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[8];
    pages_wait(fixture->pages, 1, 5);
    pages_cancel(fixture->pages, 1);
    pages_cancel(fixture->pages, 1);
    assert_int_equal(reads_asked(fixture, 0, seqs), 0);
    pages_wait(fixture->pages, 1, 6);
    assert_int_equal(reads_asked(fixture, 0, seqs), 1);
    pages_cancel(fixture->pages, 1);
    answer(fixture, 0, STATUS_OK, ten_from(1, 10));
    assert_int_equal(woken_with(fixture, STATUS_OK), 0);
    assert_int_equal(pages_deadline_ms(fixture->pages), UINT64_MAX);
}

static void reading_the_past_pushes_out_the_least_lately_used_only(void **state)
{
    struct fixture *fixture = *state;
    struct page *newest = ten_from(101, 10);
    pages_add_newest(fixture->pages, newest);
    page_drop(newest);
    uint64_t seqs[8];
    for (uint64_t first = 1; first <= 41; first += 10) {
        pages_wait(fixture->pages, 0, first);
        assert_int_equal(reads_asked(fixture, 0, seqs), 1);
        answer(fixture, 0, STATUS_OK, ten_from(first, 10));
        assert_int_equal(woken_with(fixture, STATUS_OK), 1);
        pages_find(fixture->pages, 1);
    }
    assert_non_null(pages_find(fixture->pages, 1));
    assert_null(pages_find(fixture->pages, 11));
    assert_non_null(pages_find(fixture->pages, 41));
    assert_non_null(pages_find(fixture->pages, 101));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_pages_are_found_until_their_half_is_full),
        TEST(a_large_page_pushes_out_by_its_bytes_and_always_fits),
        TEST(a_page_that_lost_its_place_lives_until_the_next_step),
        TEST(one_read_serves_all_who_wait_for_it),
        TEST(no_more_reads_fly_than_may_and_the_rest_has_its_turn),
        TEST(damage_is_told_to_those_who_wait_and_remembered_for_nobody),
        TEST(a_busy_store_is_asked_again_after_a_moment),
        TEST(a_cancelled_wait_wakes_nobody_and_asks_for_nothing),
        TEST(reading_the_past_pushes_out_the_least_lately_used_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
