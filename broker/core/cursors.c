/* cursors.c - a cursor is changed in memory, and written when nothing of it is on its way.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/cursors.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/core/cursors_tally.h"

enum {
    VALUE_VERSION = 1,
    VALUE_HEAD_BYTES = 1 + 5 * 8, /* before the terms */
    TERMS_EXTRA_BYTES = 4,        /* terms_encode() may take so many more than the piece */
    REST_MS = 1000                /* after a save that found no room */
};

/* What a token is for: bits 32 and up of its value. */
enum token_kind { TOKEN_LOAD, TOKEN_SAVE, TOKEN_LOAD_TALLY, TOKEN_SAVE_TALLY };

enum want { WANT_NOTHING, WANT_LOAD, WANT_LOAD_TALLY, WANT_SAVE };

static const char key_prefix[] = "cursor/";

struct cursor {
    uint8_t *key; /* "cursor/AGENCY/NAME", a piece of `blocks`; NULL: the place is free */
    uint16_t key_length;
    uint8_t agency_length;
    uint8_t state; /* enum cursor_state */
    uint8_t want;  /* enum want; in line as long as it is something */
    bool is_flying;
    bool is_changed; /* since the save in flight was made */
    bool is_made;    /* was durable once */
    uint32_t holder;
    uint32_t next; /* in line, or the next free place */
    uint32_t tally;
    struct terms *terms;
    struct cursor_place place;
    uint64_t durable; /* acked up to here on disk */
    uint64_t number;  /* of the latest ack not yet in a save */
    uint64_t flying_acked, flying_number;
};

struct cursors {
    struct cursor *cursors;
    struct blocks *blocks;
    struct map map;
    struct tallies tallies;
    uint32_t room, count, agency_max;
    uint32_t free_place;
    uint32_t line_first, line_last;
    uint64_t rest_until_ms;
};

static struct bytes cursor_key(const void *owner, uint32_t index)
{
    const struct cursors *cursors = owner;
    return bytes_of(cursors->cursors[index].key, cursors->cursors[index].key_length);
}

static struct cursor *cursor_at(const struct cursors *cursors, uint32_t index)
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

static void line_append(struct cursors *cursors, uint32_t index, enum want want)
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

static void line_take_first(struct cursors *cursors)
{
    struct cursor *cursor = &cursors->cursors[cursors->line_first];
    cursors->line_first = cursor->next;
    if (cursors->line_first == CURSORS_NONE) {
        cursors->line_last = CURSORS_NONE;
    }
    cursor->want = WANT_NOTHING;
}

/* Asks for a save unless one is on its way, after which it is asked for. */
static void cursor_touch(struct cursors *cursors, uint32_t index)
{
    struct cursor *cursor = &cursors->cursors[index];
    cursor->is_changed = true;
    if (!cursor->is_flying && cursor->want == WANT_NOTHING) {
        line_append(cursors, index, WANT_SAVE);
    }
}

/* Forgets it when nobody holds it and nothing of it is on its way. */
static void cursor_forget_unused(struct cursors *cursors, uint32_t index)
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
    line_append(cursors, index, WANT_LOAD);
    return index;
}

uint32_t cursors_hold(struct cursors *cursors, struct bytes agency, struct bytes name,
                      uint32_t holder, uint32_t *loser)
{
    assert(cursors_name_is_valid(name) && agency.length <= AGENCY_BYTES_MAX);
    uint8_t text[sizeof key_prefix + AGENCY_BYTES_MAX + CURSOR_BYTES_MAX];
    struct codec_writer writer = codec_writer_of(text, sizeof text);
    codec_put_bytes(&writer, bytes_of_text(key_prefix));
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

/* Reads a value into a cursor. */
static enum cursor_state cursor_decode(struct cursors *cursors, struct cursor *cursor,
                                       struct bytes value)
{
    struct codec_reader reader = codec_reader_of(value);
    uint8_t version = codec_get_u8(&reader);
    struct cursor_place place = {.incarnation = codec_get_u64(&reader)};
    place.origin = codec_get_u64(&reader);
    place.acked = codec_get_u64(&reader);
    place.highest = codec_get_u64(&reader);
    place.active_ms = (int64_t)codec_get_u64(&reader);
    if (reader.is_over || version != VALUE_VERSION) {
        return CURSOR_DAMAGED;
    }
    struct terms *terms = NULL;
    enum status status = terms_decode(cursors->blocks, &reader, &terms);
    if (status != STATUS_OK) {
        return status == STATUS_FULL ? CURSOR_NO_ROOM : CURSOR_DAMAGED;
    }
    cursor->terms = terms;
    if (!codec_is_done(&reader)) {
        return CURSOR_DAMAGED;
    }
    cursor->place = place;
    cursor->durable = place.acked;
    cursor->is_made = true;
    return CURSOR_KNOWN;
}

/* It is not there: whether it may be made takes the agency's tally. */
static void cursor_decide_absent(struct cursors *cursors, uint32_t index)
{
    struct cursor *cursor = &cursors->cursors[index];
    struct bytes agency = bytes_of(cursor->key + sizeof key_prefix - 1, cursor->agency_length);
    if (cursor->tally == MAP_NONE) {
        cursor->tally = tallies_use(&cursors->tallies, agency);
    }
    if (cursor->tally == MAP_NONE) {
        cursor->state = CURSOR_NO_ROOM;
        return;
    }
    const struct tally *tally = &cursors->tallies.tallies[cursor->tally];
    if (!tally->is_known) {
        line_append(cursors, index, WANT_LOAD_TALLY);
        return;
    }
    cursor->state = tally->count < cursors->agency_max ? CURSOR_ABSENT : CURSOR_LIMITED;
}

uint32_t cursors_loaded(struct cursors *cursors, uint64_t token, enum status status,
                        struct bytes value)
{
    uint32_t index = (uint32_t)token;
    struct cursor *cursor = cursor_at(cursors, index);
    assert(cursor->is_flying && cursor->state == CURSOR_LOADING);
    cursor->is_flying = false;
    if ((token >> 32 & 0xff) == TOKEN_LOAD_TALLY) {
        tally_loaded(&cursors->tallies.tallies[cursor->tally], status, value);
        cursor_decide_absent(cursors, index);
    } else if (cursor->holder == CURSORS_NONE) {
        cursor->state = CURSOR_DAMAGED; /* nobody will see it */
    } else if (status == STATUS_NOT_FOUND) {
        cursor_decide_absent(cursors, index);
    } else {
        bool is_read = status == STATUS_OK;
        cursor->state = (uint8_t)(is_read ? cursor_decode(cursors, cursor, value) : CURSOR_DAMAGED);
    }
    uint32_t holder = cursor->state == CURSOR_LOADING ? CURSORS_NONE : cursor->holder;
    cursor_forget_unused(cursors, index);
    return holder;
}

/* No room on disk for a new cursor: as if it had never been asked for. */
static void cursor_unmake(struct cursors *cursors, uint32_t index, struct cursor_saved *saved)
{
    struct cursor *cursor = &cursors->cursors[index];
    uint32_t count = cursors->tallies.tallies[cursor->tally].count;
    tallies_set(&cursors->tallies, cursor->tally, count - 1);
    saved->is_unmade = true;
    cursor->holder = CURSORS_NONE;
    cursor_forget_unused(cursors, index);
}

bool cursors_saved(struct cursors *cursors, uint64_t token, enum status status, uint64_t now_ms,
                   struct cursor_saved *saved)
{
    if (status != STATUS_OK) {
        cursors->rest_until_ms = now_ms + REST_MS;
    }
    uint32_t index = (uint32_t)token;
    if ((token >> 32 & 0xff) == TOKEN_SAVE_TALLY) {
        tallies_saved(&cursors->tallies, index, status);
        return false;
    }
    struct cursor *cursor = cursor_at(cursors, index);
    assert(cursor->is_flying);
    cursor->is_flying = false;
    *saved = (struct cursor_saved){.cursor = index, .holder = cursor->holder};
    if (status != STATUS_OK) {
        if (!cursor->is_made) {
            cursor_unmake(cursors, index, saved);
            return saved->holder != CURSORS_NONE;
        }
        cursor->number = cursor->number == 0 ? cursor->flying_number : cursor->number;
        cursor_touch(cursors, index);
        return false;
    }
    cursor->is_made = true;
    cursor->durable = cursor->flying_acked;
    saved->through = cursor->durable;
    saved->number = cursor->flying_number;
    saved->is_all = !cursor->is_changed;
    if (cursor->is_changed) {
        cursor_touch(cursors, index);
    }
    cursor_forget_unused(cursors, index);
    return saved->holder != CURSORS_NONE;
}

/* False: no room. */
static bool cursor_emit_save(struct cursors *cursors, uint32_t index, struct effects *fx)
{
    struct cursor *cursor = &cursors->cursors[index];
    size_t bytes = VALUE_HEAD_BYTES + cursor->terms->bytes + TERMS_EXTRA_BYTES;
    uint8_t *room = effects_scratch(fx, bytes + cursor->key_length);
    struct effect *effect = room == NULL ? NULL : effects_add(fx, FX_SAVE);
    if (effect == NULL) {
        return false;
    }
    struct codec_writer writer = codec_writer_of(room, bytes);
    codec_put_u8(&writer, VALUE_VERSION);
    codec_put_u64(&writer, cursor->place.incarnation);
    codec_put_u64(&writer, cursor->place.origin);
    codec_put_u64(&writer, cursor->place.acked);
    codec_put_u64(&writer, cursor->place.highest);
    codec_put_u64(&writer, (uint64_t)cursor->place.active_ms);
    terms_encode(cursor->terms, &writer);
    assert(!writer.is_over);
    effect->of.save.token = token_of(TOKEN_CURSORS, (uint64_t)TOKEN_SAVE << 32 | index);
    effect->of.save.key = cursor_key(cursors, index);
    effect->of.save.value = codec_written(&writer);
    cursor->flying_acked = cursor->place.acked;
    cursor->flying_number = cursor->number;
    cursor->number = 0;
    cursor->is_changed = false;
    return true;
}

static bool cursor_emit_load(struct cursors *cursors, uint32_t index, struct effects *fx)
{
    struct cursor *cursor = &cursors->cursors[index];
    bool is_tally = cursor->want == WANT_LOAD_TALLY;
    struct effect *effect = effects_add(fx, FX_LOAD);
    if (effect == NULL) {
        return false;
    }
    const struct tally *tally = is_tally ? &cursors->tallies.tallies[cursor->tally] : NULL;
    uint64_t kind = is_tally ? TOKEN_LOAD_TALLY : TOKEN_LOAD;
    effect->of.load.token = token_of(TOKEN_CURSORS, kind << 32 | index);
    effect->of.load.key =
        is_tally ? bytes_of(tally->key, tally->key_length) : cursor_key(cursors, index);
    return true;
}

void cursors_continue(struct cursors *cursors, uint64_t now_ms, struct effects *fx)
{
    bool may_save = now_ms >= cursors->rest_until_ms;
    if (may_save && !tallies_continue(&cursors->tallies, (uint64_t)TOKEN_SAVE_TALLY << 32, fx)) {
        return;
    }
    uint32_t last = cursors->line_last;
    for (uint32_t index = cursors->line_first; index != CURSORS_NONE;) {
        struct cursor *cursor = &cursors->cursors[index];
        bool is_save = cursor->want == WANT_SAVE;
        bool is_emitted = is_save ? may_save && cursor_emit_save(cursors, index, fx)
                                  : cursor_emit_load(cursors, index, fx);
        if (!is_emitted && (!is_save || may_save)) {
            return;
        }
        enum want want = (enum want)cursor->want;
        line_take_first(cursors);
        cursor->is_flying = is_emitted;
        if (!is_emitted) {
            line_append(cursors, index, want);
        }
        index = index == last ? CURSORS_NONE : cursors->line_first;
    }
}

uint64_t cursors_deadline_ms(const struct cursors *cursors)
{
    bool is_owed = cursors->line_first != CURSORS_NONE || cursors->tallies.dirty_count > 0;
    return is_owed ? cursors->rest_until_ms : UINT64_MAX;
}

uint32_t cursors_count(const struct cursors *cursors)
{
    return cursors->count;
}
