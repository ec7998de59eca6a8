/* wire_batch.c - second frames: the page's own bytes, or a copy of those elements that a follower
 * may see.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "broker/net/wire_private.h"

static void page_release(void *context)
{
    page_drop(context);
}

static enum status whole_page(const struct page *page, struct blob **batch)
{
    /* Counting changes the page's count and nothing that its readers see. */
    struct page *kept = page_keep((struct page *)page);
    *batch = blob_wrap(kept->batch, page_release, kept);
    if (*batch == NULL) {
        page_drop(kept);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

/* The record's element, and the Personal's directly after it where it goes along. */
static struct bytes element_of(const struct page *page, uint32_t index, bool with_personal)
{
    assert(index < page_count(page));
    const struct record *record = &page->records[index];
    size_t length = (size_t)record->length + (with_personal ? record->personal_length : 0);
    assert(record->offset <= page->batch.length && length <= page->batch.length - record->offset);
    return bytes_of(page->batch.data + record->offset, length);
}

enum status wire_batch_of_delivery(const struct deliver_answer *deliver, struct blob **batch)
{
    size_t length = 0;
    if (deliver->is_whole) {
        return whole_page(deliver->page, batch);
    }
    for (uint32_t i = 0; i < deliver->count; i++) {
        length += element_of(deliver->page, deliver->indexes[i], deliver->personal[i] != 0).length;
    }
    *batch = blob_new_empty(length);
    if (*batch == NULL) {
        return STATUS_MEMORY;
    }
    uint8_t *room = blob_room(*batch);
    for (uint32_t i = 0; i < deliver->count; i++) {
        struct bytes element =
            element_of(deliver->page, deliver->indexes[i], deliver->personal[i] != 0);
        memcpy(room, element.data, element.length);
        room += element.length;
    }
    return STATUS_OK;
}

enum status wire_batch_of_event(const struct page *page, uint32_t index, bool with_personal,
                                struct blob **batch)
{
    *batch = blob_new(element_of(page, index, with_personal));
    return *batch != NULL ? STATUS_OK : STATUS_MEMORY;
}
