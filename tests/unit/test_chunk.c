/* test_chunk.c - a chunk opens as it was sealed, and no flipped bit of it goes unseen.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"

#include "kentongan/v1/record.pb-c.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { ITEMS_MAX = 40, ROUNDS = 60 };

static const uint8_t no_hash[CHUNK_HASH_BYTES];
static struct made_item made[ITEMS_MAX];
static struct append_item items[ITEMS_MAX];

static void make_items(uint64_t first, uint32_t count, uint64_t *seed)
{
    for (uint32_t index = 0; index < count; index++) {
        item_make(&made[index], first + index, chance_below(seed, 3) == 0, seed);
        items[index] = made[index].item;
    }
}

static struct blob *seal(uint32_t count, const uint8_t previous[CHUNK_HASH_BYTES],
                         uint8_t hash[CHUNK_HASH_BYTES])
{
    struct blob *chunk = NULL;
    size_t most = CHUNK_HEADER_BYTES;
    for (uint32_t index = 0; index < count; index++) {
        most += chunk_item_bytes_max(&items[index]);
    }
    assert_int_equal(chunk_seal(items, count, previous, &chunk, hash), STATUS_OK);
    assert_in_range(blob_bytes(chunk).length, CHUNK_HEADER_BYTES, most);
    return chunk;
}

static struct bytes batch_of(struct bytes chunk)
{
    return bytes_of(chunk.data + CHUNK_HEADER_BYTES, chunk.length - CHUNK_HEADER_BYTES);
}

static void assert_record(const struct chunk_record *record, const struct append_item *item)
{
    assert_true(record->seq == item->seq);
    assert_bytes_equal(record->sent_bytes, item->sent);
    assert_bytes_equal(record->agency, item->agency);
    assert_memory_equal(record->key_id, item->key_id, KEY_ID_BYTES);
    assert_true(record->recorded_at_ms == item->recorded_at_ms);
    assert_int_equal(record->sender_skewed, item->sender_skewed);
    assert_int_equal(record->clock_jumped, item->clock_jumped);
    assert_int_equal(record->personal_length > 0, item->personal.length > 0);
    assert_int_equal(record->personal.length > 0, item->personal.length > 0);
    assert_false(record->is_erased);
}

static void what_is_sealed_opens_again(void **state)
{
    (void)state;
    uint64_t seed = 5, first = 1;
    uint8_t previous[CHUNK_HASH_BYTES] = {0}, hash[CHUNK_HASH_BYTES];
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = 1 + chance_below(&seed, ITEMS_MAX), index = 0;
        make_items(first, count, &seed);
        struct blob *blob = seal(count, previous, hash);
        struct bytes chunk = blob_bytes(blob);
        struct chunk_header header;
        struct chunk_record record;
        enum status fault;
        size_t offset = 0;
        assert_int_equal(chunk_verify_link(chunk, previous, &header), STATUS_OK);
        assert_true(header.first == first);
        assert_int_equal(header.count, count);
        assert_memory_equal(header.hash, hash, CHUNK_HASH_BYTES);
        while (chunk_next_record(batch_of(chunk), &offset, &record, &fault)) {
            assert_record(&record, &items[index++]);
        }
        assert_int_equal(fault, STATUS_OK);
        assert_int_equal(index, count);
        blob_drop(blob);
        memcpy(previous, hash, sizeof previous);
        first += count;
    }
}

static void a_stock_decoder_reads_the_batch(void **state)
{
    (void)state;
    uint64_t seed = 6;
    uint8_t hash[CHUNK_HASH_BYTES];
    make_items(500, ITEMS_MAX, &seed);
    struct blob *blob = seal(ITEMS_MAX, no_hash, hash);
    struct bytes batch = batch_of(blob_bytes(blob));
    Kentongan__V1__Batch *read = kentongan__v1__batch__unpack(NULL, batch.length, batch.data);
    assert_non_null(read);
    assert_int_equal(read->n_records, ITEMS_MAX);
    size_t personal = 0;
    for (size_t index = 0; index < ITEMS_MAX; index++) {
        const Kentongan__V1__Stamp *stamp = read->records[index]->stamp;
        assert_true(stamp->seq == items[index].seq);
        assert_bytes_equal(bytes_of_text(stamp->agency), items[index].agency);
        assert_true(stamp->recorded_at->seconds * 1000 + stamp->recorded_at->nanos / 1000000 ==
                    items[index].recorded_at_ms);
        if (items[index].personal.length > 0) {
            assert_true(read->personals[personal++]->seq == items[index].seq);
        }
    }
    assert_int_equal(read->n_personals, personal);
    kentongan__v1__batch__free_unpacked(read, NULL);
    blob_drop(blob);
}

static void the_chain_is_held_by_the_hash_before(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint8_t first[CHUNK_HASH_BYTES], second[CHUNK_HASH_BYTES];
    struct chunk_header header;
    make_items(1, 2, &seed);
    blob_drop(seal(2, no_hash, first));
    make_items(3, 2, &seed);
    struct blob *blob = seal(2, first, second);
    assert_memory_not_equal(first, second, CHUNK_HASH_BYTES);
    assert_int_equal(chunk_verify_link(blob_bytes(blob), first, &header), STATUS_OK);
    assert_int_equal(chunk_verify_link(blob_bytes(blob), second, &header), STATUS_CORRUPT);
    assert_int_equal(chunk_verify_link(blob_bytes(blob), no_hash, &header), STATUS_CORRUPT);
    blob_drop(blob);
}

/* A copy that may be spoilt, in memory of exactly its size. */
static uint8_t *copy_of(struct bytes chunk)
{
    uint8_t *copy = malloc(chunk.length);
    assert_non_null(copy);
    memcpy(copy, chunk.data, chunk.length);
    return copy;
}

static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    uint64_t seed = 8;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct chunk_header header;
    for (uint32_t index = 0; index < 3; index++) {
        item_make(&made[index], 126 + index, index != 1, &seed);
        items[index] = made[index].item;
    }
    struct blob *blob = seal(3, no_hash, hash);
    struct bytes chunk = blob_bytes(blob);
    uint8_t *copy = copy_of(chunk);
    for (size_t bit = 0; bit < chunk.length * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (chunk_verify(bytes_of(copy, chunk.length), &header) == STATUS_OK) {
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        }
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(copy);
    blob_drop(blob);
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    uint64_t seed = 9;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct chunk_header header;
    item_make(&made[0], 1, true, &seed);
    item_make(&made[1], 2, false, &seed);
    items[0] = made[0].item;
    items[1] = made[1].item;
    struct blob *blob = seal(2, no_hash, hash);
    for (size_t length = 0; length < blob_bytes(blob).length; length++) {
        uint8_t *copy = copy_of(blob_bytes(blob));
        uint8_t *shorter = realloc(copy, length > 0 ? length : 1);
        assert_non_null(shorter);
        assert_int_not_equal(chunk_verify(bytes_of(shorter, length), &header), STATUS_OK);
        free(shorter);
    }
    blob_drop(blob);
}

/* Seals one item with a block of each size, so that every length of filler is met. */
static void an_erased_personal_leaves_the_chunk_sound(void **state)
{
    (void)state;
    uint64_t seed = 10;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        uint8_t hash[CHUNK_HASH_BYTES];
        struct chunk_header header;
        struct chunk_record record;
        enum status fault;
        size_t offset = 0;
        item_make(&made[0], 1 + chance_below(&seed, 1000000), true, &seed);
        items[0] = made[0].item;
        struct blob *blob = seal(1, no_hash, hash);
        struct bytes chunk = blob_bytes(blob);
        uint8_t *copy = copy_of(chunk);
        struct bytes erased = bytes_of(copy, chunk.length);
        assert_true(chunk_next_record(batch_of(erased), &offset, &record, &fault));
        chunk_erase_personal(copy + CHUNK_HEADER_BYTES, &record);
        assert_int_equal(chunk_verify_link(erased, no_hash, &header), STATUS_OK);
        offset = 0;
        assert_true(chunk_next_record(batch_of(erased), &offset, &record, &fault));
        assert_true(record.is_erased);
        assert_int_equal(offset, batch_of(chunk).length);
        assert_null(memmem(erased.data, erased.length, "xx", 2));

        Kentongan__V1__Batch *read =
            kentongan__v1__batch__unpack(NULL, batch_of(erased).length, batch_of(erased).data);
        assert_non_null(read);
        assert_int_equal(read->n_personals, 1);
        assert_int_equal(read->personals[0]->block.len, 0);
        assert_true(read->personals[0]->seq == items[0].seq);
        kentongan__v1__batch__free_unpacked(read, NULL);
        free(copy);
        blob_drop(blob);
    }
}

static void withheld_personals_leave_the_chunk_sound(void **state)
{
    (void)state;
    uint64_t seed = 11;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct chunk_header header;
    struct chunk_record record;
    enum status fault;
    size_t offset = 0, length = CHUNK_HEADER_BYTES;
    make_items(77, ITEMS_MAX, &seed);
    struct blob *blob = seal(ITEMS_MAX, no_hash, hash);
    struct bytes chunk = blob_bytes(blob);
    uint8_t *copy = copy_of(chunk);
    while (chunk_next_record(batch_of(chunk), &offset, &record, &fault)) {
        memcpy(copy + length, batch_of(chunk).data + record.offset, record.length);
        length += record.length;
    }
    assert_true(length < chunk.length);
    assert_int_equal(chunk_verify_link(bytes_of(copy, length), no_hash, &header), STATUS_OK);
    assert_int_equal(header.count, ITEMS_MAX);
    free(copy);
    blob_drop(blob);
}

/* A Personal that stands behind another record, or twice, or with its parts in another order. */
static void a_strange_personal_is_seen(void **state)
{
    (void)state;
    uint64_t seed = 12;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct chunk_header header;
    struct chunk_record record;
    enum status fault;
    size_t offset = 0;
    item_make(&made[0], 1, true, &seed);
    items[0] = made[0].item;
    struct blob *blob = seal(1, no_hash, hash);
    struct bytes chunk = blob_bytes(blob);
    assert_true(chunk_next_record(batch_of(chunk), &offset, &record, &fault));
    size_t length = chunk.length + record.personal_length;
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, chunk.data, chunk.length);
    memcpy(copy + chunk.length, chunk.data + chunk.length - record.personal_length,
           record.personal_length);
    assert_int_equal(chunk_verify(bytes_of(copy, length), &header), STATUS_CORRUPT);
    free(copy);
    blob_drop(blob);
}

static void a_personal_is_sealed_in_one_order(void **state)
{
    (void)state;
    uint64_t seed = 13;
    uint8_t hash[CHUNK_HASH_BYTES], turned[MADE_BYTES_MAX];
    struct chunk_header header;
    enum { SALT_ELEMENT_BYTES = 2 + SALT_BYTES };
    item_make(&made[0], 1, true, &seed);
    items[0] = made[0].item;
    size_t block_bytes = items[0].personal.length - SALT_ELEMENT_BYTES;
    memcpy(turned, items[0].personal.data + SALT_ELEMENT_BYTES, block_bytes);
    memcpy(turned + block_bytes, items[0].personal.data, SALT_ELEMENT_BYTES);
    struct blob *straight = seal(1, no_hash, hash);
    items[0].personal = bytes_of(turned, items[0].personal.length);
    struct blob *blob = seal(1, no_hash, hash);
    assert_int_equal(chunk_verify(blob_bytes(blob), &header), STATUS_OK);
    assert_bytes_equal(blob_bytes(blob), blob_bytes(straight));
    blob_drop(straight);
    blob_drop(blob);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static uint8_t large[CHUNK_BYTES_MAX];
    struct blob *chunk = NULL;
    uint8_t hash[CHUNK_HASH_BYTES];
    uint64_t seed = 14;
    item_make(&made[0], 1, false, &seed);
    items[0] = made[0].item;
    items[0].sent = bytes_of(large, sizeof large);
    assert_int_equal(chunk_seal(items, 1, no_hash, &chunk, hash), STATUS_INVALID);
    assert_null(chunk);
}

static void another_version_is_left_alone(void **state)
{
    (void)state;
    uint64_t seed = 15;
    uint8_t hash[CHUNK_HASH_BYTES];
    struct chunk_header header;
    make_items(1, 1, &seed);
    struct blob *blob = seal(1, no_hash, hash);
    uint8_t *copy = copy_of(blob_bytes(blob));
    copy[5] = CHUNK_VERSION + 1;
    assert_int_equal(chunk_verify(bytes_of(copy, blob_bytes(blob).length), &header),
                     STATUS_VERSION);
    copy[0] = 'X';
    assert_int_equal(chunk_verify(bytes_of(copy, blob_bytes(blob).length), &header),
                     STATUS_CORRUPT);
    free(copy);
    blob_drop(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(a_stock_decoder_reads_the_batch),
        cmocka_unit_test(the_chain_is_held_by_the_hash_before),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(an_erased_personal_leaves_the_chunk_sound),
        cmocka_unit_test(withheld_personals_leave_the_chunk_sound),
        cmocka_unit_test(a_strange_personal_is_seen),
        cmocka_unit_test(a_personal_is_sealed_in_one_order),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(another_version_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
