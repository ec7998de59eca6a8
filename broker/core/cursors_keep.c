/* cursors_keep.c - a cursor's way from and to the disk.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/cursors_inner.h"

#include <assert.h>

enum {
    VALUE_VERSION = 1,
    VALUE_HEAD_BYTES = 1 + 5 * 8, /* before the terms */
    TERMS_EXTRA_BYTES = 4,        /* terms_encode() may take so many more than the piece */
    REST_MS = 1000                /* after a save that found no room */
};

/* What a token is for: bits 32 and up of its value. */
enum token_kind { TOKEN_LOAD, TOKEN_SAVE, TOKEN_LOAD_TALLY, TOKEN_SAVE_TALLY };

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
    struct bytes agency =
        bytes_of(cursor->key + sizeof CURSOR_KEY_PREFIX - 1, cursor->agency_length);
    if (cursor->tally == MAP_NONE) {
        cursor->tally = tallies_use(&cursors->tallies, agency);
    }
    if (cursor->tally == MAP_NONE) {
        cursor->state = CURSOR_NO_ROOM;
        return;
    }
    const struct tally *tally = &cursors->tallies.tallies[cursor->tally];
    if (!tally->is_known) {
        cursor_line_append(cursors, index, WANT_LOAD_TALLY);
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
        cursor->has_new_terms = cursor->has_new_terms || cursor->is_flying_terms;
        cursor->is_flying_terms = false;
        cursor_touch(cursors, index);
        return false;
    }
    cursor->is_made = true;
    cursor->is_flying_terms = false;
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
    cursor->is_flying_terms = cursor->has_new_terms;
    cursor->has_new_terms = false;
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
        cursor_line_take_first(cursors);
        cursor->is_flying = is_emitted;
        if (!is_emitted) {
            cursor_line_append(cursors, index, want);
        }
        index = index == last ? CURSORS_NONE : cursors->line_first;
    }
}

uint64_t cursors_deadline_ms(const struct cursors *cursors)
{
    bool is_owed = cursors->line_first != CURSORS_NONE || cursors->tallies.dirty_count > 0;
    return is_owed ? cursors->rest_until_ms : UINT64_MAX;
}
