/* zap_table.c - keys by their bytes and by the user that they make.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/zap_table.h"

#include <assert.h>
#include <stdlib.h>

enum { AGENCY_LENGTH_MAX = 64, MILLI = 1000 };

static struct bytes key_of(const void *owner, uint32_t index)
{
    const struct zap_table *table = owner;
    return bytes_of(table->entries[index].public_key, ZAP_KEY_BYTES);
}

static struct bytes user_of(const void *owner, uint32_t index)
{
    const struct zap_table *table = owner;
    return bytes_of_text(table->entries[index].user);
}

void zap_user_write(char user[ZAP_USER_BYTES_MAX + 1], struct bytes agency,
                    const uint8_t key_id[KEY_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    assert(agency.length <= AGENCY_LENGTH_MAX);
    memcpy(user, agency.data, agency.length);
    char *end = user + agency.length;
    *end++ = '/';
    for (size_t i = 0; i < KEY_ID_BYTES; i++) {
        *end++ = digits[key_id[i] >> 4];
        *end++ = digits[key_id[i] & 15];
    }
    *end = '\0';
}

static void entry_fill(struct zap_entry *entry, const struct zap_key *key,
                       const struct zap_table *old, const struct zap_options *options)
{
    memcpy(entry->public_key, key->public_key, ZAP_KEY_BYTES);
    zap_user_write(entry->user, key->agency, key->key_id);
    entry->is_revoked = key->is_revoked;
    entry->tokens_milli = (uint64_t)options->sessions_key * MILLI;
    uint32_t before = old != NULL ? map_find(&old->by_user, bytes_of_text(entry->user)) : MAP_NONE;
    if (before != MAP_NONE) {
        entry->sessions = old->entries[before].sessions;
        entry->tokens_milli = old->entries[before].tokens_milli;
        entry->filled_ms = old->entries[before].filled_ms;
    }
}

struct zap_table *zap_table_new(const struct zap_key *keys, uint32_t count,
                                const struct zap_table *old, const struct zap_options *options)
{
    struct zap_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->entries = calloc((size_t)count + 1, sizeof *table->entries);
    if (table->entries == NULL || map_init(&table->by_key, count + 1, key_of, table) != STATUS_OK ||
        map_init(&table->by_user, count + 1, user_of, table) != STATUS_OK) {
        zap_table_free(table);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        entry_fill(&table->entries[i], &keys[i], old, options);
        (void)map_insert(&table->by_key, i);
        (void)map_insert(&table->by_user, i);
    }
    table->count = count;
    return table;
}

void zap_table_free(struct zap_table *table)
{
    if (table != NULL) {
        map_deinit(&table->by_key);
        map_deinit(&table->by_user);
        free(table->entries);
        free(table);
    }
}

enum zap_verdict zap_entry_judge(struct zap_entry *entry, uint64_t now_ms,
                                 const struct zap_options *options)
{
    uint64_t tokens_max = (uint64_t)options->sessions_key * MILLI;
    uint64_t passed_ms = now_ms - entry->filled_ms;
    /* A rate a second is as many thousandths a millisecond. */
    if (passed_ms > tokens_max / options->handshakes_second) {
        entry->tokens_milli = tokens_max;
    } else {
        entry->tokens_milli += passed_ms * options->handshakes_second;
    }
    if (entry->tokens_milli > tokens_max) {
        entry->tokens_milli = tokens_max;
    }
    entry->filled_ms = now_ms;
    if (entry->sessions >= options->sessions_key || entry->tokens_milli < MILLI) {
        return ZAP_LATER;
    }
    entry->tokens_milli -= MILLI;
    return ZAP_ALLOW;
}

enum zap_verdict zap_table_judge(struct zap_table *table, const uint8_t key[ZAP_KEY_BYTES],
                                 uint64_t now_ms, const struct zap_options *options,
                                 const struct zap_entry **entry)
{
    uint32_t index = map_find(&table->by_key, bytes_of(key, ZAP_KEY_BYTES));
    if (index == MAP_NONE || table->entries[index].is_revoked) {
        return ZAP_REFUSE;
    }
    *entry = &table->entries[index];
    return zap_entry_judge(&table->entries[index], now_ms, options);
}

struct zap_entry *zap_table_find_user(struct zap_table *table, struct bytes user)
{
    uint32_t index = map_find(&table->by_user, user);
    return index != MAP_NONE ? &table->entries[index] : NULL;
}
