/* core_tell.c - what a follow is told beside events: how it was opened, and why it ended.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

static const struct refusal refusal_rights_left = {
    .code = "RIGHTS",
    .field = "filters",
    .reason = "the policy leaves nothing of the filters",
};

/* Filters as the policy in force leaves them. */
struct narrowed {
    struct policy_filter *filters;
    struct bytes *views;
    uint32_t count;
    bool is_narrowed;
};

/* Narrows the filters of `terms` into scratch. False: no room. */
static bool terms_narrow(struct core *core, uint32_t agency, enum right right,
                         const struct terms *terms, struct narrowed *out)
{
    out->filters = effects_scratch(core->fx, NARROWED_MAX * sizeof *out->filters);
    out->views = effects_scratch(core->fx, NARROWED_MAX * sizeof *out->views);
    if (out->filters == NULL || out->views == NULL) {
        return false;
    }
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        struct bytes filter = terms_filter(terms, index);
        struct policy_filter *first = out->filters + out->count;
        struct policy_pieces pieces = {.list = first, .room = NARROWED_MAX - out->count};
        policy_narrow(core->policy, agency, right, filter, &pieces);
        bool is_same =
            pieces.count == 1 && bytes_are_equal(bytes_of(first->text, first->length), filter);
        out->is_narrowed = out->is_narrowed || pieces.is_cut || !is_same;
        out->count += pieces.count;
    }
    for (uint32_t index = 0; index < out->count; index++) {
        out->views[index] = bytes_of(out->filters[index].text, out->filters[index].length);
    }
    return true;
}

static bool follow_tell_refused(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    bool is_open = follow->stage == STAGE_OPEN;
    struct answer *answer = core_answer(core, is_open ? ANSWER_ENDED : ANSWER_ERROR,
                                        follow->key.peer, is_open ? 0 : follow->request);
    if (answer == NULL) {
        return false;
    }
    if (is_open) {
        answer->of.ended.follow = follow->key.id;
        answer->of.ended.refusal = *follow->refusal;
        answer->of.ended.first = follow->fault_first;
        answer->of.ended.last = follow->fault_last;
    } else {
        answer->of.error.refusal = *follow->refusal;
        answer->of.error.theirs = follow->fault_first;
        answer->of.error.ours = follow->fault_last;
    }
    if (is_open && follow->cursor != FOLLOW_NONE) {
        follow->state = FOLLOW_ENDED;
        follows_line(core->follows, index, LINE_NONE);
    } else {
        core_follow_free(core, index);
    }
    return true;
}

/* Following; from here on the follow is fed. */
static bool follow_tell_following(struct core *core, uint32_t index)
{
    struct follow *follow = follows_at(core->follows, index);
    const struct peer *peer = core_session_at(core, follow);
    enum right right = follow->is_replay ? RIGHT_REPLAY : RIGHT_SUBSCRIBE;
    struct narrowed narrowed = {0};
    if (!terms_narrow(core, peer->agency, right, follow->terms, &narrowed)) {
        return false;
    }
    if (narrowed.count == 0) {
        follow->refusal = &refusal_rights_left;
        return follow_tell_refused(core, index);
    }
    struct answer *answer = core_answer(core, ANSWER_FOLLOWING, follow->key.peer, follow->request);
    if (answer == NULL) {
        return false;
    }
    answer->of.following = (struct following_answer){
        .follow = follow->key.id,
        .first = follow->position,
        .head = follow->head,
        .origin = follow->origin,
        .through = follow->through == FOLLOW_NO_END ? 0 : follow->through,
        .filters = narrowed.views,
        .filter_count = narrowed.count,
        .is_narrowed = narrowed.is_narrowed,
        .is_created = follow->is_created,
        .is_resumable = follow->cursor == FOLLOW_NONE && !follow->is_replay,
        .since = follow->since,
    };
    memcpy(answer->of.following.selection, follow->selection, SELECTION_BYTES);
    follow->covered = follow->position;
    follow->told_ms = core->now_ms;
    follow->stage = STAGE_OPEN;
    follow->state = FOLLOW_BEHIND;
    follows_line(core->follows, index, LINE_READY);
    return true;
}

bool core_follow_tell(struct core *core, uint32_t index)
{
    const struct follow *follow = follows_at(core->follows, index);
    assert(follow->state == FOLLOW_OWING);
    return follow->refusal == NULL ? follow_tell_following(core, index)
                                   : follow_tell_refused(core, index);
}
