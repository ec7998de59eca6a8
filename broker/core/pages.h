/* pages.h - pages of the log in memory: the newest ones, those lately read, and reads in flight.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. Half of the room is for pages just committed, which reading the past
 * never pushes out; half for pages read back, least lately used first out. Who waits for a page is
 * a number of the caller's (a waiter), in one wait at a time. Any number of waiters of one page
 * share one read.
 *
 * A page given out lives until pages_settle(), even when it lost its place meanwhile.
 */
#ifndef BROKER_CORE_PAGES_H
#define BROKER_CORE_PAGES_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"

struct pages;

/* Takes all memory for waiters 0 to `waiters` - 1; NULL: none. */
struct pages *pages_new(const struct core_limits *limits, uint32_t waiters);

/* Gives it back and drops the pages; NULL is let pass. */
void pages_free(struct pages *pages);

/* Drops what lost its place since the last time. At the start of every step. */
void pages_settle(struct pages *pages);

/* A page was committed: it follows directly on the newest one, if there is one. Kept. */
void pages_add_newest(struct pages *pages, struct page *page);

/* The page that holds `seq`, borrowed, or NULL: it is not in memory. */
const struct page *pages_find(struct pages *pages, uint64_t seq);

/* Waits for the page that holds `seq`, which is not in memory. The read is asked for by
 * pages_continue(). */
void pages_wait(struct pages *pages, uint32_t waiter, uint64_t seq);

/* Ends the wait of `waiter`, if it has one. */
void pages_cancel(struct pages *pages, uint32_t waiter);

/* IN_PAGE with a token of TOKEN_PAGES: keeps the page; who waited for it is told by
 * pages_take_woken(). BUSY is asked for again after a moment. */
void pages_answer(struct pages *pages, const struct input *answer);

/* How a wait ended. */
struct pages_woken {
    uint32_t waiter;
    enum status status;                   /* OK: look again; NOT_FOUND, CORRUPT */
    uint64_t corrupt_first, corrupt_last; /* CORRUPT */
};

/* Takes one whose wait has ended. False: nobody is left. */
bool pages_take_woken(struct pages *pages, struct pages_woken *woken);

/* Emits the reads that are wanted, as far as `fx` and the limit of reads in flight have room. */
void pages_continue(struct pages *pages, uint64_t now_ms, struct effects *fx);

/* When pages_continue() has something to do; UINT64_MAX: never. */
uint64_t pages_deadline_ms(const struct pages *pages);

#endif
