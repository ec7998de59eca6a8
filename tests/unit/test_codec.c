/* test_codec.c - what was put is got, and nothing goes past the bound.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/codec.h"

#include "tests/unit/check.h"

static void integers_are_big_endian(void **state)
{
    (void)state;
    uint8_t room[15];
    struct codec_writer writer = codec_writer_of(room, sizeof room);
    codec_put_u8(&writer, 0x01);
    codec_put_u16(&writer, 0x0203);
    codec_put_u32(&writer, 0x04050607);
    codec_put_u64(&writer, UINT64_C(0x08090a0b0c0d0e0f));
    static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    assert_bytes_equal(codec_written(&writer), bytes_of(expected, sizeof expected));

    struct codec_reader reader = codec_reader_of(codec_written(&writer));
    assert_int_equal(codec_get_u8(&reader), 0x01);
    assert_int_equal(codec_get_u16(&reader), 0x0203);
    assert_int_equal(codec_get_u32(&reader), 0x04050607);
    assert_false(codec_is_done(&reader));
    assert_true(codec_get_u64(&reader) == UINT64_C(0x08090a0b0c0d0e0f));
    assert_true(codec_is_done(&reader));
}

static void bytes_and_texts_come_back(void **state)
{
    (void)state;
    uint8_t room[16], copy[3];
    struct codec_writer writer = codec_writer_of(room, sizeof room);
    codec_put_text(&writer, bytes_of_text("damkar"));
    codec_put_bytes(&writer, bytes_of_text("xyz"));
    codec_put_text(&writer, bytes_of(NULL, 0));
    codec_put_bytes(&writer, bytes_of(NULL, 0));

    struct codec_reader reader = codec_reader_of(codec_written(&writer));
    assert_bytes_equal(codec_get_text(&reader), bytes_of_text("damkar"));
    codec_get_copy(&reader, copy, sizeof copy);
    assert_memory_equal(copy, "xyz", sizeof copy);
    assert_int_equal(codec_get_text(&reader).length, 0);
    assert_true(codec_is_done(&reader));
}

static void what_does_not_fit_stays_said(void **state)
{
    (void)state;
    uint8_t room[5] = {0};
    struct codec_writer writer = codec_writer_of(room, 4);
    codec_put_u8(&writer, 1);
    codec_put_u32(&writer, UINT32_MAX);
    codec_put_u8(&writer, 2);
    assert_true(writer.is_over);
    assert_int_equal(codec_written(&writer).length, 0);
    assert_int_equal(room[1], 0);
    assert_int_equal(room[4], 0);
}

static void a_text_longer_than_its_length_can_say_is_over(void **state)
{
    (void)state;
    static uint8_t room[UINT16_MAX + 8], text[UINT16_MAX + 1];
    struct codec_writer writer = codec_writer_of(room, sizeof room);
    codec_put_text(&writer, bytes_of(text, UINT16_MAX));
    assert_false(writer.is_over);
    writer = codec_writer_of(room, sizeof room);
    codec_put_text(&writer, bytes_of(text, UINT16_MAX + 1));
    assert_true(writer.is_over);
}

static void reading_past_the_end_gives_nothing(void **state)
{
    (void)state;
    uint8_t copy[4] = {9, 9, 9, 9};
    struct codec_reader reader = codec_reader_of(bytes_of_text("abc"));
    assert_int_equal(codec_get_u32(&reader), 0);
    assert_true(reader.is_over);
    assert_int_equal(codec_get_u8(&reader), 0);
    codec_get_copy(&reader, copy, sizeof copy);
    assert_int_equal(copy[0] | copy[1] | copy[2] | copy[3], 0);
    assert_false(codec_is_done(&reader));

    reader = codec_reader_of(bytes_of("\0\5abc", 5));
    assert_int_equal(codec_get_text(&reader).length, 0);
    assert_true(reader.is_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(bytes_and_texts_come_back),
        cmocka_unit_test(what_does_not_fit_stays_said),
        cmocka_unit_test(a_text_longer_than_its_length_can_say_is_over),
        cmocka_unit_test(reading_past_the_end_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
