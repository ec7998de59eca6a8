/* test_zap_table.c - keys, caps, and what stays when the keys are replaced.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/zap_table.h"

#include "tests/unit/check.h"

enum { SESSIONS_KEY = 3, RATE = 2 };

static const struct zap_options options = {
    .sessions = 100, .sessions_key = SESSIONS_KEY, .handshakes_second = RATE};

static struct zap_key key_of(const char *agency, uint8_t number, bool is_revoked)
{
    struct zap_key key = {.agency = bytes_of_text(agency), .is_revoked = is_revoked};
    memset(key.public_key, number, sizeof key.public_key);
    memset(key.key_id, number, sizeof key.key_id);
    return key;
}

static enum zap_verdict judge(struct zap_table *table, uint8_t number, uint64_t now_ms)
{
    uint8_t key[ZAP_KEY_BYTES];
    const struct zap_entry *entry = NULL;
    memset(key, number, sizeof key);
    return zap_table_judge(table, key, now_ms, &options, &entry);
}

static void known_unknown_and_revoked(void **state)
{
    const struct zap_key keys[] = {key_of("damkar", 1, false), key_of("rsud", 2, true)};
    struct zap_table *table = zap_table_new(keys, 2, NULL, &options);
    (void)state;
    assert_int_equal(judge(table, 1, 1000), ZAP_ALLOW);
    assert_int_equal(judge(table, 2, 1000), ZAP_REFUSE);
    assert_int_equal(judge(table, 3, 1000), ZAP_REFUSE);
    assert_int_equal(judge(table, 0, 1000), ZAP_REFUSE);
    zap_table_free(table);
}

static void handshakes_of_a_key_are_rationed(void **state)
{
    const struct zap_key keys[] = {key_of("damkar", 1, false), key_of("rsud", 2, false)};
    struct zap_table *table = zap_table_new(keys, 2, NULL, &options);
    (void)state;
    for (int i = 0; i < SESSIONS_KEY; i++) {
        assert_int_equal(judge(table, 1, 1000), ZAP_ALLOW);
    }
    assert_int_equal(judge(table, 1, 1000), ZAP_LATER);
    assert_int_equal(judge(table, 2, 1000), ZAP_ALLOW);
    assert_int_equal(judge(table, 1, 1000 + 1000 / RATE - 1), ZAP_LATER);
    assert_int_equal(judge(table, 1, 1000 + 1000 / RATE), ZAP_ALLOW);
    assert_int_equal(judge(table, 1, 1000 + 1000 / RATE), ZAP_LATER);
    for (int i = 0; i < SESSIONS_KEY; i++) {
        assert_int_equal(judge(table, 1, 3600000), ZAP_ALLOW);
    }
    assert_int_equal(judge(table, 1, 3600000), ZAP_LATER);
    zap_table_free(table);
}

static void counts_stay_when_keys_are_replaced(void **state)
{
    const struct zap_key keys[] = {key_of("damkar", 1, false), key_of("rsud", 2, false)};
    struct zap_table *old = zap_table_new(keys, 2, NULL, &options);
    (void)state;
    struct zap_entry *entry = zap_table_find_user(old, bytes_of_text("rsud/0202020202020202"));
    assert_non_null(entry);
    entry->sessions = SESSIONS_KEY;
    assert_int_equal(judge(old, 2, 1000), ZAP_LATER);
    struct zap_table *new = zap_table_new(keys + 1, 1, old, &options);
    zap_table_free(old);
    assert_int_equal(judge(new, 1, 1000), ZAP_REFUSE);
    assert_int_equal(judge(new, 2, 1000), ZAP_LATER);
    zap_table_find_user(new, bytes_of_text("rsud/0202020202020202"))->sessions = 0;
    assert_int_equal(judge(new, 2, 1000), ZAP_ALLOW);
    zap_table_free(new);
}

struct user_row {
    const char *name, *user, *agency; /* agency NULL: not a user */
};

static const struct user_row user_rows[] = {
    {"agency and key",                  "damkar/0123456789abcdef", "damkar"},
    {"an agency with a slash keeps it", "a/b/0123456789abcdef",    "a/b"   },
    {"no agency",                       "/0123456789abcdef",       NULL    },
    {"no slash",                        "damkar0123456789abcdef",  NULL    },
    {"a short key id",                  "damkar/0123456789abcde",  NULL    },
    {"capital digits",                  "damkar/0123456789ABCDEF", NULL    },
    {"the name alone",                  "admin",                   NULL    },
    {"nothing",                         "",                        NULL    },
};

static void test_user(void **state)
{
    const struct user_row *row = *state;
    struct bytes agency;
    uint8_t key_id[KEY_ID_BYTES];
    bool is_user = zap_user_read(bytes_of_text(row->user), &agency, key_id);
    assert_int_equal(is_user, row->agency != NULL);
    if (is_user && row->agency != NULL) {
        char again[ZAP_USER_BYTES_MAX + 1];
        assert_bytes_equal(agency, bytes_of_text(row->agency));
        zap_user_write(again, agency, key_id);
        assert_string_equal(again, row->user);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_unknown_and_revoked),
        cmocka_unit_test(handshakes_of_a_key_are_rationed),
        cmocka_unit_test(counts_stay_when_keys_are_replaced),
    };
    int failures = CHECK_ROWS(user_rows, test_user);
    return failures + cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
