/* pages.c - waiters stand in lists: one for each read, one before all reads, one for those woken.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/pages.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/core/pages_shelf.h"

#define NONE UINT32_MAX

/* A store that is too busy is asked again after so long. */
enum { REST_MS = 10 };

enum read_state {
    READ_FREE,
    READ_WANTED, /* not yet asked for */
    READ_FLYING,
    READ_RESTING /* the store was busy */
};

struct read {
    enum read_state state;
    uint64_t seq;
    uint64_t at_ms; /* RESTING: until when; 0: to be set */
};

struct waiter {
    uint64_t seq;
    uint64_t corrupt_first, corrupt_last;
    uint32_t list; /* NONE: it does not wait */
    uint32_t next, before;
    enum status status; /* woken */
};

struct line {
    uint32_t first, last;
};

struct pages {
    struct shelf shelf;
    struct read *reads;
    struct line *lines; /* one a read, then those without a read, then the woken */
    struct waiter *waiters;
    uint32_t read_room, waiter_room;
    uint32_t wanted_count, flying_count, resting_count;
};

static uint32_t line_unread(const struct pages *pages)
{
    return pages->read_room;
}

static uint32_t line_woken(const struct pages *pages)
{
    return pages->read_room + 1;
}

struct pages *pages_new(const struct core_limits *limits, uint32_t waiters)
{
    assert(limits->reads > 0 && limits->reads < NONE - 2 && waiters > 0);
    struct pages *pages = calloc(1, sizeof *pages);
    if (pages == NULL) {
        return NULL;
    }
    pages->read_room = limits->reads;
    pages->waiter_room = waiters;
    pages->reads = calloc(limits->reads, sizeof *pages->reads);
    pages->lines = calloc((size_t)limits->reads + 2, sizeof *pages->lines);
    pages->waiters = calloc(waiters, sizeof *pages->waiters);
    bool is_short = pages->reads == NULL || pages->lines == NULL || pages->waiters == NULL ||
                    shelf_init(&pages->shelf, limits->pages, limits->page_bytes) != STATUS_OK;
    if (is_short) {
        pages_free(pages);
        return NULL;
    }
    for (uint32_t index = 0; index < limits->reads + 2; index++) {
        pages->lines[index] = (struct line){NONE, NONE};
    }
    for (uint32_t index = 0; index < waiters; index++) {
        pages->waiters[index].list = NONE;
    }
    return pages;
}

void pages_free(struct pages *pages)
{
    if (pages == NULL) {
        return;
    }
    shelf_deinit(&pages->shelf);
    free(pages->waiters);
    free(pages->lines);
    free(pages->reads);
    free(pages);
}

void pages_settle(struct pages *pages)
{
    shelf_settle(&pages->shelf);
}

void pages_add_newest(struct pages *pages, struct page *page)
{
    shelf_add_newest(&pages->shelf, page);
}

const struct page *pages_find(struct pages *pages, uint64_t seq)
{
    return shelf_find(&pages->shelf, seq);
}

static void line_append(struct pages *pages, uint32_t list, uint32_t index)
{
    struct line *line = &pages->lines[list];
    struct waiter *waiter = &pages->waiters[index];
    waiter->list = list;
    waiter->next = NONE;
    waiter->before = line->last;
    if (line->last == NONE) {
        line->first = index;
    } else {
        pages->waiters[line->last].next = index;
    }
    line->last = index;
}

static void line_remove(struct pages *pages, uint32_t index)
{
    struct waiter *waiter = &pages->waiters[index];
    struct line *line = &pages->lines[waiter->list];
    if (waiter->before == NONE) {
        line->first = waiter->next;
    } else {
        pages->waiters[waiter->before].next = waiter->next;
    }
    if (waiter->next == NONE) {
        line->last = waiter->before;
    } else {
        pages->waiters[waiter->next].before = waiter->before;
    }
    waiter->list = NONE;
}

static void read_set(struct pages *pages, struct read *read, enum read_state state)
{
    pages->wanted_count -= read->state == READ_WANTED;
    pages->flying_count -= read->state == READ_FLYING;
    pages->resting_count -= read->state == READ_RESTING;
    read->state = state;
    pages->wanted_count += state == READ_WANTED;
    pages->flying_count += state == READ_FLYING;
    pages->resting_count += state == READ_RESTING;
}

static uint32_t reads_busy(const struct pages *pages)
{
    return pages->wanted_count + pages->flying_count + pages->resting_count;
}

/* The read that already asks for `seq`, else a free one that now does, else NONE. */
static uint32_t read_for(struct pages *pages, uint64_t seq)
{
    uint32_t free_read = NONE;
    for (uint32_t index = 0; index < pages->read_room; index++) {
        const struct read *read = &pages->reads[index];
        if (read->state != READ_FREE && read->seq == seq) {
            return index;
        }
        if (read->state == READ_FREE && free_read == NONE) {
            free_read = index;
        }
    }
    if (free_read != NONE) {
        pages->reads[free_read].seq = seq;
        read_set(pages, &pages->reads[free_read], READ_WANTED);
    }
    return free_read;
}

void pages_wait(struct pages *pages, uint32_t waiter, uint64_t seq)
{
    assert(waiter < pages->waiter_room && pages->waiters[waiter].list == NONE);
    assert(seq > 0);
    pages->waiters[waiter].seq = seq;
    uint32_t read = read_for(pages, seq);
    line_append(pages, read == NONE ? line_unread(pages) : read, waiter);
}

void pages_cancel(struct pages *pages, uint32_t waiter)
{
    assert(waiter < pages->waiter_room);
    if (pages->waiters[waiter].list != NONE) {
        line_remove(pages, waiter);
    }
}

void pages_answer(struct pages *pages, const struct input *answer)
{
    uint64_t index = answer->of.page.token & UINT64_MAX >> 8;
    assert(index < pages->read_room && pages->reads[index].state == READ_FLYING);
    struct read *read = &pages->reads[index];
    enum status status = answer->of.page.status;
    if (status == STATUS_OK) {
        const struct page *page = answer->of.page.page;
        assert(page->first <= read->seq && read->seq <= page->last);
        shelf_add_read(&pages->shelf, answer->of.page.page);
    } else if (status != STATUS_NOT_FOUND && status != STATUS_CORRUPT) {
        read->at_ms = answer->now_ms + REST_MS;
        read_set(pages, read, READ_RESTING);
        return;
    }
    while (pages->lines[index].first != NONE) {
        uint32_t first = pages->lines[index].first;
        struct waiter *waiter = &pages->waiters[first];
        waiter->status = status;
        waiter->corrupt_first = answer->of.page.corrupt_first;
        waiter->corrupt_last = answer->of.page.corrupt_last;
        line_remove(pages, first);
        line_append(pages, line_woken(pages), first);
    }
    read_set(pages, read, READ_FREE);
}

bool pages_take_woken(struct pages *pages, struct pages_woken *woken)
{
    uint32_t first = pages->lines[line_woken(pages)].first;
    if (first == NONE) {
        return false;
    }
    const struct waiter *waiter = &pages->waiters[first];
    *woken =
        (struct pages_woken){first, waiter->status, waiter->corrupt_first, waiter->corrupt_last};
    line_remove(pages, first);
    return true;
}

/* Those without a read get one, or are woken when another's read brought their page. */
static void pages_admit(struct pages *pages)
{
    uint32_t list = line_unread(pages);
    while (pages->lines[list].first != NONE && reads_busy(pages) < pages->read_room) {
        uint32_t first = pages->lines[list].first;
        uint64_t seq = pages->waiters[first].seq;
        line_remove(pages, first);
        if (pages_find(pages, seq) != NULL) {
            pages->waiters[first].status = STATUS_OK;
            line_append(pages, line_woken(pages), first);
        } else {
            line_append(pages, read_for(pages, seq), first);
        }
    }
}

static bool read_is_due(const struct read *read, uint64_t now_ms)
{
    return read->state == READ_WANTED || (read->state == READ_RESTING && read->at_ms <= now_ms);
}

void pages_continue(struct pages *pages, uint64_t now_ms, struct effects *fx)
{
    pages_admit(pages);
    uint32_t left = pages->wanted_count + pages->resting_count;
    for (uint32_t index = 0; left > 0; index++) {
        struct read *read = &pages->reads[index];
        left -= read->state == READ_WANTED || read->state == READ_RESTING;
        if (!read_is_due(read, now_ms)) {
            continue;
        }
        if (pages->lines[index].first == NONE) {
            read_set(pages, read, READ_FREE);
            continue;
        }
        struct effect *effect = effects_add(fx, FX_READ);
        if (effect == NULL) {
            break;
        }
        effect->of.read.token = token_of(TOKEN_PAGES, index);
        effect->of.read.seq = read->seq;
        read_set(pages, read, READ_FLYING);
    }
}

uint64_t pages_deadline_ms(const struct pages *pages)
{
    bool may_admit =
        pages->lines[line_unread(pages)].first != NONE && reads_busy(pages) < pages->read_room;
    if (pages->wanted_count > 0 || may_admit || pages->lines[line_woken(pages)].first != NONE) {
        return 0;
    }
    uint64_t deadline_ms = UINT64_MAX;
    for (uint32_t index = 0; pages->resting_count > 0 && index < pages->read_room; index++) {
        const struct read *read = &pages->reads[index];
        if (read->state == READ_RESTING && read->at_ms < deadline_ms) {
            deadline_ms = read->at_ms;
        }
    }
    return deadline_ms;
}
