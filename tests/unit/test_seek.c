/* test_seek.c - a plain walk over all events finds the same place as halves and backward steps.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/seek.h"

#include "tests/unit/check.h"
#include "tests/unit/page_maker.h"

enum { EVENTS = 60, ROUNDS = 3000 };

/* A log of pages of chance sizes over the events of one test. */
struct log {
    struct made_event events[EVENTS]; /* sequence 1 is events[0] */
    struct page *pages[EVENTS];
    uint32_t page_count;
    uint64_t last;
};

static void log_make(struct log *log, uint64_t *seed)
{
    int64_t time_ms = 1000;
    *log = (struct log){.last = 1 + chance_below(seed, EVENTS)};
    for (uint64_t index = 0; index < log->last; index++) {
        time_ms += chance_below(seed, 4);
        bool is_jumped = chance_below(seed, 4) == 0;
        log->events[index] = (struct made_event){
            .topic = "a",
            .recorded_at_ms = is_jumped ? chance_below(seed, 2000) : time_ms,
            .clock_jumped = is_jumped,
            .priority = (uint8_t)chance_below(seed, 3),
        };
    }
    for (uint64_t first = 1; first <= log->last;) {
        uint32_t room = (uint32_t)(log->last - first + 1);
        uint32_t count = 1 + chance_below(seed, room < 7 ? room : 7);
        log->pages[log->page_count++] = page_make(first, &log->events[first - 1], count);
        first += count;
    }
}

static void log_drop(struct log *log)
{
    for (uint32_t index = 0; index < log->page_count; index++) {
        page_drop(log->pages[index]);
    }
    assert_int_equal(page_maker_free_released(), 0);
}

static const struct page *log_page(const struct log *log, uint64_t seq)
{
    for (uint32_t index = 0; index < log->page_count; index++) {
        if (log->pages[index]->first <= seq && seq <= log->pages[index]->last) {
            return log->pages[index];
        }
    }
    fail_msg("no such page");
    return NULL;
}

static void a_time_is_found_behind_the_last_event_before_it(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < ROUNDS; round++) {
        struct log log;
        log_make(&log, &seed);
        int64_t time_ms = 990 + chance_below(&seed, 150);
        uint64_t expected = 1;
        for (uint64_t seq = 1; seq <= log.last; seq++) {
            const struct made_event *event = &log.events[seq - 1];
            bool is_before = !event->clock_jumped && event->recorded_at_ms < time_ms;
            expected = is_before ? seq + 1 : expected;
        }
        struct seek seek;
        uint32_t steps = 0;
        seek_time(&seek, 1, log.last, time_ms);
        while (seek.probe != 0) {
            seek_feed_time(&seek, log_page(&log, seek.probe));
            assert_true(++steps <= 4 * EVENTS);
        }
        assert_int_equal(seek.answer, expected);
        log_drop(&log);
    }
}

static bool is_important(void *context, const struct record *record)
{
    (void)context;
    return record->priority == 2;
}

static void so_many_back_are_counted_from_the_end(void **state)
{
    (void)state;
    uint64_t seed = 12;
    for (int round = 0; round < ROUNDS; round++) {
        struct log log;
        log_make(&log, &seed);
        uint64_t count = chance_below(&seed, 8), left = count, expected = log.last + 1;
        for (uint64_t seq = log.last; seq > 0 && left > 0; seq--) {
            if (log.events[seq - 1].priority == 2) {
                expected = seq;
                left--;
            }
        }
        struct seek seek;
        seek_last(&seek, 1, log.last, count);
        while (seek.probe != 0) {
            seek_feed_last(&seek, log_page(&log, seek.probe), is_important, NULL);
        }
        assert_int_equal(seek.answer, expected);
        log_drop(&log);
    }
}

static void an_empty_log_needs_no_page(void **state)
{
    (void)state;
    struct seek seek;
    seek_time(&seek, 5, 4, 0);
    assert_int_equal(seek.probe, 0);
    assert_int_equal(seek.answer, 5);
    seek_last(&seek, 5, 4, 3);
    assert_int_equal(seek.probe, 0);
    assert_int_equal(seek.answer, 5);
}

static void halving_looks_at_few_pages(void **state)
{
    (void)state;
    enum { PAGES = 1000 };
    struct page *pages[PAGES];
    for (uint32_t index = 0; index < PAGES; index++) {
        struct made_event event = {.topic = "a", .recorded_at_ms = index};
        pages[index] = page_make(index + 1, &event, 1);
    }
    for (int64_t time_ms = 0; time_ms <= PAGES; time_ms += 37) {
        struct seek seek;
        uint32_t steps = 0;
        seek_time(&seek, 1, PAGES, time_ms);
        while (seek.probe != 0) {
            seek_feed_time(&seek, pages[seek.probe - 1]);
            steps++;
        }
        assert_int_equal(seek.answer, time_ms + 1);
        assert_true(steps <= 11);
    }
    for (uint32_t index = 0; index < PAGES; index++) {
        page_drop(pages[index]);
    }
    assert_int_equal(page_maker_free_released(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_found_behind_the_last_event_before_it),
        cmocka_unit_test(so_many_back_are_counted_from_the_end),
        cmocka_unit_test(an_empty_log_needs_no_page),
        cmocka_unit_test(halving_looks_at_few_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
