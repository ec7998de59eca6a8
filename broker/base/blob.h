/* blob.h - a counted, immutable run of bytes shared between threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_BASE_BLOB_H
#define BROKER_BASE_BLOB_H

#include "proto/c/bytes.h"

struct blob;

/* Called once, by whoever drops the last count, from any thread. */
typedef void blob_release(void *context);

/* A copy of `bytes` with count 1; NULL: no memory. */
struct blob *blob_new(struct bytes bytes);

/* A blob of `length` bytes, filled through blob_room() before it is shared; NULL: no memory. */
struct blob *blob_new_empty(size_t length);

/* The bytes to fill; only while the count is 1 and nobody else holds it. */
uint8_t *blob_room(struct blob *blob);

/* Takes over foreign memory; `release(context)` runs when the last count drops. NULL: no memory,
 * nothing taken. */
struct blob *blob_wrap(struct bytes bytes, blob_release *release, void *context);

struct bytes blob_bytes(const struct blob *blob);

/* One more holder; returns `blob`. Never allocates. */
struct blob *blob_keep(struct blob *blob);

/* One holder less; NULL is let pass. */
void blob_drop(struct blob *blob);

#endif
