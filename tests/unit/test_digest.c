/* test_digest.c - the hashes are what any other language computes by the same sentence.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/digest.h"

#include <stdio.h>

#include <xxhash.h>

#include "tests/unit/check.h"

/* 0, 1, 2 … */
static const uint8_t counting[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                     11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                     22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static void assert_hex(const uint8_t *actual, size_t length, const char *expected)
{
    char hex[2 * DIGEST_BYTES + 1] = "";
    for (size_t index = 0; index < length; index++) {
        snprintf(hex + 2 * index, 3, "%02x", actual[index]);
    }
    assert_string_equal(hex, expected);
}

/* Expected values of BLAKE2b are those of Python's hashlib. */
static void a_personal_digest_is_blake2b_of_salt_and_block(void **state)
{
    (void)state;
    uint8_t out[DIGEST_BYTES];
    digest_personal(bytes_of(counting, SALT_BYTES), bytes_of_text("Nama: Siti"), out);
    assert_hex(out, sizeof out, "9cc6bb93a90ef4f775626ebe5981e233bb52a099ec1af99dbe91463df3fda5e1");
    digest_personal(bytes_of(NULL, 0), bytes_of(NULL, 0), out);
    assert_hex(out, sizeof out, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void a_salt_is_keyed_by_the_profile(void **state)
{
    (void)state;
    uint8_t out[SALT_BYTES];
    digest_salt(counting, bytes_of(counting, sizeof counting), out);
    assert_hex(out, sizeof out, "7e8df1151d929e733a803856042e4798");
}

static void a_key_id_is_the_start_of_a_digest(void **state)
{
    (void)state;
    uint8_t out[KEY_ID_BYTES];
    digest_key_id(counting, out);
    assert_hex(out, sizeof out, "cb2f5160fc1f7e05");
}

static void a_content_digest_is_xxh3_of_length_event_and_digest(void **state)
{
    (void)state;
    uint8_t whole[8 + 300 + DIGEST_BYTES] = {[6] = 300 >> 8, [7] = 300 & 0xff};
    uint64_t seed = 4;
    for (size_t index = 8; index < sizeof whole; index++) {
        whole[index] = (uint8_t)chance_next(&seed);
    }
    struct bytes event = bytes_of(whole + 8, 300);
    struct bytes personal_digest = bytes_of(whole + 308, DIGEST_BYTES);
    assert_true(digest_content(event, personal_digest) == XXH3_64bits(whole, sizeof whole));
    assert_true(digest_content(event, bytes_of(NULL, 0)) == XXH3_64bits(whole, 308));
}

static void a_moved_border_is_another_content(void **state)
{
    (void)state;
    assert_true(digest_content(bytes_of_text("ab"), bytes_of_text("c")) !=
                digest_content(bytes_of_text("a"), bytes_of_text("bc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_personal_digest_is_blake2b_of_salt_and_block),
        cmocka_unit_test(a_salt_is_keyed_by_the_profile),
        cmocka_unit_test(a_key_id_is_the_start_of_a_digest),
        cmocka_unit_test(a_content_digest_is_xxh3_of_length_event_and_digest),
        cmocka_unit_test(a_moved_border_is_another_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
