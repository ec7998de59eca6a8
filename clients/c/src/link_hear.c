/* link_hear.c - what the broker says, taken by the client machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_session.h"

#include <assert.h>

enum { LINK_BATCH_BYTES = 262144, LINK_HEARTBEAT_MS_MIN = 100, LINK_HEARTBEAT_MS_MAX = 60000 };

static bool log_is_equal(const struct link_log *a, const struct link_log *b)
{
    return a->incarnation == b->incarnation && memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
}

static uint64_t welcome_mark(const struct link_heard *heard, const struct lane *lane)
{
    for (uint32_t i = 0; i < heard->of.welcome.mark_count; i++)
        if (memcmp(heard->of.welcome.marks[i].producer, lane->producer, PRODUCER_BYTES) == 0)
            return heard->of.welcome.marks[i].number;
    return 0;
}

/* Another incarnation knows less: what was stored in the old one is offered again, and a follow
 * cannot tell what its sequences mean now. */
static void hear_log(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    const struct link_log *log = &heard->of.welcome.log;
    bool is_other = link->log.incarnation != 0 && !log_is_equal(&link->log, log);
    for (uint32_t i = 0; i < link->options.follows; i++) {
        struct follow *follow = &link->follows[i];
        if (follow->state == FOLLOW_FREE || !follow->has_begun || log_is_equal(&follow->log, log))
            continue;
        struct link_refusal changed = {
            .code = bytes_of_text("LOG_CHANGED"),
            .reason = bytes_of_text("the broker's log was restored since this follow began")};
        link_follow_end(follow, fx, &changed, 0, 0);
        fx->list[fx->count - 1].of.ended.theirs = link->log.incarnation;
        fx->list[fx->count - 1].of.ended.ours = log->incarnation;
    }
    if (link->log.incarnation == 0 || is_other)
        link_fx(fx, LINK_FX_LOG)->of.log = *log;
    link->log = *log;
    for (int i = 0; is_other && i < LINK_LANES; i++) {
        lane_clear(&link->lanes[i]);
        struct link_effect *effect = link_fx(fx, LINK_FX_REWIND);
        effect->of.rewind.lane = (enum link_lane)i;
        effect->of.rewind.mark = welcome_mark(heard, &link->lanes[i]);
    }
}

static void hear_welcome(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    uint32_t version = heard->of.welcome.version;
    if (link->phase != LINK_PHASE_HELLO || heard->request != link->hello_request ||
        version < LINK_VERSION_MIN || version > LINK_VERSION_MAX) {
        link_break(link, fx, "BAD_FRAME", "a welcome that nobody asked for");
        return;
    }
    uint32_t beat = heard->of.welcome.heartbeat_ms;
    if (beat >= LINK_HEARTBEAT_MS_MIN && beat <= LINK_HEARTBEAT_MS_MAX)
        link->heartbeat_ms = beat;
    uint32_t batch_bytes = heard->of.welcome.batch_bytes;
    link->batch_bytes =
        batch_bytes > 0 && batch_bytes < LINK_BATCH_BYTES ? batch_bytes : LINK_BATCH_BYTES;
    link->phase = LINK_PHASE_UP;
    link->phase_ms = link->now_ms;
    link->has_stored = false;
    for (int i = 0; i < LINK_LANES; i++)
        lane_begin(&link->lanes[i], welcome_mark(heard, &link->lanes[i]),
                   heard->of.welcome.window_events);
    hear_log(link, heard, fx);
    struct link_effect *effect = link_fx(fx, LINK_FX_STATE);
    effect->of.state.state = LINK_UP;
    effect->of.state.agency = heard->of.welcome.agency;
    effect->of.state.site = heard->of.welcome.site;
}

static void tell_answered(struct link_effects *fx, uint64_t token, enum link_lane lane,
                          const struct link_receipt *receipt)
{
    struct link_effect *effect = link_fx(fx, LINK_FX_ANSWERED);
    effect->of.answered.token = token;
    effect->of.answered.lane = lane;
    effect->of.answered.number = receipt->number;
    effect->of.answered.is_stored = receipt->outcome == LINK_STORED;
    effect->of.answered.seq = receipt->seq;
    effect->of.answered.is_duplicate = receipt->is_duplicate;
    effect->of.answered.refusal = receipt->refusal;
}

/* Whoever fenced us will be fenced by our return: two copies of one outbox must not chase each
 * other. */
static void link_fenced(struct link *link, const struct link_refusal *refusal,
                        struct link_effects *fx)
{
    struct link_refusal fenced = *refusal;
    fenced.retry_after_ms = link->options.backoff_ms_max / 2;
    link_down(link, fx, &fenced);
}

static void hear_receipt(struct link *link, uint64_t request, const struct link_receipt *receipt,
                         struct link_effects *fx)
{
    uint64_t token;
    for (int i = 0; i < LINK_LANES; i++) {
        struct lane *lane = &link->lanes[i];
        if (memcmp(lane->producer, receipt->producer, PRODUCER_BYTES) != 0)
            continue;
        switch (lane_receipt(lane, request, receipt, link->now_ms, &token)) {
        case LANE_STORED:
            link->has_stored = true;
            tell_answered(fx, token, (enum link_lane)i, receipt);
            break;
        case LANE_REFUSED:
            tell_answered(fx, token, (enum link_lane)i, receipt);
            break;
        case LANE_RETIRED:
            link_fx(fx, LINK_FX_RETIRED)->of.retired.lane = (enum link_lane)i;
            break;
        case LANE_FENCED:
            link_fenced(link, &receipt->refusal, fx);
            return;
        case LANE_NOTHING:
            break;
        }
    }
}

static void hear_receipts(struct link *link, const struct link_heard *heard,
                          struct link_effects *fx)
{
    for (uint32_t i = 0; i < heard->of.receipts.count && link->phase == LINK_PHASE_UP; i++)
        hear_receipt(link, heard->request, &heard->of.receipts.receipts[i], fx);
}

static void hear_following(struct link *link, const struct link_heard *heard,
                           struct link_effects *fx)
{
    struct follow *follow = link_follow_find(link, heard->of.following.follow);
    if (follow == NULL || follow->state != FOLLOW_ASKED || follow->request != heard->request)
        return; /* unfollowed meanwhile */
    if (!follow_begun(follow, heard)) {
        link_break(link, fx, "BAD_FRAME", "a follow would have gone on beyond what it has");
        return;
    }
    struct link_effect *effect = link_fx(fx, LINK_FX_FOLLOWING);
    effect->of.following.id = follow->id;
    effect->of.following.heard = heard;
}

static void hear_deliver(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    uint32_t skip;
    struct follow *follow = link_follow_find(link, heard->of.deliver.follow);
    if (follow == NULL || follow->state == FOLLOW_ENDED)
        return; /* unfollowed meanwhile */
    if (!follow_delivered(follow, heard, &skip)) {
        link_break(link, fx, "BAD_FRAME", "a delivery does not begin where the last one ended");
        return;
    }
    struct link_effect *effect = link_fx(fx, LINK_FX_DELIVER);
    effect->of.deliver.id = follow->id;
    effect->of.deliver.first = heard->of.deliver.first;
    effect->of.deliver.last = heard->of.deliver.last;
    effect->of.deliver.replay_through = heard->of.deliver.replay_through;
    effect->of.deliver.records = heard->of.deliver.records + skip;
    effect->of.deliver.count = heard->of.deliver.count - skip;
    effect->of.deliver.lost = heard->of.deliver.lost;
    effect->of.deliver.lost_count = heard->of.deliver.lost_count;
}

static void hear_acked(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    struct follow *follow = link_follow_find(link, heard->of.acked.follow);
    if (follow == NULL)
        return;
    if (follow->ack_request == heard->request)
        follow->ack_request = 0;
    if (heard->of.acked.through <= follow->acked_durable)
        return;
    follow->acked_durable = heard->of.acked.through;
    struct link_effect *effect = link_fx(fx, LINK_FX_ACKED);
    effect->of.acked.id = follow->id;
    effect->of.acked.through = follow->acked_durable;
    if (follow->state == FOLLOW_ENDED && !follow_is_listened_to(follow))
        link_follow_release(follow, fx);
}

/* A follow was refused or ended: later again if that may help, else it is over. */
static void end_or_retry(struct link *link, struct follow *follow,
                         const struct link_refusal *refusal, uint64_t first, uint64_t last,
                         struct link_effects *fx)
{
    if (!refusal->is_retryable) {
        bool is_reached = bytes_are_equal(refusal->code, bytes_of_text("END"));
        link_follow_end(follow, fx, refusal, first, last);
        if (is_reached && follow_is_listened_to(follow)) {
            fx->list[fx->count - 1].of.ended.is_listened_to = true;
            follow->state = FOLLOW_ENDED;
        }
        return;
    }
    uint32_t wait_ms = refusal->retry_after_ms;
    if (wait_ms < link->options.backoff_ms)
        wait_ms = link->options.backoff_ms;
    follow_lost(follow);
    follow->retry_ms = link->now_ms + wait_ms;
}

static void hear_ended(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    struct follow *follow = link_follow_find(link, heard->of.ended.follow);
    if (follow != NULL && follow->state != FOLLOW_ENDED)
        end_or_retry(link, follow, &heard->of.ended.refusal, heard->of.ended.first,
                     heard->of.ended.last, fx);
}

static struct link_get *get_find(struct link *link, uint64_t request)
{
    for (uint32_t i = 0; request != 0 && i < link->options.gets; i++)
        if (link->gets[i].is_used && link->gets[i].request == request)
            return &link->gets[i];
    return NULL;
}

static void hear_answer(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    struct link_get *get = get_find(link, heard->request);
    if (get == NULL)
        return; /* cancelled meanwhile */
    struct link_effect *effect = link_fx(fx, LINK_FX_GOT);
    effect->of.got.token = get->token;
    effect->of.got.is_found = true;
    effect->of.got.record = heard->of.answer.record;
    get->is_used = false;
}

/* An error that belongs to a follow or its ack. */
static bool hear_follow_error(struct link *link, const struct link_heard *heard,
                              struct link_effects *fx)
{
    for (uint32_t i = 0; i < link->options.follows; i++) {
        struct follow *follow = &link->follows[i];
        if (follow->state == FOLLOW_FREE)
            continue;
        if (follow->ack_request == heard->request) {
            follow->ack_request = 0; /* the next ack covers it */
            return true;
        }
        if (follow->request != heard->request)
            continue;
        uint32_t before = fx->count;
        end_or_retry(link, follow, &heard->of.error.refusal, 0, 0, fx);
        if (fx->count > before) {
            fx->list[before].of.ended.theirs = heard->of.error.theirs;
            fx->list[before].of.ended.ours = heard->of.error.ours;
        }
        return true;
    }
    return false;
}

/* An error that answers a whole publish. */
static void hear_publish_error(struct link *link, const struct link_heard *heard,
                               struct link_effects *fx)
{
    struct link_receipt receipt = {.outcome = LINK_REFUSED, .refusal = heard->of.error.refusal};
    for (int i = 0; i < LINK_LANES; i++) {
        uint64_t token;
        while (lane_request_failed(&link->lanes[i], heard->request, &receipt.refusal, link->now_ms,
                                   &token, &receipt.number))
            tell_answered(fx, token, (enum link_lane)i, &receipt);
    }
}

static void hear_error(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    bool has_session = !bytes_are_equal(heard->of.error.refusal.code, bytes_of_text("NO_SESSION"));
    if (heard->request == 0 || link->phase != LINK_PHASE_UP || !has_session) {
        link_down(link, fx, &heard->of.error.refusal);
        return;
    }
    struct link_get *get = get_find(link, heard->request);
    if (get != NULL) {
        struct link_effect *effect = link_fx(fx, LINK_FX_GOT);
        effect->of.got.token = get->token;
        effect->of.got.refusal = heard->of.error.refusal;
        get->is_used = false;
    } else if (!hear_follow_error(link, heard, fx)) {
        hear_publish_error(link, heard, fx);
    }
}

void link_hear(struct link *link, const struct link_heard *heard, struct link_effects *fx)
{
    if (link->phase != LINK_PHASE_UP && link->phase != LINK_PHASE_HELLO)
        return; /* of a connection that was given up */
    link->heard_ms = link->now_ms;
    bool is_early = link->phase == LINK_PHASE_HELLO;
    if (is_early && heard->kind != LINK_HEARD_WELCOME && heard->kind != LINK_HEARD_ERROR &&
        heard->kind != LINK_HEARD_BYE) {
        link_break(link, fx, "BAD_FRAME", "the broker spoke before its welcome");
        return;
    }
    switch (heard->kind) {
    case LINK_HEARD_WELCOME:
        hear_welcome(link, heard, fx);
        break;
    case LINK_HEARD_RECEIPTS:
        hear_receipts(link, heard, fx);
        break;
    case LINK_HEARD_FOLLOWING:
        hear_following(link, heard, fx);
        break;
    case LINK_HEARD_DELIVER:
        hear_deliver(link, heard, fx);
        break;
    case LINK_HEARD_ACKED:
        hear_acked(link, heard, fx);
        break;
    case LINK_HEARD_ENDED:
        hear_ended(link, heard, fx);
        break;
    case LINK_HEARD_ANSWER:
        hear_answer(link, heard, fx);
        break;
    case LINK_HEARD_PONG:
        break;
    case LINK_HEARD_BYE:
        link_break(link, fx, "UNREACHABLE", "the broker said bye");
        break;
    case LINK_HEARD_ERROR:
        hear_error(link, heard, fx);
        break;
    case LINK_HEARD_BAD:
        link_break(link, fx, "BAD_FRAME", "the broker sent what is no message of this protocol");
        break;
    }
}
