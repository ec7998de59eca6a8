/* cursors_tally.c - a count that nobody uses makes room for another agency's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/cursors_tally.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/codec.h"

enum { TALLY_VERSION = 1, TALLY_BYTES = 5 };

static const char tally_prefix[] = "cursors/";

static struct bytes tally_key(const void *owner, uint32_t index)
{
    const struct tallies *tallies = owner;
    return bytes_of(tallies->tallies[index].key, tallies->tallies[index].key_length);
}

enum status tallies_init(struct tallies *tallies, uint32_t agencies)
{
    *tallies = (struct tallies){.room = agencies};
    tallies->tallies = calloc(agencies, sizeof *tallies->tallies);
    if (tallies->tallies == NULL || map_init(&tallies->map, agencies, tally_key, tallies) != 0) {
        tallies_deinit(tallies);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void tallies_deinit(struct tallies *tallies)
{
    map_deinit(&tallies->map);
    free(tallies->tallies);
    *tallies = (struct tallies){0};
}

/* A place that nobody uses and of which everything is durable, emptied; or MAP_NONE. */
static uint32_t tallies_reclaim(struct tallies *tallies)
{
    for (uint32_t index = 0; index < tallies->count; index++) {
        const struct tally *tally = &tallies->tallies[index];
        if (tally->users == 0 && tally->saves == 0 && !tally->is_dirty) {
            map_remove(&tallies->map, tally_key(tallies, index));
            return index;
        }
    }
    return MAP_NONE;
}

uint32_t tallies_use(struct tallies *tallies, struct bytes agency)
{
    uint8_t key[TALLY_KEY_BYTES_MAX];
    const size_t prefix = sizeof tally_prefix - 1;
    assert(agency.length > 0 && agency.length <= AGENCY_BYTES_MAX);
    memcpy(key, tally_prefix, prefix);
    memcpy(key + prefix, agency.data, agency.length);
    uint32_t index = map_find(&tallies->map, bytes_of(key, prefix + agency.length));
    if (index == MAP_NONE) {
        bool is_full = tallies->count == tallies->room;
        index = is_full ? tallies_reclaim(tallies) : tallies->count++;
        if (index == MAP_NONE) {
            return MAP_NONE;
        }
        struct tally *tally = &tallies->tallies[index];
        *tally = (struct tally){.key_length = (uint8_t)(prefix + agency.length)};
        memcpy(tally->key, key, tally->key_length);
        bool is_in = map_insert(&tallies->map, index);
        assert(is_in);
    }
    tallies->tallies[index].users++;
    return index;
}

void tallies_leave(struct tallies *tallies, uint32_t index)
{
    assert(tallies->tallies[index].users > 0);
    tallies->tallies[index].users--;
}

void tally_loaded(struct tally *tally, enum status status, struct bytes value)
{
    if (tally->is_known) {
        return;
    }
    struct codec_reader reader = codec_reader_of(value);
    uint8_t version = codec_get_u8(&reader);
    uint32_t count = codec_get_u32(&reader);
    bool is_valid = status == STATUS_OK && version == TALLY_VERSION && codec_is_done(&reader);
    tally->count = is_valid ? count : 0;
    tally->is_known = true;
}

void tallies_set(struct tallies *tallies, uint32_t index, uint32_t count)
{
    struct tally *tally = &tallies->tallies[index];
    assert(tally->is_known);
    tally->count = count;
    tallies->dirty_count += !tally->is_dirty;
    tally->is_dirty = true;
}

/* False: no room. */
static bool tally_save(struct tally *tally, uint64_t token, struct effects *fx)
{
    uint8_t *room = effects_scratch(fx, TALLY_BYTES);
    struct effect *effect = room == NULL ? NULL : effects_add(fx, FX_SAVE);
    if (effect == NULL) {
        return false;
    }
    struct codec_writer writer = codec_writer_of(room, TALLY_BYTES);
    codec_put_u8(&writer, TALLY_VERSION);
    codec_put_u32(&writer, tally->count);
    effect->of.save.token = token_of(TOKEN_CURSORS, token);
    effect->of.save.key = bytes_of(tally->key, tally->key_length);
    effect->of.save.value = codec_written(&writer);
    return true;
}

bool tallies_continue(struct tallies *tallies, uint64_t token_base, struct effects *fx)
{
    for (uint32_t index = 0; tallies->dirty_count > 0 && index < tallies->count; index++) {
        struct tally *tally = &tallies->tallies[index];
        if (!tally->is_dirty) {
            continue;
        }
        if (!tally_save(tally, token_base + index, fx)) {
            return false;
        }
        tallies->dirty_count--;
        tally->saves++;
        tally->is_dirty = false;
    }
    return true;
}

void tallies_saved(struct tallies *tallies, uint32_t index, enum status status)
{
    assert(index < tallies->count);
    struct tally *tally = &tallies->tallies[index];
    assert(tally->saves > 0);
    tally->saves--;
    if (status != STATUS_OK) {
        tallies_set(tallies, index, tally->count);
    }
}
