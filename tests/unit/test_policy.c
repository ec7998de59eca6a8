/* test_policy.c - what a policy grants, since when, and that no crash opens a door.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/policy.h"

#include "tests/unit/check.h"

enum { VALUES_MAX = 16, LINES_MAX = 8 };

/* A small store of values that keeps order, and a policy that runs on it. */
struct value {
    char key[80];
    uint8_t bytes[512];
    size_t length;
};

struct house {
    struct policy *policy;
    struct effects fx;
    struct value values[VALUES_MAX];
    uint32_t value_count;
    uint32_t saves;
    bool is_full;
};

static const uint8_t keys[2][KEY_ID_BYTES] = {"key-one", "key-two"};

static struct value *find_value(struct house *house, struct bytes key, bool is_made)
{
    for (uint32_t index = 0; index < house->value_count; index++) {
        if (bytes_are_equal(bytes_of_text(house->values[index].key), key)) {
            return &house->values[index];
        }
    }
    if (!is_made) {
        return NULL;
    }
    assert_true(house->value_count < VALUES_MAX);
    struct value *value = &house->values[house->value_count++];
    *value = (struct value){.length = 0};
    memcpy(value->key, key.data, key.length);
    return value;
}

static void save(struct house *house, const struct effect *effect)
{
    struct bytes bytes = effect->of.save.value;
    house->saves++;
    if (!house->is_full) {
        struct value *value = find_value(house, effect->of.save.key, true);
        assert_true(bytes.length <= sizeof value->bytes);
        memcpy(value->bytes, bytes.data, bytes.length);
        value->length = bytes.length;
    }
    policy_saved(house->policy, effect->of.save.token, house->is_full ? STATUS_FULL : STATUS_OK, 0);
}

static void load(struct house *house, const struct effect *effect, uint64_t head)
{
    const struct value *value = find_value(house, effect->of.load.key, false);
    policy_loaded(house->policy, effect->of.load.token, value ? STATUS_OK : STATUS_NOT_FOUND,
                  value ? bytes_of(value->bytes, value->length) : bytes_of(NULL, 0), head);
}

/* Performs what is owed; of the saves only the first `kept` are, then the process dies. */
static void perform(struct house *house, uint64_t head, uint32_t kept)
{
    uint32_t saved = 0;
    while (policy_owes_effects(house->policy)) {
        effects_clear(&house->fx);
        policy_continue(house->policy, 0, &house->fx);
        assert_true(house->fx.count > 0);
        for (uint32_t index = 0; index < house->fx.count; index++) {
            const struct effect *effect = &house->fx.list[index];
            if (effect->kind == FX_LOAD) {
                load(house, effect, head);
            } else if (saved++ < kept) {
                assert_int_equal(effect->kind, FX_SAVE);
                save(house, effect);
            }
        }
    }
}

static void start(struct house *house)
{
    struct core_limits limits;
    core_limits_default(&limits);
    limits.agencies = 4;
    limits.policy_lines = 16;
    policy_free(house->policy);
    house->policy = policy_new(&limits);
    assert_non_null(house->policy);
}

static void open_house(struct house *house)
{
    *house = (struct house){.policy = NULL};
    assert_int_equal(effects_init(&house->fx, 3, 4096), STATUS_OK);
    start(house);
}

static void close_house(struct house *house)
{
    policy_free(house->policy);
    effects_deinit(&house->fx);
}

/* "publish 62/# subscribe 62/+" as the lines of one agency. */
static uint32_t read_lines(const char *text, struct policy_line *lines)
{
    static const char *const rights[RIGHT_COUNT] = {"publish ", "subscribe ", "replay ",
                                                    "personal ", "admin "};
    uint32_t count = 0;
    while (*text != '\0') {
        for (uint32_t right = 0; right < RIGHT_COUNT; right++) {
            size_t length = strlen(rights[right]);
            if (strncmp(text, rights[right], length) == 0) {
                text += length;
                size_t filter = strcspn(text, " ");
                assert_true(count < LINES_MAX);
                lines[count++] = (struct policy_line){right, bytes_of(text, filter)};
                text += filter;
                text += strspn(text, " ");
                break;
            }
        }
    }
    return count;
}

static enum status offer(struct house *house, uint64_t head, const char *damkar, const char *polisi)
{
    static uint64_t version;
    struct policy_line lines[2][LINES_MAX];
    struct policy_agency agencies[2];
    const char *names[2] = {"damkar", "polisi"}, *texts[2] = {damkar, polisi};
    uint32_t count = 0;
    for (uint32_t index = 0; index < 2; index++) {
        if (texts[index] != NULL) {
            agencies[count] = (struct policy_agency){
                .name = bytes_of_text(names[index]),
                .lines = lines[count],
                .line_count = read_lines(texts[index], lines[count]),
                .key_ids = &keys[index],
                .key_count = 1,
            };
            count++;
        }
    }
    return policy_offer(house->policy, agencies, count, ++version, head);
}

static void put_in_force(struct house *house, uint64_t head, const char *damkar, const char *polisi)
{
    assert_int_equal(offer(house, head, damkar, polisi), STATUS_OK);
    perform(house, head, UINT32_MAX);
    assert_true(policy_is_ready(house->policy));
    assert_true(policy_is_saved(house->policy));
}

static uint64_t since(const struct house *house, const char *agency, const char *topic)
{
    uint32_t index = policy_agency_find(house->policy, bytes_of_text(agency));
    return policy_view_topic(house->policy, index, bytes_of_text(topic)).since;
}

static void nothing_is_granted_before_a_policy(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    assert_false(policy_is_ready(house.policy));
    assert_int_equal(policy_agency_find(house.policy, bytes_of_text("damkar")), POLICY_NO_AGENCY);
    assert_int_equal(offer(&house, 0, "publish #", NULL), STATUS_OK);
    assert_false(policy_is_ready(house.policy));
    assert_int_equal(policy_agency_count(house.policy), 0);
    assert_int_equal(policy_version(house.policy), 0);
    perform(&house, 0, UINT32_MAX);
    assert_int_equal(policy_agency_count(house.policy), 1);
    assert_true(policy_version(house.policy) > 0);
    close_house(&house);
}

static void lines_grant_their_right_on_their_topics(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 0, "publish 62/71/# subscribe 62/+/fire replay 62/71/fire admin ",
                 "subscribe # personal 62/#");
    struct policy *policy = house.policy;
    uint32_t damkar = policy_agency_find(policy, bytes_of_text("damkar"));
    uint32_t polisi = policy_agency_find(policy, bytes_of_text("polisi"));
    struct bytes fire = bytes_of_text("62/71/fire"), far = bytes_of_text("62/72/fire");
    assert_true(policy_may(policy, damkar, RIGHT_PUBLISH, fire));
    assert_false(policy_may(policy, damkar, RIGHT_PUBLISH, far));
    assert_false(policy_may(policy, polisi, RIGHT_PUBLISH, fire));
    assert_true(policy_may(policy, damkar, RIGHT_SUBSCRIBE, far));
    assert_false(policy_may(policy, POLICY_NO_AGENCY, RIGHT_SUBSCRIBE, far));
    assert_true(policy_has(policy, damkar, RIGHT_ADMIN));
    assert_false(policy_has(policy, polisi, RIGHT_ADMIN));
    struct policy_view view = policy_view_topic(policy, damkar, fire);
    assert_true(view.may_subscribe && view.may_replay && !view.may_personal);
    view = policy_view_topic(policy, damkar, far);
    assert_true(view.may_subscribe && !view.may_replay);
    view = policy_view_topic(policy, polisi, fire);
    assert_true(view.may_subscribe && !view.may_replay && view.may_personal);
    view = policy_view_topic(policy, polisi, bytes_of_text("$site/policy"));
    assert_false(view.may_subscribe);
    assert_true(policy_key_is_valid(policy, damkar, keys[0]));
    assert_false(policy_key_is_valid(policy, damkar, keys[1]));
    assert_false(policy_key_is_valid(policy, POLICY_NO_AGENCY, keys[1]));
    assert_bytes_equal(policy_agency_name(policy, polisi), bytes_of_text("polisi"));
    close_house(&house);
}

static void a_policy_that_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 5, "publish 1/#", "subscribe 2/#");
    struct policy_agency twice[2] = {{.name = bytes_of_text("x")}, {.name = bytes_of_text("x")}};
    assert_int_equal(policy_offer(house.policy, twice, 2, 99, 9), STATUS_INVALID);
    struct policy_line lines[17];
    for (uint32_t index = 0; index < COUNT_OF(lines); index++) {
        lines[index] = (struct policy_line){RIGHT_PUBLISH, bytes_of_text("a/b")};
    }
    struct policy_agency wide = {.name = bytes_of_text("x"), .lines = lines, .line_count = 17};
    assert_int_equal(policy_offer(house.policy, &wide, 1, 99, 9), STATUS_FULL);
    wide.line_count = 0;
    wide.key_count = 200;
    assert_int_equal(policy_offer(house.policy, &wide, 1, 99, 9), STATUS_FULL);
    assert_int_equal(policy_agency_count(house.policy), 2);
    assert_int_equal(since(&house, "polisi", "2/x"), 5);
    assert_true(policy_is_saved(house.policy));
    close_house(&house);
}

static void every_line_has_the_head_at_which_it_was_granted(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", NULL);
    put_in_force(&house, 20, "subscribe 1/# subscribe 2/#", NULL);
    assert_int_equal(since(&house, "damkar", "1/x"), 10);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    /* Lost and given back: granted anew. */
    put_in_force(&house, 30, "subscribe 2/#", NULL);
    assert_true(since(&house, "damkar", "1/x") == UINT64_MAX);
    put_in_force(&house, 40, "subscribe 2/# subscribe 1/#", NULL);
    assert_int_equal(since(&house, "damkar", "1/x"), 40);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    /* Of several lines that grant, the oldest counts. */
    put_in_force(&house, 50, "subscribe 2/# subscribe #", NULL);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    assert_int_equal(since(&house, "damkar", "1/x"), 50);
    close_house(&house);
}

/* The second one comes before a time of the first was saved. */
static void changes_in_a_row_keep_the_times(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", NULL);
    assert_int_equal(offer(&house, 20, "subscribe 1/# subscribe 2/#", NULL), STATUS_OK);
    assert_int_equal(offer(&house, 30, "subscribe 1/# subscribe 2/# replay 1/#", NULL), STATUS_OK);
    perform(&house, 30, UINT32_MAX);
    assert_int_equal(since(&house, "damkar", "1/x"), 10);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    start(&house);
    put_in_force(&house, 40, "subscribe 1/# subscribe 2/#", NULL);
    assert_int_equal(since(&house, "damkar", "1/x"), 10);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    close_house(&house);
}

static void times_outlive_a_restart(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/# subscribe 2/#", "subscribe 3/#");
    start(&house);
    /* Changed while stopped: the head at start. */
    put_in_force(&house, 70, "subscribe 1/# subscribe 4/#", "subscribe 3/#");
    assert_int_equal(since(&house, "damkar", "1/x"), 10);
    assert_int_equal(since(&house, "damkar", "4/x"), 70);
    assert_int_equal(since(&house, "polisi", "3/x"), 10);
    start(&house);
    put_in_force(&house, 80, "subscribe 1/# subscribe 2/#", "subscribe 3/#");
    assert_int_equal(since(&house, "damkar", "2/x"), 80);
    assert_int_equal(since(&house, "polisi", "3/x"), 10);
    close_house(&house);
}

static void an_agency_that_was_gone_is_granted_anew(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", "subscribe 3/#");
    put_in_force(&house, 20, "subscribe 1/#", NULL); /* gone while running */
    start(&house);
    put_in_force(&house, 30, "subscribe 1/#", "subscribe 3/#");
    assert_int_equal(since(&house, "polisi", "3/x"), 30);
    assert_int_equal(since(&house, "damkar", "1/x"), 10);
    start(&house);
    put_in_force(&house, 40, "subscribe 1/#", NULL); /* gone for one whole run */
    start(&house);
    put_in_force(&house, 50, "subscribe 1/#", "subscribe 3/#");
    assert_int_equal(since(&house, "polisi", "3/x"), 50);
    close_house(&house);
}

static void unchanged_policies_save_nothing(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", "subscribe 3/#");
    uint32_t before = house.saves;
    put_in_force(&house, 20, "subscribe 1/#", "subscribe 3/#");
    assert_int_equal(house.saves, before);
    put_in_force(&house, 20, "subscribe 1/#", "subscribe 3/# publish 3/#");
    assert_int_equal(house.saves, before + 1);
    close_house(&house);
}

/* For every number of saves that survive: a time is what it was, or higher, never lower. */
static void a_lost_save_never_lowers_a_time(void **state)
{
    (void)state;
    static const char *const before[] = {"subscribe 1/# subscribe 2/#", "subscribe 3/#"};
    static const char *const after[][2] = {
        {"subscribe 1/# subscribe 4/#", "subscribe 3/#"              },
        {"subscribe 1/#",               NULL                         },
        {NULL,                          "subscribe 3/# subscribe 5/#"},
    };
    for (uint32_t change = 0; change < COUNT_OF(after); change++) {
        for (uint32_t kept = 0; kept < 6; kept++) {
            struct house house;
            open_house(&house);
            put_in_force(&house, 10, before[0], before[1]);
            assert_int_equal(offer(&house, 20, after[change][0], after[change][1]), STATUS_OK);
            perform(&house, 20, kept);
            start(&house);
            put_in_force(&house, 30, before[0], before[1]);
            assert_true(since(&house, "damkar", "1/x") == 10 ||
                        since(&house, "damkar", "1/x") == 30);
            assert_true(since(&house, "polisi", "3/x") == 10 ||
                        since(&house, "polisi", "3/x") == 30);
            if (kept == 5) {
                assert_int_equal(since(&house, "damkar", "2/x"), 30);
            }
            close_house(&house);
        }
    }
}

/* A start that dies between its saves, then one that lacks an agency, then one that has it again.
 * */
static void starts_that_die_open_no_door(void **state)
{
    (void)state;
    for (uint32_t kept = 0; kept < 5; kept++) {
        struct house house;
        open_house(&house);
        put_in_force(&house, 10, "subscribe 1/#", "subscribe 3/#");
        start(&house);
        assert_int_equal(offer(&house, 20, "subscribe 1/#", "subscribe 3/#"), STATUS_OK);
        perform(&house, 20, kept);
        start(&house);
        put_in_force(&house, 20, "subscribe 1/#", NULL);
        assert_int_equal(since(&house, "damkar", "1/x"), 10);
        start(&house);
        put_in_force(&house, 60, "subscribe 1/#", "subscribe 3/#");
        assert_int_equal(since(&house, "polisi", "3/x"), 60);
        close_house(&house);
    }
}

static void a_full_store_is_asked_again(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", NULL);
    house.is_full = true;
    assert_int_equal(offer(&house, 20, "subscribe 2/#", NULL), STATUS_OK);
    perform(&house, 20, UINT32_MAX);
    assert_false(policy_is_saved(house.policy));
    assert_int_equal(policy_deadline_ms(house.policy), 1000);
    house.is_full = false;
    effects_clear(&house.fx);
    policy_continue(house.policy, 1000, &house.fx);
    for (uint32_t index = 0; index < house.fx.count; index++) {
        save(&house, &house.fx.list[index]);
    }
    perform(&house, 20, UINT32_MAX);
    assert_true(policy_is_saved(house.policy));
    start(&house);
    put_in_force(&house, 90, "subscribe 2/# subscribe 1/#", NULL);
    assert_int_equal(since(&house, "damkar", "2/x"), 20);
    assert_int_equal(since(&house, "damkar", "1/x"), 90);
    close_house(&house);
}

/* A door that was shut while the store was full stays shut, whatever else is changed meanwhile. */
static void a_full_store_is_asked_for_all_of_it_again(void **state)
{
    (void)state;
    struct house house;
    open_house(&house);
    put_in_force(&house, 10, "subscribe 1/#", "subscribe 3/#");
    house.is_full = true;
    assert_int_equal(offer(&house, 20, NULL, "subscribe 3/#"), STATUS_OK);
    perform(&house, 20, UINT32_MAX);
    house.is_full = false;
    put_in_force(&house, 20, NULL, "subscribe 3/# subscribe 4/#");
    start(&house);
    put_in_force(&house, 90, "subscribe 1/#", "subscribe 3/#");
    assert_int_equal(since(&house, "damkar", "1/x"), 90);
    assert_int_equal(since(&house, "polisi", "3/x"), 10);
    house.is_full = true;
    assert_int_equal(offer(&house, 95, "subscribe 2/#", "subscribe 3/#"), STATUS_OK);
    perform(&house, 95, UINT32_MAX);
    house.is_full = false;
    put_in_force(&house, 95, "subscribe 2/#", "subscribe 3/# subscribe 4/#");
    start(&house);
    put_in_force(&house, 99, "subscribe 1/#", "subscribe 3/#");
    assert_int_equal(since(&house, "damkar", "1/x"), 99);
    close_house(&house);
}

static uint32_t pieces_of(const struct house *house, enum right right, const char *filter,
                          struct policy_pieces *pieces)
{
    uint32_t damkar = policy_agency_find(house->policy, bytes_of_text("damkar"));
    policy_narrow(house->policy, damkar, right, bytes_of_text(filter), pieces);
    return pieces->count;
}

static void filters_are_narrowed_to_the_lines(void **state)
{
    (void)state;
    struct house house;
    struct policy_filter out[2];
    struct policy_pieces pieces = {.list = out, .room = 2};
    open_house(&house);
    put_in_force(&house, 10, "subscribe 62/71/fire subscribe 62/71/# subscribe 63/+/fire", NULL);
    assert_int_equal(pieces_of(&house, RIGHT_SUBSCRIBE, "#", &pieces), 2);
    assert_false(pieces.is_cut);
    assert_bytes_equal(bytes_of(out[0].text, out[0].length), bytes_of_text("62/71/#"));
    assert_bytes_equal(bytes_of(out[1].text, out[1].length), bytes_of_text("63/+/fire"));
    assert_int_equal(out[0].since, 10);
    assert_int_equal(pieces_of(&house, RIGHT_SUBSCRIBE, "64/#", &pieces), 0);
    assert_int_equal(pieces_of(&house, RIGHT_REPLAY, "#", &pieces), 0);
    /* What there is no room for is cut, even all of it. */
    for (pieces.room = 0; pieces.room < 2; pieces.room++) {
        assert_int_equal(pieces_of(&house, RIGHT_SUBSCRIBE, "+/+/fire", &pieces), pieces.room);
        assert_true(pieces.is_cut);
    }
    close_house(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_granted_before_a_policy),
        cmocka_unit_test(lines_grant_their_right_on_their_topics),
        cmocka_unit_test(a_policy_that_does_not_fit_changes_nothing),
        cmocka_unit_test(every_line_has_the_head_at_which_it_was_granted),
        cmocka_unit_test(changes_in_a_row_keep_the_times),
        cmocka_unit_test(times_outlive_a_restart),
        cmocka_unit_test(an_agency_that_was_gone_is_granted_anew),
        cmocka_unit_test(unchanged_policies_save_nothing),
        cmocka_unit_test(a_lost_save_never_lowers_a_time),
        cmocka_unit_test(starts_that_die_open_no_door),
        cmocka_unit_test(a_full_store_is_asked_again),
        cmocka_unit_test(a_full_store_is_asked_for_all_of_it_again),
        cmocka_unit_test(filters_are_narrowed_to_the_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
