/* link_follow.c - one follow: ranges without a gap, credit, acks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_follow.h"

#include <assert.h>

/* An idle cursor follows the bookmarks only so often: each ack is a write at the broker. */
enum { FOLLOW_BOOKMARK_MS = 10000 };

void follow_init(struct follow *follow, uint64_t id, const struct link_follow_spec *spec,
                 uint64_t credit_events, uint64_t credit_bytes)
{
    assert(id != 0 && spec->filter_count > 0 && spec->filter_count <= LINK_FILTERS_MAX);
    *follow = (struct follow){
        .state = FOLLOW_WAITING,
        .id = id,
        .spec = spec,
        .has_cursor = spec->cursor.length > 0,
        .window_events = credit_events,
        .window_bytes = credit_bytes,
    };
}

void follow_lost(struct follow *follow)
{
    assert(follow->state != FOLLOW_ENDED);
    follow->state = FOLLOW_WAITING;
    follow->request = 0;
    follow->ack_request = 0;
    follow->acked_sent = follow->acked_durable;
    follow->retry_ms = 0;
}

bool follow_is_complete(const struct follow *follow)
{
    return follow->has_begun && follow->through != 0 && follow->covered >= follow->through;
}

static uint64_t follow_left(uint64_t window, uint64_t held)
{
    return window > held ? window - held : 0;
}

void follow_ask(struct follow *follow, uint64_t request, struct link_said *said)
{
    bool has_cursor = follow->spec->cursor.length > 0;
    *said = (struct link_said){.kind = LINK_SAY_FOLLOW, .request = request};
    said->of.follow.follow = follow->id;
    said->of.follow.spec = follow->spec;
    said->of.follow.is_resumed = follow->has_begun;
    if (follow->has_begun) {
        said->of.follow.from_seq = has_cursor ? 0 : follow->covered + 1;
        said->of.follow.through = follow->through;
        said->of.follow.resume = bytes_of(follow->resume, follow->resume_bytes);
    }
    said->of.follow.credit_events = follow_left(follow->window_events, follow->held_events);
    said->of.follow.credit_bytes = follow_left(follow->window_bytes, follow->held_bytes);
    follow->owed_events = 0;
    follow->owed_bytes = 0;
    follow->request = request;
    follow->state = FOLLOW_ASKED;
}

static void follow_keep_resume(struct follow *follow, struct bytes resume)
{
    if (resume.length == 0 || resume.length > sizeof follow->resume)
        return;
    memcpy(follow->resume, resume.data, resume.length);
    follow->resume_bytes = (uint32_t)resume.length;
}

bool follow_begun(struct follow *follow, const struct link_heard *heard)
{
    uint64_t first = heard->of.following.first;
    bool has_cursor = follow->spec->cursor.length > 0;
    if (first == 0)
        return false;
    if (!follow->has_begun || (has_cursor && first > follow->covered + 1))
        follow->covered = first - 1; /* a cursor may have been moved by a person meanwhile */
    if (first > follow->covered + 1)
        return false;
    follow->has_begun = true;
    follow->state = FOLLOW_LIVE;
    follow->request = 0;
    follow->heard = first - 1;
    follow->log = heard->of.following.log;
    if (heard->of.following.through != 0)
        follow->through = heard->of.following.through;
    follow_keep_resume(follow, heard->of.following.resume);
    return true;
}

uint64_t follow_record_bytes(const struct link_record *record)
{
    return record->frame_bytes;
}

static void follow_hold(struct follow *follow, const struct link_record *records, uint32_t count)
{
    follow->held_events += count;
    for (uint32_t i = 0; i < count; i++)
        follow->held_bytes += follow_record_bytes(&records[i]);
}

/* Records rise, inside the range that the delivery covers. */
static bool follow_is_in_sequence(const struct link_heard *heard)
{
    uint64_t before = heard->of.deliver.first - 1;
    for (uint32_t i = 0; i < heard->of.deliver.count; i++) {
        if (heard->of.deliver.records[i].seq <= before)
            return false;
        before = heard->of.deliver.records[i].seq;
    }
    return before <= heard->of.deliver.last;
}

bool follow_delivered(struct follow *follow, const struct link_heard *heard, uint32_t *skip)
{
    uint64_t first = heard->of.deliver.first, last = heard->of.deliver.last;
    if (follow->state != FOLLOW_LIVE || first != follow->heard + 1 || last < first ||
        !follow_is_in_sequence(heard))
        return false;
    const struct link_record *records = heard->of.deliver.records;
    uint32_t count = heard->of.deliver.count;
    *skip = 0;
    while (*skip < count && records[*skip].seq <= follow->covered)
        ++*skip;
    follow_hold(follow, records, count);
    if (*skip > 0) {
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < *skip; i++)
            bytes += follow_record_bytes(&records[i]);
        follow_consumed(follow, *skip, bytes);
    }
    follow->heard = last;
    if (last > follow->covered)
        follow->covered = last;
    if (*skip < count)
        follow->last_record = records[count - 1].seq;
    return true;
}

void follow_consumed(struct follow *follow, uint64_t events, uint64_t bytes)
{
    assert(events <= follow->held_events && bytes <= follow->held_bytes);
    follow->held_events -= events;
    follow->held_bytes -= bytes;
    if (follow->state == FOLLOW_LIVE || follow->state == FOLLOW_ASKED) {
        follow->owed_events += events;
        follow->owed_bytes += bytes;
    }
}

bool follow_credit(struct follow *follow, struct link_said *said)
{
    if (follow->state != FOLLOW_LIVE || (follow->owed_events * 2 < follow->window_events &&
                                         follow->owed_bytes * 2 < follow->window_bytes))
        return false;
    *said = (struct link_said){.kind = LINK_SAY_CREDIT};
    said->of.credit.follow = follow->id;
    said->of.credit.events = follow->owed_events;
    said->of.credit.bytes = follow->owed_bytes;
    follow->owed_events = 0;
    follow->owed_bytes = 0;
    return true;
}

void follow_acked(struct follow *follow, uint64_t through)
{
    if (through > follow->covered)
        through = follow->covered;
    if (through > follow->acked)
        follow->acked = through;
}

/* What may be acked now: bookmarks count once everything delivered before them was acked. */
static uint64_t follow_may_ack(const struct follow *follow, uint64_t now_ms)
{
    bool has_all = follow->acked != 0 && follow->acked >= follow->last_record;
    if (has_all && now_ms >= follow->ack_bookmark_ms && follow->held_events == 0)
        return follow->covered;
    return follow->acked;
}

bool follow_is_listened_to(const struct follow *follow)
{
    return follow->has_cursor && follow->last_record != 0 &&
           follow->acked_durable < follow->last_record;
}

bool follow_ack(struct follow *follow, uint64_t request, uint64_t now_ms, struct link_said *said)
{
    bool is_open = follow->state == FOLLOW_LIVE || follow->state == FOLLOW_ENDED;
    if (!is_open || !follow->has_cursor || follow->ack_request != 0)
        return false;
    uint64_t through = follow_may_ack(follow, now_ms);
    if (through > follow->heard)
        through = follow->heard; /* after a resume: not before it was heard again */
    if (through <= follow->acked_sent)
        return false;
    *said = (struct link_said){.kind = LINK_SAY_ACK, .request = request};
    said->of.ack.follow = follow->id;
    said->of.ack.through = through;
    follow->acked_sent = through;
    follow->ack_request = request;
    follow->ack_bookmark_ms = now_ms + FOLLOW_BOOKMARK_MS;
    return true;
}

uint64_t follow_deadline_ms(const struct follow *follow)
{
    if (follow->state == FOLLOW_WAITING)
        return follow->retry_ms;
    if (follow->state != FOLLOW_LIVE || !follow->has_cursor || follow->ack_request != 0 ||
        follow->acked == 0 || follow->acked < follow->last_record || follow->held_events != 0 ||
        follow->covered <= follow->acked_sent || follow->heard <= follow->acked_sent)
        return UINT64_MAX;
    return follow->ack_bookmark_ms;
}
