/* busy_store.c - passes everything on, and keeps an eye on appends and manifests.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/scale/busy_store.h"

#include <signal.h>
#include <unistd.h>

#include "broker/core/limits.h"

static struct busy_store *busy_of(struct store *store)
{
    return (struct busy_store *)store;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    (void)pause();
}

static bool is_half_way(const struct busy_store *busy)
{
    struct core_limits limits;
    core_limits_default(&limits);
    return busy->manifest_seq > 0 &&
           busy->last - busy->manifest_seq >= limits.checkpoint_events / 2;
}

static enum status busy_append(struct store *store, uint64_t expect, uint64_t last,
                               struct blob *chunk, uint64_t token)
{
    struct busy_store *busy = busy_of(store);
    bool is_end = busy->plan->end == END_MID_INTERVAL && is_half_way(busy);
    if (is_end && busy->durable >= busy->plan->events) {
        die();
    }
    enum status status = busy->inner->ops->append(busy->inner, expect, last, chunk, token);
    if (status == STATUS_OK) {
        busy->last = last;
    }
    return status;
}

static enum status busy_put(struct store *store, enum store_space space, struct bytes key,
                            struct bytes value, uint64_t token)
{
    struct busy_store *busy = busy_of(store);
    bool is_manifest = space == SPACE_CHECKPOINTS && bytes_are_equal(key, bytes_of_text("once/0"));
    if (is_manifest && busy->plan->end == END_BEFORE_MANIFEST && busy->manifest_seq > 0 &&
        busy->durable >= busy->plan->events) {
        die();
    }
    enum status status = busy->inner->ops->put(busy->inner, space, key, value, token);
    if (is_manifest && status == STATUS_OK) {
        busy->manifest_seq = busy->last;
    }
    return status;
}

static enum status busy_read(struct store *store, uint64_t seq, uint64_t token)
{
    struct store *inner = busy_of(store)->inner;
    return inner->ops->read(inner, seq, token);
}

static enum status busy_get(struct store *store, enum store_space space, struct bytes key,
                            uint64_t token)
{
    struct store *inner = busy_of(store)->inner;
    return inner->ops->get(inner, space, key, token);
}

static enum status busy_list(struct store *store, enum store_space space, struct bytes prefix,
                             store_visit *visit, void *context)
{
    struct store *inner = busy_of(store)->inner;
    return inner->ops->list(inner, space, prefix, visit, context);
}

static bool busy_poll(struct store *store, struct store_done *done)
{
    struct busy_store *busy = busy_of(store);
    if (!busy->inner->ops->poll(busy->inner, done)) {
        return false;
    }
    if (done->operation == STORE_APPEND && done->status == STATUS_OK) {
        busy->durable = done->last;
    }
    return true;
}

static int busy_descriptor(struct store *store)
{
    struct store *inner = busy_of(store)->inner;
    return inner->ops->descriptor(inner);
}

static void busy_tail(struct store *store, struct store_tail *tail)
{
    struct store *inner = busy_of(store)->inner;
    inner->ops->tail(inner, tail);
}

static void busy_statistics(struct store *store, struct store_statistics *statistics)
{
    struct store *inner = busy_of(store)->inner;
    inner->ops->statistics(inner, statistics);
}

static void busy_close(struct store *store)
{
    struct store *inner = busy_of(store)->inner;
    inner->ops->close(inner);
}

static const struct store_ops busy_ops = {
    .engine = "busy",
    .append = busy_append,
    .put = busy_put,
    .read = busy_read,
    .get = busy_get,
    .list = busy_list,
    .poll = busy_poll,
    .descriptor = busy_descriptor,
    .tail = busy_tail,
    .statistics = busy_statistics,
    .close = busy_close,
};

void busy_store_init(struct busy_store *busy, struct store *inner, const struct busy_plan *plan)
{
    *busy = (struct busy_store){.store = {&busy_ops}, .inner = inner, .plan = plan};
}
