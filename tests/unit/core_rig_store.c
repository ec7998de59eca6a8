/* core_rig_store.c - a disk that is as durable as it says, and as slow as the story wants.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_rig_store.h"

#include <assert.h>
#include <stdio.h>

#include "tests/unit/check.h"

void rig_store_init(struct rig_store *store)
{
    *store = (struct rig_store){.first = 1, .incarnation = 1};
    store->pages = calloc(RIG_PAGES_MAX, sizeof *store->pages);
    store->answers = calloc(RIG_ANSWERS_MAX, sizeof *store->answers);
    assert_true(store->pages != NULL && store->answers != NULL);
}

static void answer_drop(struct rig_answer *answer)
{
    page_drop(answer->page);
    free(answer->value);
    *answer = (struct rig_answer){0};
}

void rig_store_crash(struct rig_store *store)
{
    for (uint32_t index = 0; index < store->answer_count; index++) {
        if (store->answers[index].input.kind == IN_PAGE) {
            page_drop(store->answers[index].input.of.page.page);
        }
        answer_drop(&store->answers[index]);
    }
    answer_drop(&store->given);
    store->answer_count = 0;
    store->holds = 0;
}

void rig_store_deinit(struct rig_store *store)
{
    rig_store_crash(store);
    for (uint32_t index = 0; index < store->page_count; index++) {
        page_drop(store->pages[index].page);
    }
    for (uint32_t index = 0; index < store->value_count; index++) {
        free(store->values[index].data);
    }
    free(store->pages);
    free(store->answers);
}

void rig_store_lose_tail(struct rig_store *store, uint32_t pages)
{
    assert_true(pages < store->page_count);
    for (uint32_t index = 0; index < pages; index++) {
        page_drop(store->pages[--store->page_count].page);
    }
    store->last = store->pages[store->page_count - 1].page->last;
}

void rig_store_describe(const struct rig_store *store, struct input *input)
{
    input->of.start.first = store->first;
    input->of.start.last = store->last;
    input->of.start.incarnation = store->incarnation;
    input->of.start.recorded_at_ms = INT64_MIN;
    input->of.start.room_bytes = UINT64_MAX;
    if (store->page_count > 0) {
        const struct page *page = store->pages[store->page_count - 1].page;
        input->of.start.recorded_at_ms = page->records[page_count(page) - 1].recorded_at_ms;
    }
}

void rig_sent_fill(struct rig_sent *sent, const struct made_event *event,
                   const uint8_t window_key[ID_BYTES], uint64_t digest)
{
    *sent = (struct rig_sent){.event = *event, .digest = digest};
    snprintf(sent->topic, sizeof sent->topic, "%s", event->topic);
    snprintf(sent->incident, sizeof sent->incident, "%s",
             event->incident == NULL ? "" : event->incident);
    sent->event.mode = event->mode == 0 ? MODE_ACTUAL : event->mode;
    sent->event.kind = event->kind == 0 ? 32 : event->kind;
    memcpy(sent->window_key, window_key, ID_BYTES);
}

static struct rig_answer *answer_push(struct rig_store *store, enum input_kind kind)
{
    assert_true(store->answer_count < RIG_ANSWERS_MAX);
    struct rig_answer *answer = &store->answers[store->answer_count++];
    *answer = (struct rig_answer){.input = {.kind = kind}};
    return answer;
}

static void store_take_append(struct rig_store *store, const struct effect *effect)
{
    uint32_t count = effect->of.append.count;
    struct made_event *events = calloc(count, sizeof *events);
    char(*agencies)[AGENCY_BYTES_MAX + 1] = calloc(count, sizeof *agencies);
    assert(events != NULL && agencies != NULL);
    for (uint32_t index = 0; index < count; index++) {
        const struct append_item *item = &effect->of.append.items[index];
        const struct rig_sent *sent = (const struct rig_sent *)(const void *)item->sent.data;
        assert_int_equal(item->sent.length, sizeof *sent);
        assert_int_equal(item->seq, effect->of.append.first + index);
        memcpy(agencies[index], item->agency.data, item->agency.length);
        events[index] = sent->event;
        events[index].topic = sent->topic;
        events[index].incident = sent->incident;
        events[index].agency = agencies[index];
        events[index].producer = sent->producer;
        events[index].window_key = sent->window_key;
        events[index].digest = sent->digest;
        events[index].number = sent->number;
        events[index].after = sent->after;
        events[index].clock_jumped = item->clock_jumped;
        events[index].recorded_at_ms = item->recorded_at_ms;
    }
    struct rig_answer *answer = answer_push(store, IN_APPENDED);
    answer->page = page_make(effect->of.append.first, events, count);
    answer->input.of.appended.first = answer->page->first;
    answer->input.of.appended.last = answer->page->last;
    answer->input.of.appended.room_bytes = UINT64_MAX;
    answer->input.of.appended.page = answer->page;
    free(agencies);
    free(events);
}

uint32_t rig_store_page_of(const struct rig_store *store, uint64_t seq)
{
    uint32_t low = 0, high = store->page_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (store->pages[middle].page->last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void store_take_read(struct rig_store *store, const struct effect *effect)
{
    struct rig_answer *answer = answer_push(store, IN_PAGE);
    uint32_t index = rig_store_page_of(store, effect->of.read.seq);
    answer->input.of.page.token = effect->of.read.token;
    answer->input.of.page.status = STATUS_NOT_FOUND;
    store->reads++;
    if (index < store->page_count) {
        struct page *page = store->pages[index].page;
        bool is_damaged = page->first <= store->damaged_last && page->last >= store->damaged_first;
        answer->input.of.page.status = is_damaged ? STATUS_CORRUPT : STATUS_OK;
        answer->input.of.page.page = is_damaged ? NULL : page_keep(page);
        answer->input.of.page.corrupt_first = page->first;
        answer->input.of.page.corrupt_last = page->last;
    }
}

static void key_copy(char out[VALUE_KEY_BYTES_MAX], struct bytes key)
{
    assert_true(key.length < VALUE_KEY_BYTES_MAX);
    memcpy(out, key.data, key.length);
    out[key.length] = '\0';
}

static struct rig_value *value_find(struct rig_store *store, const char *key)
{
    for (uint32_t index = 0; index < store->value_count; index++) {
        if (strcmp(store->values[index].key, key) == 0) {
            return &store->values[index];
        }
    }
    return NULL;
}

static void store_take_save(struct rig_store *store, const struct effect *effect)
{
    struct rig_answer *answer = answer_push(store, IN_SAVED);
    answer->input.of.saved.token = effect->of.save.token;
    answer->input.of.saved.status = store->is_full ? STATUS_FULL : STATUS_OK;
    key_copy(answer->key, effect->of.save.key);
    answer->value_length = effect->of.save.value.length;
    answer->value = malloc(answer->value_length + 1);
    assert_non_null(answer->value);
    if (answer->value_length > 0) {
        memcpy(answer->value, effect->of.save.value.data, answer->value_length);
    }
    store->saves++;
}

static void store_take_load(struct rig_store *store, const struct effect *effect)
{
    struct rig_answer *answer = answer_push(store, IN_LOADED);
    answer->input.of.loaded.token = effect->of.load.token;
    key_copy(answer->key, effect->of.load.key);
}

void rig_store_take(struct rig_store *store, const struct effect *effect, int64_t wall_ms)
{
    (void)wall_ms;
    switch (effect->kind) {
    case FX_APPEND:
        store_take_append(store, effect);
        break;
    case FX_READ:
        store_take_read(store, effect);
        break;
    case FX_SAVE:
        store_take_save(store, effect);
        break;
    case FX_LOAD:
        store_take_load(store, effect);
        break;
    default:
        break;
    }
}

void rig_store_push_unsent(struct rig_store *store, const struct answer *answer)
{
    assert_int_equal(answer->kind, ANSWER_DELIVER);
    struct rig_answer *unsent = answer_push(store, IN_UNSENT);
    store->unsent++;
    unsent->input.of.unsent.peer = answer->peer;
    unsent->input.of.unsent.follow = answer->of.deliver.follow;
    unsent->input.of.unsent.first = answer->of.deliver.first;
}

static bool is_held(const struct rig_store *store, enum input_kind kind)
{
    uint32_t hold = kind == IN_APPENDED ? RIG_HOLD_APPENDS
                    : kind == IN_SAVED  ? RIG_HOLD_SAVES
                    : kind == IN_LOADED ? RIG_HOLD_LOADS
                    : kind == IN_PAGE   ? RIG_HOLD_READS
                                        : 0;
    return (store->holds & hold) != 0;
}

/* What the answer says becomes true of the disk. */
static void answer_settle(struct rig_store *store, struct rig_answer *answer)
{
    if (answer->input.kind == IN_APPENDED) {
        assert_true(store->page_count < RIG_PAGES_MAX);
        assert_int_equal(answer->page->first, store->last + 1);
        store->pages[store->page_count++].page = page_keep(answer->page);
        store->last = answer->page->last;
    } else if (answer->input.kind == IN_SAVED && answer->input.of.saved.status == STATUS_OK) {
        struct rig_value *value = value_find(store, answer->key);
        if (value == NULL) {
            assert_true(store->value_count < RIG_VALUES_MAX);
            value = &store->values[store->value_count++];
            memcpy(value->key, answer->key, sizeof value->key);
        }
        free(value->data);
        value->data = answer->value;
        value->length = answer->value_length;
        answer->value = NULL;
    } else if (answer->input.kind == IN_LOADED) {
        const struct rig_value *value = value_find(store, answer->key);
        bool is_there = value != NULL && value->length > 0;
        answer->input.of.loaded.status = is_there ? STATUS_OK : STATUS_NOT_FOUND;
        answer->input.of.loaded.value =
            is_there ? bytes_of(value->data, value->length) : bytes_of(NULL, 0);
    }
}

bool rig_store_next(struct rig_store *store, struct input *input)
{
    uint32_t found = store->answer_count;
    for (uint32_t index = store->answer_count; index > 0; index--) {
        enum input_kind kind = store->answers[index - 1].input.kind;
        bool is_unsent_found =
            found < store->answer_count && store->answers[found].input.kind == IN_UNSENT;
        if (!is_held(store, kind) && (kind == IN_UNSENT || !is_unsent_found)) {
            found = index - 1;
        }
    }
    if (found == store->answer_count) {
        return false;
    }
    answer_drop(&store->given);
    store->given = store->answers[found];
    store->answer_count--;
    memmove(&store->answers[found], &store->answers[found + 1],
            (store->answer_count - found) * sizeof *store->answers);
    answer_settle(store, &store->given);
    *input = store->given.input;
    return true;
}

void rig_store_done(const struct input *input)
{
    if (input->kind == IN_PAGE) {
        page_drop(input->of.page.page);
    }
}
