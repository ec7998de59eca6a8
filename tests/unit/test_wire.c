/* test_wire.c - small requests, and frames that do not belong.
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

/* ---- small requests ---- */

static void a_hello_is_read(void **state)
{
    (void)state;
    uint8_t producers[2][PRODUCER_BYTES] = {{1}, {2}};
    ProtobufCBinaryData list[2] = {
        {.len = 16, .data = producers[0]},
        {.len = 16, .data = producers[1]}
    };
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Hello hello = KENTONGAN__V1__HELLO__INIT;
    hello.version_min = 1;
    hello.version_max = 3;
    hello.client = TEXT("test 1.0");
    hello.producers = list;
    hello.n_producers = 2;
    body.request = BENCH_NUMBER;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    body.hello = &hello;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_HELLO);
    assert_true(bench_request.number == BENCH_NUMBER);
    assert_int_equal(bench_request.of.hello.version_max, 3);
    assert_bytes_equal(bench_request.of.hello.agency, bytes_of_text("damkar"));
    assert_int_equal(bench_request.of.hello.key_id[7], 8);
    assert_int_equal(bench_request.of.hello.producer_count, 2);
    assert_memory_equal(bench_request.of.hello.producers[1], producers[1], PRODUCER_BYTES);
}

static void the_small_requests_are_read(void **state)
{
    (void)state;
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Credit credit = KENTONGAN__V1__CREDIT__INIT;
    Kentongan__V1__Ack ack = KENTONGAN__V1__ACK__INIT;
    Kentongan__V1__Query query = KENTONGAN__V1__QUERY__INIT;
    Kentongan__V1__Ping ping = KENTONGAN__V1__PING__INIT;
    credit.follow = 3;
    credit.events = 10;
    credit.bytes = 1000;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_CREDIT;
    body.credit = &credit;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_CREDIT);
    assert_true(bench_request.of.credit.follow == 3 && bench_request.of.credit.bytes == 1000);
    body.request = BENCH_NUMBER;
    ack.follow = 4;
    ack.through = UINT64_MAX;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_ACK;
    body.ack = &ack;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_ACK);
    assert_true(bench_request.of.ack.through == UINT64_MAX);
    query.of_case = KENTONGAN__V1__QUERY__OF_SEQ;
    query.seq = 12;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_QUERY;
    body.query = &query;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_GET);
    assert_true(bench_request.of.get.seq == 12);
    assert_int_equal(bench_request.of.get.modes, 1u << MODE_ACTUAL);
    Kentongan__V1__Mode__Value modes[] = {KENTONGAN__V1__MODE__VALUE__EXERCISE};
    query.modes = modes;
    query.n_modes = 1;
    decode_body(&body);
    assert_int_equal(bench_request.of.get.modes, 1u << MODE_EXERCISE);
    modes[0] = (Kentongan__V1__Mode__Value)5;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_BAD);
    query.n_modes = 0;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PING;
    body.ping = &ping;
    decode_body(&body);
    assert_int_equal(bench_request.kind, REQUEST_PING);
}

/* ---- frames ---- */

static void an_unknown_field_is_of_another_version(void **state)
{
    static const uint8_t unknown[] = {0x08, 5,    0x52, 0,
                                      0xa0, 0x06, 1}; /* bench_request, ping, field 100 */
    (void)state;
    bench_decode(bytes_of(unknown, sizeof unknown), (struct bytes){0});
    assert_int_equal(bench_request.kind, REQUEST_BAD);
    assert_string_equal(bench_request.of.bad.code, "VERSION");
}

static void frames_that_do_not_belong_are_refused(void **state)
{
    static const uint8_t publish[] = {0x08, 5, 0x1a, 0}, ping[] = {0x08, 5, 0x52, 0};
    struct bytes some = bytes_of_text("x");
    (void)state;
    bench_decode(bytes_of(publish, sizeof publish), (struct bytes){0});
    bench_assert_bad("BAD_FRAME", "");
    assert_true(bench_request.number == 5);
    bench_decode(bytes_of(ping, sizeof ping), some);
    bench_assert_bad("BAD_FRAME", "");
    bench_decode(some, (struct bytes){0});
    assert_int_equal(bench_request.kind, REQUEST_BAD);
    bench_decode(bytes_of_text(""), (struct bytes){0});
    bench_assert_bad("BAD_FRAME", "");
}

static void a_message_that_the_network_calls_bad_is_bad(void **state)
{
    struct net_message message = {.peer = BENCH_PEER, .is_bad = true};
    (void)state;
    wire_decode(bench_wire, &message, &bench_request);
    bench_assert_bad("BAD_FRAME", "");
}

static void a_large_first_frame_is_refused(void **state)
{
    static uint8_t large[CONTROL_BYTES_MAX + 1];
    (void)state;
    bench_decode(bytes_of(large, sizeof large), (struct bytes){0});
    bench_assert_bad("TOO_LARGE", "");
}

/* Thousands of small things in one frame must not become megabytes of memory. */
static void many_fields_are_refused(void **state)
{
    static uint8_t many[40000];
    (void)state;
    for (size_t i = 0; i + 1 < sizeof many; i += 2) {
        many[i] = 0x52; /* ping, again and again */
    }
    bench_decode(bytes_of(many, sizeof many), (struct bytes){0});
    assert_int_equal(bench_request.kind, REQUEST_BAD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_BENCH(a_hello_is_read),
        ON_BENCH(the_small_requests_are_read),
        ON_BENCH(an_unknown_field_is_of_another_version),
        ON_BENCH(frames_that_do_not_belong_are_refused),
        ON_BENCH(a_message_that_the_network_calls_bad_is_bad),
        ON_BENCH(a_large_first_frame_is_refused),
        ON_BENCH(many_fields_are_refused),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
