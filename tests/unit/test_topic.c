/* test_topic.c - the grammar in rows; matching, for every filter of a small world, against a model.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/topic.h"

#include <stdio.h>

#include "tests/unit/check.h"

#define LEVELS_15 "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15"
#define LETTERS_50 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"
#define LETTERS_250 LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50

static const struct grammar_row {
    const char *name;
    const char *text;
    bool may_be_topic;
    bool may_be_filter;
} grammar_rows[] = {
    {"a level alone is both",             "a",                                  true,  true },
    {"a region's fire is both",           "62/71/incident/fire",                true,  true },
    {"letters beyond ASCII are both",     "kota/Pal\xC3\xA9mbang/\xE2\x9C\x93", true,  true },
    {"spaces and dots are letters",       "a b/../c",                           true,  true },
    {"nothing is neither",                "",                                   false, false},
    {"a leading slash is neither",        "/a",                                 false, false},
    {"a trailing slash is neither",       "a/",                                 false, false},
    {"an empty level is neither",         "a//b",                               false, false},
    {"a slash alone is neither",          "/",                                  false, false},
    {"a dollar in front is for filters",  "$site/presence",                     false, true },
    {"a dollar alone is for filters",     "$",                                  false, true },
    {"a dollar later is a letter",        "a/$b",                               true,  true },
    {"a plus level is for filters",       "a/+/b",                              false, true },
    {"a last hash is for filters",        "a/#",                                false, true },
    {"a hash alone is for filters",       "#",                                  false, true },
    {"a hash before the end is neither",  "a/#/b",                              false, false},
    {"a plus in a level is neither",      "a/b+",                               false, false},
    {"a hash in a level is neither",      "a/b#",                               false, false},
    {"two pluses in a level are neither", "++",                                 false, false},
    {"bad UTF-8 is neither",              "a/\xC3\x28",                         false, false},
    {"16 levels are both",                LEVELS_15 "/16",                      true,  true },
    {"17 levels are neither",             LEVELS_15 "/16/17",                   false, false},
    {"255 bytes are both",                LETTERS_250 "abcde",                  true,  true },
    {"256 bytes are neither",             LETTERS_250 "abcdef",                 false, false},
};

static void grammar_holds(void **state)
{
    const struct grammar_row *row = *state;
    struct bytes text = bytes_of_text(row->text);
    assert_int_equal(topic_fault(text) == NULL, row->may_be_topic);
    assert_int_equal(topic_filter_fault(text) == NULL, row->may_be_filter);
}

static void a_nul_is_neither(void **state)
{
    (void)state;
    struct bytes text = bytes_of("fire\0xy", 7);
    assert_non_null(topic_fault(text));
    assert_non_null(topic_filter_fault(text));
}

/* The world: all topics and filters of up to three levels out of these. */
enum { DEPTH = 3, WORDS = 5, WORLD_MAX = WORDS + WORDS * WORDS + WORDS * WORDS * WORDS };

struct world {
    char texts[WORLD_MAX][16];
    size_t count;
};

static struct world topics, filters;

static void fill_world(struct world *world, const char *const words[WORDS], bool are_filters)
{
    char text[16];
    for (int a = 0; a < WORDS; a++) {
        for (int b = -1; b < WORDS; b++) {
            for (int c = -1; c < (b < 0 ? 0 : WORDS); c++) {
                snprintf(text, sizeof text, "%s%s%s%s%s", words[a], b < 0 ? "" : "/",
                         b < 0 ? "" : words[b], c < 0 ? "" : "/", c < 0 ? "" : words[c]);
                /* Topics of the broker's own may be followed, so they are in the world. */
                bool is_in = are_filters ? topic_filter_fault(bytes_of_text(text)) == NULL
                                         : strpbrk(text, "+#") == NULL;
                if (is_in) {
                    strcpy(world->texts[world->count++], text);
                }
            }
        }
    }
}

static struct bytes member(const struct world *world, size_t index)
{
    return bytes_of_text(world->texts[index]);
}

/* MQTT's rules once more, the slow way: from the end, on split levels. */
static bool model_matches(const char *filter, const char *topic)
{
    char a[16], b[16], *wanted[DEPTH + 1] = {NULL}, *given[DEPTH + 1] = {NULL}, *rest = NULL;
    int wanted_count = 0, given_count = 0;
    strcpy(a, filter);
    strcpy(b, topic);
    for (char *at = strtok_r(a, "/", &rest); at != NULL; at = strtok_r(NULL, "/", &rest)) {
        wanted[wanted_count++] = at;
    }
    for (char *at = strtok_r(b, "/", &rest); at != NULL; at = strtok_r(NULL, "/", &rest)) {
        given[given_count++] = at;
    }
    bool is_open = strcmp(wanted[wanted_count - 1], "#") == 0;
    wanted_count -= is_open;
    if (topic[0] == '$' && strcmp(filter, "#") != 0 && strcmp(wanted[0], "+") == 0) {
        return false;
    }
    if (topic[0] == '$' && strcmp(filter, "#") == 0) {
        return false;
    }
    if (given_count < wanted_count || (given_count > wanted_count && !is_open)) {
        return false;
    }
    bool fits = true;
    for (int index = 0; index < wanted_count; index++) {
        fits =
            fits && (strcmp(wanted[index], "+") == 0 || strcmp(wanted[index], given[index]) == 0);
    }
    return fits;
}

static void matching_agrees_with_the_model(void **state)
{
    (void)state;
    for (size_t f = 0; f < filters.count; f++) {
        for (size_t t = 0; t < topics.count; t++) {
            bool expected = model_matches(filters.texts[f], topics.texts[t]);
            if (topic_matches(member(&filters, f), member(&topics, t)) != expected) {
                fail_msg("%s on %s: expected %d", filters.texts[f], topics.texts[t], expected);
            }
        }
    }
}

/* In a world one level deeper than any filter, covering is inclusion of what is matched. */
static void covering_agrees_with_what_is_matched(void **state)
{
    (void)state;
    for (size_t outer = 0; outer < filters.count; outer++) {
        for (size_t inner = 0; inner < filters.count; inner++) {
            bool expected = true;
            for (size_t t = 0; t < topics.count; t++) {
                expected = expected && (!model_matches(filters.texts[inner], topics.texts[t]) ||
                                        model_matches(filters.texts[outer], topics.texts[t]));
            }
            if (topic_covers(member(&filters, outer), member(&filters, inner)) != expected) {
                fail_msg("%s covers %s: expected %d", filters.texts[outer], filters.texts[inner],
                         expected);
            }
        }
    }
}

static void an_intersection_matches_what_both_match(void **state)
{
    (void)state;
    for (size_t a = 0; a < filters.count; a++) {
        for (size_t b = 0; b < filters.count; b++) {
            uint8_t out[TOPIC_BYTES_MAX];
            size_t length = topic_intersect(member(&filters, a), member(&filters, b), out);
            char text[16] = "";
            memcpy(text, out, length);
            assert_true(length == 0 || topic_filter_fault(bytes_of_text(text)) == NULL);
            for (size_t t = 0; t < topics.count; t++) {
                bool expected = model_matches(filters.texts[a], topics.texts[t]) &&
                                model_matches(filters.texts[b], topics.texts[t]);
                bool actual = length > 0 && topic_matches(bytes_of_text(text), member(&topics, t));
                if (actual != expected) {
                    fail_msg("%s with %s is \"%s\", but on %s: expected %d", filters.texts[a],
                             filters.texts[b], text, topics.texts[t], expected);
                }
            }
        }
    }
}

static void an_intersection_longer_than_any_topic_is_nothing(void **state)
{
    (void)state;
    char a[TOPIC_BYTES_MAX + 1], b[TOPIC_BYTES_MAX + 1];
    uint8_t out[TOPIC_BYTES_MAX];
    snprintf(a, sizeof a, "%.126s/+", LETTERS_250);
    snprintf(b, sizeof b, "+/%.128s", LETTERS_250);
    assert_int_equal(topic_intersect(bytes_of_text(a), bytes_of_text(b), out), TOPIC_BYTES_MAX);
    assert_null(topic_filter_fault(bytes_of(out, TOPIC_BYTES_MAX)));
    snprintf(a, sizeof a, "%.127s/+", LETTERS_250);
    assert_int_equal(topic_intersect(bytes_of_text(a), bytes_of_text(b), out), 0);
}

static void a_hash_beyond_the_world_s_depth_still_covers(void **state)
{
    (void)state;
    struct bytes deep = bytes_of_text("62/71/incident/fire/x/y");
    assert_true(topic_matches(bytes_of_text("62/#"), deep));
    assert_true(topic_matches(bytes_of_text("62/+/incident/#"), deep));
    assert_false(topic_matches(bytes_of_text("62/+/+/+"), deep));
    assert_true(topic_covers(bytes_of_text("62/71/#"), bytes_of_text("62/71/+/fire/#")));
    assert_false(topic_covers(bytes_of_text("62/71/+/fire/#"), bytes_of_text("62/71/#")));
}

int main(void)
{
    static const char *const topic_words[WORDS] = {"a", "b", "$x", "ab", "c"};
    static const char *const filter_words[WORDS] = {"a", "b", "$x", "+", "#"};
    fill_world(&topics, topic_words, false);
    fill_world(&filters, filter_words, true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_is_neither),
        cmocka_unit_test(matching_agrees_with_the_model),
        cmocka_unit_test(covering_agrees_with_what_is_matched),
        cmocka_unit_test(an_intersection_matches_what_both_match),
        cmocka_unit_test(an_intersection_longer_than_any_topic_is_nothing),
        cmocka_unit_test(a_hash_beyond_the_world_s_depth_still_covers),
    };
    return CHECK_ROWS(grammar_rows, grammar_holds) + cmocka_run_group_tests(tests, NULL, NULL);
}
