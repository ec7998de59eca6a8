/* seek.c - by halves over pages for a time, backwards page by page for a count.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/seek.h"

#include <assert.h>

/* The next probe in the middle of what is left, or the end. */
static void seek_halve(struct seek *seek)
{
    seek->unknown = 0;
    seek->probe = seek->low < seek->high ? seek->low + (seek->high - seek->low) / 2 : 0;
}

void seek_time(struct seek *seek, uint64_t first, uint64_t last, int64_t time_ms)
{
    assert(first > 0 && first <= last + 1);
    *seek = (struct seek){.low = first, .high = last + 1, .answer = first, .time_ms = time_ms};
    seek_halve(seek);
}

/* What the trusted stamps of a page say of a time. */
struct time_view {
    uint64_t last_before; /* sequence; 0: none is before */
    bool has_after;
};

static struct time_view page_view_time(const struct page *page, int64_t time_ms)
{
    struct time_view view = {0};
    for (uint32_t index = 0; index < page_count(page); index++) {
        const struct record *record = &page->records[index];
        if (record->clock_jumped) {
            continue;
        }
        if (record->recorded_at_ms < time_ms) {
            view.last_before = record->seq;
        } else {
            view.has_after = true;
        }
    }
    return view;
}

void seek_feed_time(struct seek *seek, const struct page *page)
{
    assert(page->first <= seek->probe && seek->probe <= page->last);
    struct time_view view = page_view_time(page, seek->time_ms);
    if (view.last_before != 0 && view.last_before >= seek->answer) {
        seek->answer = view.last_before + 1;
    }
    if (view.last_before != 0) {
        seek->low = view.has_after ? seek->high : page->last + 1;
        seek_halve(seek);
    } else if (view.has_after) {
        seek->high = seek->unknown != 0 ? seek->unknown : page->first;
        seek_halve(seek);
    } else if (page->last + 1 < seek->high) {
        /* No stamp to trust here: ask the neighbour. */
        seek->unknown = seek->unknown != 0 ? seek->unknown : page->first;
        seek->probe = page->last + 1;
    } else {
        seek->high = seek->unknown != 0 ? seek->unknown : page->first;
        seek_halve(seek);
    }
}

void seek_last(struct seek *seek, uint64_t first, uint64_t last, uint64_t count)
{
    assert(first > 0 && first <= last + 1);
    *seek = (struct seek){.low = first, .high = last, .answer = last + 1, .left = count};
    seek->probe = count > 0 && last >= first ? last : 0;
}

void seek_feed_last(struct seek *seek, const struct page *page, seek_match *match, void *context)
{
    assert(page->first <= seek->probe && seek->probe <= page->last);
    uint64_t seq = seek->probe;
    while (seek->left > 0 && seq >= page->first && seq >= seek->low) {
        if (match(context, &page->records[seq - page->first])) {
            seek->answer = seq;
            seek->left--;
        }
        seq--;
    }
    seek->probe = seek->left > 0 && seq >= seek->low ? seq : 0;
}
