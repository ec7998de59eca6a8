/* chunk_sum.h - the two sums of a chunk: one for bits that rot, one for hands that forge.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the other files of this folder. A chunk is a header of CHUNK_HEADER_BYTES and a batch; what
 * is summed of the batch are its records, and the walk ends where the batch is not well formed.
 */
#ifndef BROKER_LOG_CHUNK_SUM_H
#define BROKER_LOG_CHUNK_SUM_H

#include "broker/log/chunk.h"

/* Places in the header (chunk.h has the layout). */
enum { CHUNK_CHECKSUM_AT = 40, CHUNK_PREVIOUS_AT = 48, CHUNK_HASH_AT = 80 };

/* Fields of Batch, Record and Personal. */
enum {
    BATCH_RECORD = 1,
    BATCH_PERSONAL = 2,
    RECORD_SENT = 1,
    RECORD_STAMP = 2,
    PERSONAL_SEQ = 1,
    PERSONAL_SALT = 2,
    PERSONAL_BLOCK = 3,
    PERSONAL_ERASED = 4
};

/* The chain hash; the header's first 40 bytes and the hash before must be in place. */
void chunk_sum_hash(struct bytes chunk, uint8_t hash[CHUNK_HASH_BYTES]);

/* The checksum; everything else must be in place. */
uint64_t chunk_sum_check(struct bytes chunk);

#endif
