/* ingest_lookup.c - an elevator that only goes down.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_lookup.h"

#include <assert.h>
#include <stdlib.h>

enum status lookups_init(struct lookups *lookups, uint32_t room)
{
    assert(room > 0);
    *lookups = (struct lookups){.room = room, .free = PRODUCER_NONE};
    lookups->list = calloc(room, sizeof *lookups->list);
    lookups->ended = calloc(room, sizeof *lookups->ended);
    if (lookups->list == NULL || lookups->ended == NULL) {
        lookups_deinit(lookups);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void lookups_deinit(struct lookups *lookups)
{
    free(lookups->list);
    free(lookups->ended);
    *lookups = (struct lookups){0};
}

bool lookups_add(struct lookups *lookups, struct producers *producers, const struct lookup *lookup)
{
    if (lookups->count == lookups->room) {
        return false;
    }
    uint32_t place = lookups->free;
    if (place == PRODUCER_NONE) {
        place = lookups->touched++;
    } else {
        lookups->free = lookups->list[place].next;
    }
    struct producer *producer = producers_at(producers, lookup->producer);
    lookups->list[place] = *lookup;
    lookups->list[place].next = producer->lookups;
    producer->lookups = place;
    lookups->count++;
    return true;
}

bool lookups_owe_read(const struct lookups *lookups)
{
    return lookups->count > 0 && !lookups->is_reading;
}

void lookups_read(struct lookups *lookups, struct effects *fx)
{
    if (!lookups_owe_read(lookups)) {
        return;
    }
    uint64_t highest = 0;
    for (uint32_t place = 0; place < lookups->touched; place++) {
        const struct lookup *lookup = &lookups->list[place];
        if (lookup->producer != PRODUCER_NONE && lookup->seq > highest) {
            highest = lookup->seq;
        }
    }
    struct effect *effect = effects_add(fx, FX_READ);
    if (effect != NULL) {
        effect->of.read.token = token_of(TOKEN_INGEST, ++lookups->token);
        effect->of.read.seq = highest;
        lookups->asked = highest;
        lookups->is_reading = true;
    }
}

/* Ends the look-up at *link and unlinks it. */
static void end_lookup(struct lookups *lookups, uint32_t *link, enum lookup_result result,
                       uint64_t seq)
{
    uint32_t place = *link;
    struct lookup *lookup = &lookups->list[place];
    assert(lookups->ended_count < lookups->room);
    lookups->ended[lookups->ended_count++] = (struct lookup_end){*lookup, result, seq};
    *link = lookup->next;
    lookup->producer = PRODUCER_NONE;
    lookup->next = lookups->free;
    lookups->free = place;
    lookups->count--;
}

/* One record against the look-ups of its producer that stand in its page at or above it. */
static void judge_record(struct lookups *lookups, struct producer *producer,
                         const struct record *record, uint64_t page_last)
{
    uint32_t *link = &producer->lookups;
    while (*link != PRODUCER_NONE) {
        struct lookup *lookup = &lookups->list[*link];
        bool is_here = lookup->seq >= record->seq && lookup->seq <= page_last;
        if (is_here && record->number == lookup->number) {
            bool is_same = record->digest == lookup->digest &&
                           memcmp(record->window_key, lookup->key, ID_BYTES) == 0;
            end_lookup(lookups, link, is_same ? LOOKUP_SAME : LOOKUP_OTHER, record->seq);
        } else if (is_here && record->number < lookup->number) {
            end_lookup(lookups, link, LOOKUP_NEVER, 0);
        } else {
            link = &lookup->next;
        }
    }
}

static void judge_page(struct lookups *lookups, struct producers *producers,
                       const struct page *page)
{
    for (uint64_t seq = page->last; seq >= page->first; seq--) {
        const struct record *record = &page->records[seq - page->first];
        struct producer_key key = producers_key(record->agency, record->producer);
        uint32_t slot = producers_find(producers, &key);
        if (slot != PRODUCER_NONE) {
            judge_record(lookups, producers_at(producers, slot), record, page->last);
        }
    }
}

static uint32_t *link_to(struct lookups *lookups, struct producers *producers, uint32_t place)
{
    uint32_t *link = &producers_at(producers, lookups->list[place].producer)->lookups;
    while (*link != place) {
        assert(*link != PRODUCER_NONE);
        link = &lookups->list[*link].next;
    }
    return link;
}

/* Whoever stands in first to last has nothing more to find there. */
static void leave_range(struct lookups *lookups, struct producers *producers, uint64_t first,
                        uint64_t last, uint64_t log_first, bool is_damaged)
{
    for (uint32_t place = 0; place < lookups->touched; place++) {
        struct lookup *lookup = &lookups->list[place];
        if (lookup->producer == PRODUCER_NONE || lookup->seq < first || lookup->seq > last) {
            continue;
        }
        lookup->seq = first - 1;
        if (is_damaged) {
            end_lookup(lookups, link_to(lookups, producers, place), LOOKUP_DAMAGED, 0);
        } else if (lookup->seq < log_first) {
            end_lookup(lookups, link_to(lookups, producers, place),
                       log_first > 1 ? LOOKUP_TRIMMED : LOOKUP_NEVER, 0);
        }
    }
}

bool lookups_page(struct lookups *lookups, struct producers *producers, const struct input *page,
                  uint64_t log_first)
{
    assert(lookups->is_reading);
    assert(page->of.page.token == token_of(TOKEN_INGEST, lookups->token));
    lookups->is_reading = false;
    const struct page *read = page->of.page.page;
    switch (page->of.page.status) {
    case STATUS_OK:
        judge_page(lookups, producers, read);
        leave_range(lookups, producers, read->first, read->last, log_first, false);
        return true;
    case STATUS_CORRUPT:
        assert(page->of.page.corrupt_first <= lookups->asked);
        assert(page->of.page.corrupt_last >= lookups->asked);
        leave_range(lookups, producers, page->of.page.corrupt_first, page->of.page.corrupt_last,
                    log_first, true);
        return true;
    case STATUS_NOT_FOUND:
        /* Trimmed meanwhile: nothing is kept that low. Who came later may stand higher. */
        leave_range(lookups, producers, 1, lookups->asked, UINT64_MAX, false);
        return true;
    default:
        return false;
    }
}

bool lookups_take_ended(struct lookups *lookups, struct lookup_end *end)
{
    if (lookups->ended_count == 0) {
        return false;
    }
    *end = lookups->ended[--lookups->ended_count];
    return true;
}
