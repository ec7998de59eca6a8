/* test_follows.c - places, lines and sessions agree with themselves after any series of moves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/follows.h"

#include "tests/unit/check.h"

enum { FOLLOWS = 20, SESSIONS = 4, SESSION_MAX = 8, STEPS = 50000 };

struct fixture {
    struct blocks blocks;
    struct follows *follows;
};

static int set_up(void **state)
{
    struct core_limits limits;
    core_limits_default(&limits);
    limits.follows = FOLLOWS;
    limits.sessions = SESSIONS;
    limits.follows_session = SESSION_MAX;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(blocks_init(&fixture->blocks, 1), STATUS_OK);
    fixture->follows = follows_new(&limits, &fixture->blocks);
    assert_non_null(fixture->follows);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    follows_free(fixture->follows);
    blocks_deinit(&fixture->blocks);
    free(fixture);
    return 0;
}

static uint32_t take(struct follows *follows, uint64_t peer, uint64_t id)
{
    uint32_t index = FOLLOW_NONE;
    assert_null(follows_take(follows, peer, (uint32_t)peer, id, &index));
    return index;
}

static void limits_are_kept_and_told(void **state)
{
    struct follows *follows = ((struct fixture *)*state)->follows;
    uint32_t index = FOLLOW_NONE;
    assert_string_equal(follows_take(follows, 1, 1, 0, &index)->code, "FIELD_INVALID");
    for (uint64_t id = 1; id <= SESSION_MAX; id++) {
        take(follows, 1, id);
        take(follows, 2, id);
    }
    assert_string_equal(follows_take(follows, 1, 1, 1, &index)->code, "FIELD_INVALID");
    assert_string_equal(follows_take(follows, 1, 1, 99, &index)->code, "FOLLOW_LIMIT");
    for (uint64_t id = 1; id <= FOLLOWS - 2 * SESSION_MAX; id++) {
        take(follows, 3, id);
    }
    assert_string_equal(follows_take(follows, 3, 3, 99, &index)->code, "FOLLOW_LIMIT");
    assert_int_equal(follows_count(follows), FOLLOWS);
    follows_give(follows, follows_find(follows, 1, 4));
    assert_int_equal(follows_find(follows, 1, 4), FOLLOW_NONE);
    take(follows, 3, 99);
}

static void a_line_is_first_come_first_served_but_for_who_is_put_in_front(void **state)
{
    struct follows *follows = ((struct fixture *)*state)->follows;
    uint32_t a = take(follows, 1, 1), b = take(follows, 1, 2), c = take(follows, 1, 3);
    follows_line(follows, a, LINE_READY);
    follows_line(follows, b, LINE_READY);
    follows_line_front(follows, c, LINE_READY);
    assert_int_equal(follows_first(follows, LINE_READY), c);
    follows_line(follows, c, LINE_READY);
    assert_int_equal(follows_first(follows, LINE_READY), a);
    follows_give(follows, a);
    assert_int_equal(follows_first(follows, LINE_READY), b);
    follows_line(follows, b, LINE_NONE);
    assert_int_equal(follows_first(follows, LINE_READY), c);
}

static void a_round_takes_all_who_were_covered(void **state)
{
    struct follows *follows = ((struct fixture *)*state)->follows;
    uint32_t a = take(follows, 1, 1), b = take(follows, 1, 2);
    follows_line(follows, a, LINE_COVERED);
    follows_start_round(follows);
    follows_line(follows, b, LINE_COVERED);
    assert_int_equal(follows_first(follows, LINE_ROUND), a);
    assert_int_equal(follows_first(follows, LINE_COVERED), b);
    follows_line(follows, a, LINE_COVERED);
    assert_int_equal(follows_first(follows, LINE_ROUND), FOLLOW_NONE);
    follows_start_round(follows);
    assert_int_equal(follows_first(follows, LINE_ROUND), b);
    assert_int_equal(follows_first(follows, LINE_COVERED), FOLLOW_NONE);
}

static void a_session_is_muted_until_it_speaks_or_has_no_follow(void **state)
{
    struct follows *follows = ((struct fixture *)*state)->follows;
    uint32_t index = take(follows, 1, 1);
    assert_false(follows_unmute(follows, 1));
    follows_mute(follows, 1);
    assert_true(follows_is_muted(follows, 1));
    assert_false(follows_is_muted(follows, 2));
    assert_true(follows_unmute(follows, 1));
    follows_mute(follows, 1);
    follows_give(follows, index);
    assert_false(follows_is_muted(follows, 1));
}

/* Each taken place is once in its line and once in its session. */
static void any_series_of_moves_keeps_the_lists_whole(void **state)
{
    struct follows *follows = ((struct fixture *)*state)->follows;
    uint64_t seed = 21;
    for (int step = 0; step < STEPS; step++) {
        uint64_t peer = chance_below(&seed, SESSIONS), id = 1 + chance_below(&seed, 6);
        uint32_t index = follows_find(follows, peer, id), of_sessions = 0;
        if (index == FOLLOW_NONE) {
            const struct refusal *refusal = follows_take(follows, peer, (uint32_t)peer, id, &index);
            assert_true(refusal == NULL || follows_count(follows) == FOLLOWS);
        } else if (chance_below(&seed, 3) == 0) {
            follows_give(follows, index);
        } else {
            enum follow_line line = chance_below(&seed, LINE_COUNT);
            (chance_below(&seed, 4) == 0 && line != LINE_NONE ? follows_line_front
                                                              : follows_line)(follows, index, line);
        }
        if (follows_first(follows, LINE_ROUND) == FOLLOW_NONE) {
            follows_start_round(follows);
        }
        for (uint32_t session = 0; session < SESSIONS; session++) {
            uint32_t one = FOLLOW_NONE;
            while ((one = follows_of_session(follows, session, one)) != FOLLOW_NONE) {
                assert_int_equal(follows_at(follows, one)->session, session);
                of_sessions++;
            }
        }
        assert_int_equal(of_sessions, follows_count(follows));
    }
    for (uint32_t line = LINE_NONE + 1; line < LINE_COUNT; line++) {
        uint32_t index;
        while ((index = follows_first(follows, line)) != FOLLOW_NONE) {
            follows_give(follows, index);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(limits_are_kept_and_told),
        TEST(a_line_is_first_come_first_served_but_for_who_is_put_in_front),
        TEST(a_round_takes_all_who_were_covered),
        TEST(a_session_is_muted_until_it_speaks_or_has_no_follow),
        TEST(any_series_of_moves_keeps_the_lists_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
