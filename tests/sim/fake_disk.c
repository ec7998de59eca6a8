/* fake_disk.c - sorted arrays of chunks and of values.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/fake_disk.h"

#include <assert.h>
#include <stdlib.h>

enum { SPACES = SPACE_CHECKPOINTS + 1 };

struct fake_chunk {
    uint64_t first, last;
    struct blob *blob;
    bool is_lost;
};

struct fake_value {
    struct blob *key;
    struct blob *value;
};

struct fake_values {
    struct fake_value *items;
    size_t count, room;
};

struct fake_disk {
    struct store_tail tail;
    struct fake_chunk *chunks;
    size_t chunk_count, chunk_room;
    struct fake_values spaces[SPACES];
    uint64_t capacity_bytes, used_bytes;
    enum fake_room room;
};

struct fake_disk *fake_disk_new(const uint8_t uuid[16], const uint8_t secret[32],
                                uint64_t capacity_bytes)
{
    struct fake_disk *disk = calloc(1, sizeof *disk);
    assert(disk != NULL);
    disk->tail.first = 1;
    disk->tail.incarnation = 1;
    disk->capacity_bytes = capacity_bytes;
    memcpy(disk->tail.uuid, uuid, sizeof disk->tail.uuid);
    memcpy(disk->tail.secret, secret, sizeof disk->tail.secret);
    return disk;
}

static void cut_chunks(struct fake_disk *disk, size_t count)
{
    while (disk->chunk_count > count) {
        struct fake_chunk *chunk = &disk->chunks[--disk->chunk_count];
        disk->used_bytes -= blob_bytes(chunk->blob).length;
        blob_drop(chunk->blob);
    }
}

void fake_disk_free(struct fake_disk *disk)
{
    if (disk == NULL) {
        return;
    }
    cut_chunks(disk, 0);
    free(disk->chunks);
    for (size_t space = 0; space < SPACES; space++) {
        struct fake_values *values = &disk->spaces[space];
        for (size_t index = 0; index < values->count; index++) {
            blob_drop(values->items[index].key);
            blob_drop(values->items[index].value);
        }
        free(values->items);
    }
    free(disk);
}

const struct store_tail *fake_disk_tail(const struct fake_disk *disk)
{
    return &disk->tail;
}

void fake_disk_set_room(struct fake_disk *disk, enum fake_room room)
{
    disk->room = room;
}

uint64_t fake_disk_room_bytes(const struct fake_disk *disk)
{
    return disk->room == FAKE_ROOM_ENOUGH ? disk->capacity_bytes - disk->used_bytes : 0;
}

uint64_t fake_disk_used_bytes(const struct fake_disk *disk)
{
    return disk->used_bytes;
}

/* An array with room for one item more. */
static void *grown(void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room) {
        return items;
    }
    *room = *room == 0 ? 64 : *room * 2;
    items = realloc(items, *room * item_bytes);
    assert(items != NULL);
    return items;
}

/* The chunk that holds `seq`; chunk_count: none. */
static size_t chunk_index(const struct fake_disk *disk, uint64_t seq)
{
    size_t low = 0, high = disk->chunk_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (disk->chunks[middle].last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < disk->chunk_count && disk->chunks[low].first <= seq ? low : disk->chunk_count;
}

void fake_disk_corrupt(struct fake_disk *disk, uint64_t seq, size_t offset)
{
    size_t index = chunk_index(disk, seq);
    assert(index < disk->chunk_count);
    struct fake_chunk *chunk = &disk->chunks[index];
    struct blob *copy = blob_new(blob_bytes(chunk->blob));
    assert(copy != NULL && offset < blob_bytes(copy).length);
    blob_room(copy)[offset] ^= 1;
    blob_drop(chunk->blob);
    chunk->blob = copy;
}

void fake_disk_lose(struct fake_disk *disk, uint64_t seq)
{
    size_t index = chunk_index(disk, seq);
    assert(index < disk->chunk_count);
    disk->chunks[index].is_lost = true;
}

bool fake_disk_is_readable(const struct fake_disk *disk, uint64_t seq)
{
    size_t index = chunk_index(disk, seq);
    return index >= disk->chunk_count || !disk->chunks[index].is_lost;
}

void fake_disk_restore(struct fake_disk *disk, uint64_t last)
{
    size_t count = 0;
    while (count < disk->chunk_count && disk->chunks[count].last <= last) {
        count++;
    }
    cut_chunks(disk, count);
    disk->tail.last = count == 0 ? disk->tail.first - 1 : disk->chunks[count - 1].last;
    disk->tail.incarnation++;
    assert(disk->tail.last == last);
}

enum status fake_disk_append(struct fake_disk *disk, uint64_t expect, uint64_t last,
                             struct blob *chunk)
{
    if (expect != disk->tail.last) {
        return STATUS_CONFLICT;
    }
    size_t length = blob_bytes(chunk).length;
    if (fake_disk_room_bytes(disk) < length) {
        return STATUS_FULL;
    }
    disk->chunks =
        grown(disk->chunks, disk->chunk_count, &disk->chunk_room, sizeof disk->chunks[0]);
    disk->chunks[disk->chunk_count++] =
        (struct fake_chunk){.first = expect + 1, .last = last, .blob = blob_keep(chunk)};
    disk->used_bytes += length;
    disk->tail.last = last;
    return STATUS_OK;
}

static int compare(struct bytes a, struct bytes b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

/* The first value whose key is not less than `key`. */
static size_t value_index(const struct fake_values *values, struct bytes key, bool *is_there)
{
    size_t low = 0, high = values->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(blob_bytes(values->items[middle].key), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *is_there = low < values->count && bytes_are_equal(blob_bytes(values->items[low].key), key);
    return low;
}

static void remove_value(struct fake_values *values, size_t index)
{
    blob_drop(values->items[index].key);
    blob_drop(values->items[index].value);
    values->count--;
    memmove(&values->items[index], &values->items[index + 1],
            (values->count - index) * sizeof values->items[0]);
}

static void insert_value(struct fake_values *values, size_t index, struct bytes key,
                         struct blob *value)
{
    values->items = grown(values->items, values->count, &values->room, sizeof values->items[0]);
    memmove(&values->items[index + 1], &values->items[index],
            (values->count - index) * sizeof values->items[0]);
    values->items[index] = (struct fake_value){.key = blob_new(key), .value = value};
    values->count++;
    assert(values->items[index].key != NULL);
}

enum status fake_disk_put(struct fake_disk *disk, enum store_space space, struct bytes key,
                          struct bytes value)
{
    struct fake_values *values = &disk->spaces[space];
    bool is_there = false;
    size_t index = value_index(values, key, &is_there);
    if (value.length == 0) {
        if (is_there) {
            remove_value(values, index);
        }
        return STATUS_OK;
    }
    if (disk->room == FAKE_ROOM_NONE ||
        (space == SPACE_CHECKPOINTS && fake_disk_room_bytes(disk) < value.length)) {
        return STATUS_FULL;
    }
    struct blob *blob = blob_new(value);
    assert(blob != NULL);
    if (is_there) {
        blob_drop(values->items[index].value);
        values->items[index].value = blob;
    } else {
        insert_value(values, index, key, blob);
    }
    return STATUS_OK;
}

struct blob *fake_disk_chunk(const struct fake_disk *disk, uint64_t seq, uint64_t *first,
                             uint64_t *last)
{
    size_t index = chunk_index(disk, seq);
    if (index == disk->chunk_count) {
        return NULL;
    }
    *first = disk->chunks[index].first;
    *last = disk->chunks[index].last;
    return disk->chunks[index].blob;
}

struct blob *fake_disk_value(const struct fake_disk *disk, enum store_space space, struct bytes key)
{
    bool is_there = false;
    size_t index = value_index(&disk->spaces[space], key, &is_there);
    return is_there ? disk->spaces[space].items[index].value : NULL;
}

static bool starts_with(struct bytes key, struct bytes prefix)
{
    return key.length >= prefix.length &&
           (prefix.length == 0 || memcmp(key.data, prefix.data, prefix.length) == 0);
}

void fake_disk_list(const struct fake_disk *disk, enum store_space space, struct bytes prefix,
                    store_visit *visit, void *context)
{
    const struct fake_values *values = &disk->spaces[space];
    for (size_t index = 0; index < values->count; index++) {
        struct bytes key = blob_bytes(values->items[index].key);
        if (starts_with(key, prefix) &&
            !visit(context, key, blob_bytes(values->items[index].value))) {
            return;
        }
    }
}
