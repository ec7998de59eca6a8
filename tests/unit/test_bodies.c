/* test_bodies.c - the table of kinds and the shapes agree with the schemas as compiled.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/bodies.h"

#include "tests/unit/check.h"

#include <protobuf-c/protobuf-c.h>

#include "kentongan/v1/event.pb-c.h"

static const ProtobufCFieldDescriptor *event_field(uint32_t number)
{
    return protobuf_c_message_descriptor_get_field(&kentongan__v1__event__descriptor, number);
}

static const ProtobufCMessageDescriptor *message_of(const struct kt_body *body)
{
    const ProtobufCFieldDescriptor *field = event_field(body->number);
    assert_non_null(field);
    return field->descriptor;
}

static void test_every_member_of_the_oneof_is_in_the_table(void **state)
{
    (void)state;
    size_t bodies = 0;
    for (unsigned i = 0; i < kentongan__v1__event__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &kentongan__v1__event__descriptor.fields[i];
        if (field->id >= KT_BODY_NUMBER_MIN) {
            assert_non_null(kt_body_find_number(field->id));
            bodies++;
        }
    }
    assert_non_null(kt_body_at(bodies - 1));
    assert_null(kt_body_at(bodies));
}

static void test_kinds_are_found_by_number_and_by_name(void **state)
{
    (void)state;
    const struct kt_body *body;
    for (size_t i = 0; (body = kt_body_at(i)) != NULL; i++) {
        assert_ptr_equal(kt_body_find_number(body->number), body);
        assert_ptr_equal(kt_body_find_kind(bytes_of_text(body->kind)), body);
        const struct kt_body_field *field = kt_body_find_field(kt_body_event_shape(), body->number);
        assert_string_equal(field->name, body->kind);
    }
    assert_null(kt_body_find_number(0));
    assert_null(kt_body_find_number(14));
    assert_null(kt_body_find_number(UINT32_MAX));
    assert_null(kt_body_find_kind(bytes_of_text("Report")));
    assert_null(kt_body_find_kind(bytes_of_text("")));
}

static void test_the_first_three_fields_are_as_the_table_says(void **state)
{
    (void)state;
    const struct kt_body *body;
    for (size_t i = 0; (body = kt_body_at(i)) != NULL; i++) {
        const ProtobufCMessageDescriptor *message = message_of(body);
        const ProtobufCFieldDescriptor *category =
            protobuf_c_message_descriptor_get_field(message, KT_BODY_CATEGORY);
        const ProtobufCFieldDescriptor *entity =
            protobuf_c_message_descriptor_get_field(message, KT_BODY_ENTITY);
        const ProtobufCFieldDescriptor *removed =
            protobuf_c_message_descriptor_get_field(message, KT_BODY_REMOVED);
        assert_int_equal(category != NULL, body->has_category);
        assert_int_equal(entity != NULL, body->key == KT_BODY_KEY_ENTITY);
        assert_int_equal(removed != NULL, body->has_removed);
        assert_int_equal(body->has_removed, body->key != KT_BODY_KEY_NONE);
    }
}

static void test_a_kind_without_incident_is_a_status(void **state)
{
    (void)state;
    const struct kt_body *body;
    for (size_t i = 0; (body = kt_body_at(i)) != NULL; i++) {
        assert_int_equal(body->needs_incident, body->family == KT_BODY_INCIDENT);
    }
}

/* The form that a field of a compiled schema has on the wire. */
static enum kt_body_form form_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return KT_BODY_TEXT;
    case PROTOBUF_C_TYPE_BYTES:
        return KT_BODY_BLOB;
    case PROTOBUF_C_TYPE_MESSAGE:
        return KT_BODY_MESSAGE;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return KT_BODY_FIXED64;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return KT_BODY_FIXED32;
    default:
        return KT_BODY_VARINT;
    }
}

enum { PAIRS_MAX = 2048 };

/* Messages still to be compared: a walk without recursion. */
static struct pair {
    const struct kt_body_shape *shape;
    const ProtobufCMessageDescriptor *message;
} pairs[PAIRS_MAX];

static size_t compare_fields(struct pair pair, size_t pending)
{
    assert_string_equal(pair.shape->name, pair.message->short_name);
    assert_int_equal(pair.shape->count, pair.message->n_fields);
    for (size_t i = 0; i < pair.shape->count; i++) {
        const struct kt_body_field *field = &pair.shape->fields[i];
        const ProtobufCFieldDescriptor *compiled =
            protobuf_c_message_descriptor_get_field(pair.message, field->number);
        assert_non_null(compiled);
        assert_ptr_equal(kt_body_find_field(pair.shape, field->number), field);
        assert_int_equal(field->form, form_of(compiled));
        assert_int_equal(field->is_repeated, compiled->label == PROTOBUF_C_LABEL_REPEATED);
        assert_int_equal(field->shape != NULL, field->form == KT_BODY_MESSAGE);
        if (field->shape != NULL) {
            assert_in_range(pending, 0, PAIRS_MAX - 1);
            pairs[pending++] = (struct pair){field->shape, compiled->descriptor};
        }
    }
    return pending;
}

static void test_shapes_are_the_schemas(void **state)
{
    (void)state;
    pairs[0] = (struct pair){kt_body_event_shape(), &kentongan__v1__event__descriptor};
    pairs[1] = (struct pair){kt_body_personal_shape(), &kentongan__v1__personal_block__descriptor};
    size_t pending = 2;
    size_t compared = 0;
    while (pending > 0) {
        pending--;
        pending = compare_fields(pairs[pending], pending);
        compared++;
    }
    assert_in_range(compared, 100, SIZE_MAX);
}

static void test_unknown_fields_have_no_shape(void **state)
{
    (void)state;
    const struct kt_body_shape *event = kt_body_event_shape();
    assert_null(kt_body_find_field(event, 0));
    assert_null(kt_body_find_field(event, 11));
    assert_null(kt_body_find_field(event, 31));
    assert_null(kt_body_find_field(event, UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_of_the_oneof_is_in_the_table),
        cmocka_unit_test(test_kinds_are_found_by_number_and_by_name),
        cmocka_unit_test(test_the_first_three_fields_are_as_the_table_says),
        cmocka_unit_test(test_a_kind_without_incident_is_a_status),
        cmocka_unit_test(test_shapes_are_the_schemas),
        cmocka_unit_test(test_unknown_fields_have_no_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
