/* test_page_build.c - a page tells of each event what was sealed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"

#include "proto/c/digest.h"
#include "proto/c/prescan.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { ITEMS = 30 };

static const uint8_t secret[32] = {9, 8, 7};
static const uint8_t no_hash[CHUNK_HASH_BYTES];
static struct made_item made[ITEMS];
static struct append_item items[ITEMS];

static struct blob *seal(uint64_t first)
{
    uint64_t seed = 16;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct blob *chunk = NULL;
    for (uint32_t index = 0; index < ITEMS; index++) {
        item_make(&made[index], first + index, index % 3 == 0, &seed);
        items[index] = made[index].item;
    }
    assert_int_equal(chunk_seal(items, ITEMS, no_hash, &chunk, hash), STATUS_OK);
    return chunk;
}

static void assert_record(const struct record *record, const struct append_item *item)
{
    struct sent_facts sent;
    struct scan_fault fault;
    uint8_t key[ID_BYTES];
    assert_true(prescan_sent(item->sent, &sent, &fault));
    page_window_key(secret, item->agency, sent.event.id, key);
    assert_memory_equal(record->window_key, key, ID_BYTES);
    assert_true(record->digest == digest_content(sent.event_bytes, sent.personal_digest));
    assert_true(record->seq == item->seq);
    assert_true(record->recorded_at_ms == item->recorded_at_ms);
    assert_bytes_equal(record->agency, item->agency);
    assert_bytes_equal(record->topic, sent.event.topic);
    assert_bytes_equal(record->incident, sent.event.incident);
    assert_int_equal(record->category, sent.event.category);
    assert_int_equal(record->mode, sent.event.mode);
    assert_int_equal(record->kind, sent.event.kind);
    assert_int_equal(record->priority, sent.event.priority);
    assert_int_equal(record->clock_jumped, item->clock_jumped);
    assert_memory_equal(record->producer, sent.producer, PRODUCER_BYTES);
    assert_true(record->number == sent.number && record->after == sent.after);
    assert_int_equal(record->personal_length > 0, item->personal.length > 0);
}

static void a_page_tells_what_was_sealed(void **state)
{
    (void)state;
    struct blob *chunk = seal(1000);
    struct page *page = NULL;
    uint32_t end = 0;
    assert_int_equal(page_build(chunk, secret, &page), STATUS_OK);
    blob_drop(chunk);
    assert_true(page->first == 1000 && page->last == 1000 + ITEMS - 1);
    assert_int_equal(page_count(page), ITEMS);
    assert_true(page->cost > page->batch.length + ITEMS * sizeof(struct record));
    for (uint32_t index = 0; index < ITEMS; index++) {
        const struct record *record = &page->records[index];
        assert_record(record, &items[index]);
        assert_int_equal(record->offset, end);
        end += record->length + record->personal_length;
    }
    assert_int_equal(end, page->batch.length);
    page_drop(page_keep(page));
    page_drop(page);
}

static void what_is_damaged_makes_no_page(void **state)
{
    (void)state;
    struct blob *chunk = seal(1), *copy = blob_new(blob_bytes(chunk));
    struct page *page = NULL;
    assert_non_null(copy);
    blob_room(copy)[blob_bytes(copy).length / 2] ^= 1;
    assert_int_equal(page_build(copy, secret, &page), STATUS_CORRUPT);
    assert_null(page);
    blob_drop(copy);
    blob_drop(chunk);
}

static void a_window_key_tells_agencies_and_logs_apart(void **state)
{
    (void)state;
    static const uint8_t other[32] = {1};
    uint8_t id[ID_BYTES] = {1, 2, 3}, a[ID_BYTES], b[ID_BYTES];
    page_window_key(secret, bytes_of_text("damkar"), id, a);
    page_window_key(secret, bytes_of_text("damkar"), id, b);
    assert_memory_equal(a, b, ID_BYTES);
    page_window_key(secret, bytes_of_text("polisi"), id, b);
    assert_memory_not_equal(a, b, ID_BYTES);
    page_window_key(other, bytes_of_text("damkar"), id, b);
    assert_memory_not_equal(a, b, ID_BYTES);
    id[15] ^= 1;
    page_window_key(secret, bytes_of_text("damkar"), id, b);
    assert_memory_not_equal(a, b, ID_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_tells_what_was_sealed),
        cmocka_unit_test(what_is_damaged_makes_no_page),
        cmocka_unit_test(a_window_key_tells_agencies_and_logs_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
