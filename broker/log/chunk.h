/* chunk.h - seals what was accepted into one chunk of the log, opens and verifies what was read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Layout, all integers big-endian (docs/decisions/0002):
 *   0  magic "KTGC"        4  version u16 (1)      6  flags u16 (0)
 *   8  first sequence u64  16 count u32            20 bytes of the records u32
 *   24 recordedAt first i64, ms                    32 recordedAt last i64, ms
 *   40 checksum: XXH3-64 over bytes 0..39, bytes 48..111 and the records, u64
 *   48 chain hash of the chunk before, 32 bytes
 *   80 chain hash: BLAKE2b-256 over bytes 0..39, bytes 48..79 and the records, 32 bytes
 *   112 the batch: `Batch` bytes, to the end of the value.
 * «The records» are the Batch's elements of field 1, tags and lengths included, in order. A
 * Personal (field 2) is covered by its record's personalDigest alone, and no length counts it, so
 * that erasing or withholding one changes no byte of the header. Its content is seq, salt, block in
 * this order; erased it is seq and zeros of the same size.
 */
#ifndef BROKER_LOG_CHUNK_H
#define BROKER_LOG_CHUNK_H

#include "broker/base/blob.h"
#include "broker/base/status.h"
#include "broker/core/effect.h"
#include "broker/log/chunk_layout.h"

struct chunk_header {
    uint64_t first;
    uint32_t count;
    uint32_t records_bytes;
    int64_t recorded_first_ms, recorded_last_ms;
    uint64_t checksum;
    uint8_t previous[CHUNK_HASH_BYTES];
    uint8_t hash[CHUNK_HASH_BYTES];
};

/* Encodes records and Personals of `items` behind a header that continues `previous` (zeros for the
 * first chunk); writes the new chain hash. Sequences follow each other. MEMORY, or INVALID when it
 * would pass CHUNK_BYTES_MAX. */
enum status chunk_seal(const struct append_item *items, uint32_t count,
                       const uint8_t previous[CHUNK_HASH_BYTES], struct blob **chunk,
                       uint8_t hash[CHUNK_HASH_BYTES]) STATUS_MUST_CHECK;

/* An upper bound of what an item will take inside a chunk. */
size_t chunk_item_bytes_max(const struct append_item *item);

/* Reads the header. CORRUPT: not a chunk; VERSION: of another version. */
enum status chunk_read_header(struct bytes chunk, struct chunk_header *header) STATUS_MUST_CHECK;

/* Checksum, structure, consecutive sequences from header.first, every personalDigest. Not the link
 * to the chunk before. */
enum status chunk_verify(struct bytes chunk, struct chunk_header *header) STATUS_MUST_CHECK;

/* chunk_verify() and the chain: `previous` is the hash of the chunk before. */
enum status chunk_verify_link(struct bytes chunk, const uint8_t previous[CHUNK_HASH_BYTES],
                              struct chunk_header *header) STATUS_MUST_CHECK;

/* One Record of a batch. */
struct chunk_record {
    struct sent_facts sent;
    struct bytes sent_bytes;
    struct bytes agency;
    struct bytes personal;    /* the Personal element's content; empty: none or withheld */
    struct bytes salt, block; /* in it; empty once erased */
    uint8_t key_id[KEY_ID_BYTES];
    uint64_t seq;
    int64_t recorded_at_ms;
    bool sender_skewed, clock_jumped, is_erased;
    uint32_t offset, length;  /* of the record's element in the batch, tag and length included */
    uint32_t personal_length; /* of the Personal's element directly after it */
};

/* Steps through a batch; false at its end or at the first thing that is not well formed (then
 * *fault is set). */
bool chunk_next_record(struct bytes batch, size_t *offset, struct chunk_record *record,
                       enum status *fault);

/* Overwrites the Personal of `record`, read from the bytes at `batch`, with filler of its size. It
 * must have one that is not erased yet. */
void chunk_erase_personal(uint8_t *batch, const struct chunk_record *record);

/* Verifies a chunk and makes the core's page of it; the page keeps the blob. `secret` is the log's:
 * window keys are BLAKE2b-128 masks of the agency's name under it, XORed with the id
 * (docs/decisions/0002). CORRUPT, VERSION, MEMORY. */
enum status page_build(struct blob *chunk, const uint8_t secret[32],
                       struct page **page) STATUS_MUST_CHECK;

/* The window key of an event that `agency` publishes now. */
void page_window_key(const uint8_t secret[32], struct bytes agency, const uint8_t id[ID_BYTES],
                     uint8_t key[ID_BYTES]);

#endif
