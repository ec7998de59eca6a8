/* core_deliver.c - events to followers: one way of choosing and sending, live or behind.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

#define NONE UINT32_MAX

static const struct refusal refusal_end = {
    .code = "END",
    .field = "",
    .reason = "the follow reached its end",
};

const struct refusal *core_end(void)
{
    return &refusal_end;
}

/* The records of a page to look at: those matched, or all from `index` on. */
struct candidates {
    const struct match_entry *entries; /* NULL: all */
    uint32_t entry;
    uint32_t index, end;
};

static bool candidates_next(struct candidates *candidates, uint32_t *index)
{
    if (candidates->entries == NULL) {
        *index = candidates->index;
        return candidates->index++ < candidates->end;
    }
    if (candidates->entry == NONE) {
        return false;
    }
    *index = candidates->entries[candidates->entry].record;
    candidates->entry = candidates->entries[candidates->entry].next;
    return true;
}

/* One page on its way to one follow. */
struct feed {
    struct follow *follow;
    const struct page *page;
    struct selection selection;
    uint64_t stop; /* the first sequence that is not dealt with */
    uint32_t looked;
};

static bool time_is_over(const struct follow *follow, const struct record *record)
{
    return !record->clock_jumped && record->recorded_at_ms > follow->through_time_ms;
}

/* Chooses as far as the end of the follow, its credit and the scratch allow. */
static void feed_select(struct core *core, struct feed *feed, struct candidates *candidates)
{
    struct follow *follow = feed->follow;
    uint64_t last = follow->through < feed->page->last ? follow->through : feed->page->last;
    uint32_t index = 0;
    feed->stop = last + 1;
    while (candidates_next(candidates, &index)) {
        const struct record *record = &feed->page->records[index];
        struct permit permit;
        if (record->seq > last) {
            break;
        }
        feed->looked++;
        if (time_is_over(follow, record)) {
            follow->through = record->seq - 1;
            feed->stop = record->seq;
            break;
        }
        if (!core_follow_wants(core, follow, record, &permit)) {
            continue;
        }
        if (!selection_may_add(&feed->selection)) {
            feed->stop = record->seq;
            break;
        }
        selection_add(&feed->selection, index, permit.may_personal);
    }
    selection_end(&feed->selection, core->fx);
}

/* Notes what a delivery covers and costs, in case that it does not leave. */
static void follow_note_sent(struct core *core, struct follow *follow, uint64_t last)
{
    follow->sent_step = core->steps;
    follow->sent_first = follow->covered;
    follow->sent_events = 0;
    follow->sent_bytes = 0;
    follow->covered = last + 1;
    follow->told_ms = core->now_ms;
}

/* Sends what was chosen, if anything was. The caller made sure of room for the effect. */
static void feed_send(struct core *core, const struct feed *feed)
{
    struct follow *follow = feed->follow;
    const struct selection *selection = &feed->selection;
    if (selection->count == 0) {
        return;
    }
    struct answer *answer = core_answer(core, ANSWER_DELIVER, follow->key.peer, 0);
    assert(answer != NULL && follow->covered < feed->stop);
    answer->of.deliver = (struct deliver_answer){
        .follow = follow->key.id,
        .first = follow->covered,
        .last = feed->stop - 1,
        .replay_through = follow->replay_through,
        .page = feed->page,
        .indexes = selection->indexes,
        .personal = selection->personal,
        .count = selection->count,
        .is_whole = selection_is_whole(selection),
    };
    follow_note_sent(core, follow, feed->stop - 1);
    follow->sent_events = follow->credit_events - selection->events;
    follow->sent_bytes = follow->credit_bytes - selection->bytes;
    follow->credit_events = selection->events;
    follow->credit_bytes = selection->bytes;
}

/* Gets ready to choose `want` records at most. False: no room for an effect or its scratch. */
static bool feed_begin(struct core *core, struct feed *feed, uint32_t want)
{
    if (core->fx->count == core->fx->room ||
        !selection_begin(&feed->selection, feed->page, want, core->fx)) {
        return false;
    }
    feed->selection.events = feed->follow->credit_events;
    feed->selection.bytes = feed->follow->credit_bytes;
    return true;
}

static bool follow_has_credit(const struct follow *follow)
{
    return follow->credit_events > 0 && follow->credit_bytes > 0;
}

/* Whether anything may be sent to the follow at all. */
static bool follow_may_be_fed(struct core *core, const struct follow *follow)
{
    return !follows_is_muted(core->follows, follow->session) &&
           core_session_is_valid(core, core_session_at(core, follow));
}

bool core_bookmark(struct core *core, struct follow *follow, uint64_t last)
{
    assert(follow->covered <= last && last <= core->head);
    if (follow->sent_step == core->steps) {
        return false;
    }
    struct answer *answer = core_answer(core, ANSWER_DELIVER, follow->key.peer, 0);
    if (answer == NULL) {
        return false;
    }
    answer->of.deliver = (struct deliver_answer){
        .follow = follow->key.id,
        .first = follow->covered,
        .last = last,
        .replay_through = follow->replay_through,
    };
    follow_note_sent(core, follow, last);
    return true;
}

void core_follow_rest(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    assert(follow->position == core->head + 1);
    bool has_end = follow->through != FOLLOW_NO_END || follow->through_time_ms < INT64_MAX;
    if (has_end) {
        follow->state = FOLLOW_RESTING;
        follows_line(core->follows, index, LINE_RESTING);
    } else {
        follow->state = FOLLOW_LIVE;
        routes_show(core->routes, index);
        follows_line(core->follows, index, LINE_COVERED);
    }
    bool is_covered = follow->covered > core->head;
    if (!is_covered && core->now_ms - follow->told_ms >= core->limits.bookmark_ms) {
        is_covered = core_bookmark(core, follow, core->head);
    }
    if (!is_covered) {
        core_follow_uncover(core, follow);
    }
}

/* Everything up to its end was looked at: it is covered up to there, then told END. */
static bool follow_finish(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    if (follow->covered <= follow->through && !core_bookmark(core, follow, follow->through)) {
        follows_line_front(core->follows, index, LINE_READY);
        return false;
    }
    core_follow_end(core, index, &refusal_end, 0, 0);
    return true;
}

/* Feeds from a page at hand. False: no room. */
static bool feed_page(struct core *core, uint32_t index, const struct page *page,
                      uint32_t *records_left)
{
    struct follow *follow = follows_at(core->follows, index);
    struct feed feed = {.follow = follow, .page = page};
    uint32_t start = (uint32_t)(follow->position - page->first), end = page_count(page);
    uint32_t want = end - start;
    want = follow->credit_events < want ? (uint32_t)follow->credit_events : want;
    if (!feed_begin(core, &feed, want)) {
        follows_line_front(core->follows, index, LINE_READY);
        return false;
    }
    struct candidates candidates = {.index = start, .end = end};
    feed_select(core, &feed, &candidates);
    feed_send(core, &feed);
    follow->position = feed.stop;
    *records_left -= feed.looked < *records_left ? feed.looked : *records_left;
    if (follow->position > follow->through) {
        return follow_finish(core, index);
    }
    if (follow->position > core->head) {
        core_follow_rest(core, index);
        return true;
    }
    bool is_far = core->now_ms - follow->told_ms >= core->limits.bookmark_ms;
    if (is_far && follow->covered < follow->position) {
        core_bookmark(core, follow, follow->position - 1);
    }
    follows_line(core->follows, index, LINE_READY);
    return true;
}

bool core_feed(struct core *core, uint32_t index, uint32_t *records_left)
{
    struct follow *follow = follows_at(core->follows, index);
    assert(follow->state == FOLLOW_BEHIND);
    follows_line(core->follows, index, LINE_NONE);
    if (!follow_may_be_fed(core, follow)) {
        return true;
    }
    if (follow->position > follow->through) {
        return follow_finish(core, index);
    }
    if (follow->position > core->head) {
        core_follow_rest(core, index);
        return true;
    }
    if (!follow_has_credit(follow)) {
        return true;
    }
    const struct page *page = pages_find(core->pages, follow->position);
    if (page == NULL) {
        pages_cancel(core->pages, index);
        pages_wait(core->pages, index, follow->position);
        return true;
    }
    return feed_page(core, index, page, records_left);
}

/* What a match visits with. */
struct matching {
    struct core *core;
    const struct page *page;
    uint32_t record;
};

static void match_touch(struct match *match, uint32_t owner, uint64_t page_first)
{
    match->follows[owner] = (struct match_follow){page_first, NONE, NONE, NONE, false};
    if (match->first == NONE) {
        match->first = owner;
    } else {
        match->follows[match->last].next = owner;
    }
    match->last = owner;
}

static void match_note(void *context, uint32_t owner, uint32_t tag)
{
    const struct matching *matching = context;
    struct core *core = matching->core;
    struct match *match = &core->match;
    struct match_follow *mine = &match->follows[owner];
    const struct follow *follow = follows_at(core->follows, owner);
    assert(follow->state == FOLLOW_LIVE && tag < follow->terms->filter_count);
    if (!terms_select(follow->terms, &matching->page->records[matching->record])) {
        return;
    }
    if (mine->page_first != matching->page->first) {
        match_touch(match, owner, matching->page->first);
    }
    bool is_known = mine->last != NONE && match->entries[mine->last].record == matching->record;
    if (mine->is_cut || is_known) {
        return;
    }
    if (match->count == match->room) {
        mine->is_cut = true;
        return;
    }
    uint32_t entry = match->count++;
    match->entries[entry] = (struct match_entry){.record = matching->record, .next = NONE};
    *(mine->last == NONE ? &mine->first : &match->entries[mine->last].next) = entry;
    mine->last = entry;
}

/* It goes on as one behind, from `position`. */
static void follow_fall_behind(struct core *core, uint32_t index, uint64_t position)
{
    struct follow *follow = follows_at(core->follows, index);
    routes_hide(core->routes, index);
    follow->state = FOLLOW_BEHIND;
    follow->position = position;
    follows_line(core->follows, index, LINE_READY);
}

static void deliver_live(struct core *core, uint32_t index, const struct page *page)
{
    struct follow *follow = follows_at(core->follows, index);
    const struct match_follow *mine = &core->match.follows[index];
    struct feed feed = {.follow = follow, .page = page};
    bool may_send = !mine->is_cut && mine->first != NONE && follow_has_credit(follow) &&
                    follow_may_be_fed(core, follow) && feed_begin(core, &feed, page_count(page));
    if (!may_send) {
        follow_fall_behind(core, index, page->first);
        return;
    }
    struct candidates candidates = {.entries = core->match.entries, .entry = mine->first};
    feed_select(core, &feed, &candidates);
    feed_send(core, &feed);
    if (feed.stop <= page->last) {
        follow_fall_behind(core, index, feed.stop);
    } else if (feed.selection.count > 0) {
        follows_line(core->follows, index, LINE_COVERED);
    }
}

void core_match_committed(struct core *core)
{
    const struct page *page = core->committed;
    if (page == NULL) {
        return;
    }
    core->committed = NULL;
    struct match *match = &core->match;
    match->count = 0;
    match->first = match->last = NONE;
    for (uint32_t record = 0; record < page_count(page); record++) {
        struct matching matching = {.core = core, .page = page, .record = record};
        routes_match(core->routes, page->records[record].topic, match_note, &matching);
    }
    for (uint32_t index = match->first; index != NONE; index = match->follows[index].next) {
        deliver_live(core, index, page);
    }
    uint32_t index;
    while ((index = follows_first(core->follows, LINE_RESTING)) != FOLLOW_NONE) {
        follows_at(core->follows, index)->state = FOLLOW_BEHIND;
        follows_line(core->follows, index, LINE_READY);
    }
}
