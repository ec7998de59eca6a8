/* plant.c - eight bugs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/plant.h"

#include <assert.h>
#include <stdlib.h>

static const char *const names[PLANT_KINDS] = {
    [PLANT_NONE] = "none",
    [PLANT_ACK_BEFORE_COMMIT] = "ack-before-commit",
    [PLANT_CURSOR_SAVED_ON_SEND] = "cursor-saved-on-send",
    [PLANT_MARKS_LOST] = "marks-lost",
    [PLANT_EVENT_MISSED_AT_PAGE_EDGE] = "event-missed-at-page-edge",
    [PLANT_SEQUENCE_REUSED] = "sequence-reused",
    [PLANT_DRILL_LEAKED] = "drill-leaked",
    [PLANT_GAP_IGNORED] = "gap-ignored",
    [PLANT_BATCH_REORDERED] = "batch-reordered",
};

const char *plant_name(enum plant_kind kind)
{
    return names[kind];
}

enum plant_kind plant_find(const char *name)
{
    int kind = 0;
    while (kind < PLANT_KINDS && strcmp(names[kind], name) != 0)
        kind++;
    return (enum plant_kind)kind;
}

void plant_restart(struct plant *plant)
{
    plant->cursor_count = 0;
    plant->again.is_owed = false;
    plant->ack.is_owed = false;
    plant->is_recovering = true;
    page_drop(plant->veiled);
    plant->veiled = NULL;
}

/* -- what the core is told -- */

/* A page whose records are the real page's, but of strangers. */
struct veiled_page {
    struct page page;
    struct page *real;
    struct record records[];
};

static void veiled_release(struct page *page)
{
    struct veiled_page *veiled = (struct veiled_page *)page;
    page_drop(veiled->real);
    free(veiled);
}

static struct page *veil(struct page *real)
{
    uint32_t count = page_count(real);
    struct veiled_page *veiled = malloc(sizeof *veiled + count * sizeof veiled->records[0]);
    assert(veiled != NULL);
    veiled->page = *real;
    veiled->page.records = veiled->records;
    veiled->page.holders = 1;
    veiled->page.release = veiled_release;
    veiled->real = page_keep(real);
    memcpy(veiled->records, real->records, count * sizeof veiled->records[0]);
    for (uint32_t index = 0; index < count; index++) {
        veiled->records[index].producer[0] ^= 0xff;
        veiled->records[index].window_key[0] ^= 0xff;
    }
    return &veiled->page;
}

static void note_cursor(struct plant *plant, const struct request *request)
{
    if (request->kind != REQUEST_FOLLOW || request->of.follow.cursor.length == 0 ||
        plant->cursor_count == PLANT_FOLLOWS)
        return;
    plant->cursors[plant->cursor_count].peer = request->peer;
    plant->cursors[plant->cursor_count++].follow = request->of.follow.follow;
}

/* Of a publish that goes in again, the one item whose GAP is ignored. */
static bool pick(struct plant *plant, struct publish_request *publish)
{
    plant->again.is_owed = false;
    for (uint32_t index = 0; index < publish->count; index++) {
        const struct publish_item *item = &publish->items[index];
        if (item->facts.number != plant->again.number ||
            memcmp(item->facts.producer, plant->again.producer, PRODUCER_BYTES) != 0)
            continue;
        plant->items[0] = *item;
        plant->items[0].facts.after = plant->again.mark;
        publish->items = plant->items;
        publish->window_keys += index;
        publish->digests += index;
        publish->count = 1;
        return true;
    }
    return false;
}

static bool plant_request(struct plant *plant, struct request *request)
{
    if (plant->kind == PLANT_DRILL_LEAKED && request->kind == REQUEST_FOLLOW)
        request->of.follow.modes |= 1u << MODE_EXERCISE;
    if (plant->kind == PLANT_CURSOR_SAVED_ON_SEND)
        note_cursor(plant, request);
    if (request->kind != REQUEST_PUBLISH || request->number < PLANT_REQUEST)
        return true;
    request->number -= PLANT_REQUEST;
    return pick(plant, &request->of.publish);
}

bool plant_input(struct plant *plant, struct input *input)
{
    page_drop(plant->veiled);
    plant->veiled = NULL;
    if (input->kind == IN_REQUEST)
        return plant_request(plant, &input->of.request);
    if (plant->kind != PLANT_MARKS_LOST)
        return true;
    bool is_page = input->kind == IN_PAGE && input->of.page.page != NULL &&
                   token_owner_of(input->of.page.token) == TOKEN_INGEST;
    if (is_page && plant->is_recovering)
        input->of.page.page = plant->veiled = veil(input->of.page.page);
    return input->kind != IN_CHECKPOINT;
}

/* -- what the core asks for -- */

/* The first record of a page is forgotten; that it is covered is told all the same. */
static void miss_edge(struct plant *plant, struct deliver_answer *deliver)
{
    if (deliver->count == 0 || deliver->indexes[0] != 0)
        return;
    assert(deliver->count <= PLANT_INDEXES);
    deliver->count--;
    deliver->is_whole = false;
    memcpy(plant->indexes, deliver->indexes + 1, deliver->count * sizeof plant->indexes[0]);
    deliver->indexes = plant->indexes;
    deliver->personal++;
    if (deliver->count == 0)
        deliver->page = NULL;
}

static void save_on_send(struct plant *plant, const struct answer *answer)
{
    for (uint32_t index = 0; index < plant->cursor_count; index++)
        if (plant->cursors[index].peer == answer->peer &&
            plant->cursors[index].follow == answer->of.deliver.follow)
            plant->ack = (struct plant_ack){answer->peer, answer->of.deliver.follow,
                                            answer->of.deliver.last, true};
}

static void hide(struct effect *effect)
{
    *effect = (struct effect){.kind = FX_TRACE};
    effect->of.trace.text = "something was planted here";
}

/* The GAP is not told: the event will be taken as if nothing were missing before it. */
static void ignore_gap(struct plant *plant, struct effect *effect)
{
    const struct receipt *receipts = effect->of.send.of.receipts.receipts;
    if (plant->again.is_owed || effect->of.send.of.receipts.count == 0 ||
        receipts[0].kind != RECEIPT_GAP)
        return;
    plant->again = (struct plant_again){
        .peer = effect->of.send.peer,
        .request = effect->of.send.number,
        .number = receipts[0].number,
        .mark = receipts[0].mark,
        .is_owed = true,
    };
    memcpy(plant->again.producer, receipts[0].producer, PRODUCER_BYTES);
    effect->of.send.of.receipts.receipts++;
    effect->of.send.of.receipts.count--;
    if (effect->of.send.of.receipts.count == 0)
        hide(effect);
}

static void plant_answer(struct plant *plant, struct effect *effect)
{
    struct answer *answer = &effect->of.send;
    if (answer->number >= PLANT_REQUEST)
        hide(effect);
    else if (answer->kind == ANSWER_DELIVER && plant->kind == PLANT_EVENT_MISSED_AT_PAGE_EDGE)
        miss_edge(plant, &answer->of.deliver);
    else if (answer->kind == ANSWER_DELIVER && plant->kind == PLANT_CURSOR_SAVED_ON_SEND)
        save_on_send(plant, answer);
    else if (answer->kind == ANSWER_RECEIPTS && plant->kind == PLANT_GAP_IGNORED)
        ignore_gap(plant, effect);
}

/* The first two of a group change places; their numbers stay. */
static void reorder(struct plant *plant, struct effect *effect)
{
    uint32_t count = effect->of.append.count;
    if (count < 2)
        return;
    assert(count <= PLANT_ITEMS);
    memcpy(plant->appended, effect->of.append.items, count * sizeof plant->appended[0]);
    struct append_item *items = plant->appended;
    struct append_item first = items[0];
    items[0] = items[1];
    items[0].seq = first.seq;
    first.seq = items[1].seq;
    items[1] = first;
    effect->of.append.items = items;
}

void plant_effects(struct plant *plant, struct effects *fx)
{
    for (uint32_t index = 0; index < fx->count; index++) {
        struct effect *effect = &fx->list[index];
        if (effect->kind == FX_SEND)
            plant_answer(plant, effect);
        else if (effect->kind == FX_APPEND && plant->kind == PLANT_BATCH_REORDERED)
            reorder(plant, effect);
        else if (effect->kind == FX_READY)
            plant->is_recovering = false;
    }
}
