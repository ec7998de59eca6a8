/* terms.c - one piece: the struct, sinces, categories, then texts, each behind a byte of length.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/terms.h"

#include <assert.h>

#include "proto/c/topic.h"

/* Kinds are the field numbers of the bodies, from 32 on. */
enum { KIND_FIRST = 32 };

/* The parts of a piece, found by the counts in its struct. */
static uint64_t *terms_sinces(const struct terms *terms)
{
    return (uint64_t *)(void *)((uint8_t *)terms + sizeof *terms);
}

static uint16_t *terms_categories(const struct terms *terms)
{
    return (uint16_t *)(void *)(terms_sinces(terms) + terms->filter_count);
}

static uint8_t *terms_texts(const struct terms *terms)
{
    return (uint8_t *)(terms_categories(terms) + terms->category_count);
}

/* The text at `*at`; moves on to the next one. */
static struct bytes text_next(const uint8_t **at)
{
    struct bytes text = bytes_of(*at + 1, **at);
    *at += 1 + text.length;
    return text;
}

static uint8_t *text_put(uint8_t *at, struct bytes text)
{
    assert(text.length > 0 && text.length <= UINT8_MAX);
    *at = (uint8_t)text.length;
    memcpy(at + 1, text.data, text.length);
    return at + 1 + text.length;
}

static size_t texts_bytes(const struct bytes *texts, uint32_t count)
{
    size_t total = 0;
    for (uint32_t index = 0; index < count; index++) {
        total += 1 + texts[index].length;
    }
    return total;
}

/* A piece with the counts of `like` and room for `text_bytes`, with one holder; or NULL. */
static struct terms *terms_take(struct blocks *blocks, struct terms like, size_t text_bytes)
{
    size_t bytes = sizeof like + like.filter_count * sizeof(uint64_t) +
                   like.category_count * sizeof(uint16_t) + text_bytes;
    struct terms *terms = bytes <= BLOCKS_PIECE_MAX ? blocks_take(blocks, bytes) : NULL;
    if (terms != NULL) {
        like.bytes = (uint32_t)bytes;
        like.holders = 1;
        *terms = like;
    }
    return terms;
}

struct terms *terms_pack(struct blocks *blocks, const struct follow_request *request,
                         uint64_t since)
{
    assert(request->filter_count > 0 && request->filter_count <= FILTERS_MAX);
    assert(request->category_count <= TERMS_CATEGORIES_MAX);
    assert(request->incident_count <= INCIDENTS_MAX && request->modes != 0);
    struct terms like = {
        .kinds = request->kinds,
        .category_count = (uint16_t)request->category_count,
        .modes = (uint8_t)request->modes,
        .filter_count = (uint8_t)request->filter_count,
        .incident_count = (uint8_t)request->incident_count,
        .min_priority = request->min_priority,
    };
    struct terms *terms = terms_take(blocks, like,
                                     texts_bytes(request->filters, request->filter_count) +
                                         texts_bytes(request->incidents, request->incident_count));
    if (terms == NULL) {
        return NULL;
    }
    uint8_t *at = terms_texts(terms);
    for (uint32_t index = 0; index < request->filter_count; index++) {
        terms_sinces(terms)[index] = since;
        at = text_put(at, request->filters[index]);
    }
    for (uint32_t index = 0; index < request->category_count; index++) {
        terms_categories(terms)[index] = request->categories[index];
    }
    for (uint32_t index = 0; index < request->incident_count; index++) {
        at = text_put(at, request->incidents[index]);
    }
    return terms;
}

/* Which filter of `terms` is `filter`; filter_count: none. */
static uint32_t filter_find(const struct terms *terms, struct bytes filter)
{
    const uint8_t *at = terms_texts(terms);
    uint32_t index = 0;
    while (index < terms->filter_count && !bytes_are_equal(text_next(&at), filter)) {
        index++;
    }
    return index;
}

void terms_inherit(struct terms *terms, const struct terms *before)
{
    assert(terms->holders == 1);
    const uint8_t *at = terms_texts(terms);
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        uint32_t old = filter_find(before, text_next(&at));
        if (old < before->filter_count) {
            terms_sinces(terms)[index] = terms_since(before, old);
        }
    }
}

struct terms *terms_keep(struct terms *terms)
{
    assert(terms->holders > 0 && terms->holders < UINT32_MAX);
    terms->holders++;
    return terms;
}

void terms_drop(struct blocks *blocks, struct terms *terms)
{
    if (terms == NULL) {
        return;
    }
    assert(terms->holders > 0);
    if (--terms->holders == 0) {
        blocks_give(blocks, terms);
    }
}

struct bytes terms_filter(const struct terms *terms, uint32_t index)
{
    assert(index < terms->filter_count);
    const uint8_t *at = terms_texts(terms);
    for (uint32_t before = 0; before < index; before++) {
        text_next(&at);
    }
    return text_next(&at);
}

uint64_t terms_since(const struct terms *terms, uint32_t index)
{
    assert(index < terms->filter_count);
    return terms_sinces(terms)[index];
}

static bool selects_category(const struct terms *terms, uint16_t category)
{
    const uint16_t *categories = terms_categories(terms);
    uint32_t low = 0, high = terms->category_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (categories[middle] == category) {
            return true;
        }
        if (categories[middle] < category) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return terms->category_count == 0;
}

static bool selects_incident(const struct terms *terms, struct bytes incident)
{
    const uint8_t *at = terms_texts(terms);
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        text_next(&at);
    }
    for (uint32_t index = 0; index < terms->incident_count; index++) {
        if (bytes_are_equal(text_next(&at), incident)) {
            return true;
        }
    }
    return terms->incident_count == 0;
}

static bool selects_kind(const struct terms *terms, uint8_t kind)
{
    return terms->kinds == 0 || (kind >= KIND_FIRST && kind < KIND_FIRST + 64 &&
                                 terms->kinds >> (kind - KIND_FIRST) & 1);
}

bool terms_select(const struct terms *terms, const struct record *record)
{
    /* «Who did not ask for drills can never receive one»: first of all, and on every path. */
    return record->mode < 8 && (terms->modes >> record->mode & 1) != 0 &&
           record->priority >= terms->min_priority && selects_kind(terms, record->kind) &&
           selects_category(terms, record->category) && selects_incident(terms, record->incident);
}

bool terms_match(const struct terms *terms, struct bytes topic, uint64_t *since)
{
    bool is_matched = false;
    const uint8_t *at = terms_texts(terms);
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        if (topic_matches(text_next(&at), topic)) {
            uint64_t filter_since = terms_since(terms, index);
            *since = is_matched && *since < filter_since ? *since : filter_since;
            is_matched = true;
        }
    }
    return is_matched;
}

/* The piece without its head: what both sides of a comparison and of a coding share. */
static struct bytes terms_body(const struct terms *terms)
{
    return bytes_of(terms_sinces(terms), terms->bytes - sizeof *terms);
}

bool terms_are_equal(const struct terms *a, const struct terms *b)
{
    return a->kinds == b->kinds && a->modes == b->modes && a->min_priority == b->min_priority &&
           a->filter_count == b->filter_count && a->category_count == b->category_count &&
           a->incident_count == b->incident_count && bytes_are_equal(terms_body(a), terms_body(b));
}

void terms_encode(const struct terms *terms, struct codec_writer *writer)
{
    codec_put_u64(writer, terms->kinds);
    codec_put_u8(writer, terms->modes);
    codec_put_u8(writer, terms->min_priority);
    codec_put_u8(writer, terms->filter_count);
    codec_put_u8(writer, terms->incident_count);
    codec_put_u16(writer, terms->category_count);
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        codec_put_u64(writer, terms_since(terms, index));
    }
    for (uint32_t index = 0; index < terms->category_count; index++) {
        codec_put_u16(writer, terms_categories(terms)[index]);
    }
    const uint8_t *texts = terms_texts(terms);
    size_t text_bytes = terms->bytes - (size_t)(texts - (const uint8_t *)terms);
    codec_put_u32(writer, (uint32_t)text_bytes);
    codec_put_bytes(writer, bytes_of(texts, text_bytes));
}

/* Whether `texts` is as many texts as the counts say, each of them one that may be matched. */
static bool texts_are_valid(const struct terms *like, struct bytes texts)
{
    struct codec_reader reader = codec_reader_of(texts);
    for (uint32_t index = 0; index < like->filter_count; index++) {
        struct bytes filter = codec_get_bytes(&reader, codec_get_u8(&reader));
        if (reader.is_over || topic_filter_fault(filter) != NULL) {
            return false;
        }
    }
    for (uint32_t index = 0; index < like->incident_count; index++) {
        if (codec_get_bytes(&reader, codec_get_u8(&reader)).length == 0) {
            return false;
        }
    }
    return codec_is_done(&reader);
}

enum status terms_decode(struct blocks *blocks, struct codec_reader *reader, struct terms **terms)
{
    struct terms like = {.kinds = codec_get_u64(reader)};
    like.modes = codec_get_u8(reader);
    like.min_priority = codec_get_u8(reader);
    like.filter_count = codec_get_u8(reader);
    like.incident_count = codec_get_u8(reader);
    like.category_count = codec_get_u16(reader);
    struct bytes sinces = codec_get_bytes(reader, like.filter_count * sizeof(uint64_t));
    struct bytes categories = codec_get_bytes(reader, like.category_count * sizeof(uint16_t));
    struct bytes texts = codec_get_bytes(reader, codec_get_u32(reader));
    bool is_valid = !reader->is_over && like.modes != 0 && like.filter_count > 0 &&
                    like.filter_count <= FILTERS_MAX && like.incident_count <= INCIDENTS_MAX &&
                    like.category_count <= TERMS_CATEGORIES_MAX && texts_are_valid(&like, texts);
    if (!is_valid) {
        return STATUS_CORRUPT;
    }
    struct terms *made = terms_take(blocks, like, texts.length);
    if (made == NULL) {
        return STATUS_FULL;
    }
    struct codec_reader since_reader = codec_reader_of(sinces);
    for (uint32_t index = 0; index < made->filter_count; index++) {
        terms_sinces(made)[index] = codec_get_u64(&since_reader);
    }
    struct codec_reader category_reader = codec_reader_of(categories);
    for (uint32_t index = 0; index < made->category_count; index++) {
        terms_categories(made)[index] = codec_get_u16(&category_reader);
    }
    memcpy(terms_texts(made), texts.data, texts.length);
    *terms = made;
    return STATUS_OK;
}
