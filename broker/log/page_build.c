/* page_build.c - makes the core's page of a chunk that is sound.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sodium.h>

#include "broker/log/chunk.h"
#include "proto/c/digest.h"

enum { SECRET_BYTES = 32 };

/* A page and its records in one piece of memory. */
struct built_page {
    struct page page;
    struct record records[];
};

static void agency_mask(const uint8_t secret[SECRET_BYTES], struct bytes agency,
                        uint8_t mask[ID_BYTES])
{
    crypto_generichash(mask, ID_BYTES, agency.data, agency.length, secret, SECRET_BYTES);
}

static void mask_id(const uint8_t mask[ID_BYTES], const uint8_t id[ID_BYTES], uint8_t key[ID_BYTES])
{
    for (size_t index = 0; index < ID_BYTES; index++) {
        key[index] = mask[index] ^ id[index];
    }
}

void page_window_key(const uint8_t secret[32], struct bytes agency, const uint8_t id[ID_BYTES],
                     uint8_t key[ID_BYTES])
{
    uint8_t mask[ID_BYTES];
    agency_mask(secret, agency, mask);
    mask_id(mask, id, key);
}

static void page_release(struct page *page)
{
    blob_drop(page->blob);
    free(page);
}

static struct record record_of(const struct chunk_record *from)
{
    const struct event_facts *event = &from->sent.event;
    struct record record = {
        .seq = from->seq,
        .recorded_at_ms = from->recorded_at_ms,
        .topic = event->topic,
        .incident = event->incident,
        .entity = event->entity,
        .agency = from->agency,
        .category = event->category,
        .mode = event->mode,
        .kind = event->kind,
        .priority = event->priority,
        .is_removed = event->is_removed,
        .clock_jumped = from->clock_jumped,
        .digest = digest_content(from->sent.event_bytes, from->sent.personal_digest),
        .number = from->sent.number,
        .after = from->sent.after,
        .offset = from->offset,
        .length = from->length,
        .personal_length = from->personal_length,
    };
    memcpy(record.producer, from->sent.producer, PRODUCER_BYTES);
    return record;
}

static void fill_records(struct built_page *built, const uint8_t secret[SECRET_BYTES])
{
    struct chunk_record from;
    struct bytes masked = bytes_of(NULL, 0);
    uint8_t mask[ID_BYTES] = {0};
    enum status fault;
    size_t offset = 0, index = 0;
    while (chunk_next_record(built->page.batch, &offset, &from, &fault)) {
        struct record *record = &built->records[index++];
        *record = record_of(&from);
        /* Neighbours are often of one agency, and a mask costs more than all the rest. */
        if (!bytes_are_equal(masked, from.agency)) {
            agency_mask(secret, from.agency, mask);
            masked = from.agency;
        }
        mask_id(mask, from.sent.event.id, record->window_key);
    }
    assert(fault == STATUS_OK && index == page_count(&built->page));
}

enum status page_build(struct blob *chunk, const uint8_t secret[32], struct page **page)
{
    struct chunk_header header;
    struct bytes bytes = blob_bytes(chunk);
    enum status status = chunk_verify(bytes, &header);
    if (status != STATUS_OK) {
        return status;
    }
    size_t size = sizeof(struct built_page) + header.count * sizeof(struct record);
    struct built_page *built = malloc(size);
    if (built == NULL) {
        return STATUS_MEMORY;
    }
    built->page = (struct page){
        .first = header.first,
        .last = header.first + header.count - 1,
        .records = built->records,
        .batch = bytes_of(bytes.data + CHUNK_HEADER_BYTES, bytes.length - CHUNK_HEADER_BYTES),
        .blob = blob_keep(chunk),
        .cost = size + bytes.length,
        .release = page_release,
    };
    atomic_init(&built->page.holders, 1);
    fill_records(built, secret);
    *page = &built->page;
    return STATUS_OK;
}
