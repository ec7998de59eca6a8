/* chunk.c - the header of a chunk, and what must hold before anybody believes one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"

#include "broker/base/codec.h"
#include "broker/log/chunk_sum.h"
#include "proto/c/digest.h"

static const uint8_t magic[4] = {'K', 'T', 'G', 'C'};

enum status chunk_read_header(struct bytes chunk, struct chunk_header *header)
{
    struct codec_reader reader = codec_reader_of(chunk);
    if (!bytes_are_equal(codec_get_bytes(&reader, sizeof magic), bytes_of(magic, sizeof magic))) {
        return STATUS_CORRUPT;
    }
    uint16_t version = codec_get_u16(&reader), flags = codec_get_u16(&reader);
    header->first = codec_get_u64(&reader);
    header->count = codec_get_u32(&reader);
    header->records_bytes = codec_get_u32(&reader);
    header->recorded_first_ms = (int64_t)codec_get_u64(&reader);
    header->recorded_last_ms = (int64_t)codec_get_u64(&reader);
    header->checksum = codec_get_u64(&reader);
    codec_get_copy(&reader, header->previous, CHUNK_HASH_BYTES);
    codec_get_copy(&reader, header->hash, CHUNK_HASH_BYTES);
    if (reader.is_over) {
        return STATUS_CORRUPT;
    }
    if (version != CHUNK_VERSION || flags != 0) {
        return STATUS_VERSION;
    }
    bool has_records = header->first > 0 && header->count > 0 && header->records_bytes > 0 &&
                       header->count - 1 <= UINT64_MAX - header->first &&
                       header->records_bytes <= reader.left.length;
    return has_records ? STATUS_OK : STATUS_CORRUPT;
}

static bool personal_is_sound(const struct chunk_record *record)
{
    if (record->personal_length == 0) {
        return true; /* none, or withheld */
    }
    if (record->is_erased) {
        return record->sent.personal_digest.length == DIGEST_BYTES;
    }
    uint8_t digest[DIGEST_BYTES];
    digest_personal(record->salt, record->block, digest);
    return bytes_are_equal(record->sent.personal_digest, bytes_of(digest, sizeof digest));
}

/* Whether the records are those that the header speaks of. */
static bool records_are_sound(struct bytes batch, const struct chunk_header *header)
{
    struct chunk_record record;
    enum status fault;
    size_t offset = 0, records_bytes = 0;
    uint32_t count = 0;
    int64_t last_ms = 0;
    while (chunk_next_record(batch, &offset, &record, &fault)) {
        if (record.seq != header->first + count || !personal_is_sound(&record) ||
            (count == 0 && record.recorded_at_ms != header->recorded_first_ms)) {
            return false;
        }
        records_bytes += record.length;
        last_ms = record.recorded_at_ms;
        count++;
    }
    return fault == STATUS_OK && count == header->count && last_ms == header->recorded_last_ms &&
           records_bytes == header->records_bytes;
}

enum status chunk_verify(struct bytes chunk, struct chunk_header *header)
{
    enum status status = chunk_read_header(chunk, header);
    if (status != STATUS_OK) {
        return status;
    }
    struct bytes batch =
        bytes_of(chunk.data + CHUNK_HEADER_BYTES, chunk.length - CHUNK_HEADER_BYTES);
    bool is_sound = chunk.length <= CHUNK_BYTES_MAX && chunk_sum_check(chunk) == header->checksum &&
                    records_are_sound(batch, header);
    return is_sound ? STATUS_OK : STATUS_CORRUPT;
}

enum status chunk_verify_link(struct bytes chunk, const uint8_t previous[CHUNK_HASH_BYTES],
                              struct chunk_header *header)
{
    enum status status = chunk_verify(chunk, header);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t hash[CHUNK_HASH_BYTES];
    chunk_sum_hash(chunk, hash);
    bool is_linked = memcmp(header->previous, previous, CHUNK_HASH_BYTES) == 0 &&
                     memcmp(header->hash, hash, CHUNK_HASH_BYTES) == 0;
    return is_linked ? STATUS_OK : STATUS_CORRUPT;
}
