/* terms.h - what a follow asks for: filters with the heads at which they were added, and
 * selections.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Packed into one piece, counted, immutable, shared by a follow and its cursor. One thread.
 */
#ifndef BROKER_CORE_TERMS_H
#define BROKER_CORE_TERMS_H

#include "broker/base/blocks.h"
#include "broker/base/codec.h"
#include "broker/core/input.h"

enum { TERMS_CATEGORIES_MAX = 256 };

/* Followed by the sinces, the categories and the texts; only terms.c knows how. */
struct terms {
    uint64_t kinds; /* bits 1u << (kind - 32); 0: all */
    uint32_t holders;
    uint32_t bytes; /* of the whole piece */
    uint16_t category_count;
    uint8_t modes; /* bits 1u << mode; never 0 */
    uint8_t filter_count;
    uint8_t incident_count;
    uint8_t min_priority;
};

/* Packs what `request` asks for into a piece of `blocks`, with one holder; its filters are added at
 * head `since`. NULL: no room. Counts are within their bounds. */
struct terms *terms_pack(struct blocks *blocks, const struct follow_request *request,
                         uint64_t since);

/* Filters of `terms` that `before` has too keep the since that they have there. Only while there is
 * one holder. */
void terms_inherit(struct terms *terms, const struct terms *before);

/* One more holder; returns `terms`. */
struct terms *terms_keep(struct terms *terms);

/* One holder less; the last one gives the piece back. NULL is let pass. */
void terms_drop(struct blocks *blocks, struct terms *terms);

/* Filter `index` of filter_count. */
struct bytes terms_filter(const struct terms *terms, uint32_t index);

/* The head at which filter `index` was added. */
uint64_t terms_since(const struct terms *terms, uint32_t index);

/* Whether mode, kind, category, incident and priority are asked for; says nothing of the topic. */
bool terms_select(const struct terms *terms, const struct record *record);

/* Whether any filter matches `topic`; *since is then the lowest of those that do. */
bool terms_match(const struct terms *terms, struct bytes topic, uint64_t *since);

/* Same filters in the same order, with the same sinces, and same selections. */
bool terms_are_equal(const struct terms *a, const struct terms *b);

/* For a cursor's value: at most terms->bytes and 4 more. */
void terms_encode(const struct terms *terms, struct codec_writer *writer);

/* What terms_encode() wrote, with one holder. CORRUPT: it is not that; FULL: no room. */
enum status terms_decode(struct blocks *blocks, struct codec_reader *reader,
                         struct terms **terms) STATUS_MUST_CHECK;

#endif
