/* seek.h - where a follow starts or ends: by time, or so many matching events back.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one small struct a seek. It names the page that it wants next and is fed one page
 * a step, so that a seek is as bounded as anything. Stamps made after a jump of the clock say
 * nothing.
 */
#ifndef BROKER_CORE_SEEK_H
#define BROKER_CORE_SEEK_H

#include "broker/base/status.h"
#include "broker/core/page.h"

struct seek {
    uint64_t low, high; /* the answer lies from low to high */
    uint64_t probe;     /* a sequence whose page is wanted; 0: none, the seek is over */
    uint64_t unknown;   /* first of the stretch without a stamp to trust before probe; 0: none */
    uint64_t answer;
    int64_t time_ms;
    uint64_t left; /* matching events still to find */
};

/* Seeks the sequence after the last event from `first` to `last` recorded before `time_ms`. */
void seek_time(struct seek *seek, uint64_t first, uint64_t last, int64_t time_ms);

/* Seeks the sequence of the matching event that is `count`th from the end of `first` to `last`; of
 * the oldest if there are fewer; `last` + 1 if there is none. */
void seek_last(struct seek *seek, uint64_t first, uint64_t last, uint64_t count);

/* Whether a record counts for seek_last(). */
typedef bool seek_match(void *context, const struct record *record);

/* Takes the page that holds seek->probe; `match` is asked by seek_last() only. */
void seek_feed_time(struct seek *seek, const struct page *page);
void seek_feed_last(struct seek *seek, const struct page *page, seek_match *match, void *context);

#endif
