/* cursors_hold.c - who holds a cursor, and what they change of it in memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/cursors_inner.h"

#include <assert.h>
#include <stdlib.h>

struct bytes cursor_key(const void *owner, uint32_t index)
{
    const struct cursors *cursors = owner;
    return bytes_of(cursors->cursors[index].key, cursors->cursors[index].key_length);
}

struct cursor *cursor_at(const struct cursors *cursors, uint32_t index)
{
    assert(index < cursors->room && cursors->cursors[index].key != NULL);
    return &cursors->cursors[index];
}

struct cursors *cursors_new(const struct core_limits *limits, struct blocks *blocks)
{
    struct cursors *cursors = calloc(1, sizeof *cursors);
    if (cursors == NULL) {
        return NULL;
    }
    /* One a follow, and some that were left and are still being saved. */
    cursors->room = limits->follows + limits->follows / 8 + 8;
    cursors->agency_max = limits->cursors_agency;
    cursors->blocks = blocks;
    cursors->line_first = cursors->line_last = CURSORS_NONE;
    cursors->cursors = calloc(cursors->room, sizeof *cursors->cursors);
    if (cursors->cursors == NULL ||
        map_init(&cursors->map, cursors->room, cursor_key, cursors) != STATUS_OK ||
        tallies_init(&cursors->tallies, limits->agencies) != STATUS_OK) {
        cursors_free(cursors);
        return NULL;
    }
    for (uint32_t index = 0; index < cursors->room; index++) {
        cursors->cursors[index].next = index + 1 < cursors->room ? index + 1 : CURSORS_NONE;
    }
    return cursors;
}

void cursors_free(struct cursors *cursors)
{
    if (cursors == NULL) {
        return;
    }
    tallies_deinit(&cursors->tallies);
    map_deinit(&cursors->map);
    free(cursors->cursors);
    free(cursors);
}

bool cursors_name_is_valid(struct bytes name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    for (size_t index = 0; index < name.length; index++) {
        if (memchr(allowed, name.data[index], sizeof allowed - 1) == NULL) {
            return false;
        }
    }
    return name.length > 0 && name.length <= CURSOR_BYTES_MAX;
}

void cursor_line_append(struct cursors *cursors, uint32_t index, enum want want)
{
    struct cursor *cursor = &cursors->cursors[index];
    assert(cursor->want == WANT_NOTHING);
    cursor->want = (uint8_t)want;
    cursor->next = CURSORS_NONE;
    if (cursors->line_last == CURSORS_NONE) {
        cursors->line_first = index;
    } else {
        cursors->cursors[cursors->line_last].next = index;
    }
    cursors->line_last = index;
}

void cursor_line_take_first(struct cursors *cursors)
{
    struct cursor *cursor = &cursors->cursors[cursors->line_first];
    cursors->line_first = cursor->next;
    if (cursors->line_first == CURSORS_NONE) {
        cursors->line_last = CURSORS_NONE;
    }
    cursor->want = WANT_NOTHING;
}

void cursor_touch(struct cursors *cursors, uint32_t index)
{
    struct cursor *cursor = &cursors->cursors[index];
    cursor->is_changed = true;
    if (!cursor->is_flying && cursor->want == WANT_NOTHING) {
        cursor_line_append(cursors, index, WANT_SAVE);
    }
}

void cursor_forget_unused(struct cursors *cursors, uint32_t index)
{
    struct cursor *cursor = &cursors->cursors[index];
    if (cursor->holder != CURSORS_NONE || cursor->is_flying || cursor->want != WANT_NOTHING) {
        return;
    }
    if (cursor->tally != MAP_NONE) {
        tallies_leave(&cursors->tallies, cursor->tally);
    }
    map_remove(&cursors->map, cursor_key(cursors, index));
    blocks_give(cursors->blocks, cursor->key);
    terms_drop(cursors->blocks, cursor->terms);
    *cursor = (struct cursor){.next = cursors->free_place};
    cursors->free_place = index;
    cursors->count--;
}

/* A place for a cursor that is not in memory, wanting to be loaded; or CURSORS_NONE. */
static uint32_t cursor_take_place(struct cursors *cursors, struct bytes key, size_t agency_length)
{
    uint32_t index = cursors->free_place;
    uint8_t *copy = index == CURSORS_NONE ? NULL : blocks_take(cursors->blocks, key.length);
    if (copy == NULL) {
        return CURSORS_NONE;
    }
    memcpy(copy, key.data, key.length);
    cursors->free_place = cursors->cursors[index].next;
    cursors->cursors[index] = (struct cursor){
        .key = copy,
        .key_length = (uint16_t)key.length,
        .agency_length = (uint8_t)agency_length,
        .state = CURSOR_LOADING,
        .holder = CURSORS_NONE,
        .tally = MAP_NONE,
    };
    cursors->count++;
    bool is_in = map_insert(&cursors->map, index);
    assert(is_in);
    cursor_line_append(cursors, index, WANT_LOAD);
    return index;
}

uint32_t cursors_hold(struct cursors *cursors, struct bytes agency, struct bytes name,
                      uint32_t holder, uint32_t *loser)
{
    assert(cursors_name_is_valid(name) && agency.length <= AGENCY_BYTES_MAX);
    uint8_t text[sizeof CURSOR_KEY_PREFIX + AGENCY_BYTES_MAX + CURSOR_BYTES_MAX];
    struct codec_writer writer = codec_writer_of(text, sizeof text);
    codec_put_bytes(&writer, bytes_of_text(CURSOR_KEY_PREFIX));
    codec_put_bytes(&writer, agency);
    codec_put_u8(&writer, '/');
    codec_put_bytes(&writer, name);
    struct bytes key = codec_written(&writer);
    uint32_t index = map_find(&cursors->map, key);
    *loser = CURSORS_NONE;
    if (index == MAP_NONE) {
        index = cursor_take_place(cursors, key, agency.length);
    }
    if (index != CURSORS_NONE) {
        struct cursor *cursor = &cursors->cursors[index];
        *loser = cursor->holder;
        cursor->holder = holder;
        cursor->number = cursor->flying_number = 0;
    }
    return index;
}

void cursors_release(struct cursors *cursors, uint32_t index)
{
    struct cursor *cursor = cursor_at(cursors, index);
    cursor->holder = CURSORS_NONE;
    cursor->number = cursor->flying_number = 0;
    cursor_forget_unused(cursors, index);
}

enum cursor_state cursors_state(const struct cursors *cursors, uint32_t index)
{
    return (enum cursor_state)cursor_at(cursors, index)->state;
}

const struct cursor_place *cursors_place(const struct cursors *cursors, uint32_t index)
{
    return &cursor_at(cursors, index)->place;
}

struct terms *cursors_terms(const struct cursors *cursors, uint32_t index)
{
    return cursor_at(cursors, index)->terms;
}

bool cursors_terms_are_durable(const struct cursors *cursors, uint32_t index)
{
    const struct cursor *cursor = cursor_at(cursors, index);
    return !cursor->has_new_terms && !cursor->is_flying_terms;
}

bool cursors_make(struct cursors *cursors, uint32_t index, const struct cursor_place *place,
                  struct terms *terms)
{
    struct cursor *cursor = cursor_at(cursors, index);
    assert(cursor->state == CURSOR_ABSENT);
    struct tally *tally = &cursors->tallies.tallies[cursor->tally];
    if (tally->count >= cursors->agency_max) {
        return false;
    }
    tallies_set(&cursors->tallies, cursor->tally, tally->count + 1);
    cursor->state = CURSOR_KNOWN;
    cursor->place = *place;
    cursor->durable = place->acked;
    cursor->terms = terms_keep(terms);
    cursor->has_new_terms = true;
    cursor_touch(cursors, index);
    return true;
}

void cursors_change(struct cursors *cursors, uint32_t index, struct terms *terms, int64_t active_ms)
{
    struct cursor *cursor = cursor_at(cursors, index);
    assert(cursor->state == CURSOR_KNOWN);
    terms_keep(terms);
    terms_drop(cursors->blocks, cursor->terms);
    cursor->terms = terms;
    cursor->has_new_terms = true;
    cursor->place.active_ms = active_ms;
    cursor_touch(cursors, index);
}

bool cursors_ack(struct cursors *cursors, uint32_t index, uint64_t through, uint64_t number,
                 int64_t active_ms)
{
    struct cursor *cursor = cursor_at(cursors, index);
    assert(cursor->state == CURSOR_KNOWN);
    if (through <= cursor->durable) {
        return true;
    }
    struct cursor_place *place = &cursor->place;
    place->acked = through > place->acked ? through : place->acked;
    place->highest = place->acked > place->highest ? place->acked : place->highest;
    place->active_ms = active_ms;
    cursor->number = number;
    cursor_touch(cursors, index);
    return false;
}

uint32_t cursors_count(const struct cursors *cursors)
{
    return cursors->count;
}
