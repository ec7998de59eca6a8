/* core_get.c - one event by its sequence, for who may read the past of its topic.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

/* One refusal for what is not there and what may not be seen: neither tells of the other. */
static const struct refusal refusal_not_found = {
    .code = "NOT_FOUND",
    .field = "seq",
    .reason = "there is no such event of the modes asked for, or you may not see it",
};
static const struct refusal refusal_busy = {
    .code = "BUSY",
    .field = "",
    .reason = "too many lookups are waiting",
    .retry_after_ms = 100,
    .is_retryable = true,
};
static const struct refusal refusal_damaged = {
    .code = "STORE_CORRUPT",
    .field = "seq",
    .reason = "the event lies in a damaged part of the log",
};

void core_get(struct core *core, struct peer *peer, const struct request *request)
{
    uint64_t seq = request->of.get.seq;
    if (seq < core->log_first || seq > core->head ||
        !policy_has(core->policy, peer->agency, RIGHT_REPLAY)) {
        core_refuse(core, peer->handle, request->number, &refusal_not_found);
        return;
    }
    /* «Modes default to ACTUAL on every path.» */
    uint32_t modes = request->of.get.modes == 0 ? 1u << MODE_ACTUAL : request->of.get.modes;
    struct get get = {
        .peer = peer->handle,
        .request = request->number,
        .seq = seq,
        .modes = modes,
    };
    uint32_t index = gets_take(core->gets, &get);
    if (index == GETS_NONE) {
        core_refuse(core, peer->handle, request->number, &refusal_busy);
        return;
    }
    gets_set_ready(core->gets, index, true);
}

void core_get_woken(struct core *core, uint32_t index, enum status status)
{
    struct get *get = gets_at(core->gets, index);
    get->status = status;
    gets_set_ready(core->gets, index, true);
}

/* Ends the lookup with an error. False: no room. */
static bool get_refuse(struct core *core, uint32_t index, const struct refusal *refusal)
{
    const struct get *get = gets_at(core->gets, index);
    struct answer *answer = core_answer(core, ANSWER_ERROR, get->peer, get->request);
    if (answer != NULL) {
        answer->of.error.refusal = *refusal;
        gets_give(core->gets, index);
    }
    return answer != NULL;
}

static bool get_answer(struct core *core, uint32_t index, const struct peer *peer,
                       const struct page *page)
{
    const struct get *get = gets_at(core->gets, index);
    const struct record *record = &page->records[get->seq - page->first];
    struct permit permit;
    core_permit(core, peer->agency, record, &permit);
    if (!permit.may_replay || record->mode > MODE_SYSTEM || (get->modes >> record->mode & 1) == 0) {
        return get_refuse(core, index, &refusal_not_found);
    }
    struct answer *answer = core_answer(core, ANSWER_EVENT, get->peer, get->request);
    if (answer != NULL) {
        answer->of.event.seq = get->seq;
        answer->of.event.page = page;
        answer->of.event.index = (uint32_t)(get->seq - page->first);
        answer->of.event.with_personal = permit.may_personal && record->personal_length > 0;
        gets_give(core->gets, index);
    }
    return answer != NULL;
}

bool core_get_continue(struct core *core, uint32_t index)
{
    struct get *get = gets_at(core->gets, index);
    struct peer *peer = peers_find(core->peers, get->peer);
    if (peer == NULL || !core_session_is_valid(core, peer)) {
        gets_give(core->gets, index);
        return true;
    }
    if (get->status != STATUS_OK) {
        bool is_damaged = get->status == STATUS_CORRUPT;
        return get_refuse(core, index, is_damaged ? &refusal_damaged : &refusal_not_found);
    }
    const struct page *page = pages_find(core->pages, get->seq);
    if (page == NULL) {
        gets_set_ready(core->gets, index, false);
        pages_wait(core->pages, core->limits.follows + index, get->seq);
        return true;
    }
    return get_answer(core, index, peer, page);
}
