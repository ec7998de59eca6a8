/* test_core_random.c - any series of doings: nothing is missed, nothing comes that should not.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The rig holds every delivery against what was asked for, granted and stored; here are only chance
 * and the end: when all faults are over, everybody who follows is covered up to the head.
 */
#include <stdio.h>

#include "tests/unit/core_story.h"

enum { PEERS = 4, FOLLOWS = 6, STEPS = 4000, SEEDS = 6 };

struct world {
    struct rig *rig;
    uint64_t seed;
    uint64_t damkar;
    uint64_t peers[PEERS];
    bool is_changing; /* the policy changes too: then not everything is expected */
};

static const char *const topics[] = {"62/71/incident/fire", "62/71/unit/car",
                                     "62/72/incident/flood", "63/01/incident/fire"};
static const char *const filters[] = {"#", "62/71/#", "62/+/incident/+", "+/+/unit/#", "63/#"};
static const char *const policies[] = {
    "damkar publish #; polisi subscribe # replay # personal #",
    "damkar publish #; polisi subscribe 62/71/# replay 62/# personal 62/71/#",
    "damkar publish #; polisi subscribe # replay 63/#",
    "damkar publish #; polisi subscribe 62/72/#",
    "damkar publish #",
};

static uint64_t *some_peer(struct world *world)
{
    return &world->peers[chance_below(&world->seed, PEERS)];
}

static void do_publish(struct world *world)
{
    struct made_event events[40];
    uint32_t count = 1 + chance_below(&world->seed, chance_below(&world->seed, 4) == 0 ? 40 : 3);
    for (uint32_t index = 0; index < count; index++) {
        events[index] = (struct made_event){
            .topic = topics[chance_below(&world->seed, COUNT_OF(topics))],
            .mode = (uint8_t)(1 + chance_below(&world->seed, 3)),
            .priority = (uint8_t)chance_below(&world->seed, 11),
            .length = 50 + chance_below(&world->seed, 400),
            .personal_length = chance_below(&world->seed, 3) == 0 ? 60 : 0,
        };
    }
    rig_publish_many(world->rig, world->damkar, events, count);
}

static void do_follow(struct world *world)
{
    struct follow_request request =
        rig_follow_request(1 + chance_below(&world->seed, FOLLOWS), "#");
    struct bytes some[3];
    request.filter_count = 1 + chance_below(&world->seed, COUNT_OF(some));
    for (uint32_t index = 0; index < request.filter_count; index++) {
        some[index] = bytes_of_text(filters[chance_below(&world->seed, COUNT_OF(filters))]);
    }
    request.filters = some;
    static const char *const cursors[] = {"", "", "a", "b", "c"};
    const char *cursor = cursors[chance_below(&world->seed, COUNT_OF(cursors))];
    request.cursor = bytes_of_text(cursor);
    request.from = cursor[0] == '\0' ? chance_below(&world->seed, 7) : FROM_ABSENT;
    request.from_value = chance_below(&world->seed, 60);
    if (request.from == FROM_TIME || request.from == FROM_AGE) {
        request.from_value *= 1000;
    }
    request.modes = 2 * (1 + chance_below(&world->seed, 7));
    request.min_priority = (uint8_t)chance_below(&world->seed, 4);
    request.credit_events = chance_below(&world->seed, 30);
    request.credit_bytes = chance_below(&world->seed, 5000);
    request.is_replay = cursor[0] == '\0' && chance_below(&world->seed, 4) == 0;
    request.until_end = chance_below(&world->seed, 6) == 0;
    uint64_t peer = *some_peer(world);
    if (!rig_is_followed(world->rig, peer, request.follow)) {
        rig_follow(world->rig, peer, request);
    }
}

static void do_something_with_a_follow(struct world *world)
{
    uint64_t peer = *some_peer(world), follow = 1 + chance_below(&world->seed, FOLLOWS);
    uint64_t covered = rig_covered(world->rig, peer, follow);
    if (covered == 0) {
        return;
    }
    switch (chance_below(&world->seed, 8)) {
    case 0:
        rig_unfollow(world->rig, peer, follow);
        break;
    case 1:
    case 2:
        rig_ack(world->rig, peer, follow, chance_below(&world->seed, (uint32_t)covered + 1));
        break;
    default:
        rig_credit(world->rig, peer, follow, chance_below(&world->seed, 50),
                   chance_below(&world->seed, 9000));
    }
}

/* Everybody that is gone comes again. */
static void reconnect(struct world *world, uint64_t *peer, const char *agency)
{
    *peer = rig_connect(world->rig, agency);
}

static void do_crash(struct world *world)
{
    rig_crash(world->rig);
    reconnect(world, &world->damkar, "damkar");
    for (uint32_t index = 0; index < PEERS; index++) {
        reconnect(world, &world->peers[index], "polisi");
    }
}

static void do_fault(struct world *world)
{
    uint64_t *peer = some_peer(world);
    switch (chance_below(&world->seed, 6)) {
    case 0:
        rig_clog(world->rig, *peer, true);
        break;
    case 1:
        rig_clog(world->rig, *peer, false);
        rig_ping(world->rig, *peer);
        break;
    case 2:
        rig_hold(world->rig, chance_below(&world->seed, 16));
        break;
    case 3:
        rig_hold(world->rig, 0);
        break;
    case 4:
        rig_fill_disk(world->rig, chance_below(&world->seed, 3) == 0);
        break;
    default:
        rig_disconnect(world->rig, *peer);
        reconnect(world, peer, "polisi");
    }
}

/* Sessions that a policy cut come back under one that knows them. */
static void do_policy(struct world *world)
{
    uint32_t which = chance_below(&world->seed, COUNT_OF(policies));
    rig_policy(world->rig, policies[which]);
    if (which == COUNT_OF(policies) - 1) {
        rig_policy(world->rig, policies[0]);
        for (uint32_t index = 0; index < PEERS; index++) {
            reconnect(world, &world->peers[index], "polisi");
        }
    }
}

static void do_anything(struct world *world)
{
    uint32_t chance = chance_below(&world->seed, 100);
    if (chance < 30) {
        do_publish(world);
    } else if (chance < 50) {
        do_follow(world);
    } else if (chance < 80) {
        do_something_with_a_follow(world);
    } else if (chance < 90) {
        do_fault(world);
    } else if (chance < 98) {
        rig_wait_ms(world->rig, chance_below(&world->seed, 1500));
        rig_ping(world->rig, world->damkar);
        for (uint32_t index = 0; index < PEERS; index++) {
            rig_ping(world->rig, world->peers[index]);
        }
    } else if (world->is_changing) {
        do_policy(world);
    } else if (chance_below(&world->seed, 8) == 0) {
        do_crash(world);
    }
}

/* All faults end; everybody gets credit and time. */
static void settle(struct world *world)
{
    rig_hold(world->rig, 0);
    rig_fill_disk(world->rig, false);
    for (uint32_t index = 0; index < PEERS; index++) {
        rig_clog(world->rig, world->peers[index], false);
        for (uint64_t follow = 1; follow <= FOLLOWS; follow++) {
            rig_credit(world->rig, world->peers[index], follow, 1000000, 1000000000);
        }
    }
    rig_wait_ms(world->rig, 1100);
    rig_publish(world->rig, world->damkar, fire);
    rig_wait_ms(world->rig, 1100);
    rig_wait_ms(world->rig, 1100);
}

/* Returns how many follows were open at the end. */
static uint64_t play(uint64_t seed, bool is_changing)
{
    struct core_limits limits;
    rig_limits(&limits);
    struct world world = {.seed = seed, .is_changing = is_changing};
    world.rig = rig_new(&limits, CORE_EFFECTS_MIN + (uint32_t)seed % 3 * 100, CORE_SCRATCH_MIN);
    rig_policy(world.rig, policies[0]);
    if (!is_changing) {
        rig_expect_all(world.rig);
    }
    reconnect(&world, &world.damkar, "damkar");
    for (uint32_t index = 0; index < PEERS; index++) {
        reconnect(&world, &world.peers[index], "polisi");
    }
    for (uint32_t step = 0; step < STEPS; step++) {
        do_anything(&world);
    }
    settle(&world);
    uint64_t head = core_head(rig_core(world.rig)), open = 0;
    for (uint32_t index = 0; index < PEERS; index++) {
        for (uint64_t follow = 1; follow <= FOLLOWS; follow++) {
            bool is_open = rig_is_followed(world.rig, world.peers[index], follow);
            uint64_t covered = rig_covered(world.rig, world.peers[index], follow);
            assert_true(!is_open || covered == head);
            open += is_open;
        }
    }
    assert_true(head > 200);
    rig_free(world.rig);
    return open;
}

static void nothing_is_missed_whatever_happens(void **state)
{
    (void)state;
    uint64_t open = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        open += play(seed, false);
    }
    assert_true(open > SEEDS);
}

static void nothing_comes_that_the_policy_does_not_grant(void **state)
{
    (void)state;
    uint64_t open = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        open += play(seed * 1000, true);
    }
    assert_true(open > SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missed_whatever_happens),
        cmocka_unit_test(nothing_comes_that_the_policy_does_not_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
