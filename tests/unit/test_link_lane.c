/* test_link_lane.c - stories of publishing: numbers, marks, gaps, refusals, restores.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/link_story.h"

static void what_is_published_is_sent_and_answered_once(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    assert_int_equal(link_number_next(story.link, LINK_LANE_REST), 1);
    story_offer(&story, LINK_LANE_REST, 1);
    uint64_t request = story_expect_item(&story, 0, 0, 1, 0);
    story_offer(&story, LINK_LANE_REST, 2);
    story_expect_item(&story, 0, 0, 2, 1);
    story_receipt(&story, request, 1, LINK_STORED, 77);
    const struct link_effect *answered = story_effect(&story, LINK_FX_ANSWERED, 0);
    assert_non_null(answered);
    assert_true(answered->of.answered.is_stored);
    assert_int_equal(answered->of.answered.token, 1);
    assert_int_equal(answered->of.answered.seq, 77);
    story_receipt(&story, request, 1, LINK_STORED, 77);
    assert_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    story_end(&story);
}

static void numbers_are_above_the_mark_and_all_given(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    assert_int_equal(link_number_next(story.link, LINK_LANE_REST), 1);
    story_up(&story, 0, 40);
    assert_int_equal(link_number_next(story.link, LINK_LANE_REST), 41);
    assert_int_equal(link_number_next(story.link, LINK_LANE_REST), 42);
    assert_int_equal(link_number_next(story.link, LINK_LANE_URGENT), 1);
    story_end(&story);
}

static void a_gap_sends_again_above_the_mark_and_only_once(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    for (uint64_t number = 1; number <= 4; number++)
        story_offer(&story, LINK_LANE_REST, number); /* requests differ by one */
    uint64_t last = story_expect_item(&story, 0, 0, 4, 3);
    story_refusal(&story, last - 2, 2, "RIGHTS", 0);
    assert_non_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    story_expect_silence(&story);
    story_receipt(&story, last - 1, 3, LINK_GAP, 1);
    story_expect_item(&story, 0, 0, 3, 1);
    uint64_t again = story_expect_item(&story, 0, 1, 4, 3);
    story_receipt(&story, last, 4, LINK_GAP, 1); /* of the first sending: overtaken */
    story_expect_silence(&story);
    story_receipt(&story, again, 3, LINK_STORED, 9);
    story_receipt(&story, again, 4, LINK_STORED, 10);
    assert_non_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    story_end(&story);
}

/* The event of the first sending was refused, that of the second is stored: it is stored. */
static void a_refusal_of_an_older_sending_is_overtaken(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    uint64_t first = story_expect_item(&story, 0, 0, 1, 0);
    story_offer(&story, LINK_LANE_REST, 2);
    story_receipt(&story, first + 1, 2, LINK_GAP, 0);
    uint64_t again = story_expect_item(&story, 0, 0, 1, 0);
    story_refusal(&story, first, 1, "RIGHTS", 0);
    assert_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    story_receipt(&story, again, 1, LINK_STORED, 5);
    assert_true(story_effect(&story, LINK_FX_ANSWERED, 0)->of.answered.is_stored);
    story_end(&story);
}

/* «a cold look-up: later» */
static void what_is_only_asked_for_may_take_long(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 9);
    story_offer(&story, LINK_LANE_REST, 3);
    uint64_t request = story_expect_item(&story, 0, 0, 3, 0);
    struct link_heard pong = {.kind = LINK_HEARD_PONG};
    for (int beat = 0; beat < 20; beat++) {
        story_tick(&story, STORY_BEAT_MS);
        story_hear(&story, &pong);
    }
    assert_true(link_is_up(story.link));
    story_receipt(&story, request, 3, LINK_STORED, 1);
    assert_non_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    story_end(&story);
}

static void what_follows_a_known_refusal_leaves_it_out(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    uint64_t request = story_expect_item(&story, 0, 0, 1, 0);
    story_receipt(&story, request, 1, LINK_STORED, 1);
    story_offer(&story, LINK_LANE_REST, 2);
    request = story_expect_item(&story, 0, 0, 2, 1);
    story_refusal(&story, request, 2, "CONFLICT", 0);
    story_offer(&story, LINK_LANE_REST, 3);
    story_expect_item(&story, 0, 0, 3, 1);
    story_end(&story);
}

static void busy_waits_and_sends_again_in_order(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    uint64_t first = story_expect_item(&story, 0, 0, 1, 0);
    story_offer(&story, LINK_LANE_REST, 2);
    story_refusal(&story, first, 1, "BUSY", 500);
    story_expect_silence(&story);
    story_receipt(&story, first + 1, 2, LINK_GAP, 0);
    story_expect_silence(&story);
    assert_int_equal(link_deadline_ms(story.link), story.now_ms + 500);
    story_tick(&story, 500);
    story_expect_item(&story, 0, 0, 1, 0);
    story_expect_item(&story, 0, 1, 2, 1);
    story_end(&story);
}

static void a_lost_session_sends_what_is_unanswered_again(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    for (uint64_t number = 1; number <= 3; number++)
        story_offer(&story, LINK_LANE_REST, number);
    story_lost(&story);
    story_up(&story, 0, 2); /* 1 and 2 arrived, their receipts did not */
    const struct link_said *asked = story_said(&story, LINK_SAY_PUBLISH, 0);
    assert_int_equal(asked->of.publish.count, 2);
    story_expect_item(&story, 0, 0, 1, 0);
    uint64_t request = story_expect_item(&story, 0, 1, 2, 0);
    story_receipt(&story, request, 1, LINK_STORED, 5);
    story_expect_silence(&story); /* 3 waits until all that was asked for is known */
    story_receipt(&story, request, 2, LINK_STORED, 6);
    story_expect_item(&story, 0, 0, 3, 2);
    story_end(&story);
}

/* The outbox lost its tail: the broker knows more of this producer than the outbox does. */
static void a_reused_number_is_replaced_in_order(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    for (uint64_t number = 1; number <= 3; number++)
        story_offer(&story, LINK_LANE_REST, number);
    story_up(&story, 0, 2);
    uint64_t request = story_expect_item(&story, 0, 1, 2, 0);
    story_receipt(&story, request, 1, LINK_NUMBER_REUSED, 2);
    story_expect_silence(&story);
    story_receipt(&story, request, 2, LINK_NUMBER_SKIPPED, 2);
    const struct link_effect *renumber = story_effect(&story, LINK_FX_RENUMBER, 0);
    assert_non_null(renumber);
    assert_int_equal(renumber->of.renumber.token, 1);
    assert_int_equal(renumber->of.renumber.number, 4);
    /* 3 was never sent, but 4 and 5 now go before it: it is asked for once they are answered. */
    story_expect_item(&story, 0, 0, 4, 2);
    request = story_expect_item(&story, 0, 1, 5, 4);
    assert_int_equal(story_said(&story, LINK_SAY_PUBLISH, 0)->of.publish.count, 2);
    story_receipt(&story, request, 4, LINK_STORED, 8);
    story_expect_item(&story, 0, 0, 3, 0);
    story_receipt(&story, request, 5, LINK_STORED, 9);
    story_receipt(&story, request + 1, 3, LINK_NUMBER_SKIPPED, 5);
    story_expect_item(&story, 0, 0, 6, 5);
    story_end(&story);
}

static void a_restored_log_is_offered_everything_above_its_mark(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 3, 5);
    assert_non_null(story_effect(&story, LINK_FX_LOG, 0));
    assert_null(story_effect(&story, LINK_FX_REWIND, 0));
    story_offer(&story, LINK_LANE_REST, 6);
    story_lost(&story);
    story.log.incarnation = 2;
    story_up(&story, 1, 4);
    assert_int_equal(story_effect(&story, LINK_FX_LOG, 0)->of.log.incarnation, 2);
    const struct link_effect *rewind = story_effect(&story, LINK_FX_REWIND, 1);
    assert_non_null(rewind);
    assert_int_equal(rewind->of.rewind.lane, LINK_LANE_REST);
    assert_int_equal(rewind->of.rewind.mark, 4);
    story_expect_silence(&story);
    story_offer(&story, LINK_LANE_REST, 5); /* kept as stored by the outbox */
    story_expect_item(&story, 0, 0, 5, 4);
    story_offer(&story, LINK_LANE_REST, 6);
    story_expect_item(&story, 0, 0, 6, 5);
    story_end(&story);
}

static void urgent_events_go_first_and_alone(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_offer(&story, LINK_LANE_REST, 1);
    story_offer(&story, LINK_LANE_URGENT, 1);
    story_up(&story, 0, 0);
    const struct link_said *first = story_said(&story, LINK_SAY_PUBLISH, 0);
    assert_int_equal(first->of.publish.items[0].producer[0], 0xa0);
    assert_int_equal(story_said(&story, LINK_SAY_PUBLISH, 1)->of.publish.items[0].producer[0],
                     0xb0);
    story_end(&story);
}

static void a_retired_producer_is_replaced(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 6);
    story_offer(&story, LINK_LANE_REST, 7);
    uint64_t request = story_expect_item(&story, 0, 0, 7, 6);
    story_refusal(&story, request, 7, "PRODUCER_RETIRED", 0);
    assert_int_equal(story_effect(&story, LINK_FX_RETIRED, 0)->of.retired.lane, LINK_LANE_REST);
    struct link_input input = {.kind = LINK_IN_PRODUCER};
    input.of.producer.lane = LINK_LANE_REST;
    memset(input.of.producer.producer, 0xb0, PRODUCER_BYTES);
    story_step(&story, &input);
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    story_up(&story, 0, 0);
    assert_non_null(story_effect(&story, LINK_FX_RENUMBER, 0));
    story_expect_item(&story, 0, 0, 8, 0);
    story_end(&story);
}

static void a_fenced_session_keeps_its_events_and_returns_late(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    uint64_t request = story_expect_item(&story, 0, 0, 1, 0);
    story_refusal(&story, request, 1, "FENCED", 0);
    assert_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    assert_false(link_is_up(story.link));
    assert_true(link_deadline_ms(story.link) >= story.now_ms + 10000);
    story_up(&story, 0, 0);
    story_expect_item(&story, 0, 0, 1, 0);
    story_end(&story);
}

static void the_window_is_never_passed(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    uint32_t room = link_room(story.link, LINK_LANE_REST);
    for (uint64_t number = 1; number <= room; number++)
        story_offer(&story, LINK_LANE_REST, number);
    assert_int_equal(link_room(story.link, LINK_LANE_REST), 0);
    story_up(&story, 0, 0);
    uint64_t request = story_expect_item(&story, 0, 0, 1, 0);
    assert_int_equal(story_said(&story, LINK_SAY_PUBLISH, 0)->of.publish.count, room);
    story_receipt(&story, request, 1, LINK_STORED, 1);
    assert_int_equal(link_room(story.link, LINK_LANE_REST), 1);
    story_end(&story);
}

static void what_comes_while_much_is_on_its_way_is_sent_together(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    uint64_t first = 0;
    for (uint64_t number = 1; number <= 40; number++) {
        story_offer(&story, LINK_LANE_REST, number);
        const struct link_said *said = story_said(&story, LINK_SAY_PUBLISH, 0);
        assert_int_equal(said != NULL, number <= 16);
        first = number == 1 && said != NULL ? said->request : first;
    }
    story_receipt(&story, first, 1, LINK_STORED, 1);
    assert_int_equal(story_said(&story, LINK_SAY_PUBLISH, 0)->of.publish.count, 24);
    story_end(&story);
}

static void an_event_unanswered_for_long_ends_the_session(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    struct link_heard pong = {.kind = LINK_HEARD_PONG};
    for (int beat = 0; beat < 6; beat++) {
        assert_true(link_is_up(story.link));
        story_tick(&story, STORY_BEAT_MS);
        story_hear(&story, &pong);
    }
    assert_false(link_is_up(story.link));
    story_end(&story);
}

static void what_is_offered_in_one_go_is_sent_together(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    for (uint64_t number = 1; number <= 3; number++) {
        struct link_input input = {.kind = LINK_IN_EVENT};
        input.of.event.lane = LINK_LANE_REST;
        input.of.event.token = input.of.event.number = number;
        input.of.event.event = &story.event;
        input.of.event.is_more = true;
        story_step(&story, &input);
        story_expect_silence(&story);
    }
    story_tick(&story, 0);
    for (uint64_t number = 1; number <= 3; number++)
        story_expect_item(&story, 0, (uint32_t)number - 1, number, number - 1);
    assert_null(story_said(&story, LINK_SAY_PUBLISH, 1));
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_sent_and_answered_once),
        cmocka_unit_test(numbers_are_above_the_mark_and_all_given),
        cmocka_unit_test(a_gap_sends_again_above_the_mark_and_only_once),
        cmocka_unit_test(a_refusal_of_an_older_sending_is_overtaken),
        cmocka_unit_test(what_is_only_asked_for_may_take_long),
        cmocka_unit_test(what_follows_a_known_refusal_leaves_it_out),
        cmocka_unit_test(busy_waits_and_sends_again_in_order),
        cmocka_unit_test(a_lost_session_sends_what_is_unanswered_again),
        cmocka_unit_test(a_reused_number_is_replaced_in_order),
        cmocka_unit_test(a_restored_log_is_offered_everything_above_its_mark),
        cmocka_unit_test(urgent_events_go_first_and_alone),
        cmocka_unit_test(a_retired_producer_is_replaced),
        cmocka_unit_test(a_fenced_session_keeps_its_events_and_returns_late),
        cmocka_unit_test(the_window_is_never_passed),
        cmocka_unit_test(what_comes_while_much_is_on_its_way_is_sent_together),
        cmocka_unit_test(what_is_offered_in_one_go_is_sent_together),
        cmocka_unit_test(an_event_unanswered_for_long_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
