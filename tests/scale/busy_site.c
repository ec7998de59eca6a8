/* busy_site.c - messages by the stock encoder; the next is said as soon as the last is answered.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/scale/busy_site.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

enum { BATCH_MAX = 512, SMALL_BYTES_MAX = 256 };

struct busy_peer {
    uint64_t number, answered; /* the last published; how many are answered */
    bool is_greeted, is_open;
};

struct busy_net {
    struct net net; /* what the engine is given */
    const struct busy_plan *plan;
    struct busy_peer peers[BUSY_PEERS_MAX + 1]; /* by handle, from 1 */
    uint64_t next;                              /* whose turn it is to speak */
    bool is_open;
};

static const uint8_t key_id[KEY_ID_BYTES] = {1};

static _Noreturn void stop(const char *why)
{
    fprintf(stderr, "busy site: %s\n", why);
    _exit(1);
}

/* ---- what the publishers say ---- */

static struct blob *pack(const ProtobufCMessage *message)
{
    struct blob *blob = blob_new_empty(protobuf_c_message_get_packed_size(message));
    if (blob == NULL) {
        stop("no memory");
    }
    (void)protobuf_c_message_pack(message, blob_room(blob));
    return blob;
}

static void fill_message(struct net_message *message, uint64_t peer,
                         const Kentongan__V1__ToBroker *body, struct blob *second)
{
    *message = (struct net_message){
        .peer = peer, .agency = bytes_of_text("damkar"), .frames = {pack(&body->base), second}
    };
    message->frame_count = second != NULL ? 2 : 1;
    memcpy(message->key_id, key_id, KEY_ID_BYTES);
}

static void say_hello(struct net_message *message, uint64_t peer)
{
    uint8_t producer[PRODUCER_BYTES] = {(uint8_t)peer};
    ProtobufCBinaryData producers = {.len = sizeof producer, .data = producer};
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Hello hello = KENTONGAN__V1__HELLO__INIT;
    hello.version_min = hello.version_max = 1;
    hello.producers = &producers;
    hello.n_producers = 1;
    body.request = 1;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    body.hello = &hello;
    fill_message(message, peer, &body, NULL);
}

static size_t pack_event(uint64_t peer, uint64_t number, uint8_t room[SMALL_BYTES_MAX])
{
    char id[40];
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    (void)snprintf(id, sizeof id, "0193a5c4-7b1e-7f00-8a9b-%02llx%010llx", (unsigned long long)peer,
                   (unsigned long long)number);
    at.seconds = 1765329300;
    report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    event.id = id;
    event.topic = TEXT("62/71/incident/fire");
    event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    event.occurred_at = &at;
    event.incident_id = TEXT("PKY-1");
    event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    event.report = &report;
    if (kentongan__v1__event__get_packed_size(&event) > SMALL_BYTES_MAX) {
        stop("an event is too long");
    }
    return kentongan__v1__event__pack(&event, room);
}

static struct blob *pack_batch(uint64_t peer, uint64_t first, uint32_t count)
{
    static uint8_t events[BATCH_MAX][SMALL_BYTES_MAX];
    static Kentongan__V1__Sent sents[BATCH_MAX];
    static Kentongan__V1__PublishItem items[BATCH_MAX], *pointers[BATCH_MAX];
    uint8_t producer[PRODUCER_BYTES] = {(uint8_t)peer};
    for (uint32_t i = 0; i < count; i++) {
        kentongan__v1__sent__init(&sents[i]);
        sents[i].event.data = events[i];
        sents[i].event.len = pack_event(peer, first + i, events[i]);
        sents[i].producer = (ProtobufCBinaryData){.len = sizeof producer, .data = producer};
        sents[i].number = first + i;
        sents[i].after = first + i - 1;
        kentongan__v1__publish_item__init(&items[i]);
        items[i].sent = &sents[i];
        pointers[i] = &items[i];
    }
    Kentongan__V1__PublishBatch batch = KENTONGAN__V1__PUBLISH_BATCH__INIT;
    batch.items = pointers;
    batch.n_items = count;
    return pack(&batch.base);
}

static void say_publish(struct busy_net *busy, struct net_message *message, uint64_t peer)
{
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Publish publish = KENTONGAN__V1__PUBLISH__INIT;
    uint32_t count = busy->plan->batch_events;
    struct blob *batch = pack_batch(peer, busy->peers[peer].number + 1, count);
    busy->peers[peer].number += count;
    body.request = 1 + busy->peers[peer].number;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    body.publish = &publish;
    fill_message(message, peer, &body, batch);
}

/* ---- the network ---- */

static bool may_publish(const struct busy_net *busy, const struct busy_peer *peer)
{
    return peer->is_open && peer->number + busy->plan->batch_events <= peer->answered + BATCH_MAX;
}

static enum status busy_receive(struct net *net, struct net_message *message)
{
    struct busy_net *busy = (struct busy_net *)net;
    for (uint32_t tries = 0; tries < busy->plan->peers; tries++) {
        uint64_t handle = 1 + busy->next++ % busy->plan->peers;
        struct busy_peer *peer = &busy->peers[handle];
        if (!peer->is_greeted) {
            peer->is_greeted = true;
            say_hello(message, handle);
            return STATUS_OK;
        }
        if (may_publish(busy, peer)) {
            say_publish(busy, message, handle);
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

static void take_answer(struct busy_peer *peer, const Kentongan__V1__FromBroker *body)
{
    if (body->body_case == KENTONGAN__V1__FROM_BROKER__BODY_WELCOME) {
        peer->is_open = true;
    } else if (body->body_case == KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS) {
        for (size_t i = 0; i < body->receipts->n_receipts; i++) {
            const Kentongan__V1__Receipt *receipt = body->receipts->receipts[i];
            if (receipt->outcome_case != KENTONGAN__V1__RECEIPT__OUTCOME_STORED) {
                stop("an event was not stored");
            }
            peer->answered++;
        }
    } else {
        stop("an answer that nobody asked for");
    }
}

static enum status busy_send(struct net *net, uint64_t peer, struct blob *first,
                             struct blob *second)
{
    struct busy_net *busy = (struct busy_net *)net;
    struct bytes bytes = blob_bytes(first);
    Kentongan__V1__FromBroker *body =
        kentongan__v1__from_broker__unpack(NULL, bytes.length, bytes.data);
    if (body == NULL) {
        stop("an answer cannot be read");
    }
    take_answer(&busy->peers[peer], body);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    blob_drop(first);
    blob_drop(second);
    return STATUS_OK;
}

static enum status silent_receive(struct net *net, struct net_message *message)
{
    (void)net;
    (void)message;
    return STATUS_NOT_FOUND;
}

static bool net_may_deliver(struct net *net, uint64_t peer, uint64_t bytes)
{
    (void)net;
    (void)peer;
    (void)bytes;
    return true;
}

static void net_drop(struct net *net, uint64_t peer)
{
    (void)net;
    (void)peer;
    stop("a peer was dropped");
}

static uint32_t net_descriptors(struct net *net, int *descriptors, uint32_t room)
{
    (void)net;
    (void)descriptors;
    (void)room;
    return 0;
}

static void net_close(struct net *net)
{
    (void)net;
}

static const struct net_ops busy_ops = {busy_receive, busy_send,       net_may_deliver,
                                        net_drop,     net_descriptors, net_close};
static const struct net_ops silent_ops = {silent_receive, busy_send,       net_may_deliver,
                                          net_drop,       net_descriptors, net_close};
struct net busy_silence = {&silent_ops};

/* ---- the engine ---- */

static void note_trace(void *context, enum trace_level level, const char *text,
                       struct bytes subject, uint64_t value)
{
    (void)context;
    (void)subject;
    if (level >= TRACE_WARNING) {
        fprintf(stderr, "%s %llu\n", text, (unsigned long long)value);
    }
}

static void note_ready(void *context, uint64_t head)
{
    bool *is_open = context;
    (void)head;
    *is_open = true;
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Takes a turn, and waits for the store when there was nothing to do. */
static void turn(struct engine *engine, struct store *store)
{
    if (engine_turn(engine, clock_ms(CLOCK_MONOTONIC), (int64_t)clock_ms(CLOCK_REALTIME))) {
        return;
    }
    struct pollfd wait = {.fd = store->ops->descriptor(store), .events = POLLIN};
    uint64_t now_ms = clock_ms(CLOCK_MONOTONIC), deadline_ms = engine_deadline_ms(engine);
    uint64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    (void)poll(&wait, 1, wait_ms < 1000 ? (int)wait_ms : 1000);
}

static struct engine *make_engine(struct store *store, struct net *net, bool *is_open)
{
    static const struct policy_line lines[] = {
        {RIGHT_PUBLISH, {(const uint8_t *)"#", 1}}
    };
    static const struct policy_agency damkar = {
        {(const uint8_t *)"damkar", 6},
        lines, 1, &key_id, 1
    };
    struct core_limits limits;
    core_limits_default(&limits);
    struct engine_options options = {
        .net = net,
        .store = store,
        .limits = &limits,
        .site_name = bytes_of_text("Kota"),
        .heartbeat_ms = 5000,
        .listener = {.context = is_open, .trace = note_trace, .ready = note_ready}
    };
    struct engine *engine = engine_new(&options);
    bool is_made = engine != NULL && engine_set_policy(engine, &damkar, 1, 0, 0) == STATUS_OK;
    if (!is_made) {
        stop("no memory");
    }
    return engine;
}

struct engine *busy_site_start(struct store *store, struct net *net)
{
    bool is_open = false;
    struct engine *engine = make_engine(store, net, &is_open);
    while (!is_open && engine_fault(engine) == NULL) {
        turn(engine, store);
    }
    if (!is_open) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void busy_store_options(struct store_lmdb_options *options, const char *directory)
{
    store_lmdb_options_default(options, directory);
    options->map_bytes = UINT64_C(16) << 30;
    options->allow_any_filesystem = true;
}

static struct store *make_log(const char *directory)
{
    static const uint8_t uuid[16] = {1}, secret[32] = {2};
    struct store_lmdb_options options;
    struct store_fault fault = {""};
    struct store *store = NULL;
    busy_store_options(&options, directory);
    if (store_lmdb_create(&options, uuid, secret, &fault) != STATUS_OK ||
        store_lmdb_open(&options, &store, &fault) != STATUS_OK) {
        stop(fault.text);
    }
    return store;
}

_Noreturn void busy_site_run(const char *directory, const struct busy_plan *plan)
{
    struct busy_net net = {.net = {&busy_ops}, .plan = plan};
    struct busy_store store;
    busy_store_init(&store, make_log(directory), plan);
    struct engine *engine = make_engine(&store.store, &net.net, &net.is_open);
    while (engine_fault(engine) == NULL) {
        turn(engine, &store.store);
    }
    stop(engine_fault(engine));
}
