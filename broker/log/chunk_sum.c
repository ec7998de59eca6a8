/* chunk_sum.c - which bytes of a chunk the sums are over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk_sum.h"

#include <assert.h>

#include <sodium.h>

#define XXH_STATIC_LINKING_ONLY /* for a state on the stack */
#include <xxhash.h>

#include "proto/c/field.h"

/* Takes the next run of bytes that hold only records off `batch`, leaving Personals out. */
static bool sum_take_run(struct bytes *batch, struct bytes *run)
{
    *run = bytes_of(batch->data, 0);
    while (batch->length > 0) {
        struct field field;
        struct bytes rest = *batch;
        if (!field_take(&rest, &field)) {
            *batch = bytes_of(NULL, 0);
            break;
        }
        size_t length = batch->length - rest.length;
        *batch = rest;
        if (field.number == BATCH_RECORD) {
            run->length += length;
        } else if (run->length > 0) {
            break;
        } else {
            run->data = rest.data;
        }
    }
    return run->length > 0;
}

static struct bytes sum_batch(struct bytes chunk)
{
    assert(chunk.length >= CHUNK_HEADER_BYTES);
    return bytes_of(chunk.data + CHUNK_HEADER_BYTES, chunk.length - CHUNK_HEADER_BYTES);
}

void chunk_sum_hash(struct bytes chunk, uint8_t hash[CHUNK_HASH_BYTES])
{
    struct bytes batch = sum_batch(chunk), run;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CHUNK_HASH_BYTES);
    crypto_generichash_update(&state, chunk.data, CHUNK_CHECKSUM_AT);
    crypto_generichash_update(&state, chunk.data + CHUNK_PREVIOUS_AT, CHUNK_HASH_BYTES);
    while (sum_take_run(&batch, &run)) {
        crypto_generichash_update(&state, run.data, run.length);
    }
    crypto_generichash_final(&state, hash, CHUNK_HASH_BYTES);
}

uint64_t chunk_sum_check(struct bytes chunk)
{
    struct bytes batch = sum_batch(chunk), run;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, chunk.data, CHUNK_CHECKSUM_AT);
    XXH3_64bits_update(&state, chunk.data + CHUNK_PREVIOUS_AT, (size_t)2 * CHUNK_HASH_BYTES);
    while (sum_take_run(&batch, &run)) {
        XXH3_64bits_update(&state, run.data, run.length);
    }
    return XXH3_64bits_digest(&state);
}
