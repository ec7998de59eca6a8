/* blob.c - the count and the two kinds of memory behind a blob.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/blob.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct blob {
    _Atomic uint32_t holders;
    struct bytes bytes;
    blob_release *release; /* NULL: the bytes are in `room` */
    void *context;
    uint8_t room[];
};

static struct blob *blob_allocate(size_t room_bytes)
{
    if (room_bytes > SIZE_MAX - sizeof(struct blob)) {
        return NULL;
    }
    struct blob *blob = malloc(sizeof *blob + room_bytes);
    if (blob != NULL) {
        atomic_init(&blob->holders, 1);
        blob->bytes = bytes_of(blob->room, room_bytes);
        blob->release = NULL;
        blob->context = NULL;
    }
    return blob;
}

struct blob *blob_new(struct bytes bytes)
{
    struct blob *blob = blob_allocate(bytes.length);
    if (blob != NULL && bytes.length > 0) {
        memcpy(blob->room, bytes.data, bytes.length);
    }
    return blob;
}

struct blob *blob_new_empty(size_t length)
{
    return blob_allocate(length);
}

uint8_t *blob_room(struct blob *blob)
{
    assert(blob->release == NULL);
    assert(atomic_load_explicit(&blob->holders, memory_order_relaxed) == 1);
    return blob->room;
}

struct blob *blob_wrap(struct bytes bytes, blob_release *release, void *context)
{
    assert(release != NULL);
    struct blob *blob = blob_allocate(0);
    if (blob != NULL) {
        blob->bytes = bytes;
        blob->release = release;
        blob->context = context;
    }
    return blob;
}

struct bytes blob_bytes(const struct blob *blob)
{
    return blob->bytes;
}

struct blob *blob_keep(struct blob *blob)
{
    /* Whoever keeps already holds one, so nothing needs to be ordered by this. */
    uint32_t before = atomic_fetch_add_explicit(&blob->holders, 1, memory_order_relaxed);
    assert(before > 0 && before < UINT32_MAX);
    return blob;
}

void blob_drop(struct blob *blob)
{
    if (blob == NULL) {
        return;
    }
    /* Every other holder's reads must be over before the last one frees. */
    uint32_t before = atomic_fetch_sub_explicit(&blob->holders, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1) {
        if (blob->release != NULL) {
            blob->release(blob->context);
        }
        free(blob);
    }
}
