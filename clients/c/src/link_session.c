/* link_session.c - sessions: their beginning, their end, and the pause between two of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_session.h"

#include <assert.h>

enum { LINK_STEADY_MS = 5000 /* a session that lasted so long clears the count of failures */ };

struct link_effect *link_fx(struct link_effects *fx, enum link_effect_kind kind)
{
    assert(fx->count < fx->room);
    struct link_effect *effect = &fx->list[fx->count++];
    *effect = (struct link_effect){.kind = kind};
    return effect;
}

void link_say(struct link *link, struct link_effects *fx, const struct link_said *said)
{
    link_fx(fx, LINK_FX_SEND)->of.send = *said;
    link->said_ms = link->now_ms;
}

/* splitmix64: small, and the same on every machine, so that a seed replays a run. */
static uint64_t link_random(struct link *link)
{
    uint64_t z = link->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Half fixed, half by chance, doubling: so that a thousand clients do not return in one moment. */
static uint64_t link_backoff_ms(struct link *link, uint32_t retry_after_ms)
{
    uint64_t span = link->options.backoff_ms;
    for (uint32_t i = 1; i < link->failures && span < link->options.backoff_ms_max; i++)
        span *= 2;
    if (span > link->options.backoff_ms_max)
        span = link->options.backoff_ms_max;
    uint64_t wait = span / 2 + link_random(link) % (span / 2 + 1);
    return wait > retry_after_ms ? wait : retry_after_ms;
}

void link_down(struct link *link, struct link_effects *fx, const struct link_refusal *refusal)
{
    if (link->phase == LINK_PHASE_CLOSED || link->phase == LINK_PHASE_REST)
        return;
    /* However short: longer and longer pauses would starve whoever gets on a little each time. */
    bool was_useful = link->phase == LINK_PHASE_UP &&
                      (link->has_stored || link->now_ms - link->phase_ms >= LINK_STEADY_MS);
    link->failures = was_useful ? 1 : link->failures + 1;
    link_fx(fx, LINK_FX_DISCONNECT);
    struct link_effect *effect = link_fx(fx, LINK_FX_STATE);
    effect->of.state.state = LINK_DOWN;
    effect->of.state.refusal = *refusal;
    for (uint32_t i = 0; i < link->options.follows; i++)
        if (link->follows[i].state == FOLLOW_ENDED)
            link_follow_release(&link->follows[i], fx); /* its acks died with the session */
        else if (link->follows[i].state != FOLLOW_FREE)
            follow_lost(&link->follows[i]);
    for (uint32_t i = 0; i < link->options.gets; i++)
        link->gets[i].request = 0;
    link->phase = LINK_PHASE_REST;
    link->phase_ms = link->now_ms;
    link->retry_ms = link->now_ms + link_backoff_ms(link, refusal->retry_after_ms);
}

void link_break(struct link *link, struct link_effects *fx, const char *code, const char *reason)
{
    struct link_refusal refusal = {
        .code = bytes_of_text(code), .reason = bytes_of_text(reason), .is_retryable = true};
    link_down(link, fx, &refusal);
}

void link_connect(struct link *link, struct link_effects *fx)
{
    link->phase = LINK_PHASE_CONNECT;
    link->phase_ms = link->now_ms;
    link_fx(fx, LINK_FX_CONNECT);
}

void link_connected(struct link *link, struct link_effects *fx)
{
    if (link->phase != LINK_PHASE_CONNECT)
        return;
    link->phase = LINK_PHASE_HELLO;
    link->phase_ms = link->now_ms;
    link->heard_ms = link->now_ms;
    link->hello_request = ++link->requests;
    for (int i = 0; i < LINK_LANES; i++)
        memcpy(link->producers[i], link->lanes[i].producer, PRODUCER_BYTES);
    struct link_said said = {.kind = LINK_SAY_HELLO, .request = link->hello_request};
    said.of.hello.client = link->options.client;
    said.of.hello.producers = link->producers;
    said.of.hello.producer_count = LINK_LANES;
    link_say(link, fx, &said);
}

void link_lost(struct link *link, const struct link_input *input, struct link_effects *fx)
{
    struct link_refusal refusal = {
        .code = bytes_of_text(input->of.lost.is_auth ? "AUTH_FAILED" : "UNREACHABLE"),
        .reason = input->of.lost.reason,
        .is_retryable = !input->of.lost.is_auth,
        /* A key that is refused now may be enrolled later, but nobody needs to be asked often. */
        .retry_after_ms = input->of.lost.is_auth ? link->options.backoff_ms_max / 2 : 0,
    };
    link_down(link, fx, &refusal);
}

struct follow *link_follow_find(struct link *link, uint64_t id)
{
    for (uint32_t i = 0; i < link->options.follows; i++)
        if (link->follows[i].state != FOLLOW_FREE && link->follows[i].id == id)
            return &link->follows[i];
    return NULL;
}

void link_follow_end(struct follow *follow, struct link_effects *fx,
                     const struct link_refusal *refusal, uint64_t first, uint64_t last)
{
    struct link_effect *effect = link_fx(fx, LINK_FX_ENDED);
    effect->of.ended.id = follow->id;
    effect->of.ended.refusal = *refusal;
    effect->of.ended.first = first;
    effect->of.ended.last = last;
    follow->state = FOLLOW_FREE;
}

void link_follow_release(struct follow *follow, struct link_effects *fx)
{
    struct link_refusal end = {.code = bytes_of_text("END")};
    link_follow_end(follow, fx, &end, 0, 0);
}
