/* engine_send.c - answers to the network, and what the core must hear when it cannot take them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "broker/engine_inner.h"

void engine_echo_add(struct engine *engine, const struct engine_echo *echo)
{
    struct engine_echo *added = malloc(sizeof *added);
    if (added == NULL) {
        engine_fail(engine, "no memory");
        return;
    }
    *added = *echo;
    /* «Comes before anything else»: the core sends no more until it knows what did not leave. */
    bool is_first = echo->kind == IN_UNSENT || engine->echo_last == NULL;
    added->next = is_first ? engine->echo_first : NULL;
    *(is_first ? &engine->echo_first : &engine->echo_last->next) = added;
    if (added->next == NULL) {
        engine->echo_last = added;
    }
}

bool engine_echo_take(struct engine *engine, struct engine_echo *echo)
{
    struct engine_echo *first = engine->echo_first;
    if (first == NULL) {
        return false;
    }
    *echo = *first;
    engine->echo_first = first->next;
    if (engine->echo_first == NULL) {
        engine->echo_last = NULL;
    }
    free(first);
    return true;
}

/* Of what waits to be told about this peer (and, for IN_UNSENT, this follow). */
static bool echo_waits(const struct engine *engine, enum input_kind kind, uint64_t peer,
                       uint64_t follow)
{
    for (const struct engine_echo *echo = engine->echo_first; echo != NULL; echo = echo->next) {
        if (echo->kind == kind && echo->peer == peer &&
            (kind == IN_CLOSED || echo->follow == follow)) {
            return true;
        }
    }
    return false;
}

void engine_drop(struct engine *engine, uint64_t peer)
{
    const struct engine_echo closed = {.kind = IN_CLOSED, .peer = peer};
    if (!echo_waits(engine, IN_CLOSED, peer, 0)) {
        engine->net->ops->drop(engine->net, peer);
        engine_echo_add(engine, &closed);
    }
}

/* A delivery that did not leave is given again; behind it nothing of the same follow may leave
 * either, or its follower would see a gap. */
static void deliver_later(struct engine *engine, const struct answer *answer)
{
    const struct engine_echo unsent = {.kind = IN_UNSENT,
                                       .peer = answer->peer,
                                       .follow = answer->of.deliver.follow,
                                       .first = answer->of.deliver.first};
    if (!echo_waits(engine, IN_UNSENT, answer->peer, answer->of.deliver.follow)) {
        engine_echo_add(engine, &unsent);
    }
}

/* What follows a delivery that did not leave must not overtake it. */
static bool must_wait(const struct engine *engine, const struct answer *answer)
{
    uint64_t follow = 0;
    if (engine->echo_first == NULL) {
        return false;
    }
    if (answer->kind == ANSWER_DELIVER) {
        follow = answer->of.deliver.follow;
    } else if (answer->kind == ANSWER_ENDED) {
        follow = answer->of.ended.follow;
    }
    return follow != 0 && echo_waits(engine, IN_UNSENT, answer->peer, follow);
}

static enum status hand_over(struct engine *engine, const struct answer *answer)
{
    struct blob *first = NULL, *second = NULL;
    enum status status = wire_encode(engine->wire, answer, engine->wall_ms, &first, &second);
    if (status != STATUS_OK) {
        return STATUS_BUSY;
    }
    uint64_t bytes = blob_bytes(first).length + (second != NULL ? blob_bytes(second).length : 0);
    if (answer->kind == ANSWER_DELIVER &&
        !engine->net->ops->may_deliver(engine->net, answer->peer, bytes)) {
        blob_drop(first);
        blob_drop(second);
        return STATUS_BUSY;
    }
    return engine->net->ops->send(engine->net, answer->peer, first, second);
}

void engine_send(struct engine *engine, const struct answer *answer)
{
    bool is_delivery = answer->kind == ANSWER_DELIVER;
    if (echo_waits(engine, IN_CLOSED, answer->peer, 0)) {
        return;
    }
    enum status status = must_wait(engine, answer) ? STATUS_BUSY : hand_over(engine, answer);
    if (status == STATUS_BUSY && is_delivery) {
        deliver_later(engine, answer);
    } else if (status != STATUS_OK) {
        /* Receipts and other words cannot be given again: the client asks again when it is back. */
        engine_drop(engine, answer->peer);
    }
}
