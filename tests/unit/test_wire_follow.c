/* test_wire_follow.c - what is refused in a hello or a follow, with code and field; a follow read
 * whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire.h"

#include "kentongan/v1/category.pb-c.h"
#include "kentongan/v1/common.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"
#include "tests/unit/check.h"
#include "tests/unit/wire_bench.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

static void decode_body(const Kentongan__V1__ToBroker *body)
{
    static uint8_t room[2 * CONTROL_BYTES_MAX];
    assert_true(kentongan__v1__to_broker__get_packed_size(body) <= sizeof room);
    size_t length = kentongan__v1__to_broker__pack(body, room);
    bench_decode(bytes_of(room, length), (struct bytes){0});
}

/* ---- what is refused: each row spoils one good message ---- */

struct parts {
    Kentongan__V1__ToBroker body;
    Kentongan__V1__Hello hello;
    Kentongan__V1__Follow follow;
    Kentongan__V1__From from;
    Kentongan__V1__Credit credit;
    Kentongan__V1__Query query;
    Google__Protobuf__Timestamp time;
    ProtobufCBinaryData producers[16];
    uint8_t producer[PRODUCER_BYTES];
    char *texts[128];
    char long_text[400];
    Kentongan__V1__Mode__Value modes[2];
    Kentongan__V1__Category__Value categories[3];
};

struct bad_row {
    const char *name;
    void (*spoil)(struct parts *parts);
    const char *code, *field;
};

static void with_hello(struct parts *parts)
{
    parts->body.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    parts->body.hello = &parts->hello;
}

static void spoil_nothing_said(struct parts *parts)
{
    parts->body.body_case = KENTONGAN__V1__TO_BROKER__BODY__NOT_SET;
}

static void spoil_no_number(struct parts *parts)
{
    parts->body.request = 0;
}

static void spoil_versions(struct parts *parts)
{
    with_hello(parts);
    parts->hello.version_min = 2;
}

static void spoil_client(struct parts *parts)
{
    with_hello(parts);
    parts->hello.client = parts->long_text;
}

static void spoil_producer_count(struct parts *parts)
{
    with_hello(parts);
    parts->hello.n_producers = 9;
}

static void spoil_producer(struct parts *parts)
{
    with_hello(parts);
    parts->hello.n_producers = 2;
    parts->producers[1].len = 15;
}

static void spoil_follow_number(struct parts *parts)
{
    parts->follow.follow = 0;
}

static void spoil_cursor(struct parts *parts)
{
    parts->follow.cursor = TEXT("pos 1");
}

static void spoil_cursor_length(struct parts *parts)
{
    parts->long_text[65] = '\0';
    parts->follow.cursor = parts->long_text;
}

static void spoil_no_filter(struct parts *parts)
{
    parts->follow.n_filters = 0;
}

static void spoil_filter_count(struct parts *parts)
{
    parts->follow.n_filters = 65;
}

static void spoil_filter(struct parts *parts)
{
    parts->texts[1] = TEXT("62/#/fire");
    parts->follow.n_filters = 2;
}

static void spoil_mode(struct parts *parts)
{
    parts->modes[0] = 5;
    parts->follow.modes = parts->modes;
    parts->follow.n_modes = 1;
}

static void spoil_mode_zero(struct parts *parts)
{
    parts->modes[1] = 0;
    parts->follow.modes = parts->modes;
    parts->follow.n_modes = 2;
}

static void spoil_mode_negative(struct parts *parts)
{
    parts->modes[0] = -1;
    parts->follow.modes = parts->modes;
    parts->follow.n_modes = 1;
}

static void spoil_kind(struct parts *parts)
{
    parts->texts[0] = TEXT("resource_request");
    parts->follow.filters = parts->texts + 1;
    parts->follow.kinds = parts->texts;
    parts->follow.n_kinds = 1;
}

static void spoil_category(struct parts *parts)
{
    parts->categories[0] = 65535;
    parts->follow.categories = parts->categories;
    parts->follow.n_categories = 1;
}

static void spoil_incident_count(struct parts *parts)
{
    parts->follow.incidents = parts->texts;
    parts->follow.n_incidents = 17;
}

static void spoil_incident(struct parts *parts)
{
    parts->texts[1] = TEXT("");
    parts->follow.incidents = parts->texts + 1;
    parts->follow.n_incidents = 1;
}

static void spoil_priority(struct parts *parts)
{
    parts->follow.min_priority = 11;
}

static void spoil_from(struct parts *parts)
{
    parts->follow.from = &parts->from;
}

static void spoil_from_zero(struct parts *parts)
{
    parts->follow.from = &parts->from;
    parts->from.at_case = KENTONGAN__V1__FROM__AT_SEQ;
}

static void spoil_from_false(struct parts *parts)
{
    parts->follow.from = &parts->from;
    parts->from.at_case = KENTONGAN__V1__FROM__AT_START;
}

static void spoil_from_time(struct parts *parts)
{
    parts->follow.from = &parts->from;
    parts->from.at_case = KENTONGAN__V1__FROM__AT_TIME;
    parts->from.time = &parts->time;
    parts->time.seconds = INT64_MAX;
}

static void spoil_through_time(struct parts *parts)
{
    parts->follow.through_time = &parts->time;
    parts->time.nanos = -1;
}

static void spoil_follow_credit(struct parts *parts)
{
    parts->follow.credit_events = UINT64_MAX;
}

static void spoil_credit(struct parts *parts)
{
    parts->body.body_case = KENTONGAN__V1__TO_BROKER__BODY_CREDIT;
    parts->body.credit = &parts->credit;
    parts->credit.bytes = UINT64_MAX;
}

static void spoil_query(struct parts *parts)
{
    parts->body.body_case = KENTONGAN__V1__TO_BROKER__BODY_QUERY;
    parts->body.query = &parts->query;
}

static void spoil_resume(struct parts *parts)
{
    parts->follow.from = &parts->from;
    parts->from.at_case = KENTONGAN__V1__FROM__AT_SEQ;
    parts->from.seq = 3;
    parts->follow.resume = (ProtobufCBinaryData){.len = 49, .data = (uint8_t *)parts->long_text};
}

static void spoil_resume_of_a_cursor(struct parts *parts)
{
    spoil_resume(parts);
    parts->follow.cursor = TEXT("pos-1");
}

static void spoil_text(struct parts *parts)
{
    parts->texts[0] = TEXT("62/\xff");
}

/* clang-format off */
static const struct bad_row bad_rows[] = {
    {"a frame that says nothing", spoil_nothing_said, "BAD_FRAME", ""},
    {"a follow without a request number", spoil_no_number, "FIELD_REQUIRED", "request"},
    {"versions from high to low", spoil_versions, "FIELD_INVALID", "hello.versionMax"},
    {"a long name of a client", spoil_client, "FIELD_TOO_LONG", "hello.client"},
    {"nine producers", spoil_producer_count, "TOO_MANY", "hello.producers"},
    {"a producer of fifteen bytes", spoil_producer, "FIELD_INVALID", "hello.producers"},
    {"a follow without its own number", spoil_follow_number, "FIELD_REQUIRED", "follow.follow"},
    {"a cursor with a blank in its name", spoil_cursor, "CURSOR_INVALID", "follow.cursor"},
    {"a cursor of 65 letters", spoil_cursor_length, "CURSOR_INVALID", "follow.cursor"},
    {"no filter", spoil_no_filter, "FIELD_REQUIRED", "follow.filters"},
    {"65 filters", spoil_filter_count, "TOO_MANY", "follow.filters"},
    {"a filter that is none", spoil_filter, "FILTER_INVALID", "follow.filters"},
    {"a text that is no UTF-8", spoil_text, "UTF8_INVALID", "filters"},
    {"a mode that does not exist", spoil_mode, "MODE_INVALID", "follow.modes"},
    {"the mode 0", spoil_mode_zero, "MODE_INVALID", "follow.modes"},
    {"a mode below 0", spoil_mode_negative, "MODE_INVALID", "follow.modes"},
    {"a kind by its protobuf name", spoil_kind, "ENUM_INVALID", "follow.kinds"},
    {"a category that does not exist", spoil_category, "ENUM_INVALID", "follow.categories"},
    {"17 incidents", spoil_incident_count, "TOO_MANY", "follow.incidents"},
    {"an empty incident", spoil_incident, "FIELD_INVALID", "follow.incidents"},
    {"a priority above 10", spoil_priority, "FIELD_INVALID", "follow.minPriority"},
    {"a from that says nothing", spoil_from, "FROM_INVALID", "follow.from"},
    {"from sequence 0", spoil_from_zero, "FROM_INVALID", "follow.from"},
    {"from start: false", spoil_from_false, "FROM_INVALID", "follow.from"},
    {"from a time past all years", spoil_from_time, "FROM_INVALID", "follow.from"},
    {"through a time that is none", spoil_through_time, "FIELD_INVALID", "follow.throughTime"},
    {"a first credit without bound", spoil_follow_credit, "FIELD_INVALID", "follow.creditEvents"},
    {"a credit without bound", spoil_credit, "FIELD_INVALID", "credit"},
    {"a query for nothing", spoil_query, "FIELD_REQUIRED", "query.seq"},
    {"a resume token that nobody gave", spoil_resume, "RESUME_INVALID", "follow.resume"},
    {"a resume token of a cursor", spoil_resume_of_a_cursor, "RESUME_INVALID", "follow.resume"},
};
/* clang-format on */

static void parts_init(struct parts *parts)
{
    *parts = (struct parts){.body = KENTONGAN__V1__TO_BROKER__INIT,
                            .hello = KENTONGAN__V1__HELLO__INIT,
                            .follow = KENTONGAN__V1__FOLLOW__INIT,
                            .from = KENTONGAN__V1__FROM__INIT,
                            .credit = KENTONGAN__V1__CREDIT__INIT,
                            .query = KENTONGAN__V1__QUERY__INIT,
                            .time = GOOGLE__PROTOBUF__TIMESTAMP__INIT};
    memset(parts->long_text, 'a', sizeof parts->long_text - 1);
    for (size_t i = 0; i < COUNT_OF(parts->producers); i++) {
        parts->producers[i] = (ProtobufCBinaryData){.len = 16, .data = parts->producer};
    }
    for (size_t i = 0; i < COUNT_OF(parts->texts); i++) {
        parts->texts[i] = TEXT("62/71/#");
    }
    parts->modes[0] = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    parts->hello.version_min = 1;
    parts->hello.version_max = 1;
    parts->hello.producers = parts->producers;
    parts->follow.follow = 9;
    parts->follow.filters = parts->texts;
    parts->follow.n_filters = 1;
    parts->body.request = BENCH_NUMBER;
    parts->body.body_case = KENTONGAN__V1__TO_BROKER__BODY_FOLLOW;
    parts->body.follow = &parts->follow;
}

static void test_bad(void **state)
{
    const struct bad_row *row = *state;
    static struct parts parts;
    assert_int_equal(bench_setup(NULL), 0);
    parts_init(&parts);
    decode_body(&parts.body);
    assert_int_equal(bench_request.kind, REQUEST_FOLLOW);
    row->spoil(&parts);
    decode_body(&parts.body);
    bench_assert_bad(row->code, row->field);
    (void)bench_teardown(NULL);
}

/* ---- follow ---- */

static void a_follow_is_read_whole(void **state)
{
    static struct parts parts;
    const struct follow_request *follow = &bench_request.of.follow;
    (void)state;
    parts_init(&parts);
    parts.texts[0] = TEXT("62/+/incident/#");
    parts.texts[1] = TEXT("report");
    parts.texts[2] = TEXT("custom");
    parts.texts[3] = TEXT("PKY-1");
    parts.modes[1] = KENTONGAN__V1__MODE__VALUE__EXERCISE;
    parts.categories[0] = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    parts.categories[1] = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE + 1;
    parts.categories[2] = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    parts.follow.modes = parts.modes;
    parts.follow.n_modes = 2;
    parts.follow.kinds = parts.texts + 1;
    parts.follow.n_kinds = 2;
    parts.follow.categories = parts.categories;
    parts.follow.n_categories = 3;
    parts.follow.incidents = parts.texts + 3;
    parts.follow.n_incidents = 1;
    parts.follow.min_priority = 8;
    parts.follow.credit_events = 100;
    parts.follow.credit_bytes = 4096;
    parts.follow.until_end = 1;
    parts.follow.through = 99;
    parts.follow.through_time = &parts.time;
    parts.time.seconds = 2;
    parts.time.nanos = 3999999;
    parts.follow.from = &parts.from;
    parts.from.at_case = KENTONGAN__V1__FROM__AT_AGE_MS;
    parts.from.age_ms = 900000;
    decode_body(&parts.body);
    assert_int_equal(bench_request.kind, REQUEST_FOLLOW);
    assert_true(follow->follow == 9);
    assert_int_equal(follow->cursor.length, 0);
    assert_int_equal(follow->filter_count, 1);
    assert_bytes_equal(follow->filters[0], bytes_of_text("62/+/incident/#"));
    assert_int_equal(follow->modes, 1u << MODE_ACTUAL | 1u << MODE_EXERCISE);
    assert_true(follow->kinds == (UINT64_C(1) << 0 | UINT64_C(1) << 21));
    assert_int_equal(follow->category_count, 2);
    assert_int_equal(follow->categories[0], KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE);
    assert_int_equal(follow->categories[1], KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE + 1);
    assert_int_equal(follow->incident_count, 1);
    assert_int_equal(follow->min_priority, 8);
    assert_true(follow->until_end && !follow->is_replay && follow->through == 99);
    assert_true(follow->through_time_ms == 2003);
    assert_int_equal(follow->from, FROM_AGE);
    assert_true(follow->from_value == 900000);
}

static void who_names_no_mode_gets_no_drill(void **state)
{
    static struct parts parts;
    (void)state;
    parts_init(&parts);
    decode_body(&parts.body);
    assert_int_equal(bench_request.of.follow.modes, 1u << MODE_ACTUAL);
    assert_int_equal(bench_request.of.follow.from, FROM_ABSENT);
    assert_true(bench_request.of.follow.through_time_ms == INT64_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_BENCH(a_follow_is_read_whole),
        ON_BENCH(who_names_no_mode_gets_no_drill),
    };
    int failures = CHECK_ROWS(bad_rows, test_bad);
    return failures + cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
