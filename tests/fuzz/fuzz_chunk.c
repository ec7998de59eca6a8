/* fuzz_chunk.c - whatever a value of the log holds, opening it ends within it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>

#include "broker/log/chunk.h"
#include "broker/log/chunk_sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_chunk(struct blob *chunk)
{
    static const uint8_t secret[32] = {1};
    struct chunk_header header;
    struct page *page = NULL;
    enum status status = chunk_verify(blob_bytes(chunk), &header);
    enum status built = page_build(chunk, secret, &page);
    assert(built == status);
    if (built == STATUS_OK) {
        assert(page->first == header.first && page_count(page) == header.count);
    }
    page_drop(page);
}

/* With its checksum made right, so that the structure behind it is met. */
static void open_mended(struct bytes input)
{
    struct blob *chunk = blob_new(input);
    if (chunk == NULL || input.length < CHUNK_HEADER_BYTES) {
        blob_drop(chunk);
        return;
    }
    uint64_t sum = chunk_sum_check(blob_bytes(chunk));
    for (size_t index = 0; index < sizeof sum; index++) {
        blob_room(chunk)[CHUNK_CHECKSUM_AT + index] = (uint8_t)(sum >> (56 - 8 * index));
    }
    open_chunk(chunk);
    blob_drop(chunk);
}

static void step_through(struct bytes batch)
{
    struct chunk_record record;
    enum status fault;
    size_t offset = 0;
    while (chunk_next_record(batch, &offset, &record, &fault)) {
        assert(offset <= batch.length && record.length > 0);
    }
    assert((fault == STATUS_OK) == (offset == batch.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct blob *chunk = blob_new(input);
    if (chunk != NULL) {
        open_chunk(chunk);
    }
    blob_drop(chunk);
    open_mended(input);
    step_through(input);
    return 0;
}
