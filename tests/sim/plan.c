/* plan.c - some seeds are calm, some are not, and each in its own way.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/plan.h"

static const size_t kib = 1024;

/* A rate: nothing in one seed of four, else up to `most`, small ones more often. */
static uint32_t rate(struct prng *prng, uint32_t most)
{
    if (prng_below(prng, 4) == 0)
        return 0;
    return (uint32_t)(most >> prng_below(prng, 4));
}

static uint32_t between(struct prng *prng, uint32_t low, uint32_t high)
{
    return (uint32_t)prng_between(prng, low, high);
}

void plan_redraw(struct core_limits *limits, struct prng *prng)
{
    limits->rings = between(prng, 2, 16);
    limits->window_events = between(prng, 4, 32);
    limits->pending_events = between(prng, 48, 256);
    limits->checkpoint_events = between(prng, 30, 250);
}

static void draw_limits(struct core_limits *limits, struct prng *prng)
{
    core_limits_default(limits);
    limits->sessions = 64;
    limits->sessions_agency = 24;
    limits->agencies = 8;
    limits->policy_lines = 64;
    limits->follows = 64;
    limits->follows_session = 4;
    limits->filter_bytes = 64 * kib;
    limits->cursors_agency = 8;
    limits->producers = 64;
    limits->producers_agency = 48;
    plan_redraw(limits, prng);
    limits->id_window_events = prng_below(prng, 4) == 0 ? 128 : 8192;
    limits->pending_bytes = between(prng, 32, 256) * kib;
    limits->page_bytes = between(prng, 64, 512) * kib;
    limits->pages = between(prng, 4, 32);
    limits->reads = between(prng, 2, 8);
    limits->match_entries = 1024;
    limits->chunk_bytes = between(prng, 8, 32) * (uint32_t)kib;
    limits->checkpoint_ms = between(prng, 500, 10000);
    limits->silence_ms = 1500;
    limits->bookmark_ms = between(prng, 50, 500);
    limits->batch_bytes = 64 * (uint32_t)kib;
}

static void draw_net(struct sim_net_rates *net, struct prng *prng)
{
    net->repeat = rate(prng, 200000);
    net->cut = rate(prng, 20000);
    net->half_open = rate(prng, 5000);
    net->busy = rate(prng, 20000);
    net->stall = rate(prng, 20000);
    net->delay_ms_max = prng_between(prng, 2, 60);
    net->stall_ms_max = prng_between(prng, 50, 3000);
    net->queue_messages = between(prng, 4, 128);
}

static void draw_clients(struct plan *plan, struct prng *prng)
{
    struct publisher_options *publisher = &plan->publisher;
    publisher->interval_ms_max = prng_between(prng, 20, 250);
    publisher->flush_ms_max = prng_between(prng, 5, 500);
    publisher->bulletins = plan->bulletins / CAST_PUBLISHERS + 1;
    publisher->window_events = between(prng, 4, 64);
    publisher->conflict = rate(prng, 30000);
    publisher->borrow = rate(prng, 60000);
    publisher->republish = 700000;
    publisher->answer_ms = plan->follower.answer_ms = 3000;
    publisher->connect_ms = plan->follower.connect_ms = 1000;
    publisher->backoff_ms = plan->follower.backoff_ms = 20;
    publisher->backoff_ms_max = plan->follower.backoff_ms_max = 800;
    plan->follower.credit_events = between(prng, 4, 256);
    plan->follower.credit_bytes = between(prng, 2, 128) * kib;
    plan->follower.think_ms_max = prng_between(prng, 1, 300);
    plan->follower.retry_ms_max = 800;
    plan->follower.look_up = rate(prng, 100000);
}

void plan_draw(struct plan *plan, struct prng *prng, enum plant_kind plant)
{
    *plan = (struct plan){
        .bulletins = PLAN_BULLETINS_MIN + (uint32_t)prng_below(prng, 500),
        .broker_crashes = between(prng, 2, 6),
        .crash_again = 250000,
        .reconfigure = rate(prng, 400000),
        .chaos_ms_max = prng_between(prng, 50, 500),
        .down_ms_max = prng_between(prng, 10, 2500),
        .freeze_ms_max = prng_between(prng, 100, 4000),
        .full_ms_max = prng_between(prng, 100, 3000),
        .publisher_crash = rate(prng, 120000),
        .follower_crash = rate(prng, 120000),
        .freeze = rate(prng, 60000),
        .policy = rate(prng, 250000),
        .key = rate(prng, 60000),
        .full = rate(prng, 40000),
        .slow = rate(prng, 40000),
        .flush_failure = rate(prng, 20000),
        .disk_bytes = 64 * kib * kib,
    };
    draw_limits(&plan->host.limits, prng);
    plan->host.heartbeat_ms = 500;
    plan->host.flush_ms_max = prng_between(prng, 1, 80);
    plan->host.read_ms_max = prng_between(prng, 1, 30);
    plan->host.page_busy = rate(prng, 200000);
    plan->host.plant = plant;
    draw_net(&plan->net, prng);
    draw_clients(plan, prng);
}
