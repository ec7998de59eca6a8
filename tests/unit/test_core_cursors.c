/* test_core_cursors.c - stories of durable cursors: made, acknowledged, taken over, found again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_story.h"

/* polisi follows everything by the cursor "desk". */
static void follow_by_cursor(struct rig *rig, uint64_t peer, enum from_kind from, uint64_t value)
{
    struct follow_request request = rig_follow_request(1, "#");
    request.cursor = bytes_of_text("desk");
    request.from = from;
    request.from_value = value;
    rig_follow(rig, peer, request);
}

static void a_cursor_goes_on_after_its_last_ack_through_a_crash(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 2, fire), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_START, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi,
                 "following 1 from 1 head 2 created\n1: 1-1 = 1r\n1: 2-2 = 2r\n1: 3-3 = 3\n");
    rig_ack(rig, polisi, 1, 1);
    assert_heard(rig, polisi, "acked 1 through 1\n");
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 2 head 3\n1: 2-2 = 2r\n1: 3-3 = 3\n");
}

static void an_ack_is_answered_only_when_it_is_durable(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    rig_publish(rig, damkar, fire);
    rig_heard(rig, polisi);
    rig_hold(rig, RIG_HOLD_SAVES);
    rig_ack(rig, polisi, 1, 1);
    rig_ack(rig, polisi, 1, 2);
    assert_heard(rig, polisi, "");
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 2\n1: 1-1 = 1\n1: 2-2 = 2\n");
}

static void acks_that_come_during_a_save_are_one_save(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    for (uint32_t index = 0; index < 9; index++) {
        rig_publish(rig, damkar, fire);
    }
    rig_heard(rig, polisi);
    uint32_t before = rig_saves(rig);
    rig_hold(rig, RIG_HOLD_SAVES);
    for (uint64_t through = 1; through <= 9; through++) {
        rig_ack(rig, polisi, 1, through);
    }
    rig_hold(rig, 0);
    assert_heard(rig, polisi, "acked 1 through 1\nacked 1 through 9\n");
    assert_int_equal(rig_saves(rig) - before, 2);
    rig_ack(rig, polisi, 1, 4);
    assert_heard(rig, polisi, "acked 1 through 4\n");
    assert_int_equal(rig_saves(rig) - before, 2);
    rig_ack(rig, polisi, 1, 10);
    assert_heard(rig, polisi, "error FIELD_INVALID\n");
}

static void an_ack_of_one_who_left_is_still_kept(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    for (uint32_t index = 0; index < 3; index++) {
        rig_publish(rig, damkar, fire);
    }
    rig_hold(rig, RIG_HOLD_SAVES);
    rig_ack(rig, polisi, 1, 1);
    rig_ack(rig, polisi, 1, 2);
    rig_disconnect(rig, polisi);
    rig_hold(rig, 0);
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 3 head 3\n1: 3-3 = 3\n");
}

static void who_comes_while_the_last_ack_is_saved_goes_on_after_it(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    for (uint32_t index = 0; index < 3; index++) {
        rig_publish(rig, damkar, fire);
    }
    rig_hold(rig, RIG_HOLD_SAVES);
    rig_ack(rig, polisi, 1, 2);
    rig_disconnect(rig, polisi);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 3 head 3\n1: 3-3 = 3\n");
    rig_hold(rig, 0);
    assert_heard(rig, polisi, "");
}

static void a_newer_follow_takes_the_cursor_over(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar");
    uint64_t older = story_join(rig, "polisi"), newer = story_join(rig, "polisi");
    follow_by_cursor(rig, older, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    rig_ack(rig, older, 1, 1);
    follow_by_cursor(rig, newer, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, older,
                 "following 1 from 1 head 0 created\n1: 1-1 = 1\nacked 1 through 1\n"
                 "ended 1 CURSOR_TAKEN\n");
    assert_heard(rig, newer, "following 1 from 2 head 1\n1: 2-2 = 2\n");
    rig_ack(rig, older, 1, 1);
    assert_heard(rig, older, "error FOLLOW_UNKNOWN\n");
}

static void of_two_who_open_a_cursor_at_once_the_newer_has_it(void **state)
{
    struct rig *rig = *state;
    uint64_t older = story_join(rig, "polisi"), newer = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_LOADS);
    follow_by_cursor(rig, older, FROM_ABSENT, 0);
    follow_by_cursor(rig, newer, FROM_ABSENT, 0);
    rig_hold(rig, 0);
    assert_heard(rig, older, "error CURSOR_TAKEN\n");
    assert_heard(rig, newer, "following 1 from 1 head 0 created\n");
}

static void who_takes_over_what_is_being_made_waits_until_it_is_durable(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar");
    uint64_t older = story_join(rig, "polisi"), newer = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_SAVES);
    follow_by_cursor(rig, older, FROM_ABSENT, 0);
    follow_by_cursor(rig, newer, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, older, "error CURSOR_TAKEN\n");
    assert_heard(rig, newer, "");
    rig_hold(rig, 0);
    assert_heard(rig, newer, "following 1 from 1 head 0\n1: 1-1 = 1\n");
}

static void an_ack_after_the_end_still_counts(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 2, fire), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.cursor = bytes_of_text("desk");
    request.from = FROM_START;
    request.until_end = true;
    rig_follow(rig, polisi, request);
    rig_heard(rig, polisi);
    rig_ack(rig, polisi, 1, 2);
    assert_heard(rig, polisi, "acked 1 through 2\n");
    rig_publish(rig, damkar, fire);
    request.from = FROM_ABSENT;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "following 1 from 3 head 3 through 3\n1: 3-3 = 3\nended 1 END\n");
    uint64_t newer = story_join(rig, "polisi");
    rig_follow(rig, newer, request);
    rig_ack(rig, polisi, 1, 3);
    assert_heard(rig, polisi, "error FOLLOW_UNKNOWN\n");
}

static void follows_that_ended_make_room_for_new_ones(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 1, fire);
    uint64_t polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.until_end = true;
    static const char *const names[] = {"a", "b", "c"};
    for (uint64_t follow = 1; follow <= 3; follow++) {
        request.follow = follow;
        request.cursor = bytes_of_text(names[follow - 1]);
        rig_follow(rig, polisi, request);
    }
    rig_heard(rig, polisi);
    for (uint64_t follow = 11; follow <= 26; follow++) {
        rig_follow(rig, polisi, rig_follow_request(follow, "#"));
    }
    assert_null(strstr(rig_heard(rig, polisi), "FOLLOW_LIMIT"));
    rig_follow(rig, polisi, rig_follow_request(27, "#"));
    assert_heard(rig, polisi, "error FOLLOW_LIMIT\n");
}

static void agencies_do_not_share_names(void **state)
{
    struct rig *rig = *state;
    uint64_t polisi = story_join(rig, "polisi"), damkar = story_join(rig, "damkar");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    follow_by_cursor(rig, damkar, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 0 created\n");
    assert_heard(rig, damkar, "following 1 from 1 head 0 created\n");
}

static void a_cursor_that_exists_cannot_be_started_elsewhere(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 2, fire);
    uint64_t polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_START, 0);
    rig_disconnect(rig, polisi);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_START, 0);
    assert_heard(rig, polisi, "error CURSOR_EXISTS\n");
    follow_by_cursor(rig, polisi, FROM_NOW, 0);
    assert_heard(rig, polisi, "error CURSOR_EXISTS\n");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 2\n1: 1-1 = 1r\n1: 2-2 = 2r\n");
}

static void a_cursor_that_is_made_is_durable_before_it_is_told(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_SAVES);
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi, "");
    rig_hold(rig, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 0 created\n1: 1-1 = 1\n");
}

static void a_full_disk_makes_no_cursor_and_says_so(void **state)
{
    struct rig *rig = *state;
    uint64_t polisi = story_join(rig, "polisi");
    rig_fill_disk(rig, true);
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "error STORE_FULL\n");
    rig_fill_disk(rig, false);
    rig_wait_ms(rig, 2000);
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 1 head 0 created\n");
}

static void an_ack_that_finds_the_disk_full_is_tried_until_it_is_durable(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    rig_publish(rig, damkar, fire);
    rig_heard(rig, polisi);
    rig_fill_disk(rig, true);
    rig_ack(rig, polisi, 1, 1);
    rig_wait_ms(rig, 3000);
    assert_heard(rig, polisi, "");
    rig_fill_disk(rig, false);
    rig_wait_ms(rig, 1000);
    assert_heard(rig, polisi, "acked 1 through 1\n");
}

static void an_agency_has_only_so_many_cursors(void **state)
{
    struct rig *rig = *state;
    uint64_t polisi = story_join(rig, "polisi");
    static const char *const names[] = {"a", "b", "c", "d"};
    for (uint64_t index = 0; index < COUNT_OF(names); index++) {
        struct follow_request request = rig_follow_request(index + 1, "#");
        request.cursor = bytes_of_text(names[index]);
        rig_follow(rig, polisi, request);
    }
    assert_heard(rig, polisi,
                 "following 1 from 1 head 0 created\nfollowing 2 from 1 head 0 created\n"
                 "following 3 from 1 head 0 created\nerror CURSOR_LIMIT\n");
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "#");
    request.cursor = bytes_of_text("d");
    rig_follow(rig, polisi, request);
    request.cursor = bytes_of_text("c");
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "error CURSOR_LIMIT\nfollowing 1 from 1 head 0\n");
}

static void what_was_live_is_live_again_after_a_restart(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    struct made_event events[] = {fire, fire, fire};
    rig_publish_many(rig, damkar, events, 3);
    rig_ack(rig, polisi, 1, 1);
    assert_heard(rig, polisi,
                 "following 1 from 1 head 0 created\n1: 1-3 = 1 2 3\nacked 1 through 1\n");
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "following 1 from 2 head 3\n1: 2-3 = 2 3\n");
}

static void a_cursor_of_another_log_stops(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 5, fire), polisi = story_join(rig, "polisi");
    (void)damkar;
    follow_by_cursor(rig, polisi, FROM_START, 0);
    rig_ack(rig, polisi, 1, 5);
    rig_lose_tail(rig, 2);
    rig_crash(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "error LOG_CHANGED 5 3\n");
    rig_restore(rig);
    polisi = story_join(rig, "polisi");
    follow_by_cursor(rig, polisi, FROM_ABSENT, 0);
    assert_heard(rig, polisi, "error LOG_CHANGED 1 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_cursor_goes_on_after_its_last_ack_through_a_crash),
        STORY(an_ack_is_answered_only_when_it_is_durable),
        STORY(acks_that_come_during_a_save_are_one_save),
        STORY(an_ack_of_one_who_left_is_still_kept),
        STORY(who_comes_while_the_last_ack_is_saved_goes_on_after_it),
        STORY(a_newer_follow_takes_the_cursor_over),
        STORY(of_two_who_open_a_cursor_at_once_the_newer_has_it),
        STORY(who_takes_over_what_is_being_made_waits_until_it_is_durable),
        STORY(an_ack_after_the_end_still_counts),
        STORY(follows_that_ended_make_room_for_new_ones),
        STORY(agencies_do_not_share_names),
        STORY(a_cursor_that_exists_cannot_be_started_elsewhere),
        STORY(a_cursor_that_is_made_is_durable_before_it_is_told),
        STORY(a_full_disk_makes_no_cursor_and_says_so),
        STORY(an_ack_that_finds_the_disk_full_is_tried_until_it_is_durable),
        STORY(an_agency_has_only_so_many_cursors),
        STORY(what_was_live_is_live_again_after_a_restart),
        STORY(a_cursor_of_another_log_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
