/* engine_turn.c - a turn: who is heard in what order, and when nothing is left to hear.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/engine_private.h"

static bool turn_store(struct engine *engine)
{
    struct store *store = engine->options.store;
    struct store_done done;
    for (uint32_t count = 0; count < ENGINE_TURN_INPUTS; count++) {
        if (!engine_may_feed(engine) || !store->ops->poll(store, &done)) {
            return false;
        }
        engine_complete(engine, &done);
    }
    return true;
}

static bool turn_net(struct engine *engine)
{
    struct net *net = engine->options.net;
    struct net_message message;
    for (uint32_t count = 0; count < ENGINE_TURN_INPUTS; count++) {
        if (!engine_may_feed(engine) || net->ops->receive(net, &message) != STATUS_OK) {
            return false;
        }
        struct input input = {.kind = IN_REQUEST};
        wire_decode(engine->wire, &message, &input.of.request);
        engine_feed(engine, &input);
        blob_drop(message.frames[0]);
        blob_drop(message.frames[1]);
    }
    return true;
}

bool engine_turn(struct engine *engine, uint64_t now_ms, int64_t wall_ms)
{
    engine->now_ms = now_ms;
    engine->wall_ms = wall_ms;
    engine_queue_flush(&engine->writes, engine->options.store);
    engine_queue_flush(&engine->reads, engine->options.store);
    bool has_more = turn_store(engine);
    if (engine->is_ready && !engine->is_draining) {
        has_more = turn_net(engine) || has_more;
    }
    if (engine_may_feed(engine) && core_deadline_ms(engine->core) <= now_ms) {
        struct input tick = {.kind = IN_TICK};
        engine_feed(engine, &tick);
    }
    return has_more && !engine->has_failed;
}

uint64_t engine_deadline_ms(const struct engine *engine)
{
    bool is_waiting = engine->writes.count > 0 || engine->reads.count > 0;
    uint64_t deadline_ms = core_deadline_ms(engine->core);
    return is_waiting && deadline_ms > engine->now_ms + 1 ? engine->now_ms + 1 : deadline_ms;
}

void engine_set_policy(struct engine *engine, const struct policy_agency *agencies,
                       uint32_t agency_count, uint64_t now_ms, int64_t wall_ms)
{
    engine->now_ms = now_ms;
    engine->wall_ms = wall_ms;
    struct input input = {.kind = IN_POLICY};
    input.of.policy.agencies = agencies;
    input.of.policy.agency_count = agency_count;
    input.of.policy.version = ++engine->policy_version;
    engine_feed(engine, &input);
}

void engine_drain(struct engine *engine)
{
    engine->is_draining = true;
}

enum engine_state engine_state(const struct engine *engine)
{
    if (engine->has_failed) {
        return ENGINE_FAILED;
    }
    bool is_idle = engine->append_count == 0 && engine->writes_under_way == 0 &&
                   engine->writes.count == 0 && core_deadline_ms(engine->core) > engine->now_ms;
    if (engine->is_draining && is_idle) {
        return ENGINE_DRAINED;
    }
    return engine->is_ready ? ENGINE_SERVING : ENGINE_RECOVERING;
}

const char *engine_failure(const struct engine *engine)
{
    return engine->failure.text;
}

uint64_t engine_head(const struct engine *engine)
{
    return core_head(engine->core);
}
