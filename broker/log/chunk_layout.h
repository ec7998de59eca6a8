/* chunk_layout.h - the numbers of a chunk's layout; chunk.h has it in words.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_LOG_CHUNK_LAYOUT_H
#define BROKER_LOG_CHUNK_LAYOUT_H

enum {
    CHUNK_VERSION = 1,
    CHUNK_HEADER_BYTES = 112,
    CHUNK_HASH_BYTES = 32,
    CHUNK_BYTES_MAX = 1024 * 1024 /* no chunk is longer: what every store must take */
};

/* Places in the header. */
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

#endif
