/* engine_start.c - from an open store to a core that recovers: nothing is skipped, cut or deleted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/engine_inner.h"

enum { BEHIND_MS_MAX = 5 * 60 * 1000 };

static const int64_t ahead_ms_max = INT64_C(30) * 24 * 3600 * 1000;

static bool wire_open(struct engine *engine)
{
    struct wire_options options = {
        .site_name = engine->site_name,
        .incarnation = engine->tail.incarnation,
        .heartbeat_ms = engine->heartbeat_ms,
        .event_bytes = engine->limits.event_bytes,
        .batch_bytes = engine->limits.batch_bytes,
        .window_events = engine->limits.window_events,
        .follows = engine->limits.follows_session,
        .filters = FILTERS_MAX,
    };
    memcpy(options.uuid, engine->tail.uuid, sizeof options.uuid);
    memcpy(options.secret, engine->tail.secret, sizeof options.secret);
    engine->wire = wire_new(&options);
    return engine->wire != NULL;
}

/* «A clock behind the last record by more than 5 min, or ahead by more than 30 d, is refused at
 * start.» */
static bool clock_is_believed(struct engine *engine, int64_t recorded_at_ms)
{
    int64_t ahead_ms = engine->wall_ms - recorded_at_ms;
    if (ahead_ms >= -BEHIND_MS_MAX && ahead_ms <= ahead_ms_max) {
        return true;
    }
    if (engine->accept_clock) {
        engine_tell(engine, TRACE_WARNING, "the clock is far from the last record's: accepted",
                    (struct bytes){0}, core_head(engine->core));
        return true;
    }
    engine_fail(
        engine, "the clock is %lld s %s the last record: set it, or start with --accept-clock",
        (long long)(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000, ahead_ms < 0 ? "behind" : "after");
    return false;
}

static bool checkpoint_feed(void *context, struct bytes key, struct bytes value)
{
    struct engine *engine = context;
    struct input input = {.kind = IN_CHECKPOINT};
    input.of.checkpoint.name = key;
    input.of.checkpoint.value = value;
    engine_feed(engine, &input);
    return engine->state != ENGINE_FAILED;
}

static void policy_feed(struct engine *engine)
{
    struct input input = {.kind = IN_POLICY};
    input.of.policy.agencies = engine->agencies;
    input.of.policy.agency_count = engine->agency_count;
    input.of.policy.version = engine->policy_version;
    engine_feed(engine, &input);
}

static void recover(struct engine *engine, int64_t recorded_at_ms)
{
    struct input start = {.kind = IN_START}, go = {.kind = IN_RECOVER};
    start.of.start.first = engine->tail.first;
    start.of.start.last = engine->tail.last;
    start.of.start.incarnation = engine->tail.incarnation;
    memcpy(start.of.start.uuid, engine->tail.uuid, sizeof start.of.start.uuid);
    start.of.start.recorded_at_ms = recorded_at_ms;
    start.of.start.room_bytes = engine_room_bytes(engine);
    start.of.start.is_tail_damaged = engine->is_tail_damaged;
    engine->state = ENGINE_RECOVERING;
    engine_feed(engine, &start);
    enum status status = engine->store->ops->list(engine->store, SPACE_CHECKPOINTS,
                                                  (struct bytes){0}, checkpoint_feed, engine);
    if (status != STATUS_OK) {
        engine_tell(engine, TRACE_WARNING, "the checkpoints cannot be read; the log can",
                    bytes_of_text(status_text(status)), engine->tail.last);
    }
    policy_feed(engine);
    engine_feed(engine, &go);
}

static void read_tail(struct engine *engine)
{
    if (engine->store->ops->read(engine->store, engine->tail.last, 0) != STATUS_OK) {
        engine_fail(engine, "the last chunk cannot be asked for");
    }
}

void engine_start(struct engine *engine)
{
    engine->store->ops->tail(engine->store, &engine->tail);
    if (!wire_open(engine)) {
        engine_fail(engine, "no memory");
        return;
    }
    if (engine->tail.last < engine->tail.first) {
        recover(engine, INT64_MIN);
        return;
    }
    engine->state = ENGINE_TAIL;
    read_tail(engine);
}

/* Followers read up to the damage, publishing is refused STORE_CORRUPT: only a restore helps. */
static void recover_damaged(struct engine *engine, enum status status)
{
    engine->is_tail_damaged = true;
    engine_tell(engine, TRACE_ALARM, "STORE_CORRUPT: the last chunk is damaged, nothing is stored",
                bytes_of_text(status_text(status)), engine->tail.last);
    recover(engine, engine->wall_ms); /* its stamp cannot be believed, nor is it needed */
}

void engine_take_tail(struct engine *engine, const struct store_done *done)
{
    struct chunk_header header;
    enum status status = done->status;
    if (status == STATUS_BUSY) {
        read_tail(engine);
        return;
    }
    if (status == STATUS_OK) {
        status = chunk_verify(blob_bytes(done->blob), &header);
    }
    if (status == STATUS_OK && header.first + header.count - 1 != engine->tail.last) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_VERSION) {
        engine_fail(engine, "the log is of another version; nothing was changed");
    } else if (status != STATUS_OK) {
        recover_damaged(engine, status);
    } else if (clock_is_believed(engine, header.recorded_last_ms)) {
        memcpy(engine->hash, header.hash, CHUNK_HASH_BYTES);
        recover(engine, header.recorded_last_ms);
    }
}
