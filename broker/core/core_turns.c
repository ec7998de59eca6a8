/* core_turns.c - whose turn it is: bounded work a step, and nobody forgotten.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

/* What one page of a seek counts for in the records of a step. */
enum { SEEK_RECORDS = 256 };

static const struct refusal refusal_narrowed = {
    .code = "RIGHTS",
    .field = "filters",
    .reason = "the policy changed and leaves nothing of the filters",
};

static void turns_opening(struct core *core, uint32_t *records_left)
{
    uint32_t index;
    while (*records_left > 0 &&
           (index = follows_first(core->follows, LINE_OPENING)) != FOLLOW_NONE) {
        core_open_continue(core, index);
        *records_left -= SEEK_RECORDS < *records_left ? SEEK_RECORDS : *records_left;
    }
}

/* Before anything is sent: so an END is told a step after its last delivery, and should that
 * not have left, IN_UNSENT comes first. */
static void turns_owing(struct core *core)
{
    uint32_t index, waiting = FOLLOW_NONE;
    while ((index = follows_first(core->follows, LINE_OWING)) != waiting && index != FOLLOW_NONE) {
        struct follow *follow = follows_at(core->follows, index);
        if (!core_session_is_valid(core, core_session_at(core, follow))) {
            waiting = waiting == FOLLOW_NONE ? index : waiting;
            follows_line(core->follows, index, LINE_OWING);
        } else if (!core_follow_tell(core, index)) {
            return;
        }
    }
}

static void turns_gets(struct core *core)
{
    uint32_t index;
    while ((index = gets_first_ready(core->gets)) != GETS_NONE) {
        if (!core_get_continue(core, index)) {
            return;
        }
    }
}

/* A follow is sent one thing a step: what comes back unsent is then always the last. */
static void turns_ready(struct core *core, uint32_t *records_left)
{
    uint32_t index;
    while (*records_left > 0 && (index = follows_first(core->follows, LINE_READY)) != FOLLOW_NONE) {
        if (follows_at(core->follows, index)->sent_step == core->steps ||
            !core_feed(core, index, records_left)) {
            return;
        }
        *records_left -= 1 < *records_left ? 1 : *records_left;
    }
}

static void turns_round(struct core *core)
{
    if (follows_first(core->follows, LINE_ROUND) == FOLLOW_NONE) {
        if (core->round_head >= core->head) {
            return;
        }
        follows_start_round(core->follows);
        core->round_head = core->head;
        core->round_at_ms = core->now_ms + core->limits.bookmark_ms;
    }
    uint32_t index;
    for (uint32_t told = 0; told < STEP_ROUND && core->now_ms >= core->round_at_ms; told++) {
        if ((index = follows_first(core->follows, LINE_ROUND)) == FOLLOW_NONE) {
            return;
        }
        struct follow *follow = follows_at(core->follows, index);
        bool may_tell = follow->covered <= core->head && follow->sent_step != core->steps &&
                        !follows_is_muted(core->follows, follow->session) &&
                        core_session_is_valid(core, core_session_at(core, follow));
        if (may_tell && !core_bookmark(core, follow, core->head)) {
            return;
        }
        follows_line(core->follows, index, LINE_COVERED);
    }
}

/* Follows of which a new policy leaves nothing end. What it merely narrows is checked record by
 * record. */
static void turns_sweep(struct core *core)
{
    uint64_t version = policy_version(core->policy);
    if (core->swept_version != version) {
        core->swept_version = version;
        core->sweep_at = 0;
    }
    uint32_t end = core->sweep_at + STEP_SWEEP;
    for (; core->sweep_at < end && core->sweep_at < core->limits.follows; core->sweep_at++) {
        if (!follows_is_taken(core->follows, core->sweep_at)) {
            continue;
        }
        const struct follow *follow = follows_at(core->follows, core->sweep_at);
        struct peer *peer = core_session_at(core, follow);
        enum right right = follow->is_replay ? RIGHT_REPLAY : RIGHT_SUBSCRIBE;
        if (follow->stage == STAGE_OPEN && core_session_is_valid(core, peer) &&
            !core_terms_have(core, peer->agency, right, follow->terms)) {
            core_follow_end(core, core->sweep_at, &refusal_narrowed, 0, 0);
        }
    }
}

void core_turns(struct core *core)
{
    uint32_t records_left = STEP_RECORDS;
    core_match_committed(core);
    turns_sweep(core);
    turns_opening(core, &records_left);
    turns_owing(core);
    turns_gets(core);
    turns_ready(core, &records_left);
    turns_round(core);
}

uint64_t core_turns_deadline_ms(const struct core *core)
{
    bool is_owed = follows_first(core->follows, LINE_OPENING) != FOLLOW_NONE ||
                   follows_first(core->follows, LINE_OWING) != FOLLOW_NONE ||
                   follows_first(core->follows, LINE_READY) != FOLLOW_NONE ||
                   gets_first_ready(core->gets) != GETS_NONE ||
                   core->swept_version != policy_version(core->policy) ||
                   (core->swept_version != 0 && core->sweep_at < core->limits.follows);
    if (is_owed) {
        return 0;
    }
    if (follows_first(core->follows, LINE_ROUND) != FOLLOW_NONE) {
        return core->round_at_ms;
    }
    bool may_start = follows_first(core->follows, LINE_COVERED) != FOLLOW_NONE;
    return may_start && core->round_head < core->head ? 0 : UINT64_MAX;
}
