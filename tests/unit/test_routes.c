/* test_routes.c - the tree finds what a plain list of filters finds, and looks at little of itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/routes.h"

#include <stdio.h>

#include "proto/c/topic.h"
#include "tests/unit/check.h"

/* What a match found, as bits: owner n with tag n. */
static void note_owner(void *context, uint32_t owner, uint32_t tag)
{
    uint64_t *found = context;
    assert_int_equal(owner, tag);
    assert_int_equal(*found >> owner & 1, 0);
    *found |= UINT64_C(1) << owner;
}

static uint64_t found_by(const struct routes *routes, const char *topic)
{
    uint64_t found = 0;
    routes_match(routes, bytes_of_text(topic), note_owner, &found);
    return found;
}

struct match_row {
    const char *name;
    const char *filter, *topic;
    bool is_matched;
};

static const struct match_row match_rows[] = {
    {"a topic matches itself",           "63/72/incident/fire",   "63/72/incident/fire", true },
    {"not a part of itself",             "63/72/incident",        "63/72/incident/fire", false},
    {"nor what is longer",               "63/72/incident/fire/x", "63/72/incident/fire", false},
    {"plus is one level",                "63/+/incident/+",       "63/72/incident/fire", true },
    {"plus is not two",                  "63/+/fire",             "63/72/incident/fire", false},
    {"hash is everything",               "#",                     "63/72/incident/fire", true },
    {"hash is what is below",            "63/#",                  "63/72/incident/fire", true },
    {"hash is the level before it too",  "63/72/#",               "63/72",               true },
    {"hash after plus",                  "+/72/#",                "63/72",               true },
    {"a name is no beginning of a name", "63/7/#",                "63/72/incident",      false},
    {"hash hides the broker's topics",   "#",                     "$site/presence",      false},
    {"nor does plus",                    "+/presence",            "$site/presence",      false},
    {"their name does",                  "$site/#",               "$site/presence",      true },
    {"a wildcard below their name does", "$site/+",               "$site/presence",      true },
};

static void a_filter_finds_its_topics(void **state)
{
    const struct match_row *row = *state;
    struct routes *routes = routes_new(4, 4096);
    assert_int_equal(routes_add(routes, 2, bytes_of_text(row->filter), 2), STATUS_OK);
    assert_int_equal(found_by(routes, row->topic), row->is_matched ? 4 : 0);
    assert_int_equal(topic_matches(bytes_of_text(row->filter), bytes_of_text(row->topic)),
                     row->is_matched);
    routes_free(routes);
}

static void what_is_hidden_or_removed_is_not_found(void **state)
{
    (void)state;
    struct routes *routes = routes_new(4, 4096);
    assert_int_equal(routes_add(routes, 0, bytes_of_text("a/+"), 0), STATUS_OK);
    assert_int_equal(routes_add(routes, 1, bytes_of_text("a/+"), 1), STATUS_OK);
    assert_int_equal(routes_add(routes, 1, bytes_of_text("b"), 1), STATUS_OK);
    assert_int_equal(found_by(routes, "a/b"), 3);
    routes_hide(routes, 1);
    routes_hide(routes, 1);
    assert_int_equal(found_by(routes, "a/b"), 1);
    assert_int_equal(found_by(routes, "b"), 0);
    routes_show(routes, 1);
    routes_show(routes, 1);
    assert_int_equal(found_by(routes, "a/b"), 3);
    routes_hide(routes, 1);
    routes_remove(routes, 1);
    assert_int_equal(found_by(routes, "a/b"), 1);
    assert_int_equal(routes_count(routes), 1);
    routes_remove(routes, 0);
    assert_int_equal(routes_count(routes), 0);
    routes_free(routes);
}

static void a_full_tree_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct routes *routes = routes_new(2, 1);
    uint32_t added = 0;
    char filter[TOPIC_BYTES_MAX + 1];
    do {
        snprintf(filter, sizeof filter, "%u/b/c/d", added);
        added++;
    } while (routes_add(routes, 0, bytes_of_text(filter), 0) == STATUS_OK);
    assert_int_equal(routes_count(routes), added - 1);
    uint64_t found = 0;
    assert_int_equal(routes_add(routes, 1, bytes_of_text("w/x/y/z"), 1), STATUS_FULL);
    routes_match(routes, bytes_of_text("0/b/c/d"), note_owner, &found);
    assert_int_equal(found, 1);
    routes_remove(routes, 0);
    assert_int_equal(routes_add(routes, 1, bytes_of_text("w/x/y/z"), 1), STATUS_OK);
    routes_free(routes);
}

enum { OWNERS = 64, ROUNDS = 20000 };

/* A random filter or topic of up to four levels over a small alphabet. */
static void make_name(uint64_t *seed, bool is_filter, char out[16])
{
    static const char *const levels[] = {"a", "b", "$c", "d", "+", "#"};
    uint32_t depth = 1 + chance_below(seed, 4);
    size_t used = 0;
    for (uint32_t index = 0; index < depth; index++) {
        bool may_end = is_filter && index + 1 == depth;
        const char *level = levels[chance_below(seed, is_filter ? (may_end ? 6 : 5) : 4)];
        const char *slash = index > 0 ? "/" : "";
        used += (size_t)snprintf(out + used, 16 - used, "%s%s", slash, level);
    }
}

static void a_plain_list_agrees(void **state)
{
    (void)state;
    char filters[OWNERS][16] = {{0}}, topic[16];
    uint64_t seed = 7, hidden = 0;
    struct routes *routes = routes_new(OWNERS, 1u << 16);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t owner = chance_below(&seed, OWNERS);
        uint64_t expected = 0;
        if (filters[owner][0] == '\0') {
            make_name(&seed, true, filters[owner]);
            struct bytes filter = bytes_of_text(filters[owner]);
            assert_int_equal(routes_add(routes, owner, filter, owner), STATUS_OK);
        } else if (chance_below(&seed, 3) == 0) {
            routes_remove(routes, owner);
            filters[owner][0] = '\0';
            hidden &= ~(UINT64_C(1) << owner);
        } else {
            hidden ^= UINT64_C(1) << owner;
            (hidden >> owner & 1 ? routes_hide : routes_show)(routes, owner);
        }
        make_name(&seed, false, topic);
        for (uint32_t index = 0; index < OWNERS; index++) {
            bool is_matched = filters[index][0] != '\0' &&
                              topic_matches(bytes_of_text(filters[index]), bytes_of_text(topic));
            expected |= (uint64_t)is_matched << index;
        }
        assert_int_equal(found_by(routes, topic), expected & ~hidden);
    }
    routes_free(routes);
}

/* Half of the default 16 MiB, and the default number of follows. */
static void the_default_memory_takes_the_default_follows(void **state)
{
    (void)state;
    enum { FOLLOWS = 100000 };
    struct routes *routes = routes_new(FOLLOWS, (size_t)8 << 20);
    for (uint32_t owner = 0; owner < FOLLOWS; owner++) {
        char text[64];
        snprintf(text, sizeof text, "62/%u/incident/#", owner % 500);
        assert_int_equal(routes_add(routes, owner, bytes_of_text(text), 0), STATUS_OK);
    }
    routes_free(routes);
}

static void ignore_owner(void *context, uint32_t owner, uint32_t tag)
{
    (void)owner;
    (void)tag;
    ++*(uint64_t *)context;
}

/* Nodes visited by 10,000 topics when there are so many filters of cities and categories. */
static uint64_t visits_with(uint32_t filters)
{
    struct routes *routes = routes_new(filters, (size_t)8 << 20);
    char text[64];
    for (uint32_t owner = 0; owner < filters; owner++) {
        const char *rest[] = {"incident/#", "incident/+", "unit/#", "+/fire"};
        snprintf(text, sizeof text, "%u/%u/%s", owner % 34, owner / 4, rest[owner % 4]);
        assert_int_equal(routes_add(routes, owner, bytes_of_text(text), owner), STATUS_OK);
    }
    uint64_t visited = 0, found = 0;
    for (uint32_t topic = 0; topic < 10000; topic++) {
        uint32_t owner = topic % filters;
        snprintf(text, sizeof text, "%u/%u/incident/fire", owner % 34, owner / 4);
        visited += routes_match(routes, bytes_of_text(text), ignore_owner, &found);
    }
    assert_true(found > 0);
    routes_free(routes);
    return visited;
}

static void a_hundred_times_the_filters_cost_at_most_four_times_the_visits(void **state)
{
    (void)state;
    uint64_t few = visits_with(100), many = visits_with(10000);
    assert_true(many <= few * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_hidden_or_removed_is_not_found),
        cmocka_unit_test(a_full_tree_refuses_and_keeps_what_it_has),
        cmocka_unit_test(a_plain_list_agrees),
        cmocka_unit_test(the_default_memory_takes_the_default_follows),
        cmocka_unit_test(a_hundred_times_the_filters_cost_at_most_four_times_the_visits),
    };
    return CHECK_ROWS(match_rows, a_filter_finds_its_topics) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
