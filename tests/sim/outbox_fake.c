/* outbox_fake.c - a list, what of it is flushed, and an old copy.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/outbox_fake.h"

#include <assert.h>
#include <stdlib.h>

static void put(struct outbox_fake *outbox, struct outbox_entry *entry)
{
    if (outbox->count == outbox->room) {
        outbox->room = outbox->room == 0 ? 64 : outbox->room * 2;
        outbox->list = realloc(outbox->list, outbox->room * sizeof(struct outbox_entry *));
        assert(outbox->list != NULL);
    }
    outbox->list[outbox->count++] = entry;
}

static struct outbox_entry *entry_new(const struct outbox_entry *of)
{
    struct outbox_entry *entry = malloc(sizeof *entry);
    assert(entry != NULL);
    *entry = *of;
    return entry;
}

static void clear(struct outbox_fake *outbox)
{
    for (uint32_t index = 0; index < outbox->count; index++)
        free(outbox->list[index]);
    outbox->count = 0;
}

static void drop_copy(struct outbox_fake *outbox)
{
    if (outbox->copy == NULL)
        return;
    clear(outbox->copy);
    free(outbox->copy->list);
    free(outbox->copy);
    outbox->copy = NULL;
}

void outbox_fake_deinit(struct outbox_fake *outbox)
{
    drop_copy(outbox);
    clear(outbox);
    free(outbox->list);
    *outbox = (struct outbox_fake){0};
}

void outbox_fake_add(struct outbox_fake *outbox, const struct bulletin *bulletin,
                     enum link_lane lane, uint64_t number)
{
    struct outbox_entry entry = {
        .token = ++outbox->tokens,
        .bulletin = bulletin,
        .event = {bulletin->event, bulletin->digest, bulletin->salt, bulletin->block},
        .lane = lane,
        .number = number,
    };
    put(outbox, entry_new(&entry));
}

struct outbox_entry *outbox_fake_next(struct outbox_fake *outbox, enum link_lane lane)
{
    for (uint32_t index = 0; index < outbox->count; index++) {
        struct outbox_entry *entry = outbox->list[index];
        if (entry->lane == lane && !entry->is_offered && !entry->is_answered)
            return entry;
    }
    return NULL;
}

struct outbox_entry *outbox_fake_find(struct outbox_fake *outbox, uint64_t token)
{
    for (uint32_t index = 0; index < outbox->count; index++)
        if (outbox->list[index]->token == token)
            return outbox->list[index];
    return NULL;
}

void outbox_fake_flush(struct outbox_fake *outbox)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < outbox->count; index++) {
        struct outbox_entry *entry = outbox->list[index];
        if (entry->number > outbox->given[entry->lane])
            outbox->given[entry->lane] = entry->number;
        entry->is_flushed = true;
        entry->flushed_number = entry->number;
        if (entry->is_answered)
            free(entry);
        else
            outbox->list[kept++] = entry;
    }
    outbox->count = kept;
}

/* The list as the disk has it: entries that were flushed, none of them offered or answered. */
static void reload(struct outbox_fake *outbox, outbox_fake_tell *revived, void *context)
{
    for (uint32_t index = 0; index < outbox->count; index++) {
        struct outbox_entry *entry = outbox->list[index];
        if (entry->is_answered && revived != NULL)
            revived(context, entry);
        entry->is_offered = entry->is_answered = entry->is_refused = false;
        entry->number = entry->flushed_number;
    }
}

void outbox_fake_keep_copy(struct outbox_fake *outbox)
{
    drop_copy(outbox);
    outbox->copy = calloc(1, sizeof *outbox->copy);
    assert(outbox->copy != NULL);
    memcpy(outbox->copy->given, outbox->given, sizeof outbox->given);
    for (uint32_t index = 0; index < outbox->count; index++)
        if (outbox->list[index]->is_flushed)
            put(outbox->copy, entry_new(outbox->list[index]));
    reload(outbox->copy, NULL, NULL);
}

void outbox_fake_power_cut(struct outbox_fake *outbox, outbox_fake_tell *lost,
                           outbox_fake_tell *revived, void *context)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < outbox->count; index++) {
        struct outbox_entry *entry = outbox->list[index];
        if (entry->is_flushed) {
            outbox->list[kept++] = entry;
            continue;
        }
        if (!entry->is_answered)
            lost(context, entry);
        free(entry);
    }
    outbox->count = kept;
    reload(outbox, revived, context);
}

void outbox_fake_kill(struct outbox_fake *outbox)
{
    outbox_fake_flush(outbox);
    reload(outbox, NULL, NULL);
}

void outbox_fake_restore(struct outbox_fake *outbox, outbox_fake_tell *lost,
                         outbox_fake_tell *revived, void *context)
{
    if (outbox->copy == NULL)
        return;
    for (uint32_t index = 0; index < outbox->count; index++) {
        struct outbox_entry *entry = outbox->list[index];
        if (!entry->is_answered && outbox_fake_find(outbox->copy, entry->token) == NULL)
            lost(context, entry);
    }
    clear(outbox);
    memcpy(outbox->given, outbox->copy->given, sizeof outbox->given);
    for (uint32_t index = 0; index < outbox->copy->count; index++) {
        put(outbox, entry_new(outbox->copy->list[index]));
        revived(context, outbox->copy->list[index]);
    }
    drop_copy(outbox);
}
