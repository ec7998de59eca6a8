/* engine_rig.c - messages by the stock encoder, answers by the stock decoder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/engine_rig.h"

#include <stdio.h>

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"
#include "tests/unit/check.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static const uint8_t uuid[16] = {1}, secret[32] = {2};
static const uint8_t key_ids[2][KEY_ID_BYTES] = {{1}, {2}};

static struct engine_rig *rig_of(struct net *net)
{
    return (struct engine_rig *)net;
}

/* ---- the network ---- */

static enum status rig_receive(struct net *net, struct net_message *message)
{
    struct engine_rig *rig = rig_of(net);
    if (rig->inbox_count == 0) {
        return STATUS_NOT_FOUND;
    }
    *message = rig->inbox[0];
    rig->inbox_count--;
    memmove(rig->inbox, rig->inbox + 1, rig->inbox_count * sizeof *rig->inbox);
    return STATUS_OK;
}

__attribute__((format(printf, 3, 4))) static void note(struct engine_rig *rig, uint64_t peer,
                                                       const char *format, ...)
{
    size_t used = strlen(rig->heard[peer]);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rig->heard[peer] + used, sizeof rig->heard[peer] - used, format, arguments);
    va_end(arguments);
}

static void note_receipts(struct engine_rig *rig, uint64_t peer,
                          const Kentongan__V1__Receipts *receipts)
{
    for (size_t i = 0; i < receipts->n_receipts; i++) {
        const Kentongan__V1__Receipt *receipt = receipts->receipts[i];
        unsigned long long number = receipt->number;
        if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_STORED) {
            note(rig, peer, "receipt %llu stored %llu\n", number,
                 (unsigned long long)receipt->stored->seq);
        } else if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED) {
            note(rig, peer, "receipt %llu %s\n", number, receipt->refused->code);
        } else {
            note(rig, peer, "receipt %llu gap %llu\n", number,
                 (unsigned long long)receipt->gap->mark);
        }
    }
}

static void note_deliver(struct engine_rig *rig, uint64_t peer,
                         const Kentongan__V1__Deliver *deliver, const struct blob *second)
{
    size_t records = 0;
    if (second != NULL) {
        Kentongan__V1__Batch *batch =
            kentongan__v1__batch__unpack(NULL, blob_bytes(second).length, blob_bytes(second).data);
        assert_non_null(batch);
        records = batch->n_records;
        kentongan__v1__batch__free_unpacked(batch, NULL);
    }
    assert_int_equal(records, deliver->count);
    note(rig, peer, "deliver %llu: %llu-%llu #%zu\n", (unsigned long long)deliver->follow,
         (unsigned long long)deliver->first, (unsigned long long)deliver->last, records);
}

static void note_answer(struct engine_rig *rig, uint64_t peer,
                        const Kentongan__V1__FromBroker *body, const struct blob *second)
{
    switch (body->body_case) {
    case KENTONGAN__V1__FROM_BROKER__BODY_WELCOME:
        note(rig, peer, "welcome %llu\n", (unsigned long long)body->welcome->head);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS:
        note_receipts(rig, peer, body->receipts);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING:
        note(rig, peer, "following %llu from %llu%s\n", (unsigned long long)body->following->follow,
             (unsigned long long)body->following->first,
             body->following->resume.len > 0 ? " resumable" : "");
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_DELIVER:
        note_deliver(rig, peer, body->deliver, second);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ENDED:
        note(rig, peer, "ended %llu %s\n", (unsigned long long)body->ended->follow,
             body->ended->refusal->code);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_PONG:
        note(rig, peer, "pong %llu\n", (unsigned long long)body->pong->head);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_BYE:
        note(rig, peer, "bye\n");
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ERROR:
        note(rig, peer, "error %s\n", body->error->refusal->code);
        break;
    default:
        note(rig, peer, "answer %d\n", (int)body->body_case);
        break;
    }
}

static enum status rig_send(struct net *net, uint64_t peer, struct blob *first, struct blob *second)
{
    struct engine_rig *rig = rig_of(net);
    enum status status = rig->is_gone[peer]   ? STATUS_CLOSED
                         : rig->is_busy[peer] ? STATUS_BUSY
                                              : STATUS_OK;
    if (status == STATUS_OK) {
        Kentongan__V1__FromBroker *body = kentongan__v1__from_broker__unpack(
            NULL, blob_bytes(first).length, blob_bytes(first).data);
        assert_non_null(body);
        note_answer(rig, peer, body, second);
        kentongan__v1__from_broker__free_unpacked(body, NULL);
    }
    blob_drop(first);
    blob_drop(second);
    return status;
}

static bool rig_may_deliver(struct net *net, uint64_t peer, uint64_t bytes)
{
    (void)bytes;
    return !rig_of(net)->is_slow[peer];
}

static void rig_drop(struct net *net, uint64_t peer)
{
    struct engine_rig *rig = rig_of(net);
    if (!rig->is_gone[peer]) {
        note(rig, peer, "dropped\n");
        rig->is_gone[peer] = true;
    }
}

static uint32_t rig_descriptors(struct net *net, int *descriptors, uint32_t room)
{
    (void)net;
    (void)descriptors;
    (void)room;
    return 0;
}

static void rig_close(struct net *net)
{
    (void)net;
}

static const struct net_ops rig_ops = {rig_receive, rig_send,        rig_may_deliver,
                                       rig_drop,    rig_descriptors, rig_close};

/* ---- the engine ---- */

static void rig_trace(void *context, enum trace_level level, const char *text, struct bytes subject,
                      uint64_t value)
{
    struct engine_rig *rig = context;
    size_t used = strlen(rig->traced);
    (void)subject;
    (void)snprintf(rig->traced + used, sizeof rig->traced - used, "%d %s %llu\n", (int)level, text,
                   (unsigned long long)value);
}

static void rig_ready(void *context, uint64_t head)
{
    struct engine_rig *rig = context;
    (void)head;
    rig->is_ready = true;
}

enum status rig_policy(struct engine_rig *rig, bool with_polisi)
{
    static const struct policy_line lines[] = {
        {RIGHT_PUBLISH,   {(const uint8_t *)"#", 1}},
        {RIGHT_SUBSCRIBE, {(const uint8_t *)"#", 1}},
        {RIGHT_REPLAY,    {(const uint8_t *)"#", 1}},
    };
    static const struct policy_agency agencies[] = {
        {{(const uint8_t *)"damkar", 6}, lines,     3, &key_ids[0], 1},
        {{(const uint8_t *)"polisi", 6}, lines + 1, 2, &key_ids[1], 1},
    };
    return engine_set_policy(rig->engine, agencies, with_polisi ? 2 : 1, rig->now_ms, rig->wall_ms);
}

static void engine_make(struct engine_rig *rig)
{
    static struct core_limits limits;
    core_limits_default(&limits);
    limits.sessions = 16;
    limits.follows = 16;
    limits.id_window_events = 4096;
    limits.producers = 64;
    limits.rings = 16;
    limits.pending_events = 1024;
    limits.match_entries = 4096;
    struct engine_options options = {
        .net = &rig->net,
        .store = rig->store,
        .limits = &limits,
        .site_name = bytes_of_text("Kota"),
        .heartbeat_ms = 5000,
        .accept_clock = rig->accept_clock,
        .listener = {.context = rig, .trace = rig_trace, .ready = rig_ready}
    };
    rig->is_ready = false;
    rig->engine = engine_new(&options);
    assert_non_null(rig->engine);
    assert_int_equal(rig_policy(rig, true), STATUS_OK);
    rig_run(rig);
}

struct engine_rig *rig_new(void)
{
    struct engine_rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->net.ops = &rig_ops;
    rig->now_ms = 1000;
    rig->wall_ms = INT64_C(1765329500123);
    rig->queue_writes = 64;
    rig->disk = fake_disk_new(uuid, secret, 64 << 20);
    rig->store = store_fake_open(rig->disk, rig->queue_writes, 64);
    engine_make(rig);
    return rig;
}

void rig_free(struct engine_rig *rig)
{
    for (uint32_t i = 0; i < rig->inbox_count; i++) {
        blob_drop(rig->inbox[i].frames[0]);
        blob_drop(rig->inbox[i].frames[1]);
    }
    engine_free(rig->engine);
    store_fake_crash(rig->store, 0);
    fake_disk_free(rig->disk);
    free(rig);
}

void rig_restart(struct engine_rig *rig)
{
    engine_free(rig->engine);
    store_fake_crash(rig->store, 0);
    memset(rig->heard, 0, sizeof rig->heard);
    memset(rig->is_gone, 0, sizeof rig->is_gone);
    rig->store = store_fake_open(rig->disk, rig->queue_writes, 64);
    engine_make(rig);
}

void rig_run(struct engine_rig *rig)
{
    bool is_more = true;
    for (int turns = 0; is_more; turns++) {
        assert_in_range(turns, 0, 10000);
        is_more = engine_turn(rig->engine, rig->now_ms, rig->wall_ms);
        if (!rig->is_store_held) {
            is_more |= store_fake_serve(rig->store, STORE_FAKE_ALL) > 0;
            is_more |= store_fake_commit(rig->store, STORE_FAKE_ALL) > 0;
        }
    }
}

/* ---- what peers say ---- */

static void say(struct engine_rig *rig, uint64_t peer, const Kentongan__V1__ToBroker *body,
                struct blob *second)
{
    struct net_message *message = &rig->inbox[rig->inbox_count++];
    assert_in_range(rig->inbox_count, 1, COUNT_OF(rig->inbox));
    struct blob *first = blob_new_empty(kentongan__v1__to_broker__get_packed_size(body));
    (void)kentongan__v1__to_broker__pack(body, blob_room(first));
    *message = (struct net_message){
        .peer = peer, .frames = {first, second}
    };
    message->frame_count = second != NULL ? 2 : 1;
    message->agency = bytes_of_text(peer % 2 == 1 ? "damkar" : "polisi");
    memcpy(message->key_id, key_ids[1 - peer % 2], KEY_ID_BYTES);
}

void rig_hello(struct engine_rig *rig, uint64_t peer)
{
    uint8_t producer[PRODUCER_BYTES] = {(uint8_t)peer};
    ProtobufCBinaryData producers[] = {
        {.len = sizeof producer, .data = producer}
    };
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Hello hello = KENTONGAN__V1__HELLO__INIT;
    hello.version_min = hello.version_max = 1;
    hello.producers = producers;
    hello.n_producers = 1;
    body.request = 1;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    body.hello = &hello;
    say(rig, peer, &body, NULL);
}

static struct blob *batch_make(uint64_t peer, uint64_t number, uint64_t after)
{
    uint8_t bytes[512], producer[PRODUCER_BYTES] = {(uint8_t)peer};
    char id[40];
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    Kentongan__V1__Sent sent = KENTONGAN__V1__SENT__INIT;
    Kentongan__V1__PublishItem item = KENTONGAN__V1__PUBLISH_ITEM__INIT;
    Kentongan__V1__PublishItem *items[] = {&item};
    Kentongan__V1__PublishBatch batch = KENTONGAN__V1__PUBLISH_BATCH__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    (void)snprintf(id, sizeof id, "0193a5c4-7b1e-7f00-8a9b-%04llx%08llx", (unsigned long long)peer,
                   (unsigned long long)number);
    at.seconds = 1765329300;
    report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    report.summary = TEXT("Rumah terbakar");
    event.id = id;
    event.topic = TEXT("62/71/incident/fire");
    event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    event.occurred_at = &at;
    event.incident_id = TEXT("PKY-1");
    event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    event.report = &report;
    sent.event.len = kentongan__v1__event__pack(&event, bytes);
    sent.event.data = bytes;
    sent.producer = (ProtobufCBinaryData){.len = sizeof producer, .data = producer};
    sent.number = number;
    sent.after = after;
    item.sent = &sent;
    batch.items = items;
    batch.n_items = 1;
    struct blob *blob = blob_new_empty(kentongan__v1__publish_batch__get_packed_size(&batch));
    (void)kentongan__v1__publish_batch__pack(&batch, blob_room(blob));
    return blob;
}

void rig_publish(struct engine_rig *rig, uint64_t peer, uint64_t number, uint64_t after)
{
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Publish publish = KENTONGAN__V1__PUBLISH__INIT;
    body.request = 100 + number;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    body.publish = &publish;
    say(rig, peer, &body, batch_make(peer, number, after));
}

void rig_follow(struct engine_rig *rig, uint64_t peer, uint64_t follow, uint64_t from_seq)
{
    char *filters[] = {TEXT("62/#")};
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Follow ask = KENTONGAN__V1__FOLLOW__INIT;
    Kentongan__V1__From from = KENTONGAN__V1__FROM__INIT;
    from.at_case = KENTONGAN__V1__FROM__AT_SEQ;
    from.seq = from_seq;
    ask.follow = follow;
    ask.filters = filters;
    ask.n_filters = 1;
    ask.from = &from;
    ask.credit_events = 1000;
    ask.credit_bytes = 1 << 20;
    body.request = 200 + follow;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_FOLLOW;
    body.follow = &ask;
    say(rig, peer, &body, NULL);
}

void rig_ping(struct engine_rig *rig, uint64_t peer)
{
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Ping ping = KENTONGAN__V1__PING__INIT;
    body.request = 9;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PING;
    body.ping = &ping;
    say(rig, peer, &body, NULL);
}

void rig_garbage(struct engine_rig *rig, uint64_t peer)
{
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    say(rig, peer, &body, NULL);
}

const char *rig_heard(struct engine_rig *rig, uint64_t peer)
{
    static char taken[8192];
    memcpy(taken, rig->heard[peer], sizeof taken);
    rig->heard[peer][0] = '\0';
    return taken;
}
