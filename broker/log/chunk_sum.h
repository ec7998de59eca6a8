/* chunk_sum.h - the two sums of a chunk: one for bits that rot, one for hands that forge.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the other files of this folder. A chunk is a header of CHUNK_HEADER_BYTES and a batch; what
 * is summed of the batch are its records, and the walk ends where the batch is not well formed.
 */
#ifndef BROKER_LOG_CHUNK_SUM_H
#define BROKER_LOG_CHUNK_SUM_H

#include "broker/log/chunk_layout.h"
#include "proto/c/bytes.h"

/* The chain hash; the header's first 40 bytes and the hash before must be in place. */
void chunk_sum_hash(struct bytes chunk, uint8_t hash[CHUNK_HASH_BYTES]);

/* The checksum; everything else must be in place. */
uint64_t chunk_sum_check(struct bytes chunk);

#endif
