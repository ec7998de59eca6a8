/* test_log_export.c - what the broker exports is read back, and what breaks off is told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/log_export.h"

#include "tests/unit/check.h"

/* Two records, the first with a personal block. */
static const uint8_t batch_bytes[] = {0x0A, 2, 'a', 'b', 0x12, 1, 'p', 0x0A, 1, 'c'};

static void records_come_with_what_belongs_to_them(void **state)
{
    struct bytes batch = bytes_of(batch_bytes, sizeof batch_bytes);
    struct log_record record;
    size_t offset = 0;
    bool is_broken = false;
    (void)state;
    assert_true(log_export_next(batch, &offset, &record, &is_broken));
    assert_bytes_equal(record.record, bytes_of_text("ab"));
    assert_bytes_equal(record.personal, bytes_of_text("p"));
    assert_true(log_export_next(batch, &offset, &record, &is_broken));
    assert_bytes_equal(record.record, bytes_of_text("c"));
    assert_int_equal(record.personal.length, 0);
    assert_false(log_export_next(batch, &offset, &record, &is_broken));
    assert_false(is_broken);
}

static void a_batch_that_is_cut_is_broken_at_every_length_but_its_ends(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof batch_bytes; length++) {
        struct log_record record;
        size_t offset = 0;
        bool is_broken = false;
        struct bytes batch = bytes_of(batch_bytes, length);
        while (log_export_next(batch, &offset, &record, &is_broken)) {
        }
        assert_int_equal(is_broken, length != 0 && length != 4 && length != 7);
    }
}

/* Reads a stream of one chunk of `batch_bytes`, cut after `length`; the number of chunks. */
static int read_stream(size_t length, bool *is_broken)
{
    uint8_t stream[4 + 112 + sizeof batch_bytes + 4] = {0, 0, 0, 112 + sizeof batch_bytes};
    uint8_t *chunk = NULL;
    struct bytes batch;
    int chunks = 0;
    memcpy(stream + 4 + 112, batch_bytes, sizeof batch_bytes);
    FILE *in = fmemopen(stream, length, "r");
    assert_non_null(in);
    *is_broken = false;
    while (log_export_read(in, &chunk, &batch, is_broken)) {
        assert_bytes_equal(batch, bytes_of(batch_bytes, sizeof batch_bytes));
        chunks++;
    }
    (void)fclose(in);
    free(chunk);
    return chunks;
}

static void a_stream_ends_with_a_length_of_0_and_nothing_else(void **state)
{
    const size_t whole = 4 + 112 + sizeof batch_bytes + 4;
    bool is_broken;
    (void)state;
    assert_int_equal(read_stream(whole, &is_broken), 1);
    assert_false(is_broken);
    for (size_t length = 1; length < whole; length++) {
        assert_int_equal(read_stream(length, &is_broken), length >= whole - 4);
        assert_true(is_broken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_with_what_belongs_to_them),
        cmocka_unit_test(a_batch_that_is_cut_is_broken_at_every_length_but_its_ends),
        cmocka_unit_test(a_stream_ends_with_a_length_of_0_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
