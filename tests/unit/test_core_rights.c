/* test_core_rights.c - stories of what may be seen: rights now, rights then, drills, persons, keys.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_story.h"

static void nothing_left_of_the_filters_is_refused(void **state)
{
    struct rig *rig = *state;
    uint64_t dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "62/72/#", FROM_NOW, 0);
    assert_heard(rig, dinkes, "error RIGHTS\n");
}

static void a_wide_filter_is_narrowed_and_the_answer_says_to_what(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "#", FROM_NOW, 0);
    struct made_event events[] = {flood, fire};
    rig_publish_many(rig, damkar, events, 2);
    assert_heard(rig, dinkes, "following 1 from 1 head 0 narrowed to 62/71/#\n1: 1-2 = 2\n");
}

static void the_past_takes_the_right_to_replay(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 3, fire);
    uint64_t dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_START, 0);
    assert_heard(rig, dinkes, "error RIGHTS\n");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_LAST, 1);
    assert_heard(rig, dinkes, "error RIGHTS\n");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_SEQ, 3);
    assert_heard(rig, dinkes, "error RIGHTS\n");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_SEQ, 4);
    assert_heard(rig, dinkes, "following 1 from 4 head 3\n");
}

static void replay_on_a_part_shows_the_past_of_that_part_only(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar");
    struct made_event events[] = {flood, fire, flood, fire};
    rig_publish_many(rig, damkar, events, 4);
    rig_policy(rig, "damkar publish #; dinkes subscribe # replay 62/71/#");
    uint64_t dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "#", FROM_START, 0);
    rig_publish_many(rig, damkar, events, 2);
    assert_heard(rig, dinkes, "following 1 from 1 head 4\n1: 1-4 = 2r 4r\n1: 5-6 = 5 6\n");
}

static void what_is_granted_later_does_not_show_what_was_before(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 2, flood), dinkes = story_join(rig, "dinkes");
    struct follow_request request = rig_follow_request(1, "#");
    request.cursor = bytes_of_text("desk");
    rig_follow(rig, dinkes, request);
    rig_publish(rig, damkar, flood);
    rig_disconnect(rig, dinkes);
    rig_publish(rig, damkar, flood);
    rig_policy(rig, "damkar publish #; dinkes subscribe #");
    rig_publish(rig, damkar, flood);
    dinkes = story_join(rig, "dinkes");
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "following 1 from 3 head 5\n1: 3-5 = 5\n");
}

static void a_right_lost_and_given_back_leaves_a_gap_for_ever(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), dinkes = story_join(rig, "dinkes");
    struct follow_request request = rig_follow_request(1, "#");
    request.cursor = bytes_of_text("desk");
    rig_follow(rig, dinkes, request);
    rig_disconnect(rig, dinkes);
    rig_publish(rig, damkar, fire);
    rig_policy(rig, "damkar publish #; dinkes subscribe 63/#");
    rig_publish(rig, damkar, fire);
    rig_policy(rig, "damkar publish #; dinkes subscribe 62/71/#");
    rig_publish(rig, damkar, fire);
    dinkes = story_join(rig, "dinkes");
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "following 1 from 1 head 3 narrowed to 62/71/#\n1: 1-3 = 3\n");
    rig_disconnect(rig, dinkes);
    rig_policy(rig, "damkar publish #; dinkes subscribe 62/71/# replay 62/71/#");
    dinkes = story_join(rig, "dinkes");
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes,
                 "following 1 from 1 head 3 narrowed to 62/71/#\n"
                 "1: 1-1 = 1\n1: 2-2 = 2\n1: 3-3 = 3\n");
}

static void a_filter_added_later_does_not_show_what_was_before(void **state)
{
    struct rig *rig = *state;
    rig_policy(rig, "damkar publish #; dinkes subscribe #");
    uint64_t damkar = story_join(rig, "damkar"), dinkes = story_join(rig, "dinkes");
    struct follow_request request = rig_follow_request(1, "62/71/#");
    request.cursor = bytes_of_text("desk");
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "following 1 from 1 head 0 created\n");
    rig_disconnect(rig, dinkes);
    struct made_event events[] = {fire, flood};
    rig_publish_many(rig, damkar, events, 2);
    dinkes = story_join(rig, "dinkes");
    const struct bytes both[] = {bytes_of_text("62/72/#"), bytes_of_text("62/71/#")};
    request.filters = both;
    request.filter_count = 2;
    rig_follow(rig, dinkes, request);
    rig_publish_many(rig, damkar, events, 2);
    assert_heard(rig, dinkes, "following 1 from 1 head 2\n1: 1-2 = 1\n1: 3-4 = 3 4\n");
}

static void a_token_keeps_what_was_granted_before_the_connection_was_lost(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 2, fire), dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_NOW, 0);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, dinkes, "following 1 from 3 head 2\n1: 3-3 = 3\n");
    rig_disconnect(rig, dinkes);
    rig_publish(rig, damkar, fire);
    dinkes = story_join(rig, "dinkes");
    struct follow_request request = rig_follow_request(1, "62/71/#");
    request.from = FROM_SEQ;
    request.from_value = 4;
    request.is_resumed = true;
    request.resume_since = request.resume_origin = 2;
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "following 1 from 4 head 4\n1: 4-4 = 4\n");
    request.follow = 2;
    request.from_value = 9;
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "error LOG_CHANGED 8 4\n");
}

static void a_live_follow_that_loses_its_right_is_ended(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), dinkes = story_join(rig, "dinkes");
    rig_follow_from(rig, dinkes, "62/71/#", FROM_NOW, 0);
    rig_hold(rig, RIG_HOLD_APPENDS);
    rig_publish(rig, damkar, fire);
    rig_policy(rig, "damkar publish #; dinkes subscribe 63/#");
    rig_hold(rig, 0);
    assert_heard(rig, dinkes, "following 1 from 1 head 0\nended 1 RIGHTS\n");
}

static void what_a_policy_narrows_is_not_delivered_any_more(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "#", FROM_NOW, 0);
    rig_policy(rig, "damkar publish #; polisi subscribe 62/72/#");
    struct made_event events[] = {flood, fire};
    rig_publish_many(rig, damkar, events, 2);
    assert_heard(rig, polisi, "following 1 from 1 head 0\n1: 1-2 = 1\n");
}

static void a_key_revoked_during_a_commit_hears_nothing_of_it(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "#", FROM_NOW, 0);
    rig_hold(rig, RIG_HOLD_APPENDS);
    rig_publish(rig, damkar, fire);
    rig_policy(rig, "dinkes subscribe #");
    rig_hold(rig, 0);
    assert_heard(rig, damkar, "error REVOKED\ndropped REVOKED\n");
    assert_heard(rig, polisi, "following 1 from 1 head 0\nerror REVOKED\ndropped REVOKED\n");
    assert_int_equal(core_head(rig_core(rig)), 1);
    uint64_t again = rig_connect(rig, "damkar");
    assert_heard(rig, again, "error REVOKED\ndropped REVOKED\n");
}

static void more_revoked_sessions_than_fit_in_a_step_hear_nothing_either(void **state)
{
    (void)state;
    enum { SESSIONS = 100 };
    struct core_limits limits;
    rig_limits(&limits);
    limits.sessions = limits.sessions_agency = SESSIONS + 1;
    limits.follows = SESSIONS;
    struct rig *rig = rig_new(&limits, CORE_EFFECTS_MIN, CORE_SCRATCH_MIN);
    rig_policy(rig, STORY_CITY);
    uint64_t damkar = story_join(rig, "damkar"), peers[SESSIONS];
    struct follow_request request = rig_follow_request(1, "#");
    request.through = 2;
    for (uint32_t index = 0; index < SESSIONS; index++) {
        peers[index] = story_join(rig, "polisi");
        rig_follow(rig, peers[index], request);
        rig_heard(rig, peers[index]);
    }
    rig_hold(rig, RIG_HOLD_APPENDS);
    struct made_event events[] = {fire, fire};
    rig_publish_many(rig, damkar, events, 2);
    rig_policy(rig, "damkar publish #");
    rig_hold(rig, 0);
    for (uint32_t index = 0; index < SESSIONS; index++) {
        assert_heard(rig, peers[index], "error REVOKED\ndropped REVOKED\n");
    }
    assert_heard(rig, damkar, "stored 1\nstored 2\n");
    rig_free(rig);
}

/* Every way to follow, and the lookup of each event: what a drill must not come through. */
static void a_drill_never_reaches_who_did_not_ask_for_it(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event drill = fire, test = fire;
    drill.mode = MODE_EXERCISE;
    test.mode = MODE_TEST;
    struct made_event events[] = {drill, fire, test, drill};
    rig_follow_from(rig, polisi, "#", FROM_NOW, 0);
    rig_publish_many(rig, damkar, events, 4);
    assert_heard(rig, polisi, "following 1 from 1 head 0\n1: 1-4 = 2\n");
    rig_unfollow(rig, polisi, 1);
    static const enum from_kind froms[] = {FROM_START, FROM_SEQ, FROM_TIME, FROM_LAST, FROM_AGE};
    for (uint32_t index = 0; index < COUNT_OF(froms) * 2; index++) {
        struct follow_request request = rig_follow_request(10 + index, "#");
        request.from = froms[index / 2];
        request.from_value = 1;
        request.is_replay = index % 2 == 1;
        rig_follow(rig, polisi, request);
        const char *heard = rig_heard(rig, polisi);
        assert_null(strstr(heard, " 1r"));
        assert_null(strstr(heard, " 3r"));
        assert_null(strstr(heard, " 4r"));
    }
    for (uint64_t seq = 1; seq <= 4; seq++) {
        rig_get(rig, polisi, seq, 0);
    }
    assert_heard(rig, polisi, "error NOT_FOUND\nevent 2\nerror NOT_FOUND\nerror NOT_FOUND\n");
    rig_get(rig, polisi, 1, 1u << MODE_EXERCISE);
    rig_get(rig, polisi, 2, 1u << MODE_EXERCISE);
    assert_heard(rig, polisi, "event 1\nerror NOT_FOUND\n");
    struct follow_request request = rig_follow_request(30, "#");
    request.from = FROM_START;
    request.modes = 1u << MODE_EXERCISE;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "following 30 from 1 head 4\n30: 1-4 = 1r 4r\n");
}

static void persons_go_along_where_that_is_granted(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_join(rig, "damkar"), polisi = story_join(rig, "polisi");
    struct made_event hurt = fire, missing = flood;
    hurt.personal_length = missing.personal_length = 50;
    rig_follow_from(rig, polisi, "#", FROM_NOW, 0);
    struct made_event events[] = {hurt, missing, fire};
    rig_publish_many(rig, damkar, events, 3);
    rig_publish(rig, damkar, hurt);
    assert_heard(rig, polisi, "following 1 from 1 head 0\n1: 1-3 = 1p 2 3\n1: 4-4 = 4p\n");
    rig_get(rig, polisi, 1, 0);
    rig_get(rig, polisi, 2, 0);
    assert_heard(rig, polisi, "event 1p\nevent 2\n");
}

static void a_lookup_tells_nothing_of_what_may_not_be_seen(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 8, flood);
    rig_policy(rig, "damkar publish #; dinkes subscribe # replay 62/71/#");
    uint64_t dinkes = story_join(rig, "dinkes");
    rig_get(rig, dinkes, 1, 0);
    rig_get(rig, dinkes, 9, 0);
    rig_get(rig, dinkes, 0, 0);
    assert_heard(rig, dinkes, "error NOT_FOUND\nerror NOT_FOUND\nerror NOT_FOUND\n");
}

static void a_lookup_waits_for_its_page_and_damage_is_named(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 12, fire);
    uint64_t polisi = story_join(rig, "polisi");
    rig_hold(rig, RIG_HOLD_READS);
    rig_get(rig, polisi, 2, 0);
    assert_heard(rig, polisi, "");
    rig_hold(rig, 0);
    assert_heard(rig, polisi, "event 2\n");
    rig_damage(rig, 5, 5);
    rig_get(rig, polisi, 5, 0);
    assert_heard(rig, polisi, "error STORE_CORRUPT\n");
}

static void a_replay_takes_its_right_and_ends(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = story_past(rig, 2, fire);
    uint64_t dinkes = story_join(rig, "dinkes"), polisi = story_join(rig, "polisi");
    struct follow_request request = rig_follow_request(1, "62/71/#");
    request.is_replay = true;
    rig_follow(rig, dinkes, request);
    assert_heard(rig, dinkes, "error RIGHTS\n");
    rig_follow(rig, polisi, request);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, polisi,
                 "following 1 from 1 head 2 through 2\n1: 1-1 = 1r\n1: 2-2 = 2r\nended 1 END\n");
    request.through = 4;
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "error FROM_INVALID\n");
    request.through = 0;
    request.cursor = bytes_of_text("desk");
    rig_follow(rig, polisi, request);
    assert_heard(rig, polisi, "error CURSOR_INVALID\n");
}

static void what_cannot_be_asked_is_refused(void **state)
{
    struct rig *rig = *state;
    story_past(rig, 1, fire);
    uint64_t polisi = story_join(rig, "polisi");
    rig_follow_from(rig, polisi, "#", FROM_SEQ, 3);
    rig_follow_from(rig, polisi, "#", FROM_SEQ, 0);
    rig_follow(rig, polisi, rig_follow_request(0, "#"));
    assert_heard(rig, polisi, "error FROM_INVALID\nerror FROM_INVALID\nerror FIELD_INVALID\n");
    rig_follow(rig, polisi, rig_follow_request(1, "#"));
    rig_follow(rig, polisi, rig_follow_request(1, "#"));
    assert_heard(rig, polisi, "following 1 from 2 head 1\nerror FIELD_INVALID\n");
    struct follow_request request = rig_follow_request(2, "#");
    request.cursor = bytes_of_text("no spaces");
    rig_follow(rig, polisi, request);
    rig_ack(rig, polisi, 1, 1);
    rig_ack(rig, polisi, 7, 1);
    assert_heard(rig, polisi, "error CURSOR_INVALID\nerror FIELD_INVALID\nerror FOLLOW_UNKNOWN\n");
    for (uint64_t follow = 2; follow <= 17; follow++) {
        rig_follow(rig, polisi, rig_follow_request(follow, "63/#"));
    }
    assert_non_null(
        strstr(rig_heard(rig, polisi), "following 16 from 2 head 1\nerror FOLLOW_LIMIT\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(nothing_left_of_the_filters_is_refused),
        STORY(a_wide_filter_is_narrowed_and_the_answer_says_to_what),
        STORY(the_past_takes_the_right_to_replay),
        STORY(replay_on_a_part_shows_the_past_of_that_part_only),
        STORY(what_is_granted_later_does_not_show_what_was_before),
        STORY(a_right_lost_and_given_back_leaves_a_gap_for_ever),
        STORY(a_filter_added_later_does_not_show_what_was_before),
        STORY(a_token_keeps_what_was_granted_before_the_connection_was_lost),
        STORY(a_live_follow_that_loses_its_right_is_ended),
        STORY(what_a_policy_narrows_is_not_delivered_any_more),
        STORY(a_key_revoked_during_a_commit_hears_nothing_of_it),
        cmocka_unit_test(more_revoked_sessions_than_fit_in_a_step_hear_nothing_either),
        STORY(a_drill_never_reaches_who_did_not_ask_for_it),
        STORY(persons_go_along_where_that_is_granted),
        STORY(a_lookup_tells_nothing_of_what_may_not_be_seen),
        STORY(a_lookup_waits_for_its_page_and_damage_is_named),
        STORY(a_replay_takes_its_right_and_ends),
        STORY(what_cannot_be_asked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
