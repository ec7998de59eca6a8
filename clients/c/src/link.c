/* link.c - the door of the client machine, and what is due in every step.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link.h"

#include <assert.h>
#include <stdlib.h>

#include "clients/c/src/link_session.h"

enum {
    LINK_HEARTBEAT_MS = 5000, /* until welcome says another */
    LINK_PUBLISH_BYTES =
        262144,               /* of one publish message, so that an alarm waits for no long one */
    LINK_MESSAGES_MAX = 16,   /* of a lane on their way: what comes meanwhile is sent together */
    LINK_ITEM_OVERHEAD = 160, /* of one item beside event and block */
    LINK_SILENCE_BEATS = 3
};

void link_options_default(struct link_options *options)
{
    *options = (struct link_options){
        .window_events = 256,
        .follows = 64,
        .gets = 16,
        .credit_events = 1024,
        .credit_bytes = UINT64_C(4) * 1024 * 1024,
        .connect_ms = 10000,
        .answer_ms = 30000,
        .backoff_ms = 250,
        .backoff_ms_max = 30000,
    };
}

struct link *link_new(const struct link_options *options)
{
    assert(options->window_events > 0 && options->follows > 0 && options->gets > 0);
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->options = *options;
    link->random = options->seed;
    link->log = options->log;
    link->heartbeat_ms = LINK_HEARTBEAT_MS;
    link->follows = calloc(options->follows, sizeof *link->follows);
    link->gets = calloc(options->gets, sizeof *link->gets);
    bool is_whole = link->follows != NULL && link->gets != NULL;
    for (int i = 0; i < LINK_LANES; i++)
        is_whole &= lane_init(&link->lanes[i], options->producers[i], options->numbers[i],
                              options->window_events);
    if (!is_whole) {
        link_free(link);
        return NULL;
    }
    return link;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    for (int i = 0; i < LINK_LANES; i++)
        lane_deinit(&link->lanes[i]);
    free(link->follows);
    free(link->gets);
    free(link);
}

bool link_effects_init(struct link_effects *fx, const struct link *link)
{
    uint32_t events = link->options.window_events * LINK_LANES;
    /* One step can at most answer, renumber and send every event, speak for every follow thrice and
     * ask every get. */
    uint32_t room = 3 * events + 5 * link->options.follows + 2 * link->options.gets + 32;
    *fx = (struct link_effects){.room = room, .item_room = events};
    fx->list = calloc(room, sizeof *fx->list);
    fx->items = calloc(events, sizeof *fx->items);
    if (fx->list != NULL && fx->items != NULL)
        return true;
    link_effects_deinit(fx);
    return false;
}

void link_effects_deinit(struct link_effects *fx)
{
    free(fx->list);
    free(fx->items);
    *fx = (struct link_effects){0};
}

/* ---- what is due ----------------------------------------------------------------------------- */

static void link_publish_flush(struct link *link, struct link_effects *fx, uint64_t request,
                               uint32_t from, int64_t wall_ms)
{
    if (fx->item_count == from)
        return;
    struct link_said said = {.kind = LINK_SAY_PUBLISH, .request = request};
    said.of.publish.items = &fx->items[from];
    said.of.publish.count = fx->item_count - from;
    said.of.publish.sent_at_ms = wall_ms;
    link_say(link, fx, &said);
}

static void link_publish_add(struct lane *lane, const struct lane_entry *entry,
                             struct link_effects *fx)
{
    assert(fx->item_count < fx->item_room);
    fx->items[fx->item_count++] = (struct link_item){
        .event = entry->event,
        .producer = lane->producer,
        .number = entry->number,
        .after = entry->after,
    };
}

static void link_publish(struct link *link, enum link_lane index, struct link_effects *fx,
                         int64_t wall_ms)
{
    struct lane *lane = &link->lanes[index];
    struct lane_entry *entry;
    uint64_t request = link->requests + 1;
    uint32_t from = fx->item_count;
    size_t bytes = 0;
    bool is_renumbered;
    if (lane_messages(lane) >= LINK_MESSAGES_MAX)
        return;
    while ((entry = lane_next(lane, link->now_ms, &is_renumbered)) != NULL) {
        size_t item_bytes =
            entry->event->event.length + entry->event->block.length + LINK_ITEM_OVERHEAD;
        if (bytes > 0 && bytes + item_bytes > link->batch_bytes) {
            link_publish_flush(link, fx, request, from, wall_ms);
            request++;
            from = fx->item_count;
            bytes = 0;
        }
        if (is_renumbered) {
            struct link_effect *effect = link_fx(fx, LINK_FX_RENUMBER);
            effect->of.renumber.token = entry->token;
            effect->of.renumber.lane = index;
            effect->of.renumber.number = entry->number;
        }
        link_publish_add(lane, entry, fx);
        lane_sent(lane, entry, request, link->now_ms);
        link->requests = request;
        bytes += item_bytes;
    }
    link_publish_flush(link, fx, request, from, wall_ms);
}

static void link_serve_follow(struct link *link, struct follow *follow, struct link_effects *fx)
{
    struct link_said said;
    if (follow->state == FOLLOW_WAITING && link->now_ms >= follow->retry_ms) {
        if (follow_is_complete(follow)) {
            link_follow_release(follow, fx);
            return;
        }
        follow_ask(follow, ++link->requests, &said);
        link_say(link, fx, &said);
    }
    if (follow_ack(follow, link->requests + 1, link->now_ms, &said)) {
        link->requests++;
        link_say(link, fx, &said);
    }
    if (follow_credit(follow, &said))
        link_say(link, fx, &said);
}

static void link_serve_gets(struct link *link, struct link_effects *fx)
{
    for (uint32_t i = 0; i < link->options.gets; i++) {
        struct link_get *get = &link->gets[i];
        if (!get->is_used || get->request != 0)
            continue;
        get->request = ++link->requests;
        struct link_said said = {.kind = LINK_SAY_GET, .request = get->request};
        said.of.get.seq = get->seq;
        said.of.get.modes = get->modes;
        link_say(link, fx, &said);
    }
}

/* «silence of three times this ends the session, on both sides» */
static void link_serve_session(struct link *link, int64_t wall_ms, struct link_effects *fx)
{
    if (link->now_ms - link->heard_ms >= (uint64_t)link->heartbeat_ms * LINK_SILENCE_BEATS) {
        link_break(link, fx, "UNREACHABLE", "the broker has been silent for three heartbeats");
        return;
    }
    for (int i = 0; i < LINK_LANES; i++) {
        if (lane_is_overdue(&link->lanes[i], link->now_ms, link->options.answer_ms)) {
            link_break(link, fx, "UNREACHABLE", "the broker did not answer a publish in time");
            return;
        }
        link_publish(link, (enum link_lane)i, fx, wall_ms);
    }
    for (uint32_t i = 0; i < link->options.follows; i++)
        if (link->follows[i].state != FOLLOW_FREE)
            link_serve_follow(link, &link->follows[i], fx);
    link_serve_gets(link, fx);
    if (link->now_ms - link->said_ms >= link->heartbeat_ms) {
        struct link_said ping = {.kind = LINK_SAY_PING, .request = ++link->requests};
        link_say(link, fx, &ping);
    }
}

static void link_serve(struct link *link, int64_t wall_ms, struct link_effects *fx)
{
    switch (link->phase) {
    case LINK_PHASE_REST:
        if (link->now_ms >= link->retry_ms)
            link_connect(link, fx);
        break;
    case LINK_PHASE_CONNECT:
    case LINK_PHASE_HELLO:
        if (link->now_ms - link->phase_ms >= link->options.connect_ms)
            link_break(link, fx, "UNREACHABLE", "the broker did not answer in time");
        break;
    case LINK_PHASE_UP:
        /* Clear before it is filled again: bounded by one sending of each event a step. */
        link_serve_session(link, wall_ms, fx);
        break;
    case LINK_PHASE_CLOSED:
        break;
    }
}

/* ---- the door -------------------------------------------------------------------------------- */

static void link_follow_start(struct link *link, const struct link_input *input,
                              struct link_effects *fx)
{
    for (uint32_t i = 0; i < link->options.follows; i++) {
        if (link->follows[i].state != FOLLOW_FREE)
            continue;
        follow_init(&link->follows[i], input->of.follow.id, input->of.follow.spec,
                    link->options.credit_events, link->options.credit_bytes);
        return;
    }
    struct link_effect *effect = link_fx(fx, LINK_FX_ENDED);
    effect->of.ended.id = input->of.follow.id;
    effect->of.ended.refusal.code = bytes_of_text("FOLLOW_LIMIT");
    effect->of.ended.refusal.reason = bytes_of_text("this handle follows as much as it can");
}

static void link_unfollow(struct link *link, uint64_t id, struct link_effects *fx)
{
    struct follow *follow = link_follow_find(link, id);
    if (follow == NULL)
        return;
    if (link->phase == LINK_PHASE_UP && follow->state != FOLLOW_WAITING) {
        struct link_said said;
        if (follow_ack(follow, link->requests + 1, link->now_ms, &said)) {
            link->requests++;
            link_say(link, fx, &said);
        }
        said = (struct link_said){.kind = LINK_SAY_UNFOLLOW};
        said.of.unfollow.follow = id;
        link_say(link, fx, &said);
    }
    link_follow_release(follow, fx);
}

static void link_get(struct link *link, const struct link_input *input, struct link_effects *fx)
{
    for (uint32_t i = 0; i < link->options.gets; i++) {
        if (link->gets[i].is_used)
            continue;
        link->gets[i] = (struct link_get){.is_used = true,
                                          .token = input->of.get.token,
                                          .seq = input->of.get.seq,
                                          .modes = input->of.get.modes};
        return;
    }
    struct link_effect *effect = link_fx(fx, LINK_FX_GOT);
    effect->of.got.token = input->of.get.token;
    effect->of.got.refusal.code = bytes_of_text("BUSY");
    effect->of.got.refusal.reason = bytes_of_text("this handle asks as much as it can");
    effect->of.got.refusal.is_retryable = true;
}

static void link_cancel(struct link *link, uint64_t token)
{
    for (uint32_t i = 0; i < link->options.gets; i++)
        if (link->gets[i].is_used && link->gets[i].token == token)
            link->gets[i].is_used = false;
}

static void link_close(struct link *link, struct link_effects *fx)
{
    if (link->phase == LINK_PHASE_UP) {
        struct link_said said = {.kind = LINK_SAY_BYE};
        link_say(link, fx, &said);
    }
    if (link->phase != LINK_PHASE_REST && link->phase != LINK_PHASE_CLOSED)
        link_fx(fx, LINK_FX_DISCONNECT);
    link->phase = LINK_PHASE_CLOSED;
}

/* The hello named the old one: the session is made anew with the new. */
static void link_renew_producer(struct link *link, const struct link_input *input,
                                struct link_effects *fx)
{
    lane_renew(&link->lanes[input->of.producer.lane], input->of.producer.producer);
    if (link->phase == LINK_PHASE_UP || link->phase == LINK_PHASE_HELLO)
        link_break(link, fx, "PRODUCER_RETIRED", "the outbox goes on under a new producer");
}

void link_step(struct link *link, const struct link_input *input, struct link_effects *fx)
{
    fx->count = 0;
    fx->item_count = 0;
    assert(input->now_ms >= link->now_ms);
    link->now_ms = input->now_ms;
    struct follow *follow;
    switch (input->kind) {
    case LINK_IN_CONNECTED:
        link_connected(link, fx);
        break;
    case LINK_IN_LOST:
        link_lost(link, input, fx);
        break;
    case LINK_IN_HEARD:
        link_hear(link, input->of.heard, fx);
        break;
    case LINK_IN_EVENT:
        lane_offer(&link->lanes[input->of.event.lane], input->of.event.token,
                   input->of.event.number, input->of.event.event);
        break;
    case LINK_IN_PRODUCER:
        link_renew_producer(link, input, fx);
        break;
    case LINK_IN_FOLLOW:
        link_follow_start(link, input, fx);
        break;
    case LINK_IN_UNFOLLOW:
        link_unfollow(link, input->of.unfollow.id, fx);
        break;
    case LINK_IN_CONSUMED:
        if ((follow = link_follow_find(link, input->of.consumed.id)) != NULL)
            follow_consumed(follow, input->of.consumed.events, input->of.consumed.bytes);
        break;
    case LINK_IN_ACK:
        if ((follow = link_follow_find(link, input->of.ack.id)) != NULL)
            follow_acked(follow, input->of.ack.through);
        break;
    case LINK_IN_GET:
        link_get(link, input, fx);
        break;
    case LINK_IN_CANCEL:
        link_cancel(link, input->of.cancel.token);
        break;
    case LINK_IN_CLOSE:
        link_close(link, fx);
        break;
    case LINK_IN_TICK:
        break;
    }
    if (input->kind != LINK_IN_EVENT || !input->of.event.is_more)
        link_serve(link, input->wall_ms, fx);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t link_session_deadline_ms(const struct link *link)
{
    uint64_t deadline = earlier(link->said_ms + link->heartbeat_ms,
                                link->heard_ms + (uint64_t)link->heartbeat_ms * LINK_SILENCE_BEATS);
    for (int i = 0; i < LINK_LANES; i++)
        deadline = earlier(deadline, lane_deadline_ms(&link->lanes[i], link->options.answer_ms));
    for (uint32_t i = 0; i < link->options.follows; i++)
        if (link->follows[i].state != FOLLOW_FREE)
            deadline = earlier(deadline, follow_deadline_ms(&link->follows[i]));
    return deadline;
}

uint64_t link_deadline_ms(const struct link *link)
{
    switch (link->phase) {
    case LINK_PHASE_REST:
        return link->retry_ms;
    case LINK_PHASE_CONNECT:
    case LINK_PHASE_HELLO:
        return link->phase_ms + link->options.connect_ms;
    case LINK_PHASE_UP:
        return link_session_deadline_ms(link);
    case LINK_PHASE_CLOSED:
        break;
    }
    return UINT64_MAX;
}

uint32_t link_room(const struct link *link, enum link_lane lane)
{
    return link->lanes[lane].room - link->lanes[lane].count;
}

uint64_t link_number_next(struct link *link, enum link_lane lane)
{
    return lane_number_next(&link->lanes[lane]);
}

bool link_is_up(const struct link *link)
{
    return link->phase == LINK_PHASE_UP;
}

uint64_t link_record_bytes(const struct link_record *record)
{
    return follow_record_bytes(record);
}
