/* test_link_once.c - the client machine against a small broker that knows the rules of a producer,
 * under seeded loss of connections, kills of either side, power cuts and restores: every event that
 * survived on the client's side ends up stored once, in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/link_story.h"

enum { EVENTS_MAX = 600, QUEUE_MAX = 4096, RUNS = 150, STEPS = 1200 };

/* What the outbox has of one event; its place is the event's id. */
struct kept {
    uint64_t number;
    bool is_lost;    /* by a power cut: nobody was told that it is safe */
    bool is_flushed; /* SPOOLED was told */
    bool is_stored, is_refused;
};

struct sent_item {
    uint64_t request, number, after, id;
};

struct heard_item {
    uint64_t request;
    struct link_receipt receipt;
};

struct world {
    struct story story;
    uint64_t chance;
    struct kept kept[EVENTS_MAX];
    uint32_t kept_count, offered; /* offered: the next to offer */
    struct link_event events[EVENTS_MAX];
    struct sent_item sent[QUEUE_MAX];
    uint32_t sent_count;
    struct heard_item heard[QUEUE_MAX];
    uint32_t heard_count;
    uint64_t stored_id[EVENTS_MAX * 2], stored_number[EVENTS_MAX * 2];
    uint32_t stored_count;
    uint64_t mark;
    bool is_calm; /* no more faults */
};

static bool is_poison(uint64_t id)
{
    return id % 17 == 5;
}

static uint32_t find_number(const struct world *world, uint64_t number)
{
    uint32_t i = 0;
    while (i < world->stored_count && world->stored_number[i] != number)
        i++;
    return i;
}

static uint32_t find_id(const struct world *world, uint64_t id)
{
    uint32_t i = 0;
    while (i < world->stored_count && world->stored_id[i] != id)
        i++;
    return i;
}

static struct link_receipt below_the_mark(const struct world *world, const struct sent_item *item)
{
    struct link_receipt receipt = {.number = item->number, .mark = world->mark};
    uint32_t same_number = find_number(world, item->number);
    uint32_t same_id = find_id(world, item->id);
    if (same_number < world->stored_count && world->stored_id[same_number] != item->id) {
        receipt.outcome = LINK_NUMBER_REUSED;
    } else if (same_id < world->stored_count) {
        receipt.outcome = LINK_STORED;
        receipt.is_duplicate = true;
        receipt.seq = same_id + 1;
    } else {
        receipt.outcome = LINK_NUMBER_SKIPPED;
    }
    return receipt;
}

/* The broker's rules for one event (proto/README.md, "Publishing"). */
static struct link_receipt judge(struct world *world, const struct sent_item *item)
{
    struct link_receipt receipt = {.number = item->number, .mark = world->mark};
    receipt.outcome = LINK_REFUSED;
    if (!world->is_calm && chance_below(&world->chance, 40) == 0) {
        receipt.refusal.code = bytes_of_text("BUSY");
        receipt.refusal.is_retryable = true;
        receipt.refusal.retry_after_ms = 50;
        return receipt;
    }
    if (item->number <= world->mark)
        return below_the_mark(world, item);
    if (is_poison(item->id)) {
        receipt.refusal.code = bytes_of_text("RIGHTS");
        return receipt;
    }
    receipt.outcome = LINK_GAP;
    if (item->after != world->mark)
        return receipt;
    receipt.outcome = LINK_STORED;
    world->mark = item->number;
    uint32_t same_id = find_id(world, item->id);
    receipt.is_duplicate = same_id < world->stored_count;
    receipt.seq = same_id + 1;
    if (!receipt.is_duplicate) {
        world->stored_id[world->stored_count] = item->id;
        world->stored_number[world->stored_count++] = item->number;
    }
    return receipt;
}

static void take_effects(struct world *world)
{
    for (uint32_t i = 0; i < world->story.fx.count; i++) {
        const struct link_effect *fx = &world->story.fx.list[i];
        if (fx->kind == LINK_FX_RENUMBER) {
            world->kept[fx->of.renumber.token].number = fx->of.renumber.number;
        } else if (fx->kind == LINK_FX_ANSWERED) {
            struct kept *kept = &world->kept[fx->of.answered.token];
            kept->is_stored |= fx->of.answered.is_stored;
            kept->is_refused |= !fx->of.answered.is_stored;
        } else if (fx->kind == LINK_FX_DISCONNECT) {
            world->sent_count = world->heard_count = 0;
        } else if (fx->kind == LINK_FX_REWIND && fx->of.rewind.lane == LINK_LANE_REST) {
            for (uint32_t id = 0; id < world->kept_count; id++)
                if (world->kept[id].number > fx->of.rewind.mark)
                    world->kept[id].is_stored = false;
            world->offered = 0;
        } else if (fx->kind == LINK_FX_SEND && fx->of.send.kind == LINK_SAY_PUBLISH) {
            for (uint32_t k = 0; k < fx->of.send.of.publish.count; k++) {
                const struct link_item *item = &fx->of.send.of.publish.items[k];
                assert_true(world->sent_count < QUEUE_MAX);
                world->sent[world->sent_count++] =
                    (struct sent_item){fx->of.send.request, item->number, item->after,
                                       (uint64_t)(item->event - world->events)};
            }
        }
    }
}

static void offer(struct world *world)
{
    while (world->offered < world->kept_count && link_room(world->story.link, LINK_LANE_REST) > 0) {
        uint32_t id = world->offered++;
        const struct kept *kept = &world->kept[id];
        if (kept->is_stored || kept->is_refused || kept->is_lost)
            continue;
        struct link_input input = {.kind = LINK_IN_EVENT};
        input.of.event.lane = LINK_LANE_REST;
        input.of.event.token = id;
        input.of.event.number = kept->number;
        input.of.event.event = &world->events[id];
        story_step(&world->story, &input);
        take_effects(world);
    }
}

static void publish(struct world *world)
{
    if (world->kept_count == EVENTS_MAX)
        return;
    struct kept *kept = &world->kept[world->kept_count];
    *kept = (struct kept){.number = link_number_next(world->story.link, LINK_LANE_REST)};
    if (chance_below(&world->chance, 2) == 0)
        for (uint32_t id = 0; id <= world->kept_count; id++)
            world->kept[id].is_flushed = true;
    world->events[world->kept_count++].event = bytes_of_text("x");
}

static void broker_takes(struct world *world, uint32_t count)
{
    uint32_t taken = 0;
    for (; taken < count && taken < world->sent_count; taken++) {
        struct link_receipt receipt = judge(world, &world->sent[taken]);
        memset(receipt.producer, 0xb0, PRODUCER_BYTES);
        assert_true(world->heard_count < QUEUE_MAX);
        world->heard[world->heard_count++] =
            (struct heard_item){world->sent[taken].request, receipt};
    }
    world->sent_count -= taken;
    memmove(world->sent, world->sent + taken, world->sent_count * sizeof *world->sent);
}

static void client_hears(struct world *world, uint32_t count)
{
    while (count-- > 0 && world->heard_count > 0) {
        struct heard_item item = world->heard[0];
        memmove(world->heard, world->heard + 1, --world->heard_count * sizeof *world->heard);
        struct link_heard heard = {.kind = LINK_HEARD_RECEIPTS, .request = item.request};
        heard.of.receipts.receipts = &item.receipt;
        heard.of.receipts.count = 1;
        story_hear(&world->story, &heard);
        take_effects(world);
    }
}

static void connect_again(struct world *world)
{
    if (link_is_up(world->story.link))
        return;
    uint64_t request = story_hello(&world->story);
    story_welcome(&world->story, request, 0, world->mark);
    take_effects(world);
}

static void lose_connection(struct world *world)
{
    if (!link_is_up(world->story.link))
        return;
    broker_takes(world, chance_below(&world->chance, 20)); /* what was still on its way */
    story_lost(&world->story);
    take_effects(world);
}

/* Checkpoints are increments: what only moved in memory falls back. */
static void kill_broker(struct world *world)
{
    lose_connection(world);
    world->mark = 0;
    for (uint32_t i = 0; i < world->stored_count; i++)
        if (world->stored_number[i] > world->mark)
            world->mark = world->stored_number[i];
}

static void restore_broker(struct world *world)
{
    lose_connection(world);
    world->story.log.incarnation++;
    if (world->stored_count > 0)
        world->stored_count -= chance_below(&world->chance, world->stored_count) / 4;
    kill_broker(world);
}

/* A power cut loses events that were not flushed, and all after them. */
static void kill_client(struct world *world, bool is_power_cut)
{
    uint64_t highest = 0;
    bool is_cut = false;
    for (uint32_t id = 0; id < world->kept_count; id++) {
        struct kept *kept = &world->kept[id];
        is_cut |= is_power_cut && !kept->is_flushed;
        kept->is_lost |= is_cut;
        if (!kept->is_lost && kept->number > highest)
            highest = kept->number;
    }
    broker_takes(world, chance_below(&world->chance, 20));
    world->sent_count = world->heard_count = 0;
    struct link_options options;
    link_options_default(&options);
    options.log = world->story.log;
    options.log.incarnation = 1; /* as remembered at the first welcome, if it was not told since */
    options.numbers[LINK_LANE_REST] = highest;
    memset(options.producers[0], 0xa0, PRODUCER_BYTES);
    memset(options.producers[1], 0xb0, PRODUCER_BYTES);
    link_free(world->story.link);
    world->story.link = link_new(&options);
    world->story.is_connecting = false;
    world->offered = 0;
}

static void fault(struct world *world)
{
    switch (chance_below(&world->chance, 100)) {
    case 0:
    case 1:
    case 2:
        lose_connection(world);
        break;
    case 3:
        kill_broker(world);
        break;
    case 4:
        kill_client(world, false);
        break;
    case 5:
        kill_client(world, true);
        break;
    case 6:
        if (chance_below(&world->chance, 8) == 0)
            restore_broker(world);
        break;
    default:
        break;
    }
}

static void run(struct world *world, uint32_t steps)
{
    for (uint32_t step = 0; step < steps; step++) {
        if (!world->is_calm)
            fault(world);
        connect_again(world);
        if (!world->is_calm && chance_below(&world->chance, 2) == 0)
            publish(world);
        offer(world);
        broker_takes(world, chance_below(&world->chance, 8));
        client_hears(world, chance_below(&world->chance, 8));
        story_tick(&world->story, 5);
        take_effects(world);
        struct link_heard pong = {.kind = LINK_HEARD_PONG};
        story_hear(&world->story, &pong);
        take_effects(world);
    }
}

static void expect_stored_once_in_order(const struct world *world)
{
    for (uint32_t i = 0; i < world->stored_count; i++) {
        assert_false(is_poison(world->stored_id[i]));
        if (i > 0)
            assert_true(world->stored_id[i] > world->stored_id[i - 1]);
    }
    for (uint32_t id = 0; id < world->kept_count; id++) {
        const struct kept *kept = &world->kept[id];
        bool is_there = find_id(world, id) < world->stored_count;
        assert_true(kept->is_lost || kept->is_stored || kept->is_refused);
        if (!kept->is_lost)
            assert_true(is_poison(id) ? kept->is_refused && !is_there
                                      : kept->is_stored && is_there);
    }
}

static void every_event_is_stored_once_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct world *world = calloc(1, sizeof *world);
        assert_non_null(world);
        story_open(&world->story);
        world->chance = seed * UINT64_C(0x9e3779b97f4a7c15);
        run(world, STEPS);
        world->is_calm = true;
        run(world, 1500);
        assert_int_equal(world->sent_count + world->heard_count, 0);
        expect_stored_once_in_order(world);
        story_end(&world->story);
        free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_stored_once_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
