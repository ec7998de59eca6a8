/* test_log_tool.c - a log in memory: sound, damaged, trimmed, exported.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/ops/log_tool.h"

#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { CHUNKS = 5, PER_CHUNK = 4 };

struct world {
    struct log_source source;
    struct blob *chunks[CHUNKS];
    uint8_t hash[CHUNK_HASH_BYTES];
};

static enum status read_chunk(void *context, uint64_t seq, struct store_done *done)
{
    struct world *world = context;
    uint64_t index = (seq - 1) / PER_CHUNK;
    if (world->chunks[index] == NULL) {
        return STATUS_NOT_FOUND;
    }
    *done = (struct store_done){.blob = blob_keep(world->chunks[index]),
                                .first = index * PER_CHUNK + 1,
                                .last = (index + 1) * PER_CHUNK};
    return STATUS_OK;
}

static int make_world(void **state)
{
    static struct world world;
    struct made_item made[PER_CHUNK];
    struct append_item items[PER_CHUNK];
    uint8_t previous[CHUNK_HASH_BYTES] = {0};
    uint64_t seed = 11;
    for (uint64_t index = 0; index < CHUNKS; index++) {
        for (uint64_t i = 0; i < PER_CHUNK; i++) {
            item_make(&made[i], index * PER_CHUNK + i + 1, i == 2, &seed);
            items[i] = made[i].item;
        }
        assert_int_equal(chunk_seal(items, PER_CHUNK, previous, &world.chunks[index], world.hash),
                         STATUS_OK);
        memcpy(previous, world.hash, sizeof previous);
    }
    world.source = (struct log_source){
        .context = &world,
        .tail = {.first = 1, .last = (uint64_t)CHUNKS * PER_CHUNK},
        .read = read_chunk
    };
    *state = &world;
    return 0;
}

static int unmake_world(void **state)
{
    struct world *world = *state;
    for (size_t index = 0; index < CHUNKS; index++) {
        blob_drop(world->chunks[index]);
    }
    return 0;
}

static void flip(struct world *world, size_t index, size_t place)
{
    struct blob *copy = blob_new(blob_bytes(world->chunks[index]));
    assert_non_null(copy);
    blob_room(copy)[place] ^= 0x10;
    blob_drop(world->chunks[index]);
    world->chunks[index] = copy;
}

static void expect_bad(const struct world *world, uint64_t first, uint64_t last)
{
    struct log_report report;
    log_tool_verify(&world->source, &report);
    assert_false(report.is_sound);
    assert_true(report.bad_first == first && report.bad_last == last);
}

static void a_sound_log_is_told_with_its_head(void **state)
{
    struct world *world = *state;
    struct log_report report;
    log_tool_verify(&world->source, &report);
    assert_true(report.is_sound);
    assert_true(report.first == 1 && report.last == 20 && report.chunks == 5);
    assert_memory_equal(report.head, world->hash, CHUNK_HASH_BYTES);
}

static void a_flipped_bit_is_named_by_its_chunk(void **state)
{
    struct world *world = *state;
    flip(world, 2, blob_bytes(world->chunks[2]).length / 2);
    expect_bad(world, 9, 12);
}

static void a_flipped_bit_of_a_personal_block_is_named_too(void **state)
{
    struct world *world = *state;
    size_t length = blob_bytes(world->chunks[4]).length;
    struct chunk_record record;
    enum status fault;
    size_t offset = 0;
    struct bytes batch = bytes_of(blob_bytes(world->chunks[4]).data + CHUNK_HEADER_BYTES,
                                  length - CHUNK_HEADER_BYTES);
    while (chunk_next_record(batch, &offset, &record, &fault) && record.personal_length == 0) {
    }
    assert_true(record.block.length > 0);
    size_t place = (size_t)(record.block.data - batch.data);
    flip(world, 4, CHUNK_HEADER_BYTES + place);
    expect_bad(world, 17, 20);
}

static void a_header_that_lies_about_its_range_names_the_stores_range(void **state)
{
    struct world *world = *state;
    flip(world, 1, 15); /* the first sequence's lowest byte */
    expect_bad(world, 5, 8);
}

static void a_chunk_put_in_another_place_is_named(void **state)
{
    struct world *world = *state;
    struct blob *third = world->chunks[2];
    world->chunks[2] = world->chunks[3];
    world->chunks[3] = third;
    expect_bad(world, 9, 12);
}

static void a_missing_chunk_is_damage(void **state)
{
    struct world *world = *state;
    blob_drop(world->chunks[3]);
    world->chunks[3] = NULL;
    expect_bad(world, 13, 13);
}

static void a_trimmed_log_is_sound_from_its_first_chunk(void **state)
{
    struct world *world = *state;
    struct log_report report;
    world->source.tail.first = 9;
    log_tool_verify(&world->source, &report);
    assert_true(report.is_sound);
    assert_true(report.first == 9 && report.chunks == 3);
}

static void an_empty_log_is_sound(void **state)
{
    struct world *world = *state;
    struct log_report report;
    world->source.tail = (struct store_tail){.first = 1, .last = 0};
    log_tool_verify(&world->source, &report);
    assert_true(report.is_sound && report.chunks == 0);
}

/* What a function prints, as text. */
static char *printed(const struct log_report *report)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    log_tool_print_report(report, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void reports_are_printed_as_the_contract_says(void **state)
{
    (void)state;
    struct log_report report = {.is_sound = true, .first = 1, .last = 20, .chunks = 5};
    memset(report.head, 0xAB, sizeof report.head);
    char *text = printed(&report);
    assert_string_equal(text,
                        "{\"ok\":true,\"first\":1,\"last\":20,\"chunks\":5,\"head\":"
                        "\"abababababababababababababababababababababababababababababababab\"}\n");
    free(text);
    report = (struct log_report){.is_sound = false, .bad_first = 9, .bad_last = 12};
    text = printed(&report);
    assert_string_equal(
        text, "{\"ok\":false,\"code\":\"STORE_CORRUPT\",\"firstBad\":9,\"lastBad\":12}\n");
    free(text);
}

static void an_export_holds_every_chunk_before_the_damage(void **state)
{
    struct world *world = *state;
    struct log_report report;
    char *text = NULL;
    size_t length = 0, place = 0;
    flip(world, 3, 60);
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(log_tool_export(&world->source, out, &report), STATUS_OK);
    assert_int_equal(fclose(out), 0);
    assert_false(report.is_sound);
    for (size_t index = 0; index < 3; index++) {
        struct bytes chunk = blob_bytes(world->chunks[index]);
        const uint8_t *front = (const uint8_t *)text + place;
        assert_true(length >= place + 4 + chunk.length);
        assert_int_equal(front[2] << 8 | front[3], chunk.length & 0xFFFF);
        assert_memory_equal(front + 4, chunk.data, chunk.length);
        place += 4 + chunk.length;
    }
    assert_memory_equal(text + place, "\0\0\0\0{\"ok\":false,", 16);
    assert_int_equal(text[length - 1], '\n');
    free(text);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, unmake_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_sound_log_is_told_with_its_head),
        IN_A_WORLD(a_flipped_bit_is_named_by_its_chunk),
        IN_A_WORLD(a_flipped_bit_of_a_personal_block_is_named_too),
        IN_A_WORLD(a_header_that_lies_about_its_range_names_the_stores_range),
        IN_A_WORLD(a_chunk_put_in_another_place_is_named),
        IN_A_WORLD(a_missing_chunk_is_damage),
        IN_A_WORLD(a_trimmed_log_is_sound_from_its_first_chunk),
        IN_A_WORLD(an_empty_log_is_sound),
        cmocka_unit_test(reports_are_printed_as_the_contract_says),
        IN_A_WORLD(an_export_holds_every_chunk_before_the_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
