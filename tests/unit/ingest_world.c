/* ingest_world.c - a store that keeps order and forgets what was not flushed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_world.h"

#include "tests/support/allocation_guard.h"
#include "tests/unit/check.h"

enum { PUBLISH_ITEMS_MAX = 64 };

static const struct refusal fenced = {.code = "FENCED", .field = "", .is_retryable = true};

static struct bytes agency_of(const struct content *content)
{
    return bytes_of(&content->agency, 1);
}

static void window_key_of(const struct content *content, uint8_t key[ID_BYTES])
{
    memset(key, 0, ID_BYTES);
    key[0] = (uint8_t)content->agency;
    memcpy(key + 8, &content->id, sizeof content->id);
}

static void keep_part(struct world *world, struct part part)
{
    struct part *here = world_find_part(world, part.name);
    if (here != NULL) {
        world_lose_part(world, here);
    }
    if (part.length == 0) {
        free(part.value);
        return;
    }
    assert_true(world->part_count < WORLD_PARTS_MAX);
    world->parts[world->part_count++] = part;
    world->parts_written++;
}

struct part *world_find_part(struct world *world, const char *name)
{
    for (uint32_t index = 0; index < world->part_count; index++) {
        if (strcmp(world->parts[index].name, name) == 0) {
            return &world->parts[index];
        }
    }
    return NULL;
}

void world_lose_part(struct world *world, struct part *part)
{
    free(part->value);
    *part = world->parts[--world->part_count];
}

static void queue_append(struct world *world, const struct effect *effect)
{
    assert_true(world->queue_count < WORLD_QUEUE_MAX);
    struct write *write = &world->queue[world->queue_count++];
    *write = (struct write){.first = effect->of.append.first, .count = effect->of.append.count};
    write->events = calloc(write->count, sizeof *write->events);
    assert_non_null(write->events);
    size_t bytes = 0;
    for (uint32_t index = 0; index < write->count; index++) {
        const struct append_item *item = &effect->of.append.items[index];
        struct stored *event = &write->events[index];
        assert_int_equal(item->seq, write->first + index);
        assert_int_equal(item->sent.length, sizeof event->content);
        memcpy(&event->content, item->sent.data, sizeof event->content);
        assert_bytes_equal(item->agency, agency_of(&event->content));
        event->recorded_at_ms = item->recorded_at_ms;
        event->sender_skewed = item->sender_skewed;
        event->clock_jumped = item->clock_jumped;
        event->chunk_first = write->first;
        event->chunk_last = write->first + write->count - 1;
        bytes += item->sent.length;
    }
    assert_true(write->count == 1 || bytes <= world->limits.chunk_bytes);
    world->appends++;
}

static void queue_part(struct world *world, const struct effect *effect)
{
    assert_true(world->queue_count < WORLD_QUEUE_MAX);
    struct bytes name = effect->of.checkpoint.name, value = effect->of.checkpoint.value;
    struct write *write = &world->queue[world->queue_count++];
    *write = (struct write){.part.length = value.length};
    assert_true(name.length < sizeof write->part.name && value.length <= (size_t)256 * 1024);
    memcpy(write->part.name, name.data, name.length);
    if (value.length > 0) {
        write->part.value = malloc(value.length);
        assert_non_null(write->part.value);
        memcpy(write->part.value, value.data, value.length);
    }
}

static void perform(struct world *world, const struct effect *effect)
{
    switch (effect->kind) {
    case FX_APPEND:
        queue_append(world, effect);
        break;
    case FX_CHECKPOINT:
        queue_part(world, effect);
        break;
    case FX_READ:
        assert_false(world->is_reading);
        world->is_reading = true;
        world->read_seq = effect->of.read.seq;
        world->read_token = effect->of.read.token;
        break;
    case FX_SEND:
        assert_int_equal(effect->of.send.kind, ANSWER_RECEIPTS);
        world->on_receipts(world->context, &effect->of.send);
        break;
    case FX_TRACE:
        break;
    default:
        fail_msg("effect %d is none of ingest's", effect->kind);
    }
}

static bool is_open(void *context, uint64_t peer)
{
    const struct world *world = context;
    return peer != world->closed_peer;
}

void world_continue(struct world *world)
{
    effects_clear(&world->fx);
    allocation_guard_forbid();
    ingest_continue(world->ingest, world->now_ms, true, is_open, world, &world->fx);
    allocation_guard_allow();
    for (uint32_t index = 0; index < world->fx.count; index++) {
        perform(world, &world->fx.list[index]);
    }
}

static void start(struct world *world)
{
    world->ingest = ingest_new(&world->limits);
    assert_non_null(world->ingest);
    struct input input = {.kind = IN_START, .now_ms = world->now_ms, .wall_ms = world->wall_ms};
    input.of.start.first = world->log_first;
    input.of.start.last = world->last;
    input.of.start.incarnation = world->incarnation;
    input.of.start.recorded_at_ms =
        world->last == 0 ? INT64_MIN : world->log[world->last].recorded_at_ms;
    input.of.start.room_bytes = world->room_bytes;
    ingest_start(world->ingest, &input);
}

static int by_name(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    return strcmp(one->name, other->name);
}

static void recover(struct world *world)
{
    qsort(world->parts, world->part_count, sizeof *world->parts, by_name);
    for (uint32_t index = 0; index < world->part_count; index++) {
        const struct part *part = &world->parts[index];
        ingest_checkpoint(world->ingest, bytes_of_text(part->name),
                          bytes_of(part->value, part->length));
    }
    ingest_recover(world->ingest);
    for (uint32_t round = 0; !ingest_is_ready(world->ingest); round++) {
        assert_true(round < 3 * WORLD_EVENTS_MAX);
        world_wait(world, 11);
        (void)world_complete_read(world, round % 7 == 3);
    }
    assert_int_equal(ingest_head(world->ingest), world->last);
}

void world_open(struct world *world, const struct core_limits *limits)
{
    *world = (struct world){.limits = *limits,
                            .now_ms = 1000,
                            .wall_ms = 1700000000000,
                            .room_bytes = UINT64_C(1) << 40,
                            .log_first = 1,
                            .incarnation = 1};
    world->log = calloc(WORLD_EVENTS_MAX, sizeof *world->log);
    assert_non_null(world->log);
    assert_int_equal(effects_init(&world->fx, 16, (size_t)64 * 1024), STATUS_OK);
    start(world);
    recover(world);
}

static void forget_queue(struct world *world)
{
    for (uint32_t index = 0; index < world->queue_count; index++) {
        free(world->queue[index].events);
        free(world->queue[index].part.value);
    }
    world->queue_count = 0;
}

void world_close(struct world *world)
{
    ingest_free(world->ingest);
    forget_queue(world);
    while (world->part_count > 0) {
        world_lose_part(world, &world->parts[0]);
    }
    for (uint32_t place = 0; place < WORLD_FRAMES_MAX; place++) {
        blob_drop(world->frames[place]);
    }
    effects_deinit(&world->fx);
    free(world->log);
}

static const struct refusal *judge_producer(void *context, const uint8_t producer[PRODUCER_BYTES])
{
    const struct world *world = context;
    (void)producer;
    return world->has_fenced ? &fenced : NULL;
}

static bool may_publish(void *context, struct bytes topic)
{
    (void)context;
    return topic.data[0] != 'x';
}

static void fill_item(struct publish_item *item, const struct content *content, struct bytes sent)
{
    *item = (struct publish_item){.sent = sent};
    memcpy(item->facts.producer, content->producer, PRODUCER_BYTES);
    item->facts.number = content->number;
    item->facts.after = content->after;
    if (content->is_faulty) {
        item->fault = (struct scan_fault){"UTF8_INVALID", "topic", "not UTF-8"};
    }
    struct event_facts *event = &item->facts.event;
    event->topic = bytes_of(&content->topic, 1);
    event->mode = content->is_system ? MODE_SYSTEM : MODE_ACTUAL;
    event->priority = content->priority;
    event->source = content->is_foreign ? bytes_of_text("other") : bytes_of(NULL, 0);
}

/* The last count must not drop inside the core: there nothing may be freed. */
static void keep_frame(struct world *world, struct blob *frame)
{
    uint32_t place = world->frame_count++ % WORLD_FRAMES_MAX;
    blob_drop(world->frames[place]);
    world->frames[place] = frame;
}

bool world_publish(struct world *world, uint64_t peer, uint64_t number,
                   const struct content *contents, uint32_t count)
{
    static const uint8_t key_id[KEY_ID_BYTES] = "keykeyk";
    static struct publish_item items[PUBLISH_ITEMS_MAX];
    static uint8_t keys[PUBLISH_ITEMS_MAX][ID_BYTES];
    static uint64_t digests[PUBLISH_ITEMS_MAX];
    assert_true(count <= PUBLISH_ITEMS_MAX);
    struct blob *frame = blob_new(bytes_of(contents, count * sizeof *contents));
    assert_non_null(frame);
    const uint8_t *data = blob_bytes(frame).data;
    for (uint32_t index = 0; index < count; index++) {
        fill_item(&items[index], &contents[index],
                  bytes_of(data + index * sizeof *contents, sizeof *contents));
        window_key_of(&contents[index], keys[index]);
        digests[index] = contents[index].digest;
    }
    struct publish_request request = {.frame = frame,
                                      .items = items,
                                      .window_keys = (const uint8_t(*)[ID_BYTES])keys,
                                      .digests = digests,
                                      .count = count};
    struct ingest_publish publish = {.now_ms = world->now_ms,
                                     .wall_ms = world->wall_ms,
                                     .peer = peer,
                                     .number = number,
                                     .agency = bytes_of("a", 1),
                                     .key_id = key_id,
                                     .publish = &request};
    if (count > 0) {
        publish.agency = agency_of(&contents[0]);
    }
    struct ingest_ask ask = {world, judge_producer, may_publish};
    allocation_guard_forbid();
    const struct refusal *refusal = ingest_publish(world->ingest, &publish, &ask);
    allocation_guard_allow();
    keep_frame(world, frame);
    return refusal != NULL;
}

static void take_write(struct world *world)
{
    world->queue_count--;
    memmove(world->queue, world->queue + 1, world->queue_count * sizeof *world->queue);
}

static void make_durable(struct world *world, struct write *write)
{
    if (write->count == 0) {
        keep_part(world, write->part);
        return;
    }
    assert_int_equal(write->first, world->last + 1);
    assert_true(world->last + write->count < WORLD_EVENTS_MAX);
    memcpy(&world->log[write->first], write->events, write->count * sizeof *write->events);
    world->last += write->count;
}

static void answer_append(struct world *world, const struct write *write, enum status status)
{
    struct input input = {.kind = IN_APPENDED, .now_ms = world->now_ms, .wall_ms = world->wall_ms};
    input.of.appended.status = status;
    input.of.appended.first = write->first;
    input.of.appended.last = write->first + write->count - 1;
    input.of.appended.room_bytes = world->room_bytes;
    allocation_guard_forbid();
    ingest_appended(world->ingest, &input);
    allocation_guard_allow();
}

bool world_complete_write(struct world *world, bool is_full)
{
    if (world->queue_count == 0) {
        return false;
    }
    struct write write = world->queue[0];
    bool is_lost = write.count > 0 && (is_full || write.first != world->last + 1);
    take_write(world);
    if (!is_lost) {
        make_durable(world, &write);
    }
    if (write.count > 0) {
        answer_append(world, &write, is_lost ? STATUS_FULL : STATUS_OK);
    }
    free(write.events);
    return true;
}

static void fill_page(const struct world *world, struct page *page, struct record *records)
{
    const struct stored *any = &world->log[world->read_seq];
    page->first = any->chunk_first;
    page->last = any->chunk_last;
    page->records = records;
    for (uint64_t seq = page->first; seq <= page->last; seq++) {
        const struct stored *event = &world->log[seq];
        struct record *record = &records[seq - page->first];
        *record = (struct record){.seq = seq,
                                  .recorded_at_ms = event->recorded_at_ms,
                                  .agency = agency_of(&event->content),
                                  .digest = event->content.digest,
                                  .number = event->content.number,
                                  .after = event->content.after};
        memcpy(record->producer, event->content.producer, PRODUCER_BYTES);
        window_key_of(&event->content, record->window_key);
    }
}

bool world_complete_read(struct world *world, bool is_busy)
{
    static struct record records[WORLD_EVENTS_MAX];
    if (!world->is_reading) {
        return false;
    }
    assert_true(world->read_seq >= world->log_first && world->read_seq <= world->last);
    world->is_reading = false;
    struct page page = {0};
    struct input input = {.kind = IN_PAGE, .now_ms = world->now_ms, .wall_ms = world->wall_ms};
    input.of.page.token = world->read_token;
    if (is_busy) {
        input.of.page.status = STATUS_BUSY;
    } else if (world->read_seq >= world->damaged_first && world->read_seq <= world->damaged_last) {
        input.of.page.status = STATUS_CORRUPT;
        input.of.page.corrupt_first = world->damaged_first;
        input.of.page.corrupt_last = world->damaged_last;
    } else {
        fill_page(world, &page, records);
        input.of.page.page = &page;
        world->pages_read++;
    }
    allocation_guard_forbid();
    ingest_page(world->ingest, &input);
    allocation_guard_allow();
    return true;
}

void world_wait(struct world *world, uint64_t ms)
{
    world->now_ms += ms;
    world->wall_ms += (int64_t)ms;
    world_continue(world);
}

void world_drain(struct world *world)
{
    for (uint32_t round = 0; round < 100000; round++) {
        world_wait(world, ingest_deadline_ms(world->ingest) <= world->now_ms + 20 ? 20 : 0);
        bool is_busy = world_complete_write(world, false);
        is_busy |= world_complete_read(world, false);
        if (!is_busy && world->fx.count == 0 &&
            ingest_deadline_ms(world->ingest) > world->now_ms + 20) {
            return;
        }
    }
    fail_msg("it never comes to rest");
}

void world_crash(struct world *world, uint32_t kept)
{
    ingest_free(world->ingest);
    while (kept-- > 0 && world->queue_count > 0) {
        struct write write = world->queue[0];
        take_write(world);
        if (write.count == 0 || write.first == world->last + 1) {
            make_durable(world, &write);
        }
        free(write.events);
    }
    forget_queue(world);
    world->is_reading = false;
    start(world);
    recover(world);
}
