/* link_lane.c - one producer: the rules by which events are sent, answered and sent again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_lane.h"

#include <assert.h>
#include <stdlib.h>

enum { LANE_PAUSE_MIN_MS = 20 };

bool lane_init(struct lane *lane, const uint8_t producer[PRODUCER_BYTES], uint64_t given,
               uint32_t room)
{
    assert(room > 0);
    *lane = (struct lane){.room = room, .given = given, .window = room};
    memcpy(lane->producer, producer, PRODUCER_BYTES);
    lane->entries = calloc(room, sizeof *lane->entries);
    return lane->entries != NULL;
}

void lane_deinit(struct lane *lane)
{
    free(lane->entries);
    lane->entries = NULL;
}

static struct lane_entry *lane_at(const struct lane *lane, uint32_t index)
{
    assert(index < lane->count);
    return &lane->entries[(lane->head + index) % lane->room];
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t lane_number_next(struct lane *lane)
{
    lane->given = larger(lane->given, larger(lane->mark, lane->chain)) + 1;
    return lane->given;
}

void lane_offer(struct lane *lane, uint64_t token, uint64_t number, const struct link_event *event)
{
    assert(lane->count < lane->room);
    lane->given = larger(lane->given, number);
    lane->count++;
    *lane_at(lane, lane->count - 1) =
        (struct lane_entry){.token = token, .number = number, .event = event};
}

/* Back to waiting. */
static void lane_unsend(struct lane *lane, struct lane_entry *entry)
{
    if (entry->request == 0)
        return;
    assert(lane->in_flight > 0);
    lane->in_flight--;
    if (entry->is_asked)
        lane->asking--;
    entry->request = 0;
    entry->is_asked = false;
}

/* Everything unanswered from `index` on waits again. */
static void lane_unsend_from(struct lane *lane, uint32_t index)
{
    for (uint32_t i = index; i < lane->count; i++)
        lane_unsend(lane, lane_at(lane, i));
}

void lane_begin(struct lane *lane, uint64_t mark, uint32_t window)
{
    lane_unsend_from(lane, 0);
    lane->mark = mark;
    lane->chain = mark;
    lane->given = larger(lane->given, mark);
    lane->window = window > 0 && window < lane->room ? window : lane->room;
    lane->paused_until_ms = 0;
}

void lane_clear(struct lane *lane)
{
    lane_unsend_from(lane, 0);
    lane->head = 0;
    lane->count = 0;
}

void lane_renew(struct lane *lane, const uint8_t producer[PRODUCER_BYTES])
{
    lane_unsend_from(lane, 0);
    memcpy(lane->producer, producer, PRODUCER_BYTES);
    for (uint32_t i = 0; i < lane->count; i++)
        lane_at(lane, i)->needs_number = true;
    lane->mark = lane->chain = 0;
    lane->is_retired = false;
}

static struct lane_entry *lane_first_waiting(const struct lane *lane)
{
    for (uint32_t i = 0; i < lane->count; i++) {
        struct lane_entry *entry = lane_at(lane, i);
        if (!entry->is_done && entry->request == 0)
            return entry;
    }
    return NULL;
}

struct lane_entry *lane_next(struct lane *lane, uint64_t now_ms, bool *is_renumbered)
{
    *is_renumbered = false;
    if (now_ms >= lane->paused_until_ms)
        lane->paused_until_ms = 0;
    if (lane->is_retired || lane->paused_until_ms != 0 || lane->in_flight >= lane->window)
        return NULL;
    struct lane_entry *entry = lane_first_waiting(lane);
    if (entry == NULL)
        return NULL;
    entry->is_asked = false;
    if (!entry->needs_number && entry->number <= lane->mark) {
        /* The broker's mark is above 0 here, so that `after` = 0 can never be taken for the
         * next. */
        entry->is_asked = true;
        entry->after = 0;
        return entry;
    }
    /* Order: nothing new while an earlier event may still turn out to need a new number. */
    if (lane->asking > 0)
        return NULL;
    if (!entry->needs_number && entry->number <= lane->chain)
        return NULL; /* between mark and chain: once all in flight is answered they are equal */
    if (entry->needs_number) {
        entry->number = lane_number_next(lane);
        entry->needs_number = false;
        *is_renumbered = true;
    }
    entry->after = lane->chain;
    return entry;
}

void lane_sent(struct lane *lane, struct lane_entry *entry, uint64_t request, uint64_t now_ms)
{
    assert(request != 0 && entry->request == 0 && entry->number > entry->after);
    entry->request = request;
    entry->sent_ms = now_ms;
    lane->in_flight++;
    if (entry->is_asked)
        lane->asking++;
    else
        lane->chain = entry->number;
}

/* Lets the answered leave; with nothing in flight the chain is what the broker says. */
static void lane_settle(struct lane *lane)
{
    while (lane->count > 0 && lane_at(lane, 0)->is_done) {
        lane->head = (lane->head + 1) % lane->room;
        lane->count--;
    }
    if (lane->in_flight == 0)
        lane->chain = lane->mark;
}

/* «resend, in order, what you hold unanswered above the mark, the first of them with after =
 * mark». */
static void lane_gap(struct lane *lane, struct lane_entry *entry, uint64_t mark)
{
    lane_unsend(lane, entry);
    for (uint32_t i = 0; i < lane->count; i++)
        if (lane_at(lane, i)->number > mark)
            lane_unsend(lane, lane_at(lane, i));
    lane->mark = mark;
    lane->chain = mark;
    lane->given = larger(lane->given, mark);
}

/* «the client gives it a new number above the mark». What was sent behind it as new is sent
 * again behind it; what was asked for has its own answer coming, and the order waits for it. */
static void lane_number_lost(struct lane *lane, uint32_t index, uint64_t mark)
{
    bool was_asked = lane_at(lane, index)->is_asked;
    lane->mark = larger(lane->mark, mark);
    lane->chain = was_asked ? larger(lane->chain, lane->mark) : lane->mark;
    if (was_asked)
        lane_unsend(lane, lane_at(lane, index));
    else
        lane_unsend_from(lane, index);
    lane_at(lane, index)->needs_number = true;
    lane->given = larger(lane->given, mark);
}

/* BUSY and STORE_FULL «are not definitive»: wait, then the same again in order. */
static void lane_pause(struct lane *lane, uint32_t index, uint32_t retry_after_ms, uint64_t now_ms)
{
    struct lane_entry *entry = lane_at(lane, index);
    if (!entry->is_asked)
        lane->chain = entry->after;
    lane_unsend_from(lane, index);
    lane->paused_until_ms = now_ms + larger(retry_after_ms, LANE_PAUSE_MIN_MS);
}

static bool lane_find(const struct lane *lane, uint64_t number, uint32_t *index)
{
    for (uint32_t i = 0; i < lane->count; i++) {
        const struct lane_entry *entry = lane_at(lane, i);
        if (!entry->is_done && !entry->needs_number && entry->number == number) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void lane_done(struct lane *lane, struct lane_entry *entry)
{
    if (lane->chain == entry->number && lane->in_flight > 0 && !entry->is_asked)
        lane->chain = larger(entry->after, lane->mark);
    lane_unsend(lane, entry);
    entry->is_done = true;
    lane_settle(lane);
}

static bool refusal_is(const struct link_refusal *refusal, const char *code)
{
    return bytes_are_equal(refusal->code, bytes_of_text(code));
}

static void lane_rearrange(struct lane *lane, uint32_t index, const struct link_receipt *receipt,
                           uint64_t now_ms)
{
    if (receipt->outcome == LINK_GAP)
        lane_gap(lane, lane_at(lane, index), receipt->mark);
    else if (receipt->outcome == LINK_REFUSED)
        lane_pause(lane, index, receipt->refusal.retry_after_ms, now_ms);
    else
        lane_number_lost(lane, index, receipt->mark);
    lane_settle(lane);
}

enum lane_verdict lane_receipt(struct lane *lane, uint64_t request,
                               const struct link_receipt *receipt, uint64_t now_ms, uint64_t *token)
{
    uint32_t index;
    if (!lane_find(lane, receipt->number, &index))
        return LANE_NOTHING;
    struct lane_entry *entry = lane_at(lane, index);
    *token = entry->token;
    if (receipt->outcome == LINK_STORED) {
        lane->mark = larger(lane->mark, entry->number);
        lane->chain = larger(lane->chain, lane->mark);
        lane_done(lane, entry);
        return LANE_STORED;
    }
    bool is_refused = receipt->outcome == LINK_REFUSED;
    if (is_refused && refusal_is(&receipt->refusal, "PRODUCER_RETIRED")) {
        lane_unsend_from(lane, 0);
        lane->is_retired = true;
        return LANE_RETIRED;
    }
    if (is_refused && refusal_is(&receipt->refusal, "FENCED"))
        return LANE_FENCED;
    /* All else only counts when it answers the last sending: an older one's answer is overtaken,
     * even a definitive one, since a right may have been given in between. */
    if (entry->request != request)
        return LANE_NOTHING;
    if (is_refused && !receipt->refusal.is_retryable) {
        lane_done(lane, entry);
        return LANE_REFUSED;
    }
    lane_rearrange(lane, index, receipt, now_ms);
    return LANE_NOTHING;
}

bool lane_request_failed(struct lane *lane, uint64_t request, const struct link_refusal *refusal,
                         uint64_t now_ms, uint64_t *token, uint64_t *number)
{
    for (uint32_t i = 0; i < lane->count; i++) {
        struct lane_entry *entry = lane_at(lane, i);
        if (entry->is_done || entry->request != request)
            continue;
        if (refusal->is_retryable) {
            lane_pause(lane, i, refusal->retry_after_ms, now_ms);
            lane_settle(lane);
            return false;
        }
        *token = entry->token;
        *number = entry->number;
        lane_done(lane, entry);
        return true;
    }
    return false;
}

uint32_t lane_messages(const struct lane *lane)
{
    uint32_t messages = 0;
    uint64_t last = 0;
    for (uint32_t i = 0; i < lane->count && lane->in_flight > 0; i++) {
        uint64_t request = lane_at(lane, i)->request;
        messages += request != 0 && request != last;
        last = request != 0 ? request : last;
    }
    return messages;
}

/* «a cold look-up: later, never differently»: what is only asked for takes as long as the log is
 * long, and would start anew in the next session. */
static bool lane_is_timed(const struct lane_entry *entry)
{
    return entry->request != 0 && !entry->is_asked;
}

uint64_t lane_deadline_ms(const struct lane *lane, uint32_t answer_ms)
{
    uint64_t deadline = UINT64_MAX;
    if (lane->paused_until_ms != 0 && !lane->is_retired && lane_first_waiting(lane) != NULL)
        deadline = lane->paused_until_ms;
    for (uint32_t i = 0; i < lane->count; i++) {
        const struct lane_entry *entry = lane_at(lane, i);
        if (lane_is_timed(entry) && entry->sent_ms + answer_ms < deadline)
            deadline = entry->sent_ms + answer_ms;
    }
    return deadline;
}

bool lane_is_overdue(const struct lane *lane, uint64_t now_ms, uint32_t answer_ms)
{
    for (uint32_t i = 0; i < lane->count; i++) {
        const struct lane_entry *entry = lane_at(lane, i);
        if (lane_is_timed(entry) && now_ms >= entry->sent_ms + answer_ms)
            return true;
    }
    return false;
}
