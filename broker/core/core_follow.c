/* core_follow.c - what happens to a follow: credit, acks, its end, its cursor, its page.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

static const struct refusal refusal_unknown = {
    .code = "FOLLOW_UNKNOWN",
    .field = "follow",
    .reason = "the session has no open follow of this number",
};
static const struct refusal refusal_no_cursor = {
    .code = "FIELD_INVALID",
    .field = "follow",
    .reason = "only a follow with a cursor is acknowledged",
};
static const struct refusal refusal_ack_ahead = {
    .code = "FIELD_INVALID",
    .field = "through",
    .reason = "no delivery has covered this sequence yet",
};
static const struct refusal refusal_corrupt = {
    .code = "STORE_CORRUPT",
    .field = "",
    .reason = "a part of the log is damaged: the follow stops before it",
};
static const struct refusal refusal_full = {
    .code = "STORE_FULL",
    .field = "cursor",
    .reason = "the broker's disk has no room for another cursor",
    .retry_after_ms = 10000,
    .is_retryable = true,
};

void core_follow_free(struct core *core, uint32_t index)
{
    const struct follow *follow = follows_at(core->follows, index);
    pages_cancel(core->pages, index);
    routes_remove(core->routes, index);
    if (follow->cursor != FOLLOW_NONE) {
        cursors_release(core->cursors, follow->cursor);
    }
    follows_give(core->follows, index);
}

void core_follow_end(struct core *core, uint32_t index, const struct refusal *refusal,
                     uint64_t fault_first, uint64_t fault_last)
{
    struct follow *follow = follows_at(core->follows, index);
    if (follow->refusal != NULL) {
        return; /* it ends already */
    }
    pages_cancel(core->pages, index);
    routes_hide(core->routes, index);
    follow->state = FOLLOW_OWING;
    follow->refusal = refusal;
    follow->fault_first = fault_first;
    follow->fault_last = fault_last;
    follows_line(core->follows, index, LINE_OWING);
}

void core_follow_wake(struct core *core, uint32_t index)
{
    const struct follow *follow = follows_at(core->follows, index);
    if (follow->state == FOLLOW_BEHIND && follow->line == LINE_NONE) {
        follows_line(core->follows, index, LINE_READY);
    }
    if (follow->state == FOLLOW_LIVE) {
        core_follow_uncover(core, follow);
    }
}

void core_follow_uncover(struct core *core, const struct follow *follow)
{
    if (follow->covered <= core->round_head) {
        core->round_head = follow->covered - 1;
    }
}

void core_credit(struct core *core, struct peer *peer, const struct request *request)
{
    uint32_t index = follows_find(core->follows, peer->handle, request->of.credit.follow);
    if (index == FOLLOW_NONE) {
        return; /* it ended while the credit was on its way */
    }
    struct follow *follow = follows_at(core->follows, index);
    uint64_t events = request->of.credit.events, bytes = request->of.credit.bytes;
    bool is_over = events > UINT64_MAX - follow->credit_events;
    follow->credit_events = is_over ? UINT64_MAX : follow->credit_events + events;
    int64_t room = follow->credit_bytes > 0 ? INT64_MAX - follow->credit_bytes : INT64_MAX;
    follow->credit_bytes += bytes < (uint64_t)room ? (int64_t)bytes : room;
    core_follow_wake(core, index);
}

static const struct refusal *ack_judge(const struct follow *follow, uint64_t through)
{
    if (follow == NULL || follow->stage != STAGE_OPEN) {
        return &refusal_unknown;
    }
    if (follow->cursor == FOLLOW_NONE) {
        return &refusal_no_cursor;
    }
    return through >= follow->covered ? &refusal_ack_ahead : NULL;
}

static void core_tell_acked(struct core *core, const struct follow *follow, uint64_t number,
                            uint64_t through)
{
    struct answer *answer = core_answer(core, ANSWER_ACKED, follow->key.peer, number);
    assert(answer != NULL);
    answer->of.acked.follow = follow->key.id;
    answer->of.acked.through = through;
}

void core_ack(struct core *core, struct peer *peer, const struct request *request)
{
    uint64_t through = request->of.ack.through;
    uint32_t index = follows_find(core->follows, peer->handle, request->of.ack.follow);
    const struct follow *follow = index == FOLLOW_NONE ? NULL : follows_at(core->follows, index);
    const struct refusal *refusal = ack_judge(follow, through);
    if (refusal != NULL) {
        core_refuse(core, peer->handle, request->number, refusal);
    } else if (cursors_ack(core->cursors, follow->cursor, through, request->number,
                           core->wall_ms)) {
        core_tell_acked(core, follow, request->number, through);
    }
}

void core_unfollow(struct core *core, struct peer *peer, const struct request *request)
{
    uint32_t index = follows_find(core->follows, peer->handle, request->of.unfollow.follow);
    if (index != FOLLOW_NONE) {
        core_follow_free(core, index);
    }
}

void core_unsent(struct core *core, const struct input *input)
{
    uint64_t first = input->of.unsent.first;
    uint32_t index = follows_find(core->follows, input->of.unsent.peer, input->of.unsent.follow);
    if (index == FOLLOW_NONE) {
        return;
    }
    struct follow *follow = follows_at(core->follows, index);
    follows_mute(core->follows, follow->session);
    bool is_at_end = follow->state == FOLLOW_OWING && follow->refusal == core_end();
    if (follow->stage != STAGE_OPEN || first >= follow->covered ||
        (follow->refusal != NULL && !is_at_end)) {
        return;
    }
    if (first == follow->sent_first) {
        follow->credit_events += follow->sent_events;
        follow->credit_bytes += follow->sent_bytes;
    }
    pages_cancel(core->pages, index);
    routes_hide(core->routes, index);
    follow->refusal = NULL;
    follow->state = FOLLOW_BEHIND;
    follow->covered = follow->position = first;
    follows_line(core->follows, index, LINE_NONE);
}

void core_cursor_loaded(struct core *core, const struct input *input)
{
    uint32_t holder = cursors_loaded(core->cursors, input->of.loaded.token, input->of.loaded.status,
                                     input->of.loaded.value);
    if (holder != CURSORS_NONE) {
        core_open_continue(core, holder);
    }
}

void core_cursor_saved(struct core *core, const struct input *input)
{
    struct cursor_saved saved;
    if (!cursors_saved(core->cursors, input->of.saved.token, input->of.saved.status, core->now_ms,
                       &saved)) {
        return;
    }
    struct follow *follow = follows_at(core->follows, saved.holder);
    if (saved.is_unmade) {
        follow->cursor = FOLLOW_NONE;
        core_follow_end(core, saved.holder, &refusal_full, 0, 0);
    } else if (follow->stage == STAGE_KEEPING && saved.is_all) {
        follow->state = FOLLOW_OWING;
        follows_line(core->follows, saved.holder, LINE_OWING);
    } else if (saved.number != 0) {
        core_tell_acked(core, follow, saved.number, saved.through);
    }
}

static void follow_woken(struct core *core, const struct pages_woken *woken)
{
    uint32_t index = woken->waiter;
    const struct follow *follow = follows_at(core->follows, index);
    if (woken->status != STATUS_OK) {
        bool is_named = woken->status == STATUS_CORRUPT;
        uint64_t wanted =
            follow->state == FOLLOW_OPENING ? core->seeks[index].probe : follow->position;
        core_follow_end(core, index, &refusal_corrupt, is_named ? woken->corrupt_first : wanted,
                        is_named ? woken->corrupt_last : wanted);
    } else if (follow->state == FOLLOW_OPENING) {
        follows_line_front(core->follows, index, LINE_OPENING);
    } else if (follow->state == FOLLOW_BEHIND) {
        follows_line_front(core->follows, index, LINE_READY);
    }
}

void core_pages_woken(struct core *core)
{
    struct pages_woken woken;
    while (pages_take_woken(core->pages, &woken)) {
        if (woken.waiter < core->limits.follows) {
            follow_woken(core, &woken);
        } else {
            core_get_woken(core, woken.waiter - core->limits.follows, woken.status);
        }
    }
}
