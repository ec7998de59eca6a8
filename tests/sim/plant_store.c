/* plant_store.c - a table in front of the fake store's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/plant_store.h"

#include <assert.h>

static struct plant_store *planted_of(const struct store *store)
{
    return (struct plant_store *)(uintptr_t)store;
}

/* Acknowledged before it is flushed. */
static void tell_early(struct plant_store *planted, uint64_t expect, uint64_t last, uint64_t token)
{
    assert(planted->early_count < PLANT_APPENDS);
    uint32_t at = (planted->early_first + planted->early_count++) % PLANT_APPENDS;
    planted->early[at] = (struct store_done){
        .operation = STORE_APPEND, .token = token, .first = expect + 1, .last = last};
}

static enum status planted_append(struct store *store, uint64_t expect, uint64_t last,
                                  struct blob *chunk, uint64_t token)
{
    struct plant_store *planted = planted_of(store);
    enum status status = planted->real->ops->append(planted->real, expect, last, chunk, token);
    if (status == STATUS_OK && planted->kind == PLANT_ACK_BEFORE_COMMIT)
        tell_early(planted, expect, last, token);
    return status;
}

static enum status planted_put(struct store *store, enum store_space space, struct bytes key,
                               struct bytes value, uint64_t token)
{
    struct store *real = planted_of(store)->real;
    return real->ops->put(real, space, key, value, token);
}

static enum status planted_read(struct store *store, uint64_t seq, uint64_t token)
{
    struct store *real = planted_of(store)->real;
    return real->ops->read(real, seq, token);
}

static enum status planted_get(struct store *store, enum store_space space, struct bytes key,
                               uint64_t token)
{
    struct store *real = planted_of(store)->real;
    return real->ops->get(real, space, key, token);
}

static enum status planted_list(struct store *store, enum store_space space, struct bytes prefix,
                                store_visit *visit, void *context)
{
    struct store *real = planted_of(store)->real;
    return real->ops->list(real, space, prefix, visit, context);
}

static bool planted_poll(struct store *store, struct store_done *done)
{
    struct plant_store *planted = planted_of(store);
    if (planted->early_count > 0) {
        *done = planted->early[planted->early_first];
        planted->early_first = (planted->early_first + 1) % PLANT_APPENDS;
        planted->early_count--;
        return true;
    }
    bool is_one = planted->real->ops->poll(planted->real, done);
    while (is_one && planted->kind == PLANT_ACK_BEFORE_COMMIT && done->operation == STORE_APPEND)
        is_one = planted->real->ops->poll(planted->real, done);
    return is_one;
}

static int planted_descriptor(struct store *store)
{
    (void)store;
    return -1;
}

static void planted_tail(struct store *store, struct store_tail *tail)
{
    struct plant_store *planted = planted_of(store);
    planted->real->ops->tail(planted->real, tail);
    if (planted->kind == PLANT_SEQUENCE_REUSED)
        tail->incarnation = 1; /* nobody is told that the log was cut */
}

static void planted_statistics(struct store *store, struct store_statistics *statistics)
{
    struct store *real = planted_of(store)->real;
    real->ops->statistics(real, statistics);
}

static void planted_close(struct store *store)
{
    (void)store;
}

static const struct store_ops planted_ops = {
    .engine = "planted",
    .append = planted_append,
    .put = planted_put,
    .read = planted_read,
    .get = planted_get,
    .list = planted_list,
    .poll = planted_poll,
    .descriptor = planted_descriptor,
    .tail = planted_tail,
    .statistics = planted_statistics,
    .close = planted_close,
};

void plant_store_init(struct plant_store *planted, enum plant_kind kind, struct store *real)
{
    *planted = (struct plant_store){.store = {&planted_ops}, .real = real, .kind = kind};
}

/* The end of the log is taken to be one chunk before it. */
void plant_store_before_start(enum plant_kind kind, struct fake_disk *disk)
{
    uint64_t first = 0, last = fake_disk_tail(disk)->last;
    if (kind != PLANT_SEQUENCE_REUSED || last == 0)
        return;
    fake_disk_chunk(disk, last, &first, &last);
    fake_disk_restore(disk, first - 1);
}
