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

/* A small world: every filter of up to 3 levels, and every topic of up to 4, so that there always
 * is a topic deeper than a filter. */
enum { FILTER_LEVELS = 3, TOPIC_LEVELS = 4, WORDS_MAX = 5, TEXT_BYTES = 16, WORLD_MAX = 400 };

struct world {
    char texts[WORLD_MAX][TEXT_BYTES];
    size_t count;
};

static struct world topics, filters;
static bool matched[WORLD_MAX][WORLD_MAX]; /* by the model: [filter][topic] */

/* Every row of words up to so many levels: a longer row is a shorter one with a word behind it. */
static void fill_world(struct world *world, const char *const words[], size_t word_count,
                       int levels)
{
    size_t begin = 0;
    for (size_t word = 0; word < word_count; word++) {
        snprintf(world->texts[world->count++], TEXT_BYTES, "%s", words[word]);
    }
    for (int level = 1; level < levels; level++) {
        size_t end = world->count;
        for (size_t pair = 0; pair < (end - begin) * word_count; pair++) {
            char text[TEXT_BYTES];
            snprintf(text, sizeof text, "%.10s/%s", world->texts[begin + pair / word_count],
                     words[pair % word_count]);
            assert_in_range(world->count, 0, WORLD_MAX - 1);
            memcpy(world->texts[world->count++], text, sizeof text);
        }
        begin = end;
    }
}

static void keep_filters(struct world *world)
{
    size_t kept = 0;
    for (size_t index = 0; index < world->count; index++) {
        if (topic_filter_fault(bytes_of_text(world->texts[index])) == NULL) {
            memmove(world->texts[kept++], world->texts[index], TEXT_BYTES);
        }
    }
    world->count = kept;
}

static struct bytes member(const struct world *world, size_t index)
{
    return bytes_of_text(world->texts[index]);
}

struct levels {
    char texts[TOPIC_LEVELS][TEXT_BYTES];
    int count;
};

static struct levels split(const char *text)
{
    struct levels levels = {.count = 1};
    for (size_t length = 0; *text != 0 && levels.count <= TOPIC_LEVELS; text++) {
        if (*text == '/') {
            levels.count++;
            length = 0;
        } else {
            levels.texts[levels.count - 1][length++] = *text;
        }
    }
    return levels;
}

/* MQTT's rules once more, the slow way, on split levels. */
static bool model_matches(const char *filter, const char *topic)
{
    struct levels wanted = split(filter), given = split(topic);
    bool is_open = strcmp(wanted.texts[wanted.count - 1], "#") == 0;
    if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) {
        return false;
    }
    wanted.count -= is_open;
    bool fits = is_open ? given.count >= wanted.count : given.count == wanted.count;
    for (int index = 0; fits && index < wanted.count; index++) {
        fits = strcmp(wanted.texts[index], "+") == 0 ||
               strcmp(wanted.texts[index], given.texts[index]) == 0;
    }
    return fits;
}

static void fill_worlds(void)
{
    static const char *const topic_words[] = {"a", "b", "$x", "c"};
    static const char *const filter_words[] = {"a", "b", "$x", "+", "#"};
    fill_world(&topics, topic_words, COUNT_OF(topic_words), TOPIC_LEVELS);
    fill_world(&filters, filter_words, COUNT_OF(filter_words), FILTER_LEVELS);
    keep_filters(&filters);
    for (size_t f = 0; f < filters.count; f++) {
        for (size_t t = 0; t < topics.count; t++) {
            matched[f][t] = model_matches(filters.texts[f], topics.texts[t]);
        }
    }
}

static void assert_matching(size_t f, size_t t)
{
    if (topic_matches(member(&filters, f), member(&topics, t)) != matched[f][t]) {
        fail_msg("%s on %s", filters.texts[f], topics.texts[t]);
    }
}

static void matching_agrees_with_the_model(void **state)
{
    (void)state;
    assert_int_equal(topics.count, 4 + 16 + 64 + 256);
    assert_int_equal(filters.count, 5 + 4 * 5 + 16 * 5);
    for (size_t f = 0; f < filters.count; f++) {
        for (size_t t = 0; t < topics.count; t++) {
            assert_matching(f, t);
        }
    }
}

static bool model_covers(size_t outer, size_t inner)
{
    for (size_t t = 0; t < topics.count; t++) {
        if (matched[inner][t] && !matched[outer][t]) {
            return false;
        }
    }
    return true;
}

static void assert_covering(size_t outer, size_t inner)
{
    bool covers = topic_covers(member(&filters, outer), member(&filters, inner));
    if (covers != model_covers(outer, inner)) {
        fail_msg("%s covers %s", filters.texts[outer], filters.texts[inner]);
    }
}

static void covering_agrees_with_what_is_matched(void **state)
{
    (void)state;
    for (size_t outer = 0; outer < filters.count; outer++) {
        for (size_t inner = 0; inner < filters.count; inner++) {
            assert_covering(outer, inner);
        }
    }
}

static void assert_intersection(size_t a, size_t b)
{
    uint8_t out[TOPIC_BYTES_MAX];
    size_t length = topic_intersect(member(&filters, a), member(&filters, b), out);
    struct bytes both = bytes_of(out, length);
    assert_true(length == 0 || topic_filter_fault(both) == NULL);
    for (size_t t = 0; t < topics.count; t++) {
        bool actual = length > 0 && topic_matches(both, member(&topics, t));
        if (actual != (matched[a][t] && matched[b][t])) {
            fail_msg("%s with %s is \"%.*s\", but on %s", filters.texts[a], filters.texts[b],
                     (int)length, (const char *)out, topics.texts[t]);
        }
    }
}

static void an_intersection_matches_what_both_match(void **state)
{
    (void)state;
    for (size_t a = 0; a < filters.count; a++) {
        for (size_t b = 0; b < filters.count; b++) {
            assert_intersection(a, b);
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

static void real_topics_match_as_people_expect(void **state)
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
    fill_worlds();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_is_neither),
        cmocka_unit_test(matching_agrees_with_the_model),
        cmocka_unit_test(covering_agrees_with_what_is_matched),
        cmocka_unit_test(an_intersection_matches_what_both_match),
        cmocka_unit_test(an_intersection_longer_than_any_topic_is_nothing),
        cmocka_unit_test(real_topics_match_as_people_expect),
    };
    return CHECK_ROWS(grammar_rows, grammar_holds) + cmocka_run_group_tests(tests, NULL, NULL);
}
