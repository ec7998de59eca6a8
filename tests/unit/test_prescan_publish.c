/* test_prescan_publish.c - a batch is stepped through item by item, each judged by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan.h"

#include "broker/base/codec.h"
#include "proto/c/codes.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { ROOM = 3 * MADE_BYTES_MAX, ITEMS_TAG = 0x0a, SENT_TAG = 0x0a, PERSONAL_TAG = 0x12 };

static struct made_item made;

/* A length-delimited element; lengths here stay below 16,384. */
static void put(struct codec_writer *writer, uint8_t tag, struct bytes content)
{
    codec_put_u8(writer, tag);
    codec_put_u8(writer, (uint8_t)(content.length | 0x80));
    codec_put_u8(writer, (uint8_t)(content.length >> 7));
    codec_put_bytes(writer, content);
}

/* An item of what was made, with `more` behind its parts and behind its sent. */
static void put_item(struct codec_writer *batch, bool has_personal, const char *more,
                     const char *more_sent)
{
    uint8_t room[ROOM], sent_room[ROOM];
    struct codec_writer item = codec_writer_of(room, sizeof room);
    struct codec_writer sent = codec_writer_of(sent_room, sizeof sent_room);
    codec_put_bytes(&sent, made.item.sent);
    codec_put_bytes(&sent, bytes_of_text(more_sent));
    put(&item, SENT_TAG, codec_written(&sent));
    if (has_personal) {
        put(&item, PERSONAL_TAG, bytes_of(made.personal, made.personal_bytes));
    }
    codec_put_bytes(&item, bytes_of_text(more));
    put(batch, ITEMS_TAG, codec_written(&item));
}

static void make(bool has_personal)
{
    uint64_t seed = 20;
    item_make(&made, 3, has_personal, &seed);
}

/* Scans a batch of one item and hands back its fault. */
static struct scan_fault scan_one(const struct codec_writer *batch, struct publish_item *item)
{
    struct scan_fault fault;
    size_t offset = 0;
    assert_true(prescan_publish_next(codec_written(batch), &offset, item, &fault));
    assert_null(fault.code);
    assert_int_equal(offset, codec_written(batch).length);
    struct publish_item none;
    assert_false(prescan_publish_next(codec_written(batch), &offset, &none, &fault));
    assert_null(fault.code);
    return item->fault;
}

static void items_come_one_by_one(void **state)
{
    (void)state;
    uint8_t room[ROOM];
    struct codec_writer batch = codec_writer_of(room, sizeof room);
    struct publish_item item;
    struct scan_fault fault;
    size_t offset = 0;
    make(true);
    put_item(&batch, true, "", "");
    put(&batch, ITEMS_TAG, bytes_of_text("\x0a\x00"));
    put_item(&batch, true, "", "");
    for (int index = 0; index < 3; index++) {
        assert_true(prescan_publish_next(codec_written(&batch), &offset, &item, &fault));
        assert_int_equal(item.fault.code != NULL, index == 1);
        if (index != 1) {
            assert_bytes_equal(item.sent, made.item.sent);
            assert_bytes_equal(item.personal, made.item.personal);
            assert_true(item.facts.number == 10 && item.facts.after == 9);
            assert_bytes_equal(item.facts.event.source, made.item.agency);
        }
    }
    assert_false(prescan_publish_next(codec_written(&batch), &offset, &item, &fault));
    assert_null(fault.code);
}

/* clang-format off */
static const struct item_row {
    const char *name;
    const char *more;      /* behind the parts of the item */
    const char *more_sent; /* behind the fields of its Sent */
    bool wants_personal;   /* the Sent names a digest */
    bool has_personal;
    const char *code;
    const char *field;
} item_rows[] = {
    {"nothing strange", "", "", false, false, NULL, ""},
    {"persons beside it", "", "", true, true, NULL, ""},
    {"persons left out", "", "", true, false, "PERSONAL_DIGEST", "personalDigest"},
    {"persons nobody named", "", "", false, true, "PERSONAL_DIGEST", "personalDigest"},
    {"two Sents", "\x0a\x01x", "", false, false, "DUPLICATE_FIELD", "sent"},
    {"a strange part", "\x1a\x01x", "", false, false, "VERSION", ""},
    {"a part that is a number", "\x10\x01", "", false, false, "MALFORMED", "personal"},
    {"garbage behind the parts", "\x0f", "", false, false, "MALFORMED", ""},
    {"a strange field in the Sent", "", "\x42\x01x", false, false, "VERSION", ""},
    {"a second number", "", "\x28\x7f", false, false, "DUPLICATE_FIELD", "number"},
    {"a signature", "", "\x1a\x01x", false, false, "SIGNATURE_UNSUPPORTED", "signature"},
    {"a digest of one byte", "", "\x12\x01x", false, true, "PERSONAL_DIGEST", "personalDigest"},
    {"garbage behind the Sent", "", "\x0f", false, false, "MALFORMED", ""},
    {"persons in a second digest", "", "\x12\x01x", true, true, "DUPLICATE_FIELD",
     "personalDigest"},
};
/* clang-format on */

static void an_item_is_judged(void **state)
{
    const struct item_row *row = *state;
    uint8_t room[ROOM];
    struct codec_writer batch = codec_writer_of(room, sizeof room);
    struct publish_item item;
    make(row->wants_personal);
    put_item(&batch, row->has_personal, row->more, row->more_sent);
    struct scan_fault fault = scan_one(&batch, &item);
    assert_int_equal(fault.code != NULL, row->code != NULL);
    if (fault.code != NULL) {
        assert_string_equal(fault.code, row->code);
        assert_string_equal(fault.field, row->field);
        assert_non_null(code_find(bytes_of_text(fault.code)));
    }
    /* A refusal is answered by producer and number, if they can be read at all. */
    if (strcmp(row->more_sent, "\x0f") != 0 && strcmp(row->more_sent, "\x28\x7f") != 0) {
        assert_true(item.facts.number == 10);
        assert_int_equal(item.facts.producer[0], 1);
    }
}

#define SALT "0123456789abcdef"
#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* clang-format off */
static const struct personal_row {
    const char *name;
    struct bytes personal;
    const char *code;
} personal_rows[] = {
    {"salt and block", BYTES("\x12\x10" SALT "\x1a\x02\x10\x01"), NULL},
    {"block and salt", BYTES("\x1a\x02\x10\x01\x12\x10" SALT), NULL},
    {"a salt of 15 bytes", BYTES("\x12\x0fsalt-of-15-byte"), "FIELD_INVALID"},
    {"no block", BYTES("\x12\x10" SALT), "FIELD_REQUIRED"},
    {"an empty block", BYTES("\x12\x10" SALT "\x1a\x00"), "FIELD_REQUIRED"},
    {"no salt", BYTES("\x1a\x02\x10\x01"), "FIELD_INVALID"},
    {"a sequence", BYTES("\x08\x01\x12\x10" SALT "\x1a\x02\x10\x01"), "FIELD_INVALID"},
    {"filler", BYTES("\x22\x01\x00"), "FIELD_INVALID"},
    {"a strange field", BYTES("\x2a\x00"), "VERSION"},
    {"two salts", BYTES("\x12\x00\x12\x00"), "DUPLICATE_FIELD"},
    {"a block that is no block", BYTES("\x12\x10" SALT "\x1a\x01\x0f"), "MALFORMED"},
    {"bad text in the block", BYTES("\x12\x10" SALT "\x1a\x03\x1a\x01\xff"), "UTF8_INVALID"},
    {"nothing", BYTES(""), "FIELD_INVALID"},
};
/* clang-format on */

static void a_personal_is_judged(void **state)
{
    const struct personal_row *row = *state;
    uint8_t room[ROOM], item_room[ROOM];
    struct codec_writer batch = codec_writer_of(room, sizeof room);
    struct codec_writer parts = codec_writer_of(item_room, sizeof item_room);
    struct publish_item item;
    make(true);
    put(&parts, SENT_TAG, made.item.sent);
    put(&parts, PERSONAL_TAG, row->personal);
    put(&batch, ITEMS_TAG, codec_written(&parts));
    struct scan_fault fault = scan_one(&batch, &item);
    assert_int_equal(fault.code != NULL, row->code != NULL);
    if (fault.code != NULL) {
        assert_string_equal(fault.code, row->code);
    }
}

static void sendings_are_judged(void **state)
{
    (void)state;
    /* A producer, then a number and what it comes after. */
    uint8_t room[] = {0x22, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x28, 5, 0x30, 5};
    enum { PRODUCER_END = 18 };
    struct sent_facts facts;
    struct scan_fault fault;
    assert_false(prescan_sent(bytes_of(room, PRODUCER_END), &facts, &fault));
    assert_string_equal(fault.field, "number");
    assert_false(prescan_sent(bytes_of(room, sizeof room), &facts, &fault));
    assert_string_equal(fault.field, "after");
    room[sizeof room - 1] = 4;
    assert_false(prescan_sent(bytes_of(room, sizeof room), &facts, &fault));
    assert_string_equal(fault.field, "id");
    assert_true(facts.number == 5 && facts.after == 4 && facts.producer[15] == 1);
    assert_false(prescan_sent(bytes_of_text("\x22\x01x\x28\x05"), &facts, &fault));
    assert_string_equal(fault.field, "producer");
}

static void what_is_no_batch_is_refused_whole(void **state)
{
    (void)state;
    static const char *const batches[] = {"\x0f", "\x12\x00", "\x08\x01", "\x0a\x05x"};
    static uint8_t large[BATCH_BYTES_MAX + 1];
    struct publish_item item;
    struct scan_fault fault;
    for (size_t index = 0; index < COUNT_OF(batches); index++) {
        size_t offset = 0, length = index == 1 ? 2 : strlen(batches[index]);
        struct bytes batch = bytes_of(batches[index], length);
        assert_false(prescan_publish_next(batch, &offset, &item, &fault));
        assert_string_equal(fault.code, "MALFORMED");
    }
    size_t offset = 0;
    assert_false(prescan_publish_next(bytes_of(large, sizeof large), &offset, &item, &fault));
    assert_string_equal(fault.code, "TOO_LARGE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_one_by_one),
        cmocka_unit_test(sendings_are_judged),
        cmocka_unit_test(what_is_no_batch_is_refused_whole),
    };
    return CHECK_ROWS(item_rows, an_item_is_judged) +
           CHECK_ROWS(personal_rows, a_personal_is_judged) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
