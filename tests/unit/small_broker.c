/* small_broker.c - see small_broker.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/small_broker.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <zmq.h>

#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"

enum { DELIVER_MAX = 100, FRAME_ROOM = 1024 * 1024 };

static void answer(struct small_broker *broker, uint64_t request, Kentongan__V1__FromBroker *from,
                   const uint8_t *second, size_t second_bytes)
{
    static _Thread_local uint8_t frame[64 * 1024];
    from->request = request;
    size_t length = kentongan__v1__from_broker__pack(from, frame);
    zmq_send(broker->socket, broker->peer, broker->peer_bytes, ZMQ_SNDMORE);
    zmq_send(broker->socket, frame, length, second_bytes > 0 ? ZMQ_SNDMORE : 0);
    if (second_bytes > 0)
        zmq_send(broker->socket, second, second_bytes, 0);
}

static uint8_t log_uuid[16] = {1, 2, 3};

static Kentongan__V1__LogIdentity log_identity(void)
{
    Kentongan__V1__LogIdentity log = KENTONGAN__V1__LOG_IDENTITY__INIT;
    log.uuid = (ProtobufCBinaryData){sizeof log_uuid, log_uuid};
    log.incarnation = 1;
    return log;
}

static uint64_t *mark_of(struct small_broker *broker, const uint8_t *producer)
{
    for (unsigned i = 0; i < broker->producer_count; i++)
        if (memcmp(broker->producers[i], producer, 16) == 0)
            return &broker->marks[i];
    assert_true(broker->producer_count < 8);
    memcpy(broker->producers[broker->producer_count], producer, 16);
    return &broker->marks[broker->producer_count++];
}

static void take_hello(struct small_broker *broker, uint64_t request,
                       const Kentongan__V1__Hello *hello)
{
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Welcome welcome = KENTONGAN__V1__WELCOME__INIT;
    Kentongan__V1__LogIdentity log = log_identity();
    Kentongan__V1__Mark marks[8], *list[8];
    for (size_t i = 0; i < hello->n_producers; i++) {
        kentongan__v1__mark__init(&marks[i]);
        marks[i].producer = hello->producers[i];
        marks[i].mark = *mark_of(broker, hello->producers[i].data);
        list[i] = &marks[i];
    }
    welcome.version = 1;
    welcome.agency = (char *)"damkar";
    welcome.site = (char *)"Kota Uji";
    welcome.log = &log;
    welcome.n_marks = hello->n_producers;
    welcome.marks = list;
    welcome.heartbeat_ms = 500;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_WELCOME;
    from.welcome = &welcome;
    broker->follow = 0;
    answer(broker, request, &from, NULL, 0);
}

static void store(struct small_broker *broker, Kentongan__V1__Sent *sent)
{
    Kentongan__V1__Record record = KENTONGAN__V1__RECORD__INIT;
    Kentongan__V1__Stamp stamp = KENTONGAN__V1__STAMP__INIT;
    unsigned long at = atomic_load(&broker->stored);
    assert_true(at < SMALL_EVENTS_MAX);
    stamp.seq = at + 1;
    stamp.agency = (char *)"damkar";
    record.sent = sent;
    record.stamp = &stamp;
    broker->records[at].length = kentongan__v1__record__get_packed_size(&record);
    broker->records[at].bytes = malloc(broker->records[at].length);
    kentongan__v1__record__pack(&record, broker->records[at].bytes);
    atomic_store(&broker->stored, at + 1);
}

static void judge(struct small_broker *broker, Kentongan__V1__Sent *sent,
                  Kentongan__V1__Receipt *receipt, Kentongan__V1__Stored *stored,
                  Kentongan__V1__Refusal *refusal, Kentongan__V1__Mark *gap)
{
    uint64_t *mark = mark_of(broker, sent->producer.data);
    receipt->producer = sent->producer;
    receipt->number = sent->number;
    receipt->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED;
    receipt->refused = refusal;
    refusal->reason = (char *)"as the test wants it";
    if (atomic_load(&broker->refuse) > 0) {
        refusal->code = (char *)"RIGHTS";
        refusal->field = (char *)"topic";
    } else if (atomic_load(&broker->busy) > 0) {
        atomic_fetch_sub(&broker->busy, 1);
        refusal->code = (char *)"BUSY";
        refusal->retryable = true;
        refusal->retry_after_ms = 30;
    } else if (sent->after != *mark) {
        receipt->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_GAP;
        receipt->gap = gap;
        gap->mark = *mark;
    } else {
        *mark = sent->number;
        store(broker, sent);
        receipt->outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_STORED;
        receipt->stored = stored;
        stored->seq = atomic_load(&broker->stored);
    }
}

static void take_publish(struct small_broker *broker, uint64_t request, zmq_msg_t *frame)
{
    Kentongan__V1__PublishBatch *batch =
        kentongan__v1__publish_batch__unpack(NULL, zmq_msg_size(frame), zmq_msg_data(frame));
    assert_non_null(batch);
    for (size_t i = 0; i < batch->n_items; i++) {
        Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
        Kentongan__V1__Receipts receipts = KENTONGAN__V1__RECEIPTS__INIT;
        Kentongan__V1__Receipt receipt = KENTONGAN__V1__RECEIPT__INIT, *list = &receipt;
        Kentongan__V1__Stored stored = KENTONGAN__V1__STORED__INIT;
        Kentongan__V1__Refusal refusal = KENTONGAN__V1__REFUSAL__INIT;
        Kentongan__V1__Mark gap = KENTONGAN__V1__MARK__INIT;
        judge(broker, batch->items[i]->sent, &receipt, &stored, &refusal, &gap);
        receipts.n_receipts = 1;
        receipts.receipts = &list;
        from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS;
        from.receipts = &receipts;
        answer(broker, request, &from, NULL, 0);
    }
    kentongan__v1__publish_batch__free_unpacked(batch, NULL);
}

static size_t put_record(const struct small_record *record, uint8_t *out)
{
    size_t length = record->length, at = 0;
    out[at++] = 0x0a;
    for (; length >= 0x80; length >>= 7)
        out[at++] = (uint8_t)(length | 0x80);
    out[at++] = (uint8_t)length;
    memcpy(out + at, record->bytes, record->length);
    return at + record->length;
}

static void take_follow(struct small_broker *broker, uint64_t request,
                        const Kentongan__V1__Follow *follow)
{
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Following following = KENTONGAN__V1__FOLLOWING__INIT;
    Kentongan__V1__LogIdentity log = log_identity();
    broker->follow = follow->follow;
    broker->credit = follow->credit_events;
    broker->delivered = follow->cursor[0] != '\0' ? atomic_load(&broker->acked) : 0;
    if (follow->from != NULL && follow->from->at_case == KENTONGAN__V1__FROM__AT_SEQ)
        broker->delivered = follow->from->seq - 1;
    following.follow = follow->follow;
    following.first = broker->delivered + 1;
    following.n_filters = follow->n_filters;
    following.filters = follow->filters;
    following.log = &log;
    following.resume = (ProtobufCBinaryData){5, (uint8_t *)"token"};
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING;
    from.following = &following;
    answer(broker, request, &from, NULL, 0);
}

static void deliver(struct small_broker *broker)
{
    static _Thread_local uint8_t frame[FRAME_ROOM];
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Deliver said = KENTONGAN__V1__DELIVER__INIT;
    size_t length = 0;
    said.follow = broker->follow;
    said.first = broker->delivered + 1;
    while (said.count < DELIVER_MAX && broker->credit > 0 &&
           broker->delivered < atomic_load(&broker->stored)) {
        length += put_record(&broker->records[broker->delivered++], frame + length);
        said.count++;
        broker->credit--;
    }
    if (said.count == 0)
        return;
    said.last = broker->delivered;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_DELIVER;
    from.deliver = &said;
    answer(broker, 0, &from, frame, length);
}

static void take_ack(struct small_broker *broker, uint64_t request, const Kentongan__V1__Ack *ack)
{
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Acked acked = KENTONGAN__V1__ACKED__INIT;
    atomic_store(&broker->acked, ack->through);
    acked.follow = ack->follow;
    acked.through = ack->through;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ACKED;
    from.acked = &acked;
    answer(broker, request, &from, NULL, 0);
}

static void take_query(struct small_broker *broker, uint64_t request,
                       const Kentongan__V1__Query *query)
{
    static _Thread_local uint8_t frame[FRAME_ROOM];
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Answer found = KENTONGAN__V1__ANSWER__INIT;
    Kentongan__V1__Error error = KENTONGAN__V1__ERROR__INIT;
    Kentongan__V1__Refusal refusal = KENTONGAN__V1__REFUSAL__INIT;
    bool is_wanted = query->n_modes == 0;
    for (size_t i = 0; i < query->n_modes; i++)
        is_wanted |= query->modes[i] == KENTONGAN__V1__MODE__VALUE__ACTUAL;
    if (!is_wanted || query->seq == 0 || query->seq > atomic_load(&broker->stored)) {
        refusal.code = (char *)"NOT_FOUND";
        error.refusal = &refusal;
        from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ERROR;
        from.error = &error;
        answer(broker, request, &from, NULL, 0);
        return;
    }
    found.seq = query->seq;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_ANSWER;
    from.answer = &found;
    answer(broker, request, &from, frame, put_record(&broker->records[query->seq - 1], frame));
}

static void take_ping(struct small_broker *broker, uint64_t request)
{
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    Kentongan__V1__Pong pong = KENTONGAN__V1__PONG__INIT;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_PONG;
    from.pong = &pong;
    answer(broker, request, &from, NULL, 0);
}

static void take(struct small_broker *broker, const Kentongan__V1__ToBroker *to, zmq_msg_t *second)
{
    switch (to->body_case) {
    case KENTONGAN__V1__TO_BROKER__BODY_HELLO:
        take_hello(broker, to->request, to->hello);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_PUBLISH:
        take_publish(broker, to->request, second);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_FOLLOW:
        take_follow(broker, to->request, to->follow);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_CREDIT:
        broker->credit += to->credit->events;
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_ACK:
        take_ack(broker, to->request, to->ack);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_QUERY:
        take_query(broker, to->request, to->query);
        break;
    case KENTONGAN__V1__TO_BROKER__BODY_PING:
        take_ping(broker, to->request);
        break;
    default:
        broker->follow = 0;
        break;
    }
}

static void take_frames(struct small_broker *broker)
{
    zmq_msg_t frames[3];
    for (int i = 0; i < 3; i++)
        zmq_msg_init(&frames[i]);
    int count = 0;
    do {
        zmq_msg_recv(&frames[count], broker->socket, 0);
    } while (zmq_msg_more(&frames[count++]) && count < 3);
    broker->peer_bytes = zmq_msg_size(&frames[0]);
    memcpy(broker->peer, zmq_msg_data(&frames[0]), broker->peer_bytes);
    Kentongan__V1__ToBroker *to =
        kentongan__v1__to_broker__unpack(NULL, zmq_msg_size(&frames[1]), zmq_msg_data(&frames[1]));
    assert_non_null(to);
    take(broker, to, &frames[2]);
    kentongan__v1__to_broker__free_unpacked(to, NULL);
    for (int i = 0; i < 3; i++)
        zmq_msg_close(&frames[i]);
}

static void *run(void *argument)
{
    struct small_broker *broker = argument;
    while (!atomic_load(&broker->is_ending)) {
        bool is_silent = atomic_load(&broker->silence) > 0;
        atomic_store(&broker->is_silent, is_silent);
        zmq_pollitem_t item = {.socket = broker->socket, .events = is_silent ? 0 : ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 5) > 0)
            take_frames(broker);
        if (broker->follow != 0 && !is_silent)
            deliver(broker);
    }
    zmq_close(broker->socket);
    return NULL;
}

void small_broker_start(struct small_broker *broker, int port)
{
    const int none = 0;
    char wanted[64];
    size_t length = sizeof broker->endpoint;
    atomic_store(&broker->is_ending, false);
    if (broker->context == NULL)
        broker->context = zmq_ctx_new();
    broker->socket = zmq_socket(broker->context, ZMQ_ROUTER);
    zmq_setsockopt(broker->socket, ZMQ_LINGER, &none, sizeof none);
    snprintf(wanted, sizeof wanted, "tcp://127.0.0.1:%d", port);
    /* libzmq frees the port of a closed socket a little later. */
    int status = -1;
    for (int turn = 0; status != 0 && turn < 500; turn++) {
        status = zmq_bind(broker->socket, port > 0 ? wanted : "tcp://127.0.0.1:*");
        if (status != 0)
            poll(NULL, 0, 10);
    }
    assert_int_equal(status, 0);
    zmq_getsockopt(broker->socket, ZMQ_LAST_ENDPOINT, broker->endpoint, &length);
    assert_int_equal(pthread_create(&broker->thread, NULL, run, broker), 0);
}

void small_broker_stop(struct small_broker *broker)
{
    atomic_store(&broker->is_ending, true);
    pthread_join(broker->thread, NULL);
}

void small_broker_silence(struct small_broker *broker)
{
    atomic_store(&broker->silence, 1);
    while (!atomic_load(&broker->is_silent))
        sched_yield();
}
