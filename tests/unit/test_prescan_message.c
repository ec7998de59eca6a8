/* test_prescan_message.c - the walker's bounds, on shapes made for it and on control frames.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan_message.h"

#include "proto/c/wire_shapes.h"
#include "tests/unit/check.h"

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* A message in a message in a message, each with a list of numbers. */
static const struct kt_body_field inner_fields[] = {
    {1, KT_BODY_VARINT,  true,  "numbers", NULL},
    {2, KT_BODY_FIXED32, true,  "words",   NULL},
    {3, KT_BODY_FIXED64, false, "wide",    NULL},
};
static const struct kt_body_shape inner = {"Inner", COUNT_OF(inner_fields), inner_fields};
static const struct kt_body_field middle_fields[] = {
    {1, KT_BODY_VARINT,  true, "numbers", NULL  },
    {4, KT_BODY_MESSAGE, true, "inner",   &inner},
};
static const struct kt_body_shape middle = {"Middle", COUNT_OF(middle_fields), middle_fields};
static const struct kt_body_field outer_fields[] = {
    {1,  KT_BODY_VARINT,  false, "number", NULL   },
    {4,  KT_BODY_MESSAGE, false, "middle", &middle},
    {40, KT_BODY_MESSAGE, false, "open",   &middle},
};
static const struct kt_body_shape outer = {"Outer", COUNT_OF(outer_fields), outer_fields};

/* clang-format off */
static const struct walk_row {
    const char *name;
    struct bytes bytes;
    uint32_t fields, depth;
    const char *code;
    const char *field;
} walk_rows[] = {
    {"nothing at all", BYTES(""), 1, 1, NULL, ""},
    {"as many fields as allowed", BYTES("\x22\x04\x08\x01\x08\x02"), 3, 2, NULL, ""},
    {"one field too many", BYTES("\x22\x04\x08\x01\x08\x02"), 2, 2, "TOO_MANY", "middle"},
    {"packed numbers count", BYTES("\x22\x05\x0a\x03\x01\x02\x03"), 5, 2, NULL, ""},
    {"packed numbers too many", BYTES("\x22\x05\x0a\x03\x01\x02\x03"), 4, 2, "TOO_MANY", "numbers"},
    {"a packed list that is cut", BYTES("\x22\x04\x0a\x02\x01\x82"), 9, 2, "MALFORMED", "numbers"},
    {"an empty packed list", BYTES("\x22\x02\x0a\x00"), 9, 2, NULL, ""},
    {"as deep as allowed", BYTES("\x22\x04\x22\x02\x08\x01"), 9, 3, NULL, ""},
    {"deeper", BYTES("\x22\x04\x22\x02\x08\x01"), 9, 2, "TOO_DEEP", "inner"},
    {"packed words", BYTES("\x22\x08\x22\x06\x12\x04zzzz"), 9, 3, NULL, ""},
    {"half a packed word", BYTES("\x22\x06\x22\x04\x12\x02zz"), 9, 3, "MALFORMED", "words"},
    {"a lone word", BYTES("\x22\x07\x22\x05\x15zzzz"), 9, 3, NULL, ""},
    {"a singular number packed", BYTES("\x0a\x01\x01"), 9, 3, "MALFORMED", "number"},
    {"a wide number that is cut", BYTES("\x22\x06\x22\x04\x19zzz"), 9, 3, "MALFORMED", "inner"},
    {"a strange field inside", BYTES("\x22\x02\x18\x01"), 9, 3, "VERSION", "middle"},
    {"a strange field in an open one", BYTES("\xc2\x02\x02\x18\x01"), 9, 3, NULL, ""},
    {"twice inside an open one", BYTES("\xc2\x02\x14\x22\x12\x19zzzzzzzz\x19zzzzzzzz"), 9, 3, NULL,
     ""},
    {"twice", BYTES("\x08\x01\x08\x01"), 9, 3, "DUPLICATE_FIELD", "number"},
    {"a long way to write a length", BYTES("\x22\x82\x00\x08\x01"), 9, 3, NULL, ""},
    {"a long way to write a tag", BYTES("\x88\x80\x80\x80\x00\x01"), 9, 3, NULL, ""},
    {"too long a way", BYTES("\x88\x80\x80\x80\x80\x00\x01"), 9, 3, "MALFORMED", ""},
};
/* clang-format on */

static void a_walk_keeps_its_bounds(void **state)
{
    const struct walk_row *row = *state;
    struct prescan_bounds bounds = {
        .fields = row->fields, .depth = row->depth, .is_strict = true, .open_from = 40};
    struct scan_fault fault;
    bool is_fine = prescan_message(row->bytes, &outer, &bounds, &fault);
    assert_int_equal(is_fine, row->code == NULL);
    if (!is_fine) {
        assert_string_equal(fault.code, row->code);
        assert_string_equal(fault.field, row->field);
    } else {
        assert_null(fault.code);
    }
}

static const struct prescan_bounds control = {.fields = 512, .depth = 4, .is_strict = true};

static void control_frames_are_walked(void **state)
{
    (void)state;
    struct scan_fault fault;
    struct bytes follow = bytes_of_text(
        "\x08\x07\x22\x0a\x08\x01\x1a\x06"
        "62/71#");
    assert_true(prescan_message(follow, wire_to_broker_shape(), &control, &fault));
    struct bytes spoilt = bytes_of_text(
        "\x08\x07\x22\x0a\x08\x01\x1a\x06"
        "62/\xff"
        "1#");
    assert_false(prescan_message(spoilt, wire_to_broker_shape(), &control, &fault));
    assert_string_equal(fault.code, "UTF8_INVALID");
    assert_string_equal(fault.field, "filters");
    struct bytes strange = bytes_of_text("\x08\x07\x4a\x01x");
    assert_false(prescan_message(strange, wire_to_broker_shape(), &control, &fault));
    assert_string_equal(fault.code, "VERSION");
}

/* The walker keeps a bit for each field of a message. */
static void no_shape_is_too_wide(void **state)
{
    (void)state;
    const struct kt_body_shape *event = kt_body_event_shape();
    assert_in_range(event->count, 30, 64);
    for (size_t index = 0; index < event->count; index++) {
        if (event->fields[index].shape != NULL) {
            assert_in_range(event->fields[index].shape->count, 1, 64);
        }
    }
    assert_in_range(wire_to_broker_shape()->count, 9, 64);
    assert_in_range(wire_from_broker_shape()->count, 9, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_frames_are_walked),
        cmocka_unit_test(no_shape_is_too_wide),
    };
    return CHECK_ROWS(walk_rows, a_walk_keeps_its_bounds) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
