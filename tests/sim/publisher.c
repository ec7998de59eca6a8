/* publisher.c - makes, spools, flushes, offers; records what was answered.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/publisher.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sim/host.h"

static struct publisher *publisher_of(const struct endpoint *endpoint)
{
    return (struct publisher *)(uintptr_t)endpoint;
}

static uint32_t lane_place(const struct publisher *publisher, enum link_lane lane)
{
    return publisher->place * CAST_LANES + (uint32_t)lane;
}

/* -- effects -- */

static void on_answered(struct publisher *publisher, const struct link_effect *effect)
{
    struct endpoint *endpoint = &publisher->endpoint;
    struct outbox_entry *entry = outbox_fake_find(&publisher->outbox, effect->of.answered.token);
    if (entry == NULL || entry->is_answered || entry->number != effect->of.answered.number) {
        model_fail(endpoint->around.model, "P4", "%s was answered what it did not ask",
                   endpoint->name);
        return;
    }
    entry->is_answered = true;
    entry->is_refused = !effect->of.answered.is_stored;
    struct bytes code = effect->of.answered.refusal.code;
    story_tell(endpoint->around.story, endpoint->name,
               "hears of %" PRIu32 " (number %" PRIu64 "): %.*s%s %" PRIu64, entry->bulletin->index,
               entry->number, (int)code.length, (const char *)code.data,
               effect->of.answered.is_stored
                   ? (effect->of.answered.is_duplicate ? "stored before" : "stored")
                   : "",
               effect->of.answered.seq);
    if (effect->of.answered.is_stored)
        model_stored(endpoint->around.model, entry->bulletin, effect->of.answered.seq,
                     effect->of.answered.is_duplicate);
    else
        model_refused(endpoint->around.model, entry->bulletin, code);
}

static void promise_all(struct publisher *publisher)
{
    outbox_fake_flush(&publisher->outbox);
    for (uint32_t index = 0; index < publisher->outbox.count; index++)
        model_promised(publisher->endpoint.around.model, publisher->outbox.list[index]->bulletin);
}

/* «write this event's new number and flush it before the next send» */
static void on_renumber(struct publisher *publisher, const struct link_effect *effect)
{
    struct outbox_entry *entry = outbox_fake_find(&publisher->outbox, effect->of.renumber.token);
    assert(entry != NULL);
    story_tell(publisher->endpoint.around.story, publisher->endpoint.name,
               "gives %" PRIu32 " the number %" PRIu64 " in place of %" PRIu64,
               entry->bulletin->index, effect->of.renumber.number, entry->number);
    entry->number = effect->of.renumber.number;
    tally_add(publisher->endpoint.around.tally, TALLY_RENUMBERED);
    promise_all(publisher);
}

static void on_send(struct publisher *publisher, const struct link_said *said)
{
    if (said->kind != LINK_SAY_PUBLISH)
        return;
    for (uint32_t index = 0; index < said->of.publish.count; index++) {
        const struct link_item *item = &said->of.publish.items[index];
        const struct outbox_entry *entry =
            (const struct outbox_entry *)((const char *)item->event -
                                          offsetof(struct outbox_entry, event));
        story_tell(publisher->endpoint.around.story, publisher->endpoint.name,
                   "sends %" PRIu32 " as number %" PRIu64 " after %" PRIu64 " of lane %d",
                   entry->bulletin->index, item->number, item->after, (int)entry->lane);
        model_sent(publisher->endpoint.around.model, entry->bulletin);
    }
}

static void on_rewind(struct publisher *publisher, enum link_lane lane)
{
    for (uint32_t index = 0; index < publisher->outbox.count; index++)
        if (publisher->outbox.list[index]->lane == lane)
            publisher->outbox.list[index]->is_offered = false;
}

static void on_effect(struct endpoint *endpoint, const struct link_effect *effect)
{
    struct publisher *publisher = publisher_of(endpoint);
    switch ((int)effect->kind) {
    case LINK_FX_ANSWERED:
        on_answered(publisher, effect);
        break;
    case LINK_FX_RENUMBER:
        on_renumber(publisher, effect);
        break;
    case LINK_FX_SEND:
        on_send(publisher, &effect->of.send);
        break;
    case LINK_FX_REWIND:
        on_rewind(publisher, effect->of.rewind.lane);
        break;
    case LINK_FX_LOG:
        publisher->outbox.log = effect->of.log;
        break;
    default:
        break;
    }
}

/* -- work -- */

static void spool(struct publisher *publisher, const struct bulletin *bulletin)
{
    enum link_lane lane =
        bulletin->priority >= LINK_URGENT_PRIORITY ? LINK_LANE_URGENT : LINK_LANE_REST;
    uint64_t number = link_number_next(publisher->endpoint.link, lane);
    outbox_fake_add(&publisher->outbox, bulletin, lane, number);
    model_spooled(publisher->endpoint.around.model, bulletin, lane_place(publisher, lane));
    story_tell(publisher->endpoint.around.story, publisher->endpoint.name,
               "spools %" PRIu32 " (%s) as number %" PRIu64 " of lane %d", bulletin->index,
               bulletin->topic, number, (int)lane);
}

/* A recent bulletin of the same agency, whoever made it. */
static const struct bulletin *recent(struct publisher *publisher)
{
    for (int tries = 0; tries < 8 && publisher->bulletins->count > 0; tries++) {
        uint32_t back = (uint32_t)prng_below(&publisher->endpoint.prng, 100);
        if (back >= publisher->bulletins->count)
            continue;
        const struct bulletin *bulletin =
            publisher->bulletins->list[publisher->bulletins->count - 1 - back];
        if (bulletin->agency == publisher->endpoint.agency)
            return bulletin;
    }
    return NULL;
}

static void make(struct publisher *publisher)
{
    struct prng *prng = &publisher->endpoint.prng;
    int64_t wall_ms = host_wall_ms(publisher->endpoint.now_ms);
    const struct bulletin *other = recent(publisher);
    publisher->made++;
    if (other != NULL && prng_chance(prng, publisher->options.conflict))
        spool(publisher, bulletin_forge(publisher->bulletins, prng, other, wall_ms));
    else if (other != NULL && prng_chance(prng, publisher->options.borrow))
        spool(publisher, other);
    else
        spool(publisher,
              bulletin_make(publisher->bulletins, prng, publisher->endpoint.agency, wall_ms));
}

static bool offer(struct publisher *publisher)
{
    for (int lane = 0; lane < LINK_LANES; lane++) {
        struct outbox_entry *entry = outbox_fake_next(&publisher->outbox, (enum link_lane)lane);
        if (entry == NULL || link_room(publisher->endpoint.link, (enum link_lane)lane) == 0)
            continue;
        entry->is_offered = true;
        struct link_input input = {.kind = LINK_IN_EVENT};
        input.of.event.lane = entry->lane;
        input.of.event.token = entry->token;
        input.of.event.number = entry->number;
        input.of.event.event = &entry->event;
        endpoint_step(&publisher->endpoint, &input);
        return true;
    }
    return false;
}

static bool has_to_make(const struct publisher *publisher)
{
    return !publisher->has_stopped && publisher->made < publisher->options.bulletins;
}

static bool work(struct endpoint *endpoint)
{
    struct publisher *publisher = publisher_of(endpoint);
    if (publisher->lost_count > 0) {
        spool(publisher, publisher->lost[--publisher->lost_count]);
        return true;
    }
    if (has_to_make(publisher) && endpoint->now_ms >= publisher->make_ms) {
        publisher->make_ms =
            endpoint->now_ms + prng_between(&endpoint->prng, 1, publisher->options.interval_ms_max);
        for (uint64_t burst = prng_below(&endpoint->prng, 5); burst > 0; burst--)
            make(publisher);
        return true;
    }
    if (endpoint->now_ms >= publisher->flush_ms) {
        publisher->flush_ms =
            endpoint->now_ms + prng_between(&endpoint->prng, 1, publisher->options.flush_ms_max);
        promise_all(publisher);
        return true;
    }
    return offer(publisher);
}

static uint64_t due_ms(const struct endpoint *endpoint)
{
    const struct publisher *publisher = publisher_of(endpoint);
    uint64_t due = publisher->flush_ms;
    return has_to_make(publisher) && publisher->make_ms < due ? publisher->make_ms : due;
}

static const struct endpoint_role role = {
    .on_effect = on_effect,
    .work = work,
    .due_ms = due_ms,
};

/* -- life and death -- */

void publisher_start(struct publisher *publisher)
{
    struct link_options options;
    link_options_default(&options);
    for (int lane = 0; lane < LINK_LANES; lane++) {
        memset(options.producers[lane], (int)(0x10 + lane_place(publisher, (enum link_lane)lane)),
               PRODUCER_BYTES);
        options.numbers[lane] = publisher->outbox.given[lane];
    }
    options.log = publisher->outbox.log;
    options.window_events = publisher->options.window_events;
    options.answer_ms = publisher->options.answer_ms;
    options.connect_ms = publisher->options.connect_ms;
    options.backoff_ms = publisher->options.backoff_ms;
    options.backoff_ms_max = publisher->options.backoff_ms_max;
    endpoint_open(&publisher->endpoint, &options);
}

void publisher_init(struct publisher *publisher, uint32_t place,
                    const struct publisher_options *options, const struct around *around,
                    struct bulletins *bulletins, struct prng *prng)
{
    *publisher = (struct publisher){
        .endpoint = {.role = &role,
                     .around = *around,
                     .prng = prng_fork(prng),
                     .name = cast_publishers[place].name,
                     .agency = cast_publishers[place].agency},
        .options = *options,
        .place = place,
        .bulletins = bulletins,
    };
    publisher_start(publisher);
}

void publisher_deinit(struct publisher *publisher)
{
    endpoint_kill(&publisher->endpoint);
    outbox_fake_deinit(&publisher->outbox);
    free(publisher->lost);
}

/* Whoever asked for it may ask again, or may not. */
static void on_lost(void *context, const struct outbox_entry *entry)
{
    struct publisher *publisher = context;
    tally_add(publisher->endpoint.around.tally, TALLY_OUTBOX_TAIL_LOST);
    model_released(publisher->endpoint.around.model, entry->bulletin);
    if (!prng_chance(&publisher->endpoint.prng, publisher->options.republish))
        return;
    if (publisher->lost_count == publisher->lost_room) {
        publisher->lost_room = publisher->lost_room == 0 ? 64 : publisher->lost_room * 2;
        publisher->lost =
            realloc(publisher->lost, publisher->lost_room * sizeof(struct bulletin *));
        assert(publisher->lost != NULL);
    }
    publisher->lost[publisher->lost_count++] = entry->bulletin;
}

/* What was answered is there again: it has two places in the order. */
static void on_revived(void *context, const struct outbox_entry *entry)
{
    struct publisher *publisher = context;
    model_spooled(publisher->endpoint.around.model, entry->bulletin,
                  lane_place(publisher, entry->lane));
}

void publisher_crash(struct publisher *publisher, enum publisher_end end)
{
    static const char *const words[] = {"is killed", "loses its power",
                                        "loses its power and comes back with an old outbox"};
    const struct around *around = &publisher->endpoint.around;
    story_tell(around->story, publisher->endpoint.name, "%s", words[end]);
    tally_add(around->tally, TALLY_PUBLISHER_CRASH);
    endpoint_kill(&publisher->endpoint);
    if (end == PUBLISHER_KILLED)
        outbox_fake_kill(&publisher->outbox);
    else
        outbox_fake_power_cut(&publisher->outbox, on_lost, on_revived, publisher);
    if (end == PUBLISHER_RESTORED && publisher->outbox.copy != NULL) {
        tally_add(around->tally, TALLY_OUTBOX_OLD_COPY);
        outbox_fake_restore(&publisher->outbox, on_lost, on_revived, publisher);
    }
}

bool publisher_is_done(const struct publisher *publisher)
{
    if (publisher->lost_count > 0 || publisher->endpoint.link == NULL)
        return false;
    for (uint32_t index = 0; index < publisher->outbox.count; index++)
        if (!publisher->outbox.list[index]->is_answered)
            return false;
    return true;
}
