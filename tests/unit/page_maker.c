/* page_maker.c - a page, its records and their texts in one piece of memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/page_maker.h"

#include "tests/unit/check.h"

struct made_page {
    struct page page;
    struct made_page *next; /* released */
};

static struct made_page *released;
static uint32_t held;

static void page_release(struct page *page)
{
    struct made_page *made = (struct made_page *)(void *)page;
    made->next = released;
    released = made;
    held--;
}

static struct bytes text_copy(char **room, const char *text)
{
    struct bytes source = bytes_of_text(text == NULL ? "" : text);
    char *start = *room;
    memcpy(start, source.data, source.length);
    *room += source.length;
    return bytes_of(start, source.length);
}

static size_t texts_bytes(const struct made_event *events, uint32_t count)
{
    size_t bytes = 1;
    for (uint32_t index = 0; index < count; index++) {
        bytes += strlen(events[index].topic);
        bytes += events[index].incident == NULL ? 0 : strlen(events[index].incident);
        bytes += events[index].agency == NULL ? 0 : strlen(events[index].agency);
    }
    return bytes;
}

struct page *page_make(uint64_t first, const struct made_event *events, uint32_t count)
{
    assert_true(first > 0 && count > 0);
    size_t cost = sizeof(struct made_page) + count * sizeof(struct record);
    struct made_page *made = calloc(1, cost + texts_bytes(events, count));
    assert_non_null(made);
    struct record *records = (struct record *)(void *)(made + 1);
    char *room = (char *)(records + count);
    uint32_t offset = 0;
    for (uint32_t index = 0; index < count; index++) {
        const struct made_event *event = &events[index];
        struct record *record = &records[index];
        *record = (struct record){
            .seq = first + index,
            .recorded_at_ms = event->recorded_at_ms,
            .topic = text_copy(&room, event->topic),
            .incident = text_copy(&room, event->incident),
            .agency = text_copy(&room, event->agency),
            .digest = event->digest,
            .number = event->number,
            .after = event->after,
            .category = event->category,
            .mode = event->mode == 0 ? MODE_ACTUAL : event->mode,
            .kind = event->kind == 0 ? 32 : event->kind,
            .priority = event->priority,
            .clock_jumped = event->clock_jumped,
            .offset = offset,
            .length = event->length == 0 ? 100 : event->length,
            .personal_length = event->personal_length,
        };
        if (event->producer != NULL) {
            memcpy(record->producer, event->producer, sizeof record->producer);
        }
        if (event->window_key != NULL) {
            memcpy(record->window_key, event->window_key, sizeof record->window_key);
        }
        offset += record->length + record->personal_length;
    }
    made->page = (struct page){
        .first = first,
        .last = first + count - 1,
        .records = records,
        .batch = bytes_of(NULL, offset),
        .cost = cost + offset,
        .holders = 1,
        .release = page_release,
    };
    held++;
    return &made->page;
}

uint32_t page_maker_free_released(void)
{
    while (released != NULL) {
        struct made_page *next = released->next;
        free(released);
        released = next;
    }
    return held;
}
