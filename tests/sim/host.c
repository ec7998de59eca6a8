/* host.c - the real engine, turned by hand over a fake disk and a fake net.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/host.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "broker/engine.h"
#include "tests/sim/boundary.h"
#include "tests/sim/plant_store.h"

enum { QUEUE_WRITES = 256, QUEUE_READS = 64 };

struct host {
    struct host_options options;
    struct fake_disk *disk;
    struct around around;
    struct prng prng;
    struct boundary boundary;
    struct store *store; /* the fake; NULL: not running */
    struct plant_store planted;
    struct engine *engine;
    struct cast_policy_input policy; /* borrowed by the engine until it is ready */
    uint64_t now_ms;
    uint64_t flush_ms, serve_ms; /* when the disk is done; UINT64_MAX: it rests */
    uint32_t flush_count;
    bool is_deaf; /* the engine takes no messages until something else has happened */
    bool is_ready, is_healed;
    bool may_stop; /* a flush was made to fail */
};

int64_t host_wall_ms(uint64_t now_ms)
{
    return INT64_C(1767225600000) + (int64_t)now_ms;
}

bool host_is_up(const struct host *host)
{
    return host->store != NULL;
}

bool host_takes_policy(const struct host *host)
{
    return !host_is_up(host) || (host->is_ready && !host_has_stopped(host));
}

/* -- what the engine tells -- */

static void on_trace(void *context, enum trace_level level, const char *text, struct bytes subject,
                     uint64_t value)
{
    const struct host *host = context;
    (void)level;
    story_tell(host->around.story, "broker", "%s%s%.*s (%" PRIu64 ")", text,
               subject.length > 0 ? ": " : "", (int)subject.length, (const char *)subject.data,
               value);
}

static void on_ready(void *context, uint64_t head)
{
    struct host *host = context;
    host->is_ready = true;
    story_tell(host->around.story, "broker", "is ready, the head is %" PRIu64, head);
    sim_net_open_doors(host->around.net);
}

/* -- the disk's own time -- */

/* A read may be refused because the store is busy. */
static void serve(struct host *host)
{
    if (!host->is_healed && prng_chance(&host->prng, host->options.page_busy)) {
        store_fake_refuse_reads(host->store, 1);
        tally_add(host->around.tally, TALLY_PAGE_BUSY);
    }
    store_fake_serve(host->store, STORE_FAKE_ALL);
    host->serve_ms = UINT64_MAX;
}

static void turn_disk(struct host *host)
{
    if (host->flush_ms <= host->now_ms) {
        store_fake_commit(host->store, host->flush_count);
        host->flush_ms = UINT64_MAX;
    }
    if (host->serve_ms <= host->now_ms)
        serve(host);
    uint32_t waiting = store_fake_writes_waiting(host->store);
    if (host->flush_ms == UINT64_MAX && waiting > 0) {
        host->flush_count = waiting;
        host->flush_ms = host->now_ms + prng_between(&host->prng, 1, host->options.flush_ms_max);
    }
    if (host->serve_ms == UINT64_MAX && store_fake_reads_waiting(host->store) > 0)
        host->serve_ms = host->now_ms + prng_between(&host->prng, 1, host->options.read_ms_max);
}

void host_turn(struct host *host, uint64_t now_ms)
{
    host->now_ms = now_ms;
    if (!host_is_up(host) || host_has_stopped(host))
        return;
    boundary_enter(&host->boundary);
    bool is_busy = true;
    while (is_busy && model_fault(host->around.model) == NULL) {
        turn_disk(host);
        is_busy = engine_turn(host->engine, now_ms, host_wall_ms(now_ms));
    }
    turn_disk(host);
    host->is_deaf = sim_net_broker_due_ms(host->around.net) <= now_ms;
    if (engine_fault(host->engine) != NULL && !host->may_stop)
        model_fail(host->around.model, "P1", "the engine stopped: %s", engine_fault(host->engine));
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t host_due_ms(const struct host *host)
{
    if (!host_is_up(host) || host_has_stopped(host))
        return UINT64_MAX;
    uint64_t due = earlier(host->flush_ms, host->serve_ms);
    due = earlier(due, engine_deadline_ms(host->engine));
    return host->is_deaf ? due : earlier(due, sim_net_broker_due_ms(host->around.net));
}

void host_fail_flush(struct host *host, bool is_kept)
{
    host->may_stop = true;
    store_fake_fail_commit(host->store, is_kept);
}

bool host_has_stopped(const struct host *host)
{
    return host_is_up(host) && engine_fault(host->engine) != NULL;
}

void host_set_slow(struct host *host, bool is_slow)
{
    store_fake_set_slow(host->store, is_slow);
}

void host_heal(struct host *host)
{
    host->is_healed = true;
    host->options.read_ms_max = host->options.flush_ms_max = 1;
}

/* -- life and death -- */

struct core_limits *host_limits(struct host *host)
{
    return &host->options.limits;
}

void host_start(struct host *host, uint64_t now_ms, const struct cast_policy *policy)
{
    assert(!host_is_up(host));
    host->now_ms = now_ms;
    host->is_deaf = host->is_ready = host->may_stop = false;
    host->flush_ms = host->serve_ms = UINT64_MAX;
    plant_store_before_start(host->options.plant, host->disk);
    model_start(host->around.model, policy);
    host->store = store_fake_open(host->disk, QUEUE_WRITES, QUEUE_READS);
    plant_store_init(&host->planted, host->options.plant, host->store);
    struct engine_options options = {
        .net = sim_net_table(host->around.net),
        .store = &host->planted.store,
        .limits = &host->options.limits,
        .site_name = bytes_of_text("sim"),
        .heartbeat_ms = host->options.heartbeat_ms,
        .listener = {.context = host, .trace = on_trace, .ready = on_ready},
    };
    host->engine = engine_new(&options);
    assert(host->engine != NULL);
    boundary_start(&host->boundary, &host->options.limits);
    struct input input;
    cast_policy_tell(policy, &host->policy, &input);
    enum status status = engine_set_policy(host->engine, host->policy.agencies, CAST_AGENCIES,
                                           now_ms, host_wall_ms(now_ms));
    assert(status == STATUS_OK);
    story_tell(host->around.story, "broker", "starts, the log ends with %" PRIu64,
               fake_disk_tail(host->disk)->last);
}

void host_policy(struct host *host, uint64_t now_ms, const struct cast_policy *policy)
{
    assert(host_is_up(host) && host->is_ready);
    host->now_ms = now_ms;
    struct input input;
    cast_policy_tell(policy, &host->policy, &input);
    model_policy(host->around.model, policy);
    boundary_enter(&host->boundary);
    enum status status = engine_set_policy(host->engine, host->policy.agencies, CAST_AGENCIES,
                                           now_ms, host_wall_ms(now_ms));
    assert(status == STATUS_OK);
}

static void forget_all(struct host *host)
{
    engine_free(host->engine);
    host->engine = NULL;
    host->store = NULL;
}

void host_crash(struct host *host)
{
    assert(host_is_up(host));
    uint32_t kept = 0;
    if (host->flush_ms != UINT64_MAX && prng_chance(&host->prng, 500000))
        kept = host->flush_count;
    if (store_fake_writes_waiting(host->store) > kept)
        tally_add(host->around.tally, TALLY_CRASH_LOST_WRITES);
    if (kept > 0)
        tally_add(host->around.tally, TALLY_CRASH_KEPT_WRITES);
    tally_add(host->around.tally, TALLY_BROKER_CRASH);
    store_fake_crash(host->store, kept);
    forget_all(host);
    story_tell(host->around.story, "broker", "is killed, the log ends with %" PRIu64,
               fake_disk_tail(host->disk)->last);
    sim_net_break_all(host->around.net);
    model_crash(host->around.model);
}

struct host *host_new(const struct host_options *options, struct fake_disk *disk,
                      const struct around *around, struct prng *prng)
{
    struct host *host = calloc(1, sizeof *host);
    assert(host != NULL);
    host->options = *options;
    host->disk = disk;
    host->prng = prng_fork(prng);
    host->around = *around;
    boundary_init(&host->boundary, options->plant, around);
    return host;
}

void host_free(struct host *host)
{
    if (host == NULL)
        return;
    if (host_is_up(host)) {
        store_fake_crash(host->store, 0);
        forget_all(host);
    }
    boundary_deinit(&host->boundary);
    free(host);
}
