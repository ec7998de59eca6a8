/* policy_table.c - one policy: copied in, compared with another, its times kept and read back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/policy_table.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/codec.h"

enum { VALUE_HEAD_BYTES = 8 + 4, LINE_HEAD_BYTES = 1 + 8 + 2 };

static struct bytes name_of_member(const void *owner, uint32_t index)
{
    const struct policy_member *members = owner;
    return bytes_of(members[index].name, members[index].name_length);
}

enum status policy_table_init(struct policy_table *table, uint32_t agencies, uint32_t lines)
{
    assert(agencies > 0 && lines > 0);
    *table = (struct policy_table){.member_room = agencies, .entry_room = lines};
    table->members = calloc(agencies, sizeof *table->members);
    table->entries = calloc(lines, sizeof *table->entries);
    if (table->members == NULL || table->entries == NULL ||
        map_init(&table->index, agencies, name_of_member, table->members) != STATUS_OK) {
        policy_table_deinit(table);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void policy_table_deinit(struct policy_table *table)
{
    map_deinit(&table->index);
    free(table->members);
    free(table->entries);
    *table = (struct policy_table){0};
}

static uint32_t hash_of(struct bytes text)
{
    uint32_t hash = UINT32_C(0x811c9dc5);
    for (size_t index = 0; index < text.length; index++) {
        hash = (hash ^ text.data[index]) * UINT32_C(0x01000193);
    }
    return hash;
}

/* One agency's lines, right by right. */
static enum status fill_lines(struct policy_table *table, struct policy_member *member,
                              const struct policy_agency *agency)
{
    if (agency->line_count > table->entry_room - table->entry_count) {
        return STATUS_FULL;
    }
    for (uint32_t right = 0; right < RIGHT_COUNT; right++) {
        member->first[right] = table->entry_count;
        for (uint32_t index = 0; index < agency->line_count; index++) {
            const struct policy_line *line = &agency->lines[index];
            if ((uint32_t)line->right != right) {
                continue;
            }
            assert(line->filter.length <= TOPIC_BYTES_MAX);
            struct policy_entry *entry = &table->entries[table->entry_count++];
            entry->since = SINCE_UNKNOWN;
            entry->hash = hash_of(line->filter);
            entry->right = (uint8_t)right;
            entry->length = (uint8_t)line->filter.length;
            memcpy(entry->text, line->filter.data, line->filter.length);
        }
    }
    member->first[RIGHT_COUNT] = table->entry_count;
    return policy_table_encoded_bytes(table, member) > VALUE_BYTES_MAX ? STATUS_FULL : STATUS_OK;
}

static enum status fill_member(struct policy_table *table, const struct policy_agency *agency)
{
    if (agency->name.length == 0 || agency->name.length > AGENCY_BYTES_MAX ||
        map_find(&table->index, agency->name) != MAP_NONE) {
        return STATUS_INVALID;
    }
    if (table->member_count == table->member_room || agency->key_count > POLICY_KEYS_AGENCY_MAX) {
        return STATUS_FULL;
    }
    struct policy_member *member = &table->members[table->member_count];
    *member = (struct policy_member){.key_count = (uint8_t)agency->key_count,
                                     .name_length = (uint8_t)agency->name.length};
    memcpy(member->name, agency->name.data, agency->name.length);
    if (agency->key_count > 0) {
        memcpy(member->keys, agency->key_ids, agency->key_count * sizeof *member->keys);
    }
    bool is_in = map_insert(&table->index, table->member_count++);
    assert(is_in);
    return fill_lines(table, member, agency);
}

enum status policy_table_fill(struct policy_table *table, const struct policy_agency *agencies,
                              uint32_t count, uint64_t version)
{
    map_clear(&table->index);
    table->member_count = 0;
    table->entry_count = 0;
    table->version = version;
    for (uint32_t index = 0; index < count; index++) {
        enum status status = fill_member(table, &agencies[index]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

struct policy_member *policy_table_find(const struct policy_table *table, struct bytes name)
{
    uint32_t index = map_find(&table->index, name);
    return index == MAP_NONE ? NULL : &table->members[index];
}

struct policy_entry *policy_table_line(const struct policy_table *table,
                                       const struct policy_member *member, enum right right,
                                       struct bytes filter)
{
    uint32_t hash = hash_of(filter);
    for (uint32_t line = policy_first(member, right); line < policy_end(member, right); line++) {
        struct policy_entry *entry = &table->entries[line];
        if (entry->hash == hash && bytes_are_equal(policy_filter_of(entry), filter)) {
            return entry;
        }
    }
    return NULL;
}

/* Whether every line was known, and none of the old ones is missing. */
static bool inherit_member(struct policy_table *table, const struct policy_member *member,
                           const struct policy_table *old, const struct policy_member *before,
                           uint64_t head)
{
    bool is_same = member->first[RIGHT_COUNT] - member->first[0] ==
                   before->first[RIGHT_COUNT] - before->first[0];
    for (uint32_t line = member->first[0]; line < member->first[RIGHT_COUNT]; line++) {
        struct policy_entry *entry = &table->entries[line];
        const struct policy_entry *known =
            policy_table_line(old, before, entry->right, policy_filter_of(entry));
        entry->since = known == NULL ? head : known->since;
        is_same &= known != NULL;
    }
    /* A line given twice hides one that is gone: look from the other side, too. */
    for (uint32_t line = before->first[0]; line < before->first[RIGHT_COUNT] && is_same; line++) {
        const struct policy_entry *entry = &old->entries[line];
        is_same = policy_table_line(table, member, entry->right, policy_filter_of(entry)) != NULL;
    }
    return is_same;
}

bool policy_table_inherit(struct policy_table *table, const struct policy_table *old, uint64_t head)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < table->member_count; index++) {
        struct policy_member *member = &table->members[index];
        const struct policy_member *before =
            policy_table_find(old, name_of_member(table->members, index));
        kept += before != NULL;
        /* The times are taken over whether or not those before them are saved yet. */
        bool is_same = before != NULL && inherit_member(table, member, old, before, head);
        member->is_changed = !is_same || before->is_changed;
    }
    policy_table_grant(table, head);
    return kept < old->member_count;
}

void policy_table_grant(struct policy_table *table, uint64_t head)
{
    for (uint32_t line = 0; line < table->entry_count; line++) {
        if (table->entries[line].since == SINCE_UNKNOWN) {
            table->entries[line].since = head;
        }
    }
}

size_t policy_table_encoded_bytes(const struct policy_table *table,
                                  const struct policy_member *member)
{
    size_t bytes = VALUE_HEAD_BYTES;
    for (uint32_t line = member->first[0]; line < member->first[RIGHT_COUNT]; line++) {
        bytes += LINE_HEAD_BYTES + table->entries[line].length;
    }
    return bytes;
}

size_t policy_table_encode(const struct policy_table *table, const struct policy_member *member,
                           uint64_t run, uint8_t *out)
{
    struct codec_writer writer = codec_writer_of(out, VALUE_BYTES_MAX);
    codec_put_u64(&writer, run);
    codec_put_u32(&writer, member->first[RIGHT_COUNT] - member->first[0]);
    for (uint32_t line = member->first[0]; line < member->first[RIGHT_COUNT]; line++) {
        const struct policy_entry *entry = &table->entries[line];
        codec_put_u8(&writer, entry->right);
        codec_put_u64(&writer, entry->since);
        codec_put_text(&writer, policy_filter_of(entry));
    }
    assert(!writer.is_over && writer.used == policy_table_encoded_bytes(table, member));
    return writer.used;
}

void policy_table_decode(struct policy_table *table, const struct policy_member *member,
                         struct bytes value, uint64_t run_min)
{
    struct codec_reader reader = codec_reader_of(value);
    uint64_t run = codec_get_u64(&reader);
    uint32_t count = codec_get_u32(&reader);
    if (run < run_min) {
        return;
    }
    for (uint32_t index = 0; index < count && !reader.is_over; index++) {
        uint8_t right = codec_get_u8(&reader);
        uint64_t since = codec_get_u64(&reader);
        struct bytes filter = codec_get_text(&reader);
        if (reader.is_over || right >= RIGHT_COUNT) {
            return;
        }
        struct policy_entry *entry = policy_table_line(table, member, right, filter);
        if (entry != NULL) {
            entry->since = since;
        }
    }
}
