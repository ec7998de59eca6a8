/* test_terms.c - what was asked for selects, and comes back whole from its coding.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/terms.h"

#include "tests/unit/check.h"

static const struct bytes two_filters[] = {
    {(const uint8_t *)"62/71/#",            7 },
    {(const uint8_t *)"62/+/incident/fire", 18},
};
static const struct bytes one_incident[] = {
    {(const uint8_t *)"PKY-1", 5}
};
static const uint16_t three_categories[] = {3, 5, 9};

static const struct follow_request asked = {
    .filters = two_filters,
    .filter_count = 2,
    .modes = 1u << MODE_ACTUAL,
    .kinds = 1u << (33 - 32),
    .categories = three_categories,
    .category_count = 3,
    .incidents = one_incident,
    .incident_count = 1,
    .min_priority = 4,
};

static struct record wanted_record(void)
{
    return (struct record){
        .topic = bytes_of_text("62/71/incident/fire"),
        .incident = bytes_of_text("PKY-1"),
        .category = 5,
        .mode = MODE_ACTUAL,
        .kind = 33,
        .priority = 4,
    };
}

static struct blocks make_blocks(void)
{
    struct blocks blocks;
    assert_int_equal(blocks_init(&blocks, 1), STATUS_OK);
    return blocks;
}

static void each_selection_refuses_alone(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    struct terms *terms = terms_pack(&blocks, &asked, 10);
    struct record record = wanted_record();
    assert_true(terms_select(terms, &record));
    for (uint8_t mode = 0; mode < 40; mode++) {
        record.mode = mode;
        assert_int_equal(terms_select(terms, &record), mode == MODE_ACTUAL);
    }
    record = wanted_record();
    record.kind = 34;
    assert_false(terms_select(terms, &record));
    record = wanted_record();
    record.category = 4;
    assert_false(terms_select(terms, &record));
    record = wanted_record();
    record.incident = bytes_of_text("PKY-2");
    assert_false(terms_select(terms, &record));
    record = wanted_record();
    record.priority = 3;
    assert_false(terms_select(terms, &record));
    terms_drop(&blocks, terms);
    assert_int_equal(blocks.used_bytes, 0);
    blocks_deinit(&blocks);
}

static void no_selection_takes_all_of_its_modes(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    struct follow_request request = {
        .filters = two_filters, .filter_count = 1, .modes = 1u << MODE_TEST | 1u << MODE_ACTUAL};
    struct terms *terms = terms_pack(&blocks, &request, 10);
    struct record record = {.mode = MODE_TEST, .kind = 60};
    assert_true(terms_select(terms, &record));
    record.mode = MODE_EXERCISE;
    assert_false(terms_select(terms, &record));
    blocks_deinit(&blocks);
}

static void the_lowest_since_of_the_matching_filters_counts(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    struct follow_request first = asked;
    first.filter_count = 1;
    struct terms *before = terms_pack(&blocks, &first, 10);
    struct terms *terms = terms_pack(&blocks, &asked, 20);
    terms_inherit(terms, before);
    uint64_t since = 0;
    assert_true(terms_match(terms, bytes_of_text("62/71/incident/fire"), &since));
    assert_int_equal(since, 10);
    assert_true(terms_match(terms, bytes_of_text("62/72/incident/fire"), &since));
    assert_int_equal(since, 20);
    assert_false(terms_match(terms, bytes_of_text("63/71/incident/fire"), &since));
    assert_int_equal(terms_since(terms, 1), 20);
    assert_bytes_equal(terms_filter(terms, 1), two_filters[1]);
    assert_false(terms_are_equal(before, terms));
    blocks_deinit(&blocks);
}

static void a_coding_comes_back_whole_and_a_part_of_it_does_not(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    struct terms *terms = terms_pack(&blocks, &asked, 77), *again = NULL;
    uint8_t room[512];
    struct codec_writer writer = codec_writer_of(room, terms->bytes + 4);
    terms_encode(terms, &writer);
    struct bytes value = codec_written(&writer);
    assert_true(value.length > 0);
    struct codec_reader reader = codec_reader_of(value);
    assert_int_equal(terms_decode(&blocks, &reader, &again), STATUS_OK);
    assert_true(codec_is_done(&reader));
    assert_true(terms_are_equal(terms, again));
    for (size_t length = 0; length < value.length; length++) {
        reader = codec_reader_of(bytes_of(room, length));
        assert_int_equal(terms_decode(&blocks, &reader, &again), STATUS_CORRUPT);
    }
    blocks_deinit(&blocks);
}

static void any_byte_changed_is_refused_or_still_well_formed(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    struct terms *terms = terms_pack(&blocks, &asked, 77), *again = NULL;
    uint8_t room[512];
    struct codec_writer writer = codec_writer_of(room, sizeof room);
    terms_encode(terms, &writer);
    struct bytes value = codec_written(&writer);
    for (size_t bit = 0; bit < value.length * 8; bit++) {
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct codec_reader reader = codec_reader_of(value);
        if (terms_decode(&blocks, &reader, &again) == STATUS_OK) {
            uint64_t since = 0;
            terms_match(again, bytes_of_text("62/71/incident/fire"), &since);
            terms_drop(&blocks, again);
        }
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    terms_drop(&blocks, terms);
    assert_int_equal(blocks.used_bytes, 0);
    blocks_deinit(&blocks);
}

static void full_blocks_are_told(void **state)
{
    (void)state;
    struct blocks blocks = make_blocks();
    uint32_t count = 0;
    while (terms_pack(&blocks, &asked, 1) != NULL) {
        count++;
    }
    assert_true(count > 100);
    blocks_deinit(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_selection_refuses_alone),
        cmocka_unit_test(no_selection_takes_all_of_its_modes),
        cmocka_unit_test(the_lowest_since_of_the_matching_filters_counts),
        cmocka_unit_test(a_coding_comes_back_whole_and_a_part_of_it_does_not),
        cmocka_unit_test(any_byte_changed_is_refused_or_still_well_formed),
        cmocka_unit_test(full_blocks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
