/* test_json.c - the JSON door for events: what it fills in, splits off and refuses.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_event.h"

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "proto/c/digest.h"
#include "tests/unit/check.h"

static const uint8_t secret[32] = {1, 2, 3};
static const struct json_author author = {
    {(const uint8_t *)"damkar", 6 },
    {secret,                    32}
};

static const char minimal[] =
    "{\"topic\":\"62/71/incident/fire\",\"incidentId\":\"PKY-2025-0001\","
    "\"occurredAt\":\"2025-12-10T08:15:00+07:00\",\"report\":{\"channel\":\"CALL_112\","
    "\"category\":\"FIRE_STRUCTURE\",\"summary\":\"Rumah terbakar di Jl. Tilung\"}}";

static struct json_event read_event(const char *text)
{
    struct json_event event;
    struct json_fault fault;
    if (!json_event_read(bytes_of_text(text), &author, &event, &fault))
        fail_msg("%s %s %s", fault.code, fault.field, fault.reason);
    return event;
}

static void the_minimal_event_gets_its_defaults(void **state)
{
    (void)state;
    struct json_event event = read_event(minimal);
    Kentongan__V1__Event *whole =
        kentongan__v1__event__unpack(NULL, event.event.event.length, event.event.event.data);
    assert_non_null(whole);
    assert_string_equal(whole->source, "damkar");
    assert_int_equal(whole->mode, KENTONGAN__V1__MODE__VALUE__ACTUAL);
    assert_int_equal(whole->utc_offset_minutes, 420);
    assert_int_equal(whole->occurred_at->seconds, 1765329300);
    assert_int_equal(strlen(whole->id), 36);
    assert_int_equal(whole->id[14], '7');
    assert_string_equal(whole->id, event.id);
    assert_string_equal(whole->report->summary, "Rumah terbakar di Jl. Tilung");
    assert_int_equal(event.event.digest.length, 0);
    kentongan__v1__event__free_unpacked(whole, NULL);
    free(event.block);
}

static void persons_travel_beside_the_event_under_an_unguessable_salt(void **state)
{
    (void)state;
    const char *text =
        "{\"id\":\"0198c0de-0000-7000-8000-000000000001\",\"topic\":\"62/71/incident/fire\","
        "\"incidentId\":\"P-1\",\"occurredAt\":\"2025-12-10T08:15:00Z\",\"report\":{},"
        "\"personal\":{\"persons\":[{\"personKey\":\"P1\",\"name\":\"Siti\"}]}}";
    struct json_event event = read_event(text);
    assert_null(memmem(event.event.event.data, event.event.event.length, "Siti", 4));
    assert_non_null(memmem(event.event.block.data, event.event.block.length, "Siti", 4));
    uint8_t id[ID_BYTES] = {0x01, 0x98, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1};
    uint8_t salt[SALT_BYTES], digest[DIGEST_BYTES];
    digest_salt(id, author.secret, salt);
    digest_personal(bytes_of(salt, SALT_BYTES), event.event.block, digest);
    assert_bytes_equal(event.event.salt, bytes_of(salt, SALT_BYTES));
    assert_bytes_equal(event.event.digest, bytes_of(digest, DIGEST_BYTES));
    free(event.block);
}

static size_t pack_record(uint8_t *out, size_t room, const struct json_event *event,
                          uint8_t *personal_out, size_t *personal_bytes)
{
    Kentongan__V1__Sent sent = KENTONGAN__V1__SENT__INIT;
    Kentongan__V1__Stamp stamp = KENTONGAN__V1__STAMP__INIT;
    Kentongan__V1__Record record = KENTONGAN__V1__RECORD__INIT;
    Kentongan__V1__Personal personal = KENTONGAN__V1__PERSONAL__INIT;
    Google__Protobuf__Timestamp recorded = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Kentongan__V1__Completeness completeness = KENTONGAN__V1__COMPLETENESS__INIT;
    completeness.level = KENTONGAN__V1__COMPLETENESS__LEVEL__VALUE__RAW;
    recorded.seconds = 1765329301;
    sent.event = (ProtobufCBinaryData){event->event.event.length,
                                       (uint8_t *)(uintptr_t)event->event.event.data};
    sent.personal_digest = (ProtobufCBinaryData){event->event.digest.length,
                                                 (uint8_t *)(uintptr_t)event->event.digest.data};
    stamp.seq = 88123;
    stamp.agency = (char *)"damkar";
    stamp.recorded_at = &recorded;
    stamp.completeness = &completeness;
    record.sent = &sent;
    record.stamp = &stamp;
    personal.seq = 88123;
    personal.block = (ProtobufCBinaryData){event->event.block.length,
                                           (uint8_t *)(uintptr_t)event->event.block.data};
    *personal_bytes = kentongan__v1__personal__pack(&personal, personal_out);
    assert_true(kentongan__v1__record__get_packed_size(&record) <= room);
    return kentongan__v1__record__pack(&record, out);
}

static void a_record_is_one_object_that_can_be_sent_again(void **state)
{
    (void)state;
    const char *text =
        "{\"topic\":\"62/71/incident/fire\",\"incidentId\":\"P-1\","
        "\"occurredAt\":\"2025-12-10T08:15:00+07:00\",\"report\":{},\"personal\":"
        "{\"persons\":[{\"personKey\":\"P1\",\"name\":\"Siti\"}]}}";
    struct json_event event = read_event(text);
    uint8_t bytes[4096], personal[1024];
    size_t personal_bytes;
    size_t length = pack_record(bytes, sizeof bytes, &event, personal, &personal_bytes);
    struct json_record record = {.seq = 88123,
                                 .record = bytes_of(bytes, length),
                                 .personal = bytes_of(personal, personal_bytes),
                                 .is_replay = true};
    struct json_text out = {0};
    assert_true(json_record_print(&out, &record));
    assert_memory_equal(out.data,
                        "{\"seq\":88123,\"recordedAt\":\"2025-12-10T01:15:01Z\",\"id\":\"", 53);
    assert_non_null(strstr(out.data,
                           "\"source\":\"damkar\",\"topic\":\"62/71/incident/fire\","
                           "\"mode\":\"ACTUAL\",\"replay\":true,\"occurredAt\""));
    assert_non_null(strstr(out.data, "\"personal\":{\"persons\":[{\"personKey\":\"P1\""));
    assert_non_null(strstr(out.data, "\"completeness\":{\"level\":\"RAW\"}"));
    struct json_event again = read_event(out.data);
    assert_bytes_equal(again.event.event, event.event.event);
    assert_bytes_equal(again.event.block, event.event.block);
    free(again.block);
    out.length = 0;
    record.personal = (struct bytes){0};
    assert_true(json_record_print(&out, &record));
    assert_non_null(strstr(out.data, "\"personalWithheld\":true"));
    json_text_deinit(&out);
    free(event.block);
}

struct refused_row {
    const char *name, *text, *code, *field;
};

#define EVENT(rest)                                                                                \
    "{\"topic\":\"62/71/incident/fire\",\"incidentId\":\"P-1\","                                   \
    "\"occurredAt\":\"2025-12-10T08:15:00Z\"," rest "}"

#define TIMED(time) "{\"topic\":\"62/71/incident/fire\",\"occurredAt\":\"" time "\",\"report\":{}}"

/* clang-format off */
static const struct refused_row refused_rows[] = {
    {"an unknown name is refused with its name",
     EVENT("\"report\":{\"summry\":\"x\"}"), "JSON_UNKNOWN_NAME", "report.summry"},
    {"a wrong type is refused with its path",
     EVENT("\"report\":{\"location\":{\"address\":[7]}}"), "JSON_TYPE", "report.location.address"},
    {"an unknown word of an enum is refused",
     EVENT("\"report\":{\"channel\":\"PIGEON\"}"), "ENUM_INVALID", "report.channel"},
    {"two bodies are refused",
     EVENT("\"report\":{},\"ack\":{}"), "JSON_TYPE", "ack"},
    {"a duplicate name is refused",
     EVENT("\"report\":{},\"report\":{}"), "JSON_MALFORMED", ""},
    {"NUL in a text is refused",
     EVENT("\"report\":{\"summary\":\"a\\u0000b\"}"), "NUL_IN_TEXT", ""},
    {"a number that does not fit is refused",
     EVENT("\"priority\":4294967296,\"report\":{}"), "JSON_TYPE", "priority"},
    {"a negative one is refused too",
     EVENT("\"priority\":-1,\"report\":{}"), "JSON_TYPE", "priority"},
    {"a time without offset is refused",
     TIMED("2025-12-10T08:15:00"), "JSON_TYPE", "occurredAt"},
    {"the 30th of February is refused",
     TIMED("2024-02-30T08:15:00Z"), "JSON_TYPE", "occurredAt"},
    {"another's name as source is refused",
     EVENT("\"source\":\"polisi\",\"report\":{}"), "SOURCE_MISMATCH", "source"},
    {"half a text is refused", "{\"topic\":", "JSON_MALFORMED", ""},
    {"an array is refused", "[]", "JSON_MALFORMED", ""},
    {"what is no UTF-8 is refused",
     EVENT("\"report\":{\"summary\":\"\xff\"}"), "UTF8_INVALID", ""},
};
/* clang-format on */

static void refused(void **state)
{
    const struct refused_row *row = *state;
    struct json_event event;
    struct json_fault fault;
    assert_false(json_event_read(bytes_of_text(row->text), &author, &event, &fault));
    assert_string_equal(fault.code, row->code);
    assert_string_equal(fault.field, row->field);
    if (strcmp(fault.code, "JSON_MALFORMED") == 0 && row->text[0] == '{')
        assert_true(fault.line > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minimal_event_gets_its_defaults),
        cmocka_unit_test(persons_travel_beside_the_event_under_an_unguessable_salt),
        cmocka_unit_test(a_record_is_one_object_that_can_be_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + CHECK_ROWS(refused_rows, refused);
}
