/* test_core.c - stories of the whole core: who hears of what, and what never happens.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_story.h"

static void a_follower_hears_of_an_event_once_it_is_durable(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "62/71/#", FROM_NOW, 0);
    rig_hold(rig, RIG_HOLD_APPENDS);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, damkar, "");
    assert_heard(rig, polisi, "following 1 from 1 head 0\n");
    rig_hold(rig, 0);
    assert_heard(rig, damkar, "stored 1\n");
    assert_heard(rig, polisi, "1: 1-1 = 1\n");
}

static void a_late_follower_catches_up_and_goes_on_live(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 9, fire), polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "#", FROM_SEQ, 7);
    assert_heard(rig, polisi, "following 1 from 7 head 9\n1: 7-7 = 7r\n1: 8-8 = 8r\n1: 9-9 = 9r\n");
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "1: 10-10 = 10\n");
}

static void what_is_stored_while_it_catches_up_is_not_missed(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 9, fire), polisi = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_READS);
    rig_follow_from(rig, polisi, "#", FROM_START, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "following 1 from 1 head 9\n");
    rig_hold(rig, 0);
    assert_heard(rig, polisi,
                 "1: 1-1 = 1r\n1: 2-2 = 2r\n1: 3-3 = 3r\n1: 4-4 = 4r\n1: 5-5 = 5r\n"
                 "1: 6-6 = 6r\n1: 7-7 = 7r\n1: 8-8 = 8r\n1: 9-9 = 9r\n1: 10-10 = 10\n");
}

static void a_start_inside_a_page_begins_with_its_record(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event events[] = {fire, fire, flood, fire, fire};
    rig_publish_many(rig, damkar, events, 5);
    rig_follow_from(rig, polisi, "62/71/#", FROM_SEQ, 2);
    assert_heard(rig, polisi, "following 1 from 2 head 5\n1: 2-5 = 2r 4r 5r\n");
}

static void many_followers_of_the_past_share_their_reads(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 20, fire);
    uint64_t polisi = story_join(rig, "polisi");
    uint32_t before = rig_reads(rig);
    rig_hold(rig, RIG_HOLD_READS);
    for (uint64_t follow = 1; follow <= 8; follow++) {
        struct follow_request request = rig_follow_request(follow, "#");
        request.from = FROM_START;
        rig_follow(rig, polisi, request);
    }
    rig_hold(rig, 0);
    assert_true(rig_reads(rig) - before <= 20);
    const char *heard = rig_heard(rig, polisi);
    assert_non_null(strstr(heard, "\n1: 20-20 = 20r\n"));
    assert_non_null(strstr(heard, "\n8: 20-20 = 20r\n"));
}

static void credit_is_what_may_be_in_flight(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event events[] = {fire, fire, fire, flood, fire};
    struct follow_request request = rig_follow_request(1, "62/71/#");
    request.credit_events = 2;
    rig_follow(rig, polisi, request);
    rig_publish_many(rig, damkar, events, 5);
    assert_heard(rig, polisi, "following 1 from 1 head 0\n1: 1-2 = 1 2\n");
    rig_credit(rig, polisi, 1, 1, 0);
    assert_heard(rig, polisi, "1: 3-4 = 3\n");
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "");
    rig_credit(rig, polisi, 1, 10, 0);
    assert_heard(rig, polisi, "1: 5-5 = 5\n1: 6-6 = 6\n");
}

static void the_last_record_may_take_the_bytes_below_zero(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event events[] = {fire, fire, fire};
    struct follow_request request = rig_follow_request(1, "62/71/#");
    request.credit_bytes = 150;
    rig_follow(rig, polisi, request);
    rig_publish_many(rig, damkar, events, 3);
    assert_heard(rig, polisi, "following 1 from 1 head 0\n1: 1-2 = 1 2\n");
    rig_credit(rig, polisi, 1, 0, 50);
    assert_heard(rig, polisi, "");
    rig_credit(rig, polisi, 1, 0, 1);
    assert_heard(rig, polisi, "1: 3-3 = 3\n");
}

static void a_follower_without_credit_costs_no_reads_and_no_work(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 20, fire), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.credit_events = 0;
    request.from = FROM_START;
    uint32_t before = rig_reads(rig);
    rig_follow(rig, polisi, request);
    rig_publish(rig, damkar, fire);
    rig_wait_ms(rig, 5000);
    assert_heard(rig, polisi, "following 1 from 1 head 20\n");
    assert_int_equal(rig_reads(rig), before);
}

static void who_is_not_concerned_hears_how_far_it_is_covered_but_not_often(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "62/72/#", FROM_NOW, 0);
    rig_heard(rig, polisi);
    for (uint32_t index = 0; index < 5; index++) {
        rig_publish(rig, damkar, fire);
        rig_wait_ms(rig, 100);
    }
    assert_heard(rig, polisi, "");
    rig_wait_ms(rig, 1000);
    assert_heard(rig, polisi, "1: 1-5 =\n");
    rig_wait_ms(rig, 1000);
    uint32_t before = rig_steps(rig);
    rig_wait_ms(rig, 5000);
    assert_heard(rig, polisi, "");
    assert_int_equal(rig_steps(rig), before);
    rig_publish(rig, damkar, flood);
    assert_heard(rig, polisi, "1: 6-6 = 6\n");
}

static void a_long_way_without_a_match_is_told_now_and_then(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 30, fire);
    uint64_t polisi = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_READS);
    rig_follow_from(rig, polisi, "62/72/#", FROM_START, 0);
    rig_wait_ms(rig, 2000);
    rig_hold(rig, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 30\n1: 1-1 =\n");
    rig_wait_ms(rig, 2000);
    assert_heard(rig, polisi, "1: 2-30 =\n");
}

static void until_end_ends_at_the_head_as_it_was_told(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 3, fire), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "62/72/#");
    request.from = FROM_START;
    request.until_end = true;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "following 1 from 1 head 3 through 3\n1: 1-3 =\nended 1 END\n");
    request.filters = rig_follow_request(1, "#").filters;
    rig_hold(rig, RIG_HOLD_READS);
    rig_follow(rig, polisi, request);
    rig_publish(rig, damkar, fire);
    rig_hold(rig, 0);
    assert_heard(rig, polisi,
                 "following 1 from 1 head 3 through 3\n1: 1-1 = 1r\n1: 2-2 = 2r\n"
                 "1: 3-3 = 3r\nended 1 END\n");
}

static void until_end_of_an_empty_log_ends_at_once(void **state)
{
    struct rig *rig = *state;
    uint64_t polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.from = FROM_START;
    request.until_end = true;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "following 1 from 1 head 0\nended 1 END\n");
}

static void through_a_sequence_to_come_ends_when_it_came(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 1, fire), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.through = 3;
    rig_follow(rig, polisi, request);
    rig_publish(rig, damkar, flood);
    assert_heard(rig, polisi, "following 1 from 2 head 1 through 3\n1: 2-2 = 2\n");
    struct made_event events[] = {flood, fire};
    rig_publish_many(rig, damkar, events, 2);
    assert_heard(rig, polisi, "1: 3-3 = 3\nended 1 END\n");
}

static void so_many_back_counts_what_matches(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event events[] = {fire, flood, fire, flood, flood};
    rig_publish_many(rig, damkar, events, 5);
    rig_publish_many(rig, damkar, events, 5);
    rig_follow_from(rig, polisi, "62/71/#", FROM_LAST, 3);
    assert_heard(rig, polisi, "following 1 from 3 head 10\n1: 3-5 = 3r\n1: 6-10 = 6r 8r\n");
    rig_unfollow(rig, polisi, 1);
    rig_follow_from(rig, polisi, "62/71/#", FROM_LAST, 9);
    assert_heard(rig, polisi, "following 1 from 1 head 10\n1: 1-5 = 1r 3r\n1: 6-10 = 6r 8r\n");
    rig_unfollow(rig, polisi, 1);
    rig_follow_from(rig, polisi, "62/71/#", FROM_LAST, 0);
    assert_heard(rig, polisi, "following 1 from 11 head 10\n");
}

/* Ten events, one each 1,000 ms from 2,000,000 on. Returns damkar. */
static uint64_t ten_seconds(struct rig *rig)
{
    uint64_t damkar = story_join(rig, "damkar");
    for (uint32_t index = 0; index < 10; index++) {
        rig_set_wall_ms(rig, 2000000 + index * 1000);
        rig_publish(rig, damkar, fire);
    }
    return damkar;
}

static void a_time_is_the_first_event_at_or_after_it(void **state)
{
    struct rig *rig = *state;
    ten_seconds(rig);
    uint64_t polisi = story_join(rig, "polisi");
    static const struct {
        enum from_kind from;
        uint64_t value;
        const char *heard;
    } rows[] = {
        {FROM_TIME, 2007000,    "following 1 from 8 head 10 through 10\n" },
        {FROM_TIME, 2007001,    "following 1 from 9 head 10 through 10\n" },
        {FROM_TIME, 0,          "following 1 from 1 head 10 through 10\n" },
        {FROM_TIME, 2009001,    "following 1 from 11 head 10 through 10\n"},
        {FROM_AGE,  2000,       "following 1 from 8 head 10 through 10\n" },
        {FROM_AGE,  UINT64_MAX, "following 1 from 1 head 10 through 10\n" },
    };
    for (uint32_t index = 0; index < COUNT_OF(rows); index++) {
        struct follow_request request = rig_follow_request(1, "63/#");
        request.from = rows[index].from;
        request.from_value = rows[index].value;
        request.until_end = true;
        rig_follow(rig, polisi, request);
        const char *heard = rig_heard(rig, polisi);
        assert_memory_equal(heard, rows[index].heard, strlen(rows[index].heard));
    }
}

static void a_time_to_end_at_is_inclusive(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = ten_seconds(rig), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.from = FROM_SEQ;
    request.from_value = 7;
    request.through_time_ms = 2007000;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi,
                 "following 1 from 7 head 10 through 8\n1: 7-7 = 7r\n1: 8-8 = 8r\nended 1 END\n");
    request.from_value = 10;
    request.through_time_ms = 2010000;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "following 1 from 10 head 10\n1: 10-10 = 10r\n");
    rig_set_wall_ms(rig, 2010000);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "1: 11-11 = 11\n");
    rig_set_wall_ms(rig, 2010001);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "ended 1 END\n");
}

static void a_clogged_peer_is_left_alone_until_it_speaks_and_misses_nothing(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.credit_events = 3;
    rig_follow(rig, polisi, request);
    rig_heard(rig, polisi);
    rig_clog(rig, polisi, true);
    rig_publish(rig, damkar, fire);
    rig_publish(rig, damkar, fire);
    rig_clog(rig, polisi, false);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "");
    rig_ping(rig, polisi);
    assert_heard(rig, polisi, "pong 3\n1: 1-1 = 1\n1: 2-2 = 2\n1: 3-3 = 3\n");
}

static void what_did_not_leave_costs_no_credit(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 3, fire);
    uint64_t peers[] = {story_join(rig, "polisi"), story_join(rig, "polisi")};
    struct follow_request request = rig_follow_request(1, "#");
    request.from = FROM_START;
    request.credit_events = 3;
    rig_hold(rig, RIG_HOLD_READS);
    for (uint32_t index = 0; index < COUNT_OF(peers); index++) {
        rig_clog(rig, peers[index], true);
        rig_follow(rig, peers[index], request);
    }
    rig_hold(rig, 0);
    for (uint32_t index = 0; index < COUNT_OF(peers); index++) {
        rig_clog(rig, peers[index], false);
        rig_ping(rig, peers[index]);
        assert_heard(rig, peers[index],
                     "following 1 from 1 head 3\npong 3\n1: 1-1 = 1r\n1: 2-2 = 2r\n1: 3-3 = 3r\n");
    }
}

static void nothing_is_tried_on_a_clogged_peer_for_any_of_its_follows(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_follow(rig, polisi, rig_follow_request(1, "62/71/#"));
    rig_follow(rig, polisi, rig_follow_request(2, "62/72/#"));
    rig_follow(rig, polisi, rig_follow_request(3, "63/#"));
    rig_heard(rig, polisi);
    rig_clog(rig, polisi, true);
    rig_publish(rig, damkar, fire);
    assert_int_equal(rig_unsent(rig), 1);
    rig_publish(rig, damkar, flood);
    rig_wait_ms(rig, 5000);
    assert_int_equal(rig_unsent(rig), 1);
    rig_clog(rig, polisi, false);
    rig_ping(rig, polisi);
    assert_heard(rig, polisi, "pong 2\n2: 1-2 = 2\n1: 1-1 = 1\n");
    rig_wait_ms(rig, 1000);
    assert_heard(rig, polisi, "3: 1-2 =\n");
    rig_wait_ms(rig, 1000);
    assert_heard(rig, polisi, "1: 2-2 =\n");
}

static void an_end_that_did_not_leave_is_told_after_all(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 2, fire);
    uint64_t polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.from = FROM_SEQ;
    request.from_value = 2;
    request.until_end = true;
    rig_clog(rig, polisi, true);
    rig_follow(rig, polisi, request);
    rig_wait_ms(rig, 100);
    assert_heard(rig, polisi, "following 1 from 2 head 2 through 2\n");
    rig_clog(rig, polisi, false);
    rig_ping(rig, polisi);
    assert_heard(rig, polisi, "pong 2\n1: 2-2 = 2r\nended 1 END\n");
}

static void damage_stops_only_those_who_need_what_is_damaged(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 12, fire), polisi = story_join(rig, "polisi");
    rig_damage(rig, 5, 5);
    rig_follow_from(rig, polisi, "#", FROM_SEQ, 4);
    struct follow_request request = rig_follow_request(2, "#");
    request.from = FROM_SEQ;
    request.from_value = 6;
    rig_follow(rig, polisi, request);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi,
                 "following 1 from 4 head 12\n1: 4-4 = 4r\nended 1 STORE_CORRUPT 5-5\n"
                 "following 2 from 6 head 12\n2: 6-6 = 6r\n2: 7-7 = 7r\n2: 8-8 = 8r\n"
                 "2: 9-9 = 9r\n2: 10-10 = 10r\n2: 11-11 = 11r\n2: 12-12 = 12r\n2: 13-13 = 13\n");
    assert_heard(rig, damkar, "stored 13\n");
}

static void a_session_that_ends_takes_its_follows_along(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 20, fire), polisi = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_READS);
    rig_follow_from(rig, polisi, "#", FROM_START, 0);
    rig_disconnect(rig, polisi);
    rig_hold(rig, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "following 1 from 1 head 20\ndropped closed\n");
}

static void a_silent_session_is_cut(void **state)
{
    struct rig *rig = *state;
    uint64_t polisi = story_join(rig, "polisi");
    rig_wait_ms(rig, 14000);
    rig_ping(rig, polisi);
    rig_wait_ms(rig, 14000);
    assert_heard(rig, polisi, "pong 0\n");
    rig_wait_ms(rig, 2000);
    assert_heard(rig, polisi, "error NO_SESSION\ndropped NO_SESSION\n");
}

static void everybody_is_told_bye_once(void **state)
{
    enum { SESSIONS = CORE_EFFECTS_MIN + 5 };
    struct core_limits limits;
    uint64_t last = 0;
    rig_limits(&limits);
    limits.sessions = SESSIONS;
    struct rig *rig = rig_new(&limits, CORE_EFFECTS_MIN, CORE_SCRATCH_MIN);
    (void)state;
    rig_policy(rig, STORY_CITY);
    for (uint32_t count = 0; count < SESSIONS; count++) {
        last = story_join(rig, "polisi");
    }
    rig_drain(rig);
    for (uint64_t peer = 1; peer <= last; peer++) {
        assert_heard(rig, peer, "bye\n");
    }
    rig_wait_ms(rig, 1000);
    assert_heard(rig, last, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_follower_hears_of_an_event_once_it_is_durable),
        STORY(a_late_follower_catches_up_and_goes_on_live),
        STORY(what_is_stored_while_it_catches_up_is_not_missed),
        STORY(a_start_inside_a_page_begins_with_its_record),
        STORY(many_followers_of_the_past_share_their_reads),
        STORY(credit_is_what_may_be_in_flight),
        STORY(the_last_record_may_take_the_bytes_below_zero),
        STORY(a_follower_without_credit_costs_no_reads_and_no_work),
        STORY(who_is_not_concerned_hears_how_far_it_is_covered_but_not_often),
        STORY(a_long_way_without_a_match_is_told_now_and_then),
        STORY(until_end_ends_at_the_head_as_it_was_told),
        STORY(until_end_of_an_empty_log_ends_at_once),
        STORY(through_a_sequence_to_come_ends_when_it_came),
        STORY(so_many_back_counts_what_matches),
        STORY(a_time_is_the_first_event_at_or_after_it),
        STORY(a_time_to_end_at_is_inclusive),
        STORY(a_clogged_peer_is_left_alone_until_it_speaks_and_misses_nothing),
        STORY(what_did_not_leave_costs_no_credit),
        STORY(nothing_is_tried_on_a_clogged_peer_for_any_of_its_follows),
        STORY(an_end_that_did_not_leave_is_told_after_all),
        STORY(damage_stops_only_those_who_need_what_is_damaged),
        STORY(a_session_that_ends_takes_its_follows_along),
        STORY(a_silent_session_is_cut),
        cmocka_unit_test(everybody_is_told_bye_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
