/* select.h - which records of a page a follow gets: the rule of delivery, and what credit allows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, without state of its own. One rule for live, replay, counting and looking up.
 */
#ifndef BROKER_CORE_SELECT_H
#define BROKER_CORE_SELECT_H

#include "broker/core/effect.h"
#include "broker/core/terms.h"

/* What policy, as it is now, lets an agency see of one topic. */
struct permit {
    uint64_t since; /* the lowest of the lines that grant subscribe */
    bool may_subscribe, may_replay, may_personal;
};

/* Whether a permit lets an agency have a record that a filter added at `filter_since` matches. */
bool permit_allows(const struct permit *permit, bool is_replay, uint64_t filter_since,
                   uint64_t seq);

/* Records chosen of one page, and the credit that they take. */
struct selection {
    const struct page *page;
    uint32_t *indexes;
    uint8_t *personal; /* one an index */
    uint32_t count, room;
    size_t scratch_before; /* what was in use */
    uint64_t events;       /* credit left; a record goes while both are above zero */
    int64_t bytes;         /* so the last one may take it below */
    uint32_t left_out;     /* personal blocks of chosen records that may not be seen */
};

/* Starts a selection with room in the scratch of `fx` for as many of `want` records as fit.
 * False: there is room for none. */
bool selection_begin(struct selection *selection, const struct page *page, uint32_t want,
                     struct effects *fx);

/* Whether one more record may go. */
bool selection_may_add(const struct selection *selection);

/* Chooses record `index` of the page. */
void selection_add(struct selection *selection, uint32_t index, bool may_personal);

/* Gives the room that was not needed back to the scratch of `fx`. */
void selection_end(struct selection *selection, struct effects *fx);

/* The batch may go as it is: every record of the page, and every personal block, was chosen. */
bool selection_is_whole(const struct selection *selection);

#endif
