/* test_golden_chunk.c - a chunk that was written once opens for ever.
 * SPDX-License-Identifier: Apache-2.0
 *
 * chunk-v1.bin holds three records: with a Personal, with an erased one, and with none. It was
 * written by this program (`test_golden_chunk FILE --write`) when version 1 was fixed, and is never
 * written again: a change that makes this test fail breaks every log in the field.
 */
#include <stdio.h>

#include "broker/log/chunk.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { ITEMS = 3, FIRST = 41, FILE_BYTES_MAX = 16 * 1024 };

static const char *path;
static uint8_t file_bytes[FILE_BYTES_MAX];
static size_t file_length;
static const uint8_t no_hash[CHUNK_HASH_BYTES];

/* The chain hash of chunk-v1.bin: bytes 80 to 111. */
static const char *const chain_hash =
    "0baca96635f2f3f5e608863daf5e10dd56875337bdd6bdc52f477c5abb96a698";

static struct bytes golden_batch(void)
{
    return bytes_of(file_bytes + CHUNK_HEADER_BYTES, file_length - CHUNK_HEADER_BYTES);
}

static void it_verifies(void **state)
{
    (void)state;
    struct chunk_header header;
    char hex[2 * CHUNK_HASH_BYTES + 1] = "";
    assert_int_equal(chunk_verify_link(bytes_of(file_bytes, file_length), no_hash, &header),
                     STATUS_OK);
    assert_int_equal(header.first, FIRST);
    assert_int_equal(header.count, ITEMS);
    for (size_t index = 0; index < CHUNK_HASH_BYTES; index++) {
        snprintf(hex + 2 * index, 3, "%02x", header.hash[index]);
    }
    assert_string_equal(hex, chain_hash);
}

static void its_records_say_what_they_said(void **state)
{
    (void)state;
    struct chunk_record record;
    enum status fault;
    size_t offset = 0, index = 0;
    while (chunk_next_record(golden_batch(), &offset, &record, &fault)) {
        assert_int_equal(record.seq, FIRST + index);
        assert_bytes_equal(record.sent.event.topic, bytes_of_text("62/71/incident/fire"));
        assert_bytes_equal(record.sent.event.incident, bytes_of_text("PKY-2025-0001"));
        assert_int_equal(record.sent.event.kind, 32);
        assert_int_equal(record.sent.number, FIRST + index + 7);
        assert_true(record.recorded_at_ms == INT64_C(1765329500123) + FIRST + (int64_t)index);
        assert_int_equal(record.personal_length > 0, index < 2);
        assert_int_equal(record.is_erased, index == 1);
        assert_int_equal(record.clock_jumped, record.seq == 42);
        index++;
    }
    assert_int_equal(fault, STATUS_OK);
    assert_int_equal(index, ITEMS);
}

static void it_makes_a_page(void **state)
{
    (void)state;
    static const uint8_t secret[32] = {1};
    struct page *page = NULL;
    struct blob *blob = blob_new(bytes_of(file_bytes, file_length));
    assert_non_null(blob);
    assert_int_equal(page_build(blob, secret, &page), STATUS_OK);
    assert_int_equal(page_count(page), ITEMS);
    page_drop(page);
    blob_drop(blob);
}

static int write_golden(void)
{
    static struct made_item made[ITEMS];
    struct append_item items[ITEMS];
    struct chunk_record record;
    struct blob *chunk = NULL;
    uint8_t hash[CHUNK_HASH_BYTES];
    enum status fault;
    uint64_t seed = 100;
    size_t offset = 0;
    for (size_t index = 0; index < ITEMS; index++) {
        item_make(&made[index], FIRST + index, index < 2, &seed);
        items[index] = made[index].item;
    }
    if (chunk_seal(items, ITEMS, no_hash, &chunk, hash) != STATUS_OK) {
        return 1;
    }
    file_length = blob_bytes(chunk).length;
    memcpy(file_bytes, blob_bytes(chunk).data, file_length);
    blob_drop(chunk);
    for (int index = 0; index < 2; index++) {
        if (!chunk_next_record(golden_batch(), &offset, &record, &fault)) {
            return 1;
        }
    }
    chunk_erase_personal(file_bytes + CHUNK_HEADER_BYTES, &record);
    FILE *file = fopen(path, "wbx");
    return file == NULL || fwrite(file_bytes, 1, file_length, file) != file_length ||
           fclose(file) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_verifies),
        cmocka_unit_test(its_records_say_what_they_said),
        cmocka_unit_test(it_makes_a_page),
    };
    path = argc > 1 ? argv[1] : "";
    if (argc == 3 && strcmp(argv[2], "--write") == 0) {
        return write_golden();
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    file_length = fread(file_bytes, 1, sizeof file_bytes, file);
    fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
