/* test_wire_publish.c - a publish is scanned and hashed item by item; garbage is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire.h"

#include "broker/log/chunk.h"
#include "kentongan/v1/record.pb-c.h"
#include "proto/c/digest.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"
#include "tests/unit/wire_bench.h"

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

enum { ROOM = 64 * 1024 };

static const uint8_t publish_frame[] = {0x08, BENCH_NUMBER, 0x1a, 0};

/* Items of a PublishBatch, encoded by the stock encoder from what item_make() made. */
static struct bytes batch_of(struct made_item *made, uint32_t count)
{
    static uint8_t room[ROOM];
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        Kentongan__V1__PublishItem item = KENTONGAN__V1__PUBLISH_ITEM__INIT;
        uint8_t *at = room + used;
        item.sent =
            kentongan__v1__sent__unpack(NULL, made[i].item.sent.length, made[i].item.sent.data);
        if (made[i].item.personal.length > 0) {
            item.personal = kentongan__v1__personal__unpack(NULL, made[i].item.personal.length,
                                                            made[i].item.personal.data);
        }
        size_t length = kentongan__v1__publish_item__get_packed_size(&item);
        *at++ = 0x0a;
        *at++ = (uint8_t)(length & 0x7f) | 0x80;
        *at++ = (uint8_t)(length >> 7);
        at += kentongan__v1__publish_item__pack(&item, at);
        used = (size_t)(at - room);
        kentongan__v1__sent__free_unpacked(item.sent, NULL);
        kentongan__v1__personal__free_unpacked(item.personal, NULL);
    }
    return bytes_of(room, used);
}

static void a_publish_is_read_item_by_item(void **state)
{
    static struct made_item made[3];
    uint64_t seed = 3;
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        item_make(&made[i], i + 1, i == 1, &seed);
    }
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), batch_of(made, 3));
    const struct publish_request *publish = &bench_request.of.publish;
    assert_int_equal(bench_request.kind, REQUEST_PUBLISH);
    assert_int_equal(publish->count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct sent_facts *facts = &publish->items[i].facts;
        uint8_t window_key[ID_BYTES];
        assert_null(publish->items[i].fault.code);
        assert_true(facts->number == i + 8);
        page_window_key(bench_site.secret, bytes_of_text("damkar"), facts->event.id, window_key);
        assert_memory_equal(publish->window_keys[i], window_key, ID_BYTES);
        assert_true(publish->digests[i] ==
                    digest_content(facts->event_bytes, facts->personal_digest));
        assert_int_equal(publish->items[i].personal.length > 0, i == 1);
        assert_true(facts->event_bytes.data > blob_bytes(publish->frame).data);
    }
}

static void a_block_without_its_digest_refuses_that_event_only(void **state)
{
    static struct made_item made[3];
    uint64_t seed = 4;
    (void)state;
    item_make(&made[0], 1, false, &seed);
    item_make(&made[1], 2, true, &seed);
    item_make(&made[2], 3, true, &seed);
    made[0].item.personal = bytes_of(made[0].personal, made[0].personal_bytes); /* no digest */
    made[1].item.personal = made[2].item.personal;                              /* another's */
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), batch_of(made, 3));
    assert_int_equal(bench_request.kind, REQUEST_PUBLISH);
    assert_string_equal(bench_request.of.publish.items[0].fault.code, "PERSONAL_DIGEST");
    assert_string_equal(bench_request.of.publish.items[1].fault.code, "PERSONAL_DIGEST");
    assert_null(bench_request.of.publish.items[2].fault.code);
    assert_true(bench_request.of.publish.items[1].facts.number == 9);
}

static void a_digest_without_its_block_is_refused(void **state)
{
    static struct made_item made[1];
    uint64_t seed = 6;
    (void)state;
    item_make(&made[0], 1, true, &seed);
    made[0].item.personal = (struct bytes){0};
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), batch_of(made, 1));
    assert_string_equal(bench_request.of.publish.items[0].fault.code, "PERSONAL_DIGEST");
}

static void a_publish_of_nothing_is_refused(void **state)
{
    (void)state;
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), bytes_of_text(""));
    bench_assert_bad("FIELD_REQUIRED", "items");
    assert_true(bench_request.number == BENCH_NUMBER);
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), bytes_of_text("\x0a\x7f"));
    assert_int_equal(bench_request.kind, REQUEST_BAD);
}

static void a_publish_over_the_sites_limit_is_refused(void **state)
{
    static uint8_t large[1024 * 1024 + 1];
    (void)state;
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), bytes_of(large, sizeof large));
    bench_assert_bad("TOO_LARGE", "items");
}

static void more_items_than_are_read_at_once_are_refused(void **state)
{
    static uint8_t many[2 * (PRESCAN_ITEMS_MAX + 1)];
    (void)state;
    for (size_t i = 0; i < sizeof many; i += 2) {
        many[i] = 0x0a; /* an empty item */
    }
    bench_decode(bytes_of(publish_frame, sizeof publish_frame), bytes_of(many, sizeof many));
    bench_assert_bad("TOO_MANY", "items");
}

/* Good messages with a byte changed: never anything but a request or a refusal. */
static void garbage_is_refused_and_nothing_else(void **state)
{
    static const uint8_t follow_frame[] = {0x08, 1,   0x22, 16,  0x08, 9,    0x1a, 7,    '6', '2',
                                           '/',  '7', '1',  '/', '#',  0x22, 3,    0x28, 200, 1};
    static struct made_item made[2];
    uint8_t first[64], second[8192];
    uint64_t seed = 11;
    (void)state;
    item_make(&made[0], 1, true, &seed);
    item_make(&made[1], 2, false, &seed);
    struct bytes batch = batch_of(made, 2);
    for (int round = 0; round < 20000; round++) {
        bool is_publish = round % 2 == 0;
        struct bytes good = is_publish ? bytes_of(publish_frame, sizeof publish_frame)
                                       : bytes_of(follow_frame, sizeof follow_frame);
        memcpy(first, good.data, good.length);
        memcpy(second, batch.data, batch.length);
        second[chance_below(&seed, (uint32_t)batch.length)] = (uint8_t)chance_next(&seed);
        if (round % 4 != 0) {
            first[chance_below(&seed, (uint32_t)good.length)] = (uint8_t)chance_next(&seed);
        }
        bench_decode(bytes_of(first, good.length),
                     is_publish ? bytes_of(second, batch.length) : (struct bytes){0});
        assert_in_range(bench_request.kind, REQUEST_HELLO, REQUEST_BAD);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_BENCH(a_publish_is_read_item_by_item),
        ON_BENCH(a_block_without_its_digest_refuses_that_event_only),
        ON_BENCH(a_digest_without_its_block_is_refused),
        ON_BENCH(a_publish_of_nothing_is_refused),
        ON_BENCH(a_publish_over_the_sites_limit_is_refused),
        ON_BENCH(more_items_than_are_read_at_once_are_refused),
        ON_BENCH(garbage_is_refused_and_nothing_else),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
