/* test_link.c - stories of sessions: connecting, heartbeats, refusals, back-off, gets, closing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link.h"

#include "tests/unit/link_story.h"

static void silence_of_three_beats_ends_the_session(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    assert_int_equal(link_deadline_ms(story.link), story.now_ms + STORY_BEAT_MS);
    story_tick(&story, STORY_BEAT_MS);
    assert_non_null(story_said(&story, LINK_SAY_PING, 0));
    struct link_heard pong = {.kind = LINK_HEARD_PONG};
    story_hear(&story, &pong);
    story_tick(&story, STORY_BEAT_MS);
    story_tick(&story, STORY_BEAT_MS);
    assert_true(link_is_up(story.link));
    story_tick(&story, STORY_BEAT_MS);
    assert_false(link_is_up(story.link));
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    story_end(&story);
}

static void pauses_grow_with_chance_and_never_beyond_their_bound(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_tick(&story, 0);
    uint64_t longest = 0;
    for (int i = 0; i < 40; i++) {
        story_lost(&story);
        uint64_t pause = link_deadline_ms(story.link) - story.now_ms;
        uint64_t span = 250u << (i < 7 ? i : 7);
        span = span < 30000 ? span : 30000;
        assert_in_range(pause, span / 2, span);
        longest = pause > longest ? pause : longest;
        story_tick(&story, pause);
        assert_non_null(story_effect(&story, LINK_FX_CONNECT, 0));
    }
    assert_true(longest > 20000);
    story_end(&story);
}

/* A broker that cuts early and often must not make what it does take wait ever longer. */
static void a_session_that_stored_something_is_no_failure(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    for (uint64_t number = 1; number <= 12; number++) {
        story_up(&story, 0, number - 1);
        story_offer(&story, LINK_LANE_REST, number);
        uint64_t request = story_expect_item(&story, 0, 0, number, number - 1);
        story_receipt(&story, request, number, LINK_STORED, number);
        story_lost(&story);
        assert_in_range(link_deadline_ms(story.link) - story.now_ms, 125, 250);
    }
    story_up(&story, 0, 12);
    story_lost(&story);
    story_up(&story, 0, 12);
    story_lost(&story);
    story_up(&story, 0, 12);
    story_lost(&story);
    assert_in_range(link_deadline_ms(story.link) - story.now_ms, 1000, 2000);
    story_end(&story);
}

static void a_refused_key_is_told_and_tried_again_seldom(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_tick(&story, 0);
    struct link_input input = {.kind = LINK_IN_LOST};
    input.of.lost.is_auth = true;
    story_step(&story, &input);
    const struct link_effect *down = story_effect(&story, LINK_FX_STATE, 0);
    assert_bytes_equal(down->of.state.refusal.code, bytes_of_text("AUTH_FAILED"));
    assert_true(link_deadline_ms(story.link) >= story.now_ms + 15000);
    story_end(&story);
}

static void a_refused_hello_waits_as_long_as_it_is_told(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    struct link_heard error = {.kind = LINK_HEARD_ERROR};
    error.request = story_hello(&story);
    error.of.error.refusal.code = bytes_of_text("SESSION_LIMIT");
    error.of.error.refusal.is_retryable = true;
    error.of.error.refusal.retry_after_ms = 9000;
    story_hear(&story, &error);
    assert_int_equal(link_deadline_ms(story.link), story.now_ms + 9000);
    story_end(&story);
}

static void a_broker_that_forgot_us_is_greeted_again(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_offer(&story, LINK_LANE_REST, 1);
    struct link_heard error = {.kind = LINK_HEARD_ERROR};
    error.request = story_said(&story, LINK_SAY_PUBLISH, 0)->request;
    error.of.error.refusal.code = bytes_of_text("NO_SESSION");
    story_hear(&story, &error);
    assert_null(story_effect(&story, LINK_FX_ANSWERED, 0));
    assert_false(link_is_up(story.link));
    story_up(&story, 0, 0);
    story_expect_item(&story, 0, 0, 1, 0);
    story_end(&story);
}

static void nothing_but_welcome_opens_a_session(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_hello(&story);
    struct link_heard pong = {.kind = LINK_HEARD_PONG};
    story_hear(&story, &pong);
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    uint64_t request = story_hello(&story);
    story_welcome(&story, request + 1, 0, 0); /* of another hello */
    assert_false(link_is_up(story.link));
    story_end(&story);
}

static void a_welcome_that_never_comes_is_given_up(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_hello(&story);
    story_tick(&story, link_deadline_ms(story.link) - story.now_ms);
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    story_end(&story);
}

static void a_get_is_asked_in_every_session_until_answered(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    struct link_input input = {.kind = LINK_IN_GET};
    input.of.get.token = 5;
    input.of.get.seq = 99;
    story_step(&story, &input);
    story_up(&story, 0, 0);
    assert_int_equal(story_said(&story, LINK_SAY_GET, 0)->of.get.seq, 99);
    story_lost(&story);
    story_up(&story, 0, 0);
    struct link_heard answer = {.kind = LINK_HEARD_ANSWER};
    answer.request = story_said(&story, LINK_SAY_GET, 0)->request;
    answer.of.answer.record.seq = 99;
    story_hear(&story, &answer);
    const struct link_effect *got = story_effect(&story, LINK_FX_GOT, 0);
    assert_int_equal(got->of.got.token, 5);
    assert_true(got->of.got.is_found);
    story_hear(&story, &answer);
    assert_null(story_effect(&story, LINK_FX_GOT, 0));
    story_end(&story);
}

static void close_says_bye_and_nothing_after(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    struct link_input input = {.kind = LINK_IN_CLOSE};
    story_step(&story, &input);
    assert_non_null(story_said(&story, LINK_SAY_BYE, 0));
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    story_tick(&story, 100000);
    assert_int_equal(story.fx.count, 0);
    assert_true(link_deadline_ms(story.link) == UINT64_MAX);
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_of_three_beats_ends_the_session),
        cmocka_unit_test(pauses_grow_with_chance_and_never_beyond_their_bound),
        cmocka_unit_test(a_session_that_stored_something_is_no_failure),
        cmocka_unit_test(a_refused_key_is_told_and_tried_again_seldom),
        cmocka_unit_test(a_refused_hello_waits_as_long_as_it_is_told),
        cmocka_unit_test(a_broker_that_forgot_us_is_greeted_again),
        cmocka_unit_test(nothing_but_welcome_opens_a_session),
        cmocka_unit_test(a_welcome_that_never_comes_is_given_up),
        cmocka_unit_test(a_get_is_asked_in_every_session_until_answered),
        cmocka_unit_test(close_says_bye_and_nothing_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
