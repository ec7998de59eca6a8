/* test_link_follow.c - stories of following: ranges, resumes, credit, acks, endings.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/link_story.h"

static const struct bytes all_topics = {(const uint8_t *)"#", 1};
static const struct link_follow_spec plain_spec = {
    .filters = &all_topics, .filter_count = 1, .through_time_ms = INT64_MAX};
static const struct link_follow_spec cursor_spec = {
    .cursor = {(const uint8_t *)"shift", 5},
    .filters = &all_topics,
    .filter_count = 1,
    .through_time_ms = INT64_MAX
};

static const struct link_said *story_follow(struct story *story, uint64_t id,
                                            const struct link_follow_spec *spec)
{
    struct link_input input = {.kind = LINK_IN_FOLLOW};
    input.of.follow.id = id;
    input.of.follow.spec = spec;
    story_step(story, &input);
    return story_said(story, LINK_SAY_FOLLOW, 0);
}

static void story_following(struct story *story, uint64_t request, uint64_t id, uint64_t first,
                            uint64_t through)
{
    struct link_heard heard = {.kind = LINK_HEARD_FOLLOWING, .request = request};
    heard.of.following.follow = id;
    heard.of.following.first = first;
    heard.of.following.through = through;
    heard.of.following.resume = bytes_of_text("token");
    heard.of.following.log = story->log;
    story_hear(story, &heard);
}

/* A delivery of `first` to `last` with a record for each of `count` sequences from `first`. */
static void story_deliver(struct story *story, uint64_t id, uint64_t first, uint64_t last,
                          uint32_t count)
{
    struct link_record records[1024] = {0};
    assert_true(count <= 1024);
    for (uint32_t i = 0; i < count; i++)
        records[i] = (struct link_record){.seq = first + i, .frame_bytes = 100};
    struct link_heard heard = {.kind = LINK_HEARD_DELIVER};
    heard.of.deliver.follow = id;
    heard.of.deliver.first = first;
    heard.of.deliver.last = last;
    heard.of.deliver.records = records;
    heard.of.deliver.count = count;
    story_hear(story, &heard);
}

static void story_consume(struct story *story, uint64_t id, uint64_t events, uint64_t bytes)
{
    struct link_input input = {.kind = LINK_IN_CONSUMED};
    input.of.consumed.id = id;
    input.of.consumed.events = events;
    input.of.consumed.bytes = bytes;
    story_step(story, &input);
}

static void story_ack(struct story *story, uint64_t id, uint64_t through)
{
    struct link_input input = {.kind = LINK_IN_ACK};
    input.of.ack.id = id;
    input.of.ack.through = through;
    story_step(story, &input);
}

static void story_acked(struct story *story, uint64_t request, uint64_t id, uint64_t through)
{
    struct link_heard heard = {.kind = LINK_HEARD_ACKED, .request = request};
    heard.of.acked.follow = id;
    heard.of.acked.through = through;
    story_hear(story, &heard);
}

static void ranges_follow_each_other_and_a_gap_breaks_the_session(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    const struct link_said *said = story_follow(&story, 1, &plain_spec);
    assert_non_null(said);
    assert_false(said->of.follow.is_resumed);
    story_following(&story, said->request, 1, 10, 0);
    assert_non_null(story_effect(&story, LINK_FX_FOLLOWING, 0));
    story_deliver(&story, 1, 10, 14, 3);
    const struct link_effect *deliver = story_effect(&story, LINK_FX_DELIVER, 0);
    assert_int_equal(deliver->of.deliver.count, 3);
    story_deliver(&story, 1, 16, 20, 1);
    assert_null(story_effect(&story, LINK_FX_DELIVER, 0));
    assert_non_null(story_effect(&story, LINK_FX_DISCONNECT, 0));
    assert_false(link_is_up(story.link));
    story_end(&story);
}

static void without_a_cursor_it_goes_on_with_the_token(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &plain_spec)->request, 1, 10, 0);
    story_deliver(&story, 1, 10, 14, 3);
    story_lost(&story);
    story_up(&story, 0, 0);
    const struct link_said *again = story_said(&story, LINK_SAY_FOLLOW, 0);
    assert_non_null(again);
    assert_true(again->of.follow.is_resumed);
    assert_int_equal(again->of.follow.from_seq, 15);
    assert_bytes_equal(again->of.follow.resume, bytes_of_text("token"));
    story_following(&story, again->request, 1, 17, 0); /* that would skip 15 and 16 */
    assert_false(link_is_up(story.link));
    story_end(&story);
}

static void with_a_cursor_what_was_delivered_is_not_delivered_again(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &cursor_spec)->request, 1, 10, 0);
    story_deliver(&story, 1, 10, 13, 4);
    story_ack(&story, 1, 11);
    const struct link_said *ack = story_said(&story, LINK_SAY_ACK, 0);
    assert_int_equal(ack->of.ack.through, 11);
    story_acked(&story, ack->request, 1, 11);
    assert_int_equal(story_effect(&story, LINK_FX_ACKED, 0)->of.acked.through, 11);
    story_lost(&story);
    story_up(&story, 0, 0);
    const struct link_said *again = story_said(&story, LINK_SAY_FOLLOW, 0);
    assert_int_equal(again->of.follow.from_seq, 0);
    story_following(&story, again->request, 1, 12, 0);
    story_deliver(&story, 1, 12, 15, 4);
    const struct link_effect *deliver = story_effect(&story, LINK_FX_DELIVER, 0);
    assert_int_equal(deliver->of.deliver.count, 2);
    assert_int_equal(deliver->of.deliver.records[0].seq, 14);
    story_end(&story);
}

static void acks_are_cumulative_and_one_at_a_time(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &cursor_spec)->request, 1, 1, 0);
    story_deliver(&story, 1, 1, 5, 5);
    story_ack(&story, 1, 1);
    const struct link_said *ack = story_said(&story, LINK_SAY_ACK, 0);
    assert_non_null(ack);
    uint64_t request = ack->request;
    story_ack(&story, 1, 2);
    story_ack(&story, 1, 4);
    assert_null(story_said(&story, LINK_SAY_ACK, 0));
    story_acked(&story, request, 1, 1);
    assert_int_equal(story_said(&story, LINK_SAY_ACK, 0)->of.ack.through, 4);
    story_ack(&story, 1, 900); /* nobody can have processed what was not delivered */
    story_acked(&story, story_said(&story, LINK_SAY_ACK, 0) ? 0 : request + 1, 1, 4);
    assert_int_equal(story_said(&story, LINK_SAY_ACK, 0)->of.ack.through, 5);
    story_end(&story);
}

static void bookmarks_move_an_idle_cursor_now_and_then(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &cursor_spec)->request, 1, 1, 0);
    story_deliver(&story, 1, 1, 1, 1);
    story_consume(&story, 1, 1, 100);
    story_ack(&story, 1, 1);
    const struct link_said *ack = story_said(&story, LINK_SAY_ACK, 0);
    story_acked(&story, ack->request, 1, 1);
    story_deliver(&story, 1, 2, 900, 0);
    assert_null(story_said(&story, LINK_SAY_ACK, 0));
    story_tick(&story, 10000);
    assert_int_equal(story_said(&story, LINK_SAY_ACK, 0)->of.ack.through, 900);
    story_end(&story);
}

static void credit_is_given_back_as_it_is_consumed(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    const struct link_said *said = story_follow(&story, 1, &plain_spec);
    uint64_t window = said->of.follow.credit_events;
    assert_int_equal(window, 1024);
    story_following(&story, said->request, 1, 1, 0);
    story_deliver(&story, 1, 1, 600, 600);
    story_consume(&story, 1, 511, 51100);
    story_expect_silence(&story);
    story_consume(&story, 1, 1, 100);
    const struct link_said *credit = story_said(&story, LINK_SAY_CREDIT, 0);
    assert_int_equal(credit->of.credit.events, 512);
    assert_int_equal(credit->of.credit.bytes, 51200);
    story_lost(&story);
    story_up(&story, 0, 0); /* 88 are still held: so much less is asked for */
    said = story_said(&story, LINK_SAY_FOLLOW, 0);
    assert_int_equal(said->of.follow.credit_events, window - 88);
    story_end(&story);
}

static void its_end_is_told_once_even_across_sessions(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &plain_spec)->request, 1, 1, 3);
    story_deliver(&story, 1, 1, 3, 3);
    story_lost(&story); /* before ENDED came */
    story_up(&story, 0, 0);
    assert_null(story_said(&story, LINK_SAY_FOLLOW, 0));
    const struct link_effect *ended = story_effect(&story, LINK_FX_ENDED, 0);
    assert_non_null(ended);
    assert_bytes_equal(ended->of.ended.refusal.code, bytes_of_text("END"));
    story_end(&story);
}

static void a_restored_log_ends_what_stood_in_the_old_one(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &cursor_spec)->request, 1, 1, 0);
    story_lost(&story);
    story.log.incarnation = 2;
    story_up(&story, 0, 0);
    const struct link_effect *ended = story_effect(&story, LINK_FX_ENDED, 0);
    assert_non_null(ended);
    assert_bytes_equal(ended->of.ended.refusal.code, bytes_of_text("LOG_CHANGED"));
    assert_int_equal(ended->of.ended.theirs, 1);
    assert_int_equal(ended->of.ended.ours, 2);
    assert_null(story_said(&story, LINK_SAY_FOLLOW, 0));
    story_end(&story);
}

static void a_refusal_ends_it_and_busy_tries_again(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    struct link_heard error = {.kind = LINK_HEARD_ERROR};
    error.request = story_follow(&story, 1, &plain_spec)->request;
    error.of.error.refusal.code = bytes_of_text("BUSY");
    error.of.error.refusal.is_retryable = true;
    error.of.error.refusal.retry_after_ms = 700;
    story_hear(&story, &error);
    assert_null(story_effect(&story, LINK_FX_ENDED, 0));
    story_tick(&story, 700);
    const struct link_said *again = story_said(&story, LINK_SAY_FOLLOW, 0);
    assert_non_null(again);
    error.request = again->request;
    error.of.error.refusal.code = bytes_of_text("RIGHTS");
    error.of.error.refusal.is_retryable = false;
    story_hear(&story, &error);
    assert_bytes_equal(story_effect(&story, LINK_FX_ENDED, 0)->of.ended.refusal.code,
                       bytes_of_text("RIGHTS"));
    story_end(&story);
}

static void unfollow_says_so_and_late_deliveries_are_passed_over(void **state)
{
    (void)state;
    struct story story;
    story_open(&story);
    story_up(&story, 0, 0);
    story_following(&story, story_follow(&story, 1, &cursor_spec)->request, 1, 1, 0);
    struct link_input input = {.kind = LINK_IN_UNFOLLOW};
    input.of.unfollow.id = 1;
    story_step(&story, &input);
    assert_non_null(story_said(&story, LINK_SAY_UNFOLLOW, 0));
    assert_non_null(story_effect(&story, LINK_FX_ENDED, 0));
    story_deliver(&story, 1, 1, 5, 5);
    assert_null(story_effect(&story, LINK_FX_DELIVER, 0));
    assert_true(link_is_up(story.link));
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_follow_each_other_and_a_gap_breaks_the_session),
        cmocka_unit_test(without_a_cursor_it_goes_on_with_the_token),
        cmocka_unit_test(with_a_cursor_what_was_delivered_is_not_delivered_again),
        cmocka_unit_test(acks_are_cumulative_and_one_at_a_time),
        cmocka_unit_test(bookmarks_move_an_idle_cursor_now_and_then),
        cmocka_unit_test(credit_is_given_back_as_it_is_consumed),
        cmocka_unit_test(its_end_is_told_once_even_across_sessions),
        cmocka_unit_test(a_restored_log_ends_what_stood_in_the_old_one),
        cmocka_unit_test(a_refusal_ends_it_and_busy_tries_again),
        cmocka_unit_test(unfollow_says_so_and_late_deliveries_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
