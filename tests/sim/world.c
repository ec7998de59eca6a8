/* world.c - who has its turn when, and what chaos does meanwhile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sim/plan.h"

enum {
    FAULTS_MS_MAX = 600000,  /* of virtual time */
    HEALING_MS_MAX = 120000, /* within which all must be well after the faults have ended */
    WELL_ASK_MS = 200,
    TURNS_MAX = 10000 /* in one moment */
};

struct world {
    struct plan plan;
    struct prng prng;
    uint64_t now_ms;
    struct tally *tally;
    struct story *story;
    struct bulletins bulletins;
    struct fake_disk *disk;
    struct model *model;
    struct sim_net *net;
    struct host *host;
    struct publisher publishers[CAST_PUBLISHERS];
    struct follower followers[CAST_FOLLOWERS];
    uint64_t publisher_start_ms[CAST_PUBLISHERS], follower_start_ms[CAST_FOLLOWERS];
    struct cast_policy policy;
    uint64_t chaos_ms, host_start_ms, full_until_ms, slow_until_ms, well_ms;
    uint64_t broker_frozen_ms;
    uint32_t crashes, turns;
    bool is_healed, is_over;
};

static uint64_t soon(struct world *world, uint64_t most)
{
    return world->now_ms + prng_between(&world->prng, 1, most);
}

static uint32_t made(const struct world *world)
{
    uint32_t sum = 0;
    for (int place = 0; place < CAST_PUBLISHERS; place++)
        sum += world->publishers[place].made;
    return sum;
}

/* -- chaos -- */

static void crash_broker(struct world *world)
{
    host_crash(world->host);
    world->host_start_ms = soon(world, world->plan.down_ms_max);
    world->full_until_ms = world->slow_until_ms = 0;
    fake_disk_set_room(world->disk, FAKE_ROOM_ENOUGH);
}

/* As often as planned, spread over the run. */
static bool crash_is_due(const struct world *world)
{
    uint32_t parts = world->plan.broker_crashes + 1;
    return made(world) > (world->crashes + 1) * (world->plan.bulletins / parts);
}

/* «better down than lying» */
static void end_stopped_broker(struct world *world)
{
    if (host_has_stopped(world->host))
        crash_broker(world);
}

static void start_broker(struct world *world)
{
    if (prng_chance(&world->prng, world->plan.reconfigure)) {
        plan_redraw(host_limits(world->host), &world->prng);
        tally_add(world->tally, TALLY_RECONFIGURED);
    }
    host_start(world->host, world->now_ms, &world->policy);
    world->host_start_ms = UINT64_MAX;
    if (!world->is_healed && prng_chance(&world->prng, world->plan.crash_again)) {
        for (uint64_t turns = prng_below(&world->prng, 20); turns > 0; turns--)
            host_turn(world->host, ++world->now_ms);
        sim_net_set_now(world->net, world->now_ms);
        crash_broker(world);
    }
}

static void tell_policy(struct world *world)
{
    world->policy.version++;
    bool is_up = host_is_up(world->host);
    tally_add(world->tally, is_up ? TALLY_POLICY_CHANGE : TALLY_POLICY_CHANGE_STOPPED);
    if (is_up)
        host_policy(world->host, world->now_ms, &world->policy);
}

static void change_line(struct world *world)
{
    uint32_t line = (uint32_t)prng_below(&world->prng, CAST_LINES);
    bool *has = &world->policy.has_line[line];
    *has = !*has;
    story_tell(world->story, "policy", "%s %s right %d on %s", *has ? "gives" : "takes from",
               cast_agencies[cast_lines[line].agency], (int)cast_lines[line].right,
               cast_lines[line].filter);
    tell_policy(world);
}

/* A policy that cannot be saved is where doors are left open. */
static void change_lines(struct world *world)
{
    for (uint64_t changes = prng_below(&world->prng, 4); changes > 0; changes--)
        change_line(world);
}

/* While the broker is stopped, everything is given back. */
static void give_all_lines(struct world *world)
{
    uint64_t version = world->policy.version;
    cast_policy_init(&world->policy);
    world->policy.version = version;
    story_tell(world->story, "policy", "gives all");
    tell_policy(world);
}

static void change_key(struct world *world)
{
    uint32_t agency = (uint32_t)prng_below(&world->prng, CAST_AGENCIES);
    bool *has = &world->policy.has_key[agency];
    *has = !*has;
    story_tell(world->story, "policy", "%s the key of %s", *has ? "knows" : "revokes",
               cast_agencies[agency]);
    if (!*has)
        tally_add(world->tally, TALLY_KEY_REVOKED);
    tell_policy(world);
}

static void crash_publisher(struct world *world)
{
    uint32_t place = (uint32_t)prng_below(&world->prng, CAST_PUBLISHERS);
    if (world->publishers[place].endpoint.link == NULL)
        return;
    publisher_crash(&world->publishers[place],
                    (enum publisher_end)prng_below(&world->prng, PUBLISHER_RESTORED + 1));
    world->publisher_start_ms[place] = soon(world, world->plan.down_ms_max);
}

static void crash_follower(struct world *world)
{
    uint32_t place = (uint32_t)prng_below(&world->prng, CAST_FOLLOWERS);
    if (world->followers[place].endpoint.link == NULL)
        return;
    follower_crash(&world->followers[place]);
    world->follower_start_ms[place] = soon(world, world->plan.down_ms_max);
}

static struct endpoint *any_endpoint(struct world *world)
{
    uint64_t place = prng_below(&world->prng, CAST_PUBLISHERS + CAST_FOLLOWERS);
    return place < CAST_PUBLISHERS ? &world->publishers[place].endpoint
                                   : &world->followers[place - CAST_PUBLISHERS].endpoint;
}

static void trouble_clients(struct world *world)
{
    if (prng_chance(&world->prng, world->plan.publisher_crash))
        crash_publisher(world);
    if (prng_chance(&world->prng, world->plan.follower_crash))
        crash_follower(world);
    if (prng_chance(&world->prng, world->plan.freeze / 4)) {
        world->broker_frozen_ms = soon(world, world->plan.freeze_ms_max);
        tally_add(world->tally, TALLY_BROKER_STOOD_STILL);
        story_tell(world->story, "broker", "stands still");
    }
    if (prng_chance(&world->prng, world->plan.freeze)) {
        struct endpoint *endpoint = any_endpoint(world);
        endpoint->frozen_ms = soon(world, world->plan.freeze_ms_max);
        story_tell(world->story, endpoint->name, "stands still");
    }
    uint32_t place = (uint32_t)prng_below(&world->prng, CAST_PUBLISHERS);
    if (prng_chance(&world->prng, world->plan.publisher_crash))
        outbox_fake_keep_copy(&world->publishers[place].outbox);
}

static void trouble_disk(struct world *world)
{
    if (world->full_until_ms == 0 && prng_chance(&world->prng, world->plan.full)) {
        bool is_none = prng_chance(&world->prng, 300000);
        fake_disk_set_room(world->disk, is_none ? FAKE_ROOM_NONE : FAKE_ROOM_RESERVE);
        world->full_until_ms = soon(world, world->plan.full_ms_max);
        story_tell(world->story, "disk", "is full%s", is_none ? ", to the last byte" : "");
        if (host_takes_policy(world->host) && is_none)
            change_lines(world);
    }
    if (prng_chance(&world->prng, world->plan.flush_failure)) {
        host_fail_flush(world->host, prng_chance(&world->prng, 500000));
        tally_add(world->tally, TALLY_FLUSH_FAILED);
        story_tell(world->story, "disk", "will fail to flush");
    }
    if (world->slow_until_ms == 0 && prng_chance(&world->prng, world->plan.slow)) {
        host_set_slow(world->host, true);
        world->slow_until_ms = soon(world, world->plan.full_ms_max);
        story_tell(world->story, "disk", "stands still");
    }
}

static void end_disk_trouble(struct world *world)
{
    if (world->full_until_ms != 0 && world->now_ms >= world->full_until_ms) {
        fake_disk_set_room(world->disk, FAKE_ROOM_ENOUGH);
        world->full_until_ms = 0;
        story_tell(world->story, "disk", "has room");
    }
    if (world->slow_until_ms != 0 && world->now_ms >= world->slow_until_ms) {
        if (host_is_up(world->host))
            host_set_slow(world->host, false);
        world->slow_until_ms = 0;
        story_tell(world->story, "disk", "goes on");
    }
}

static void heal(struct world *world)
{
    story_tell(world->story, "world", "all faults have ended");
    world->is_healed = true;
    world->full_until_ms = world->full_until_ms != 0 ? world->now_ms : 0;
    world->slow_until_ms = world->slow_until_ms != 0 ? world->now_ms : 0;
    world->broker_frozen_ms = 0;
    end_disk_trouble(world);
    give_all_lines(world);
    sim_net_heal(world->net);
    host_heal(world->host);
    for (int place = 0; place < CAST_PUBLISHERS; place++) {
        world->publishers[place].has_stopped = true;
        world->publishers[place].endpoint.frozen_ms = 0;
    }
    for (int place = 0; place < CAST_FOLLOWERS; place++) {
        world->followers[place].has_stopped = cast_followers[place].is_reader;
        world->followers[place].endpoint.frozen_ms = 0;
    }
    world->well_ms = world->now_ms + WELL_ASK_MS;
    world->chaos_ms = world->now_ms + HEALING_MS_MAX;
}

static void chaos(struct world *world)
{
    if (world->is_healed) {
        world->is_over = true;
        return;
    }
    world->chaos_ms = soon(world, world->plan.chaos_ms_max);
    trouble_clients(world);
    if (host_takes_policy(world->host) && prng_chance(&world->prng, world->plan.policy))
        change_line(world);
    if (!host_is_up(world->host) && prng_chance(&world->prng, world->plan.policy / 2))
        give_all_lines(world);
    if (host_takes_policy(world->host) && prng_chance(&world->prng, world->plan.key))
        change_key(world);
    if (host_is_up(world->host)) {
        trouble_disk(world);
        if (crash_is_due(world)) {
            world->crashes++;
            crash_broker(world);
        }
    }
    bool is_enough =
        made(world) >= world->plan.bulletins && world->crashes >= world->plan.broker_crashes;
    if (host_takes_policy(world->host) && (is_enough || world->now_ms > FAULTS_MS_MAX))
        heal(world);
}

/* -- turns -- */

static void start_the_dead(struct world *world)
{
    if (world->now_ms >= world->host_start_ms)
        start_broker(world);
    for (int place = 0; place < CAST_PUBLISHERS; place++)
        if (world->now_ms >= world->publisher_start_ms[place]) {
            publisher_start(&world->publishers[place]);
            world->publisher_start_ms[place] = UINT64_MAX;
        }
    for (int place = 0; place < CAST_FOLLOWERS; place++)
        if (world->now_ms >= world->follower_start_ms[place]) {
            follower_start(&world->followers[place]);
            world->follower_start_ms[place] = UINT64_MAX;
        }
}

static bool is_well(struct world *world)
{
    for (int place = 0; place < CAST_PUBLISHERS; place++)
        if (!publisher_is_done(&world->publishers[place]))
            return false;
    return model_missing(world->model) == NULL;
}

static void ask_whether_well(struct world *world)
{
    if (!world->is_healed || world->now_ms < world->well_ms)
        return;
    world->well_ms = world->now_ms + WELL_ASK_MS;
    world->is_over = is_well(world);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_ms(const struct world *world)
{
    uint64_t next = earlier(world->chaos_ms, world->host_start_ms);
    uint64_t broker = host_due_ms(world->host);
    next = earlier(next, broker > world->broker_frozen_ms ? broker : world->broker_frozen_ms);
    if (world->full_until_ms != 0)
        next = earlier(next, world->full_until_ms);
    if (world->slow_until_ms != 0)
        next = earlier(next, world->slow_until_ms);
    if (world->is_healed)
        next = earlier(next, world->well_ms);
    for (int place = 0; place < CAST_PUBLISHERS; place++) {
        next = earlier(next, world->publisher_start_ms[place]);
        next = earlier(next, endpoint_due_ms(&world->publishers[place].endpoint));
    }
    for (int place = 0; place < CAST_FOLLOWERS; place++) {
        next = earlier(next, world->follower_start_ms[place]);
        next = earlier(next, endpoint_due_ms(&world->followers[place].endpoint));
    }
    return next;
}

static void turn(struct world *world)
{
    uint64_t next = next_ms(world);
    world->turns = next > world->now_ms ? 0 : world->turns + 1;
    if (world->turns == TURNS_MAX)
        model_fail(world->model, "P6", "time stands still: somebody is always due");
    world->now_ms = next > world->now_ms ? next : world->now_ms;
    world->story->now_ms = world->now_ms;
    sim_net_set_now(world->net, world->now_ms);
    end_disk_trouble(world);
    start_the_dead(world);
    if (world->now_ms >= world->chaos_ms)
        chaos(world);
    if (world->now_ms >= world->broker_frozen_ms)
        host_turn(world->host, world->now_ms);
    end_stopped_broker(world);
    for (int place = 0; place < CAST_PUBLISHERS; place++)
        endpoint_turn(&world->publishers[place].endpoint, world->now_ms);
    for (int place = 0; place < CAST_FOLLOWERS; place++)
        endpoint_turn(&world->followers[place].endpoint, world->now_ms);
    ask_whether_well(world);
}

/* -- the run -- */

static struct world *world_new(uint64_t seed, enum plant_kind plant, struct story *story,
                               struct tally *tally)
{
    struct world *world = calloc(1, sizeof *world);
    assert(world != NULL);
    world->prng = prng_of(seed);
    world->story = story;
    world->tally = tally;
    plan_draw(&world->plan, &world->prng, plant);
    cast_policy_init(&world->policy);
    uint8_t uuid[16], secret[32];
    prng_fill(&world->prng, uuid, sizeof uuid);
    prng_fill(&world->prng, secret, sizeof secret);
    world->disk = fake_disk_new(uuid, secret, world->plan.disk_bytes);
    world->model =
        model_new(world->disk, &world->bulletins, world->plan.host.limits.id_window_events, tally);
    world->net = sim_net_new(&world->plan.net, &world->prng, world->model, tally, story);
    struct around around = {world->net, world->model, tally, story};
    world->host = host_new(&world->plan.host, world->disk, &around, &world->prng);
    for (uint32_t place = 0; place < CAST_PUBLISHERS; place++) {
        publisher_init(&world->publishers[place], place, &world->plan.publisher, &around,
                       &world->bulletins, &world->prng);
        world->publisher_start_ms[place] = UINT64_MAX;
    }
    for (uint32_t place = 0; place < CAST_FOLLOWERS; place++) {
        follower_init(&world->followers[place], place, &world->plan.follower, &around,
                      &world->prng);
        world->follower_start_ms[place] = UINT64_MAX;
    }
    world->chaos_ms = soon(world, world->plan.chaos_ms_max);
    return world;
}

static void world_free(struct world *world)
{
    for (int place = 0; place < CAST_PUBLISHERS; place++)
        publisher_deinit(&world->publishers[place]);
    for (int place = 0; place < CAST_FOLLOWERS; place++)
        follower_deinit(&world->followers[place]);
    host_free(world->host);
    sim_net_free(world->net);
    model_free(world->model);
    fake_disk_free(world->disk);
    bulletins_deinit(&world->bulletins);
    free(world);
}

void world_run(uint64_t seed, enum plant_kind plant, struct story *story, struct tally *tally,
               struct world_result *result)
{
    struct world *world = world_new(seed, plant, story, tally);
    while (!world->is_over && model_fault(world->model) == NULL)
        turn(world);
    if (model_fault(world->model) == NULL)
        model_end(world->model);
    const char *fault = model_fault(world->model);
    snprintf(result->fault, sizeof result->fault, "%s", fault == NULL ? "" : fault);
    result->end_ms = world->now_ms;
    result->events = fake_disk_tail(world->disk)->last;
    story_tell(story, "world", "%s", fault == NULL ? "all is well" : fault);
    world_free(world);
}
