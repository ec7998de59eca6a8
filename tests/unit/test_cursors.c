/* test_cursors.c - what is kept comes back whole; one save a cursor; none is forgotten too early.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/cursors.h"

#include "tests/unit/check.h"

enum { HOLDER = 3, OTHER = 4 };

struct fixture {
    struct blocks blocks;
    struct cursors *cursors;
    struct effects fx;
    struct terms *terms;
    uint8_t value[512]; /* of the last save of a cursor */
    size_t value_length;
    uint64_t now_ms;
};

static int set_up(void **state)
{
    static const struct bytes filter = {(const uint8_t *)"62/71/#", 7};
    struct core_limits limits;
    core_limits_default(&limits);
    limits.follows = 8;
    limits.agencies = 2;
    limits.cursors_agency = 2;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(blocks_init(&fixture->blocks, 1), STATUS_OK);
    assert_int_equal(effects_init(&fixture->fx, 16, 4096), STATUS_OK);
    fixture->cursors = cursors_new(&limits, &fixture->blocks);
    assert_non_null(fixture->cursors);
    struct follow_request request = {.filters = &filter, .filter_count = 1, .modes = 2};
    fixture->now_ms = 1000;
    fixture->terms = terms_pack(&fixture->blocks, &request, 17);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    terms_drop(&fixture->blocks, fixture->terms);
    bool is_clean = cursors_count(fixture->cursors) > 0 || fixture->blocks.used_bytes == 0;
    cursors_free(fixture->cursors);
    effects_deinit(&fixture->fx);
    blocks_deinit(&fixture->blocks);
    free(fixture);
    return is_clean ? 0 : -1;
}

static uint32_t hold(struct fixture *fixture, const char *name)
{
    uint32_t loser = 0;
    uint32_t cursor = cursors_hold(fixture->cursors, bytes_of_text("polisi"), bytes_of_text(name),
                                   HOLDER, &loser);
    assert_int_equal(loser, CURSORS_NONE);
    return cursor;
}

/* What is asked for now; returns how many effects. */
static uint32_t asked(struct fixture *fixture)
{
    effects_clear(&fixture->fx);
    cursors_continue(fixture->cursors, fixture->now_ms, &fixture->fx);
    for (uint32_t index = 0; index < fixture->fx.count; index++) {
        const struct effect *effect = &fixture->fx.list[index];
        if (effect->kind == FX_SAVE && memcmp(effect->of.save.key.data, "cursor/", 7) == 0) {
            fixture->value_length = effect->of.save.value.length;
            memcpy(fixture->value, effect->of.save.value.data, fixture->value_length);
        }
    }
    return fixture->fx.count;
}

static uint32_t loaded(struct fixture *fixture, enum status status, struct bytes value)
{
    assert_int_equal(fixture->fx.list[0].kind, FX_LOAD);
    return cursors_loaded(fixture->cursors, fixture->fx.list[0].of.load.token, status, value);
}

static bool saved(struct fixture *fixture, enum status status, struct cursor_saved *out)
{
    bool is_told = false;
    for (uint32_t index = 0; index < fixture->fx.count; index++) {
        assert_int_equal(fixture->fx.list[index].kind, FX_SAVE);
        is_told = cursors_saved(fixture->cursors, fixture->fx.list[index].of.save.token, status,
                                fixture->now_ms, out);
    }
    return is_told;
}

static const struct cursor_place place = {
    .incarnation = 2, .origin = 40, .acked = 30, .highest = 35, .active_ms = -5};

/* A cursor that is durable, held and known. */
static uint32_t make(struct fixture *fixture, const char *name)
{
    struct cursor_saved told = {0};
    uint32_t cursor = hold(fixture, name);
    while (cursors_state(fixture->cursors, cursor) == CURSOR_LOADING) {
        assert_int_equal(asked(fixture), 1);
        loaded(fixture, STATUS_NOT_FOUND, bytes_of(NULL, 0));
    }
    assert_int_equal(cursors_state(fixture->cursors, cursor), CURSOR_ABSENT);
    assert_true(cursors_make(fixture->cursors, cursor, &place, fixture->terms));
    assert_int_equal(asked(fixture), 2);
    assert_true(saved(fixture, STATUS_OK, &told));
    assert_int_equal(told.holder, HOLDER);
    assert_true(told.is_all);
    return cursor;
}

static void what_is_kept_comes_back_whole(void **state)
{
    struct fixture *fixture = *state;
    cursors_release(fixture->cursors, make(fixture, "desk"));
    assert_int_equal(cursors_count(fixture->cursors), 0);
    uint32_t cursor = hold(fixture, "desk");
    assert_int_equal(asked(fixture), 1);
    assert_bytes_equal(fixture->fx.list[0].of.load.key, bytes_of_text("cursor/polisi/desk"));
    struct bytes value = bytes_of(fixture->value, fixture->value_length);
    assert_int_equal(loaded(fixture, STATUS_OK, value), HOLDER);
    assert_int_equal(cursors_state(fixture->cursors, cursor), CURSOR_KNOWN);
    const struct cursor_place *again = cursors_place(fixture->cursors, cursor);
    assert_int_equal(again->incarnation, 2);
    assert_int_equal(again->origin, 40);
    assert_int_equal(again->acked, 30);
    assert_int_equal(again->highest, 35);
    assert_true(again->active_ms == -5);
    assert_true(terms_are_equal(cursors_terms(fixture->cursors, cursor), fixture->terms));
    cursors_release(fixture->cursors, cursor);
    assert_int_equal(cursors_count(fixture->cursors), 0);
}

static void a_damaged_value_is_no_cursor_and_no_crash(void **state)
{
    struct fixture *fixture = *state;
    cursors_release(fixture->cursors, make(fixture, "desk"));
    for (size_t length = 0; length <= fixture->value_length + 1; length++) {
        uint32_t cursor = hold(fixture, "desk");
        assert_int_equal(asked(fixture), 1);
        loaded(fixture, STATUS_OK, bytes_of(fixture->value, length));
        bool is_whole = length == fixture->value_length;
        assert_int_equal(cursors_state(fixture->cursors, cursor),
                         is_whole ? CURSOR_KNOWN : CURSOR_DAMAGED);
        cursors_release(fixture->cursors, cursor);
        assert_int_equal(cursors_count(fixture->cursors), 0);
    }
    fixture->value[0]++;
    uint32_t cursor = hold(fixture, "desk");
    assert_int_equal(asked(fixture), 1);
    loaded(fixture, STATUS_OK, bytes_of(fixture->value, fixture->value_length));
    assert_int_equal(cursors_state(fixture->cursors, cursor), CURSOR_DAMAGED);
    cursors_release(fixture->cursors, cursor);
}

static void acks_during_a_save_wait_for_it_and_are_one(void **state)
{
    struct fixture *fixture = *state;
    struct cursor_saved told = {0};
    uint32_t cursor = make(fixture, "desk");
    assert_true(cursors_ack(fixture->cursors, cursor, 30, 1, 0));
    assert_false(cursors_ack(fixture->cursors, cursor, 41, 2, 0));
    assert_int_equal(asked(fixture), 1);
    struct effects first = fixture->fx;
    struct effect flying = first.list[0];
    assert_false(cursors_ack(fixture->cursors, cursor, 44, 3, 0));
    assert_false(cursors_ack(fixture->cursors, cursor, 43, 4, 0));
    assert_int_equal(asked(fixture), 0);
    assert_true(cursors_saved(fixture->cursors, flying.of.save.token, STATUS_OK, 0, &told));
    assert_int_equal(told.through, 41);
    assert_int_equal(told.number, 2);
    assert_false(told.is_all);
    assert_int_equal(asked(fixture), 1);
    assert_true(saved(fixture, STATUS_OK, &told));
    assert_int_equal(told.through, 44);
    assert_int_equal(told.number, 4);
    cursors_release(fixture->cursors, cursor);
}

static void who_left_is_forgotten_when_everything_is_durable(void **state)
{
    struct fixture *fixture = *state;
    struct cursor_saved told = {0};
    uint32_t cursor = make(fixture, "desk");
    assert_false(cursors_ack(fixture->cursors, cursor, 41, 2, 0));
    cursors_release(fixture->cursors, cursor);
    assert_int_equal(asked(fixture), 1);
    assert_int_equal(cursors_count(fixture->cursors), 1);
    assert_false(saved(fixture, STATUS_OK, &told));
    assert_int_equal(cursors_count(fixture->cursors), 0);
}

static void a_newer_holder_finds_the_loser_and_all_that_was_acknowledged(void **state)
{
    struct fixture *fixture = *state;
    uint32_t cursor = make(fixture, "desk"), loser = 0;
    assert_false(cursors_ack(fixture->cursors, cursor, 41, 2, 0));
    assert_int_equal(cursors_hold(fixture->cursors, bytes_of_text("polisi"), bytes_of_text("desk"),
                                  OTHER, &loser),
                     cursor);
    assert_int_equal(loser, HOLDER);
    assert_int_equal(cursors_place(fixture->cursors, cursor)->acked, 41);
    struct cursor_saved told = {0};
    assert_int_equal(asked(fixture), 1);
    assert_true(saved(fixture, STATUS_OK, &told));
    assert_int_equal(told.holder, OTHER);
    assert_int_equal(told.number, 0);
    cursors_release(fixture->cursors, cursor);
}

static void the_count_of_an_agency_is_kept_and_holds(void **state)
{
    struct fixture *fixture = *state;
    cursors_release(fixture->cursors, make(fixture, "a"));
    cursors_release(fixture->cursors, make(fixture, "b"));
    uint32_t cursor = hold(fixture, "c");
    assert_int_equal(asked(fixture), 1);
    assert_int_equal(loaded(fixture, STATUS_NOT_FOUND, bytes_of(NULL, 0)), HOLDER);
    assert_int_equal(cursors_state(fixture->cursors, cursor), CURSOR_LIMITED);
    cursors_release(fixture->cursors, cursor);
    uint32_t loser = 0;
    cursor =
        cursors_hold(fixture->cursors, bytes_of_text("dinkes"), bytes_of_text("c"), HOLDER, &loser);
    asked(fixture);
    assert_int_equal(loaded(fixture, STATUS_NOT_FOUND, bytes_of(NULL, 0)), CURSORS_NONE);
    asked(fixture);
    assert_bytes_equal(fixture->fx.list[0].of.load.key, bytes_of_text("cursors/dinkes"));
    const uint8_t two[] = {1, 0, 0, 0, 2};
    assert_int_equal(loaded(fixture, STATUS_OK, bytes_of(two, sizeof two)), HOLDER);
    assert_int_equal(cursors_state(fixture->cursors, cursor), CURSOR_LIMITED);
    cursors_release(fixture->cursors, cursor);
}

static void a_full_disk_unmakes_what_was_never_durable(void **state)
{
    struct fixture *fixture = *state;
    struct cursor_saved told = {0};
    uint32_t cursor = hold(fixture, "desk");
    for (uint32_t load = 0; load < 2; load++) {
        asked(fixture);
        loaded(fixture, STATUS_NOT_FOUND, bytes_of(NULL, 0));
    }
    assert_true(cursors_make(fixture->cursors, cursor, &place, fixture->terms));
    assert_int_equal(asked(fixture), 2);
    assert_true(saved(fixture, STATUS_FULL, &told));
    assert_true(told.is_unmade);
    assert_int_equal(cursors_count(fixture->cursors), 0);
    assert_int_equal(cursors_deadline_ms(fixture->cursors), 2000);
    fixture->now_ms = 2000;
    assert_int_equal(asked(fixture), 1);
    assert_false(saved(fixture, STATUS_OK, &told));
    cursors_release(fixture->cursors, make(fixture, "a"));
    cursors_release(fixture->cursors, make(fixture, "b"));
}

static void names_are_plain(void **state)
{
    (void)state;
    assert_true(cursors_name_is_valid(bytes_of_text("Desk_1.a-b")));
    assert_false(cursors_name_is_valid(bytes_of_text("")));
    assert_false(cursors_name_is_valid(bytes_of_text("a/b")));
    assert_false(cursors_name_is_valid(bytes_of_text("a b")));
    assert_false(cursors_name_is_valid(bytes_of("a\0b", 3)));
    char long_name[CURSOR_BYTES_MAX + 2];
    memset(long_name, 'a', sizeof long_name);
    assert_true(cursors_name_is_valid(bytes_of(long_name, CURSOR_BYTES_MAX)));
    assert_false(cursors_name_is_valid(bytes_of(long_name, CURSOR_BYTES_MAX + 1)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_kept_comes_back_whole),
        TEST(a_damaged_value_is_no_cursor_and_no_crash),
        TEST(acks_during_a_save_wait_for_it_and_are_one),
        TEST(who_left_is_forgotten_when_everything_is_durable),
        TEST(a_newer_holder_finds_the_loser_and_all_that_was_acknowledged),
        TEST(the_count_of_an_agency_is_kept_and_holds),
        TEST(a_full_disk_unmakes_what_was_never_durable),
        cmocka_unit_test(names_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
