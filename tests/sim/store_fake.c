/* store_fake.c - the table of store.h over a fake disk.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/store_fake.h"

#include <assert.h>
#include <stdlib.h>

struct fake_request {
    enum store_operation operation;
    enum store_space space;
    uint64_t token;
    uint64_t seq;  /* READ: the one asked for; APPEND: expect */
    uint64_t last; /* APPEND */
    struct blob *key;
    struct blob *blob; /* APPEND: the chunk; PUT: the value, NULL to remove */
};

/* Requests in order; as many as asked for and not yet polled, so a ring of that size is enough. */
struct fake_queue {
    struct fake_request *slots;
    uint32_t room, head, count;
    uint32_t open; /* asked for, completion not polled */
};

struct store_fake {
    struct store store;
    struct fake_disk *disk;
    struct fake_queue writes, reads;
    struct store_done *done;
    uint32_t done_room, done_head, done_count;
    uint64_t commits, chunk_reads;
    uint64_t refused_last; /* where the log would end had the appends answered FULL been stored */
    uint32_t reads_to_refuse;
    bool is_slow;
    bool will_fail, will_keep; /* the next commit */
    bool has_failed;
};

static struct store_fake *fake_of(const struct store *store)
{
    return (struct store_fake *)(uintptr_t)store;
}

static enum status ask(struct fake_queue *queue, struct fake_request request)
{
    if (queue->open == queue->room) {
        blob_drop(request.key);
        blob_drop(request.blob);
        return STATUS_BUSY;
    }
    queue->slots[(queue->head + queue->count) % queue->room] = request;
    queue->count++;
    queue->open++;
    return STATUS_OK;
}

static struct fake_request take(struct fake_queue *queue)
{
    assert(queue->count > 0);
    struct fake_request request = queue->slots[queue->head];
    queue->head = (queue->head + 1) % queue->room;
    queue->count--;
    return request;
}

static enum status fake_append(struct store *store, uint64_t expect, uint64_t last,
                               struct blob *chunk, uint64_t token)
{
    size_t length = blob_bytes(chunk).length;
    assert(expect < last && length > 0 && length <= STORE_CHUNK_BYTES_MAX);
    return ask(&fake_of(store)->writes, (struct fake_request){.operation = STORE_APPEND,
                                                              .token = token,
                                                              .seq = expect,
                                                              .last = last,
                                                              .blob = blob_keep(chunk)});
}

static struct blob *key_copy(struct bytes key)
{
    assert(key.length > 0 && key.length <= STORE_KEY_BYTES_MAX);
    struct blob *copy = blob_new(key);
    assert(copy != NULL);
    return copy;
}

static enum status fake_put(struct store *store, enum store_space space, struct bytes key,
                            struct bytes value, uint64_t token)
{
    assert(value.length <= STORE_VALUE_BYTES_MAX);
    struct blob *copy = value.length == 0 ? NULL : blob_new(value);
    assert(value.length == 0 || copy != NULL);
    return ask(&fake_of(store)->writes, (struct fake_request){.operation = STORE_PUT,
                                                              .space = space,
                                                              .token = token,
                                                              .key = key_copy(key),
                                                              .blob = copy});
}

static enum status fake_read(struct store *store, uint64_t seq, uint64_t token)
{
    return ask(&fake_of(store)->reads,
               (struct fake_request){.operation = STORE_READ, .token = token, .seq = seq});
}

static enum status fake_get(struct store *store, enum store_space space, struct bytes key,
                            uint64_t token)
{
    return ask(&fake_of(store)->reads,
               (struct fake_request){
                   .operation = STORE_GET, .space = space, .token = token, .key = key_copy(key)});
}

static enum status fake_list(struct store *store, enum store_space space, struct bytes prefix,
                             store_visit *visit, void *context)
{
    fake_disk_list(fake_of(store)->disk, space, prefix, visit, context);
    return STATUS_OK;
}

static bool fake_poll(struct store *store, struct store_done *done)
{
    struct store_fake *fake = fake_of(store);
    if (fake->done_count == 0) {
        return false;
    }
    *done = fake->done[fake->done_head];
    fake->done_head = (fake->done_head + 1) % fake->done_room;
    fake->done_count--;
    bool is_write = done->operation == STORE_APPEND || done->operation == STORE_PUT;
    (is_write ? &fake->writes : &fake->reads)->open--;
    return true;
}

static int fake_descriptor(struct store *store)
{
    (void)store;
    return -1;
}

static void fake_tail(struct store *store, struct store_tail *tail)
{
    *tail = *fake_disk_tail(fake_of(store)->disk);
}

static void fake_statistics(struct store *store, struct store_statistics *statistics)
{
    const struct store_fake *fake = fake_of(store);
    *statistics = (struct store_statistics){
        .room_bytes = fake_disk_room_bytes(fake->disk),
        .used_bytes = fake_disk_used_bytes(fake->disk),
        .commits = fake->commits,
        .chunk_reads = fake->chunk_reads,
    };
}

static void complete(struct store_fake *fake, struct store_done done)
{
    assert(fake->done_count < fake->done_room);
    fake->done[(fake->done_head + fake->done_count) % fake->done_room] = done;
    fake->done_count++;
}

/* An append that follows one refused for want of room is refused for the same reason, so that the
 * asker hears one answer for a run of appends. */
static enum status append_in_turn(struct store_fake *fake, const struct fake_request *request)
{
    enum status status = fake_disk_append(fake->disk, request->seq, request->last, request->blob);
    if (status == STATUS_CONFLICT && fake->refused_last != 0 &&
        request->seq == fake->refused_last) {
        status = STATUS_FULL;
    }
    if (status != STATUS_CONFLICT) {
        fake->refused_last = status == STATUS_FULL ? request->last : 0;
    }
    return status;
}

static enum status write_to_disk(struct store_fake *fake, const struct fake_request *request)
{
    if (request->operation == STORE_APPEND) {
        return append_in_turn(fake, request);
    }
    struct bytes value = request->blob == NULL ? bytes_of(NULL, 0) : blob_bytes(request->blob);
    return fake_disk_put(fake->disk, request->space, blob_bytes(request->key), value);
}

static void forget(struct fake_request *request)
{
    blob_drop(request->key);
    blob_drop(request->blob);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t store_fake_commit(struct store *store, uint32_t count)
{
    struct store_fake *fake = fake_of(store);
    count = fake->is_slow ? 0 : least(count, fake->writes.count);
    bool is_lost = fake->has_failed || (fake->will_fail && !fake->will_keep);
    bool is_unknown = fake->has_failed || fake->will_fail;
    for (uint32_t index = 0; index < count; index++) {
        struct fake_request request = take(&fake->writes);
        enum status status = is_lost ? STATUS_UNKNOWN : write_to_disk(fake, &request);
        complete(fake, (struct store_done){
                           .operation = request.operation,
                           .token = request.token,
                           .status = is_unknown ? STATUS_UNKNOWN : status,
                           .first = request.operation == STORE_APPEND ? request.seq + 1 : 0,
                           .last = request.last,
                       });
        forget(&request);
    }
    if (count > 0) {
        fake->has_failed = is_unknown;
        fake->will_fail = false;
        fake->commits += is_unknown ? 0 : 1;
    }
    return count;
}

static struct store_done read_from_disk(struct store_fake *fake, const struct fake_request *request)
{
    struct store_done done = {.operation = request->operation, .token = request->token};
    done.first = done.last = request->seq;
    if (request->operation == STORE_GET) {
        done.blob = fake_disk_value(fake->disk, request->space, blob_bytes(request->key));
    } else if (fake->reads_to_refuse > 0) {
        fake->reads_to_refuse--;
        done.status = STATUS_BUSY;
        return done;
    } else if (!fake_disk_is_readable(fake->disk, request->seq)) {
        done.status = STATUS_IO;
        return done;
    } else {
        done.blob = fake_disk_chunk(fake->disk, request->seq, &done.first, &done.last);
        fake->chunk_reads += done.blob == NULL ? 0 : 1;
    }
    if (done.blob == NULL) {
        done.status = STATUS_NOT_FOUND;
    } else {
        blob_keep(done.blob);
    }
    return done;
}

uint32_t store_fake_serve(struct store *store, uint32_t count)
{
    struct store_fake *fake = fake_of(store);
    count = fake->is_slow ? 0 : least(count, fake->reads.count);
    for (uint32_t index = 0; index < count; index++) {
        struct fake_request request = take(&fake->reads);
        complete(fake, read_from_disk(fake, &request));
        forget(&request);
    }
    return count;
}

static void end(struct store_fake *fake)
{
    while (fake->writes.count > 0) {
        struct fake_request request = take(&fake->writes);
        forget(&request);
    }
    while (fake->reads.count > 0) {
        struct fake_request request = take(&fake->reads);
        forget(&request);
    }
    struct store_done done;
    while (fake_poll(&fake->store, &done)) {
        blob_drop(done.blob);
    }
    free(fake->writes.slots);
    free(fake->reads.slots);
    free(fake->done);
    free(fake);
}

static void fake_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_fake_set_slow(store, false);
    store_fake_commit(store, STORE_FAKE_ALL);
    end(fake_of(store));
}

void store_fake_crash(struct store *store, uint32_t kept)
{
    struct store_fake *fake = fake_of(store);
    kept = fake->has_failed ? 0 : least(kept, fake->writes.count);
    for (uint32_t index = 0; index < kept; index++) {
        struct fake_request request = take(&fake->writes);
        /* Nobody is left to hear of it. */
        enum status status = write_to_disk(fake, &request);
        (void)status;
        forget(&request);
    }
    end(fake);
}

uint32_t store_fake_writes_waiting(const struct store *store)
{
    return fake_of(store)->writes.count;
}

uint32_t store_fake_reads_waiting(const struct store *store)
{
    return fake_of(store)->reads.count;
}

void store_fake_set_slow(struct store *store, bool is_slow)
{
    fake_of(store)->is_slow = is_slow;
}

void store_fake_refuse_reads(struct store *store, uint32_t count)
{
    fake_of(store)->reads_to_refuse = count;
}

void store_fake_fail_commit(struct store *store, bool is_kept)
{
    fake_of(store)->will_fail = true;
    fake_of(store)->will_keep = is_kept;
}

static const struct store_ops fake_ops = {
    .engine = "fake",
    .append = fake_append,
    .put = fake_put,
    .read = fake_read,
    .get = fake_get,
    .list = fake_list,
    .poll = fake_poll,
    .descriptor = fake_descriptor,
    .tail = fake_tail,
    .statistics = fake_statistics,
    .close = fake_close,
};

static void queue_init(struct fake_queue *queue, uint32_t room)
{
    queue->slots = calloc(room, sizeof queue->slots[0]);
    queue->room = room;
    assert(room > 0 && queue->slots != NULL);
}

struct store *store_fake_open(struct fake_disk *disk, uint32_t queue_writes, uint32_t queue_reads)
{
    struct store_fake *fake = calloc(1, sizeof *fake);
    assert(fake != NULL);
    fake->store.ops = &fake_ops;
    fake->disk = disk;
    queue_init(&fake->writes, queue_writes);
    queue_init(&fake->reads, queue_reads);
    fake->done_room = queue_writes + queue_reads;
    fake->done = calloc(fake->done_room, sizeof fake->done[0]);
    assert(fake->done != NULL);
    return &fake->store;
}
