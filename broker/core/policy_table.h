/* policy_table.h - one whole policy in fixed memory: agencies, their keys and their lines.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ policy, which holds two of them. An agency's lines stand together, by right.
 */
#ifndef BROKER_CORE_POLICY_TABLE_H
#define BROKER_CORE_POLICY_TABLE_H

#include "broker/base/map.h"
#include "broker/core/input.h"
#include "proto/c/topic.h"

enum { POLICY_KEYS_AGENCY_MAX = 16 };

struct policy_entry {
    uint64_t since; /* SINCE_UNKNOWN until it is */
    uint32_t hash;
    uint8_t right;
    uint8_t length;
    uint8_t text[TOPIC_BYTES_MAX];
};

#define SINCE_UNKNOWN UINT64_MAX

struct policy_member {
    uint32_t first[RIGHT_COUNT + 1]; /* lines of right r: first[r] to first[r + 1] - 1 */
    uint8_t key_count;
    uint8_t name_length;
    bool is_changed; /* its times are to be saved */
    uint8_t keys[POLICY_KEYS_AGENCY_MAX][KEY_ID_BYTES];
    uint8_t name[AGENCY_BYTES_MAX];
};

struct policy_table {
    struct policy_member *members;
    struct policy_entry *entries;
    struct map index;
    uint32_t member_room, member_count;
    uint32_t entry_room, entry_count;
    uint64_t version; /* 0: empty */
};

/* Takes the memory for `agencies` and `lines`. MEMORY. */
enum status policy_table_init(struct policy_table *table, uint32_t agencies,
                              uint32_t lines) STATUS_MUST_CHECK;
void policy_table_deinit(struct policy_table *table);

/* Copies a policy, all times unknown. FULL or INVALID: the table is of no use. */
enum status policy_table_fill(struct policy_table *table, const struct policy_agency *agencies,
                              uint32_t count, uint64_t version) STATUS_MUST_CHECK;

/* The member of that name, or NULL. */
struct policy_member *policy_table_find(const struct policy_table *table, struct bytes name);

/* The member's line with that right and filter, or NULL. */
struct policy_entry *policy_table_line(const struct policy_table *table,
                                       const struct policy_member *member, enum right right,
                                       struct bytes filter);

/* The lines of a right as first and end. */
static inline uint32_t policy_first(const struct policy_member *member, enum right right)
{
    return member->first[right];
}

static inline uint32_t policy_end(const struct policy_member *member, enum right right)
{
    return member->first[right + 1];
}

static inline struct bytes policy_filter_of(const struct policy_entry *entry)
{
    return bytes_of(entry->text, entry->length);
}

/* Takes over the times of what `old` granted as well, and `head` for the rest; marks members whose
 * lines are not the same. Whether some agency of `old` is gone. */
bool policy_table_inherit(struct policy_table *table, const struct policy_table *old,
                          uint64_t head);

/* `head` for all lines whose time is not known. */
void policy_table_grant(struct policy_table *table, uint64_t head);

/* The member's times as they are kept, written to VALUE_BYTES_MAX bytes at `out`; how many. */
size_t policy_table_encode(const struct policy_table *table, const struct policy_member *member,
                           uint64_t run, uint8_t *out);

/* Bytes that policy_table_encode() writes. */
size_t policy_table_encoded_bytes(const struct policy_table *table,
                                  const struct policy_member *member);

/* Takes the times of kept lines that are still granted, if the value is of run `run_min` or later.
 * What cannot be read is as good as absent. */
void policy_table_decode(struct policy_table *table, const struct policy_member *member,
                         struct bytes value, uint64_t run_min);

struct policy;

/* The table in force; an empty one while there is none. */
const struct policy_table *policy_in_force(const struct policy *policy);

/* The member at an index of it; NULL for POLICY_NO_AGENCY. */
const struct policy_member *policy_member_at(const struct policy *policy, uint32_t agency);

#endif
