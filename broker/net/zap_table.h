/* zap_table.h - the keys that may connect, what each has used of its caps, and the judgement of
 * one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Not thread-safe: zap_thread.c holds a lock around it. No socket, no clock: time is given.
 */
#ifndef BROKER_NET_ZAP_TABLE_H
#define BROKER_NET_ZAP_TABLE_H

#include "broker/base/map.h"
#include "broker/net/zap.h"

enum zap_verdict { ZAP_ALLOW, ZAP_LATER, ZAP_REFUSE };

struct zap_entry {
    uint8_t public_key[ZAP_KEY_BYTES];
    char user[ZAP_USER_BYTES_MAX + 1];
    bool is_revoked;
    uint32_t sessions;
    uint64_t tokens_milli; /* handshakes that may still be made, in thousandths */
    uint64_t filled_ms;    /* when tokens were last added */
};

struct zap_table {
    struct zap_entry *entries;
    struct map by_key, by_user;
    uint32_t count;
};

/* A table of these keys; what `old` (may be NULL) counted for the same keys goes on. NULL: no
 * memory. */
struct zap_table *zap_table_new(const struct zap_key *keys, uint32_t count,
                                const struct zap_table *old, const struct zap_options *options);
void zap_table_free(struct zap_table *table);

/* Judges one handshake and, if it is allowed, takes it off the key's tokens. *entry is set when
 * the key is known. */
enum zap_verdict zap_table_judge(struct zap_table *table, const uint8_t key[ZAP_KEY_BYTES],
                                 uint64_t now_ms, const struct zap_options *options,
                                 const struct zap_entry **entry);

/* The same for an entry found otherwise. */
enum zap_verdict zap_entry_judge(struct zap_entry *entry, uint64_t now_ms,
                                 const struct zap_options *options);

/* The entry of that user, or NULL. */
struct zap_entry *zap_table_find_user(struct zap_table *table, struct bytes user);

/* Writes AGENCY/key id in hexadecimal. */
void zap_user_write(char user[ZAP_USER_BYTES_MAX + 1], struct bytes agency,
                    const uint8_t key_id[KEY_ID_BYTES]);

#endif
