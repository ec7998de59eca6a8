/* crowd_words.c - hello, follow, publish; and a book in which every delivery must fit.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/scale/crowd_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

enum { FRAME_BYTES_MAX = 2048, TOPIC_BYTES = 32, PRODUCER_LENGTH = 16 };

static const uint64_t credit = UINT64_C(1) << 40;

static _Noreturn void stop(const struct crowd_session *session, const char *why, uint64_t value)
{
    fprintf(stderr, "crowd: a session of agency %u: %s (%" PRIu64 ")\n", session->agency, why,
            value);
    exit(1);
}

/* ---- saying ---- */

static bool send_frame(struct crowd_session *session, const ProtobufCMessage *message, int flags)
{
    uint8_t bytes[FRAME_BYTES_MAX];
    size_t length = protobuf_c_message_get_packed_size(message);
    if (length > sizeof bytes) {
        stop(session, "a frame is too long", length);
    }
    (void)protobuf_c_message_pack(message, bytes);
    return zmq_send(session->socket, bytes, length, flags | ZMQ_DONTWAIT) == (int)length;
}

static void producer_of(const struct crowd_session *session, uint8_t producer[PRODUCER_LENGTH])
{
    memset(producer, 0, PRODUCER_LENGTH);
    memcpy(producer, &session->producer, sizeof session->producer);
    producer[PRODUCER_LENGTH - 1] = 1;
}

void crowd_say_hello(struct crowd_session *session)
{
    uint8_t producer[PRODUCER_LENGTH];
    ProtobufCBinaryData producers = {.len = sizeof producer, .data = producer};
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Hello hello = KENTONGAN__V1__HELLO__INIT;
    producer_of(session, producer);
    hello.version_min = hello.version_max = 1;
    hello.producers = &producers;
    hello.n_producers = session->follows == NULL;
    body.request = 1;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    body.hello = &hello;
    (void)send_frame(session, &body.base, 0);
}

void crowd_say_ping(struct crowd_session *session)
{
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Ping ping = KENTONGAN__V1__PING__INIT;
    body.request = 2;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PING;
    body.ping = &ping;
    (void)send_frame(session, &body.base, 0);
}

static void say_follow(struct crowd_session *session, uint32_t index)
{
    struct crowd_follow *known = &session->follows[index];
    char topic[TOPIC_BYTES], *filters[] = {topic};
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Follow follow = KENTONGAN__V1__FOLLOW__INIT;
    Kentongan__V1__From from = KENTONGAN__V1__FROM__INIT;
    snprintf(topic, sizeof topic, "62/71/kelas/%u", index);
    follow.follow = 1 + index;
    follow.filters = filters;
    follow.n_filters = 1;
    follow.credit_events = credit;
    follow.credit_bytes = credit;
    if (known->has_begun) {
        from.at_case = KENTONGAN__V1__FROM__AT_SEQ;
        from.seq = known->next;
        follow.from = &from;
        follow.resume = (ProtobufCBinaryData){.len = known->resume_bytes, .data = known->resume};
    }
    body.request = 100 + index;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_FOLLOW;
    body.follow = &follow;
    if (!send_frame(session, &body.base, 0)) {
        stop(session, "a follow cannot be sent", index);
    }
}

static bool send_item(struct crowd_session *session, const Kentongan__V1__Event *event)
{
    uint8_t bytes[FRAME_BYTES_MAX], producer[PRODUCER_LENGTH];
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Publish publish = KENTONGAN__V1__PUBLISH__INIT;
    Kentongan__V1__Sent sent = KENTONGAN__V1__SENT__INIT;
    Kentongan__V1__PublishItem item = KENTONGAN__V1__PUBLISH_ITEM__INIT, *items[] = {&item};
    Kentongan__V1__PublishBatch batch = KENTONGAN__V1__PUBLISH_BATCH__INIT;
    producer_of(session, producer);
    sent.event.len = kentongan__v1__event__pack(event, bytes);
    sent.event.data = bytes;
    sent.producer = (ProtobufCBinaryData){.len = sizeof producer, .data = producer};
    sent.number = session->published + 1;
    sent.after = session->published;
    item.sent = &sent;
    batch.items = items;
    batch.n_items = 1;
    body.request = 1000 + sent.number;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    body.publish = &publish;
    return send_frame(session, &body.base, ZMQ_SNDMORE) && send_frame(session, &batch.base, 0);
}

bool crowd_publish(struct crowd *crowd, uint32_t index)
{
    struct crowd_session *session = &crowd->sessions[index];
    char id[40], name[TOPIC_BYTES];
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    snprintf(id, sizeof id, "0193a5c4-7b1e-7f00-8a9b-%04x%08" PRIx64, index,
             session->published + 1);
    snprintf(name, sizeof name, "62/71/kelas/%u",
             (uint32_t)(7 * session->published + index) % CROWD_FOLLOWS);
    at.seconds = 1765329300;
    report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    event.id = id;
    event.topic = name;
    event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    event.occurred_at = &at;
    event.incident_id = TEXT("PKY-1");
    event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    event.report = &report;
    if (!send_item(session, &event)) {
        return false;
    }
    session->published++;
    return true;
}

/* ---- hearing ---- */

static void note_event(struct crowd *crowd, struct crowd_session *session, uint64_t seq,
                       uint32_t topic, const char *source)
{
    if (seq == 0 || seq >= CROWD_EVENTS_MAX) {
        stop(session, "a sequence that is not kept track of", seq);
    }
    if (crowd->topic_of[seq] != 0 && crowd->topic_of[seq] != 1 + topic) {
        stop(session, "an event was delivered to a follow of another topic", seq);
    }
    uint32_t agency = (uint32_t)strtoul(source + strcspn(source, "0123456789"), NULL, 10);
    uint64_t *newest = &crowd->source_newest[agency % CROWD_AGENCIES_MAX];
    *newest = seq > *newest ? seq : *newest;
    crowd->topic_of[seq] = (uint8_t)(1 + topic);
    crowd->head = seq > crowd->head ? seq : crowd->head;
    session->newest = seq > session->newest ? seq : session->newest;
    crowd->records++;
}

static void hear_records(struct crowd *crowd, struct crowd_session *session,
                         const Kentongan__V1__Deliver *deliver, struct bytes second)
{
    struct crowd_follow *follow = &session->follows[deliver->follow - 1];
    Kentongan__V1__Batch *batch = kentongan__v1__batch__unpack(NULL, second.length, second.data);
    if (batch == NULL || batch->n_records != deliver->count) {
        stop(session, "a batch that does not fit its delivery", deliver->first);
    }
    uint64_t after = deliver->first - 1;
    for (size_t i = 0; i < batch->n_records; i++) {
        const Kentongan__V1__Stamp *stamp = batch->records[i]->stamp;
        if (stamp->seq <= after || stamp->seq > deliver->last) {
            stop(session, "an event twice, or out of its delivery's range", stamp->seq);
        }
        after = stamp->seq;
        note_event(crowd, session, stamp->seq, (uint32_t)deliver->follow - 1, stamp->agency);
        follow->events++;
    }
    kentongan__v1__batch__free_unpacked(batch, NULL);
}

static void hear_deliver(struct crowd *crowd, struct crowd_session *session,
                         const Kentongan__V1__Deliver *deliver, struct bytes second)
{
    if (session->follows == NULL || deliver->follow - 1 >= CROWD_FOLLOWS) {
        stop(session, "a delivery that nobody asked for", deliver->follow);
    }
    struct crowd_follow *follow = &session->follows[deliver->follow - 1];
    if (deliver->first != follow->next || deliver->last < deliver->first) {
        stop(session, "a gap before", deliver->first);
    }
    follow->next = deliver->last + 1;
    if (deliver->count > 0) {
        hear_records(crowd, session, deliver, second);
    }
}

static void hear_following(struct crowd_session *session, const Kentongan__V1__Following *following)
{
    struct crowd_follow *follow = &session->follows[following->follow - 1];
    if (following->resume.len > RESUME_BYTES_MAX || following->resume.len == 0) {
        stop(session, "a resume token of", following->resume.len);
    }
    if (!follow->has_begun) {
        follow->first = follow->next = following->first;
        follow->has_begun = true;
    } else if (following->first != follow->next) {
        stop(session, "a follow did not go on where it was, but at", following->first);
    }
    memcpy(follow->resume, following->resume.data, following->resume.len);
    follow->resume_bytes = (uint8_t)following->resume.len;
    session->begun++;
}

static void hear_receipts(struct crowd_session *session, const Kentongan__V1__Receipts *receipts)
{
    for (size_t i = 0; i < receipts->n_receipts; i++) {
        const Kentongan__V1__Receipt *receipt = receipts->receipts[i];
        if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_STORED) {
            session->stored = receipt->number;
            session->stored_seq = receipt->stored->seq;
        } else if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_GAP) {
            session->published = receipt->gap->mark; /* the same again from there */
        } else {
            session->is_refused = true;
        }
    }
}

static void hear_welcome(struct crowd_session *session)
{
    session->is_open = true;
    for (uint32_t i = 0; session->follows != NULL && i < CROWD_FOLLOWS; i++) {
        say_follow(session, i);
    }
}

/* Without a session: the connection was made again, and what was said on the old one is lost. */
static void hear_error(struct crowd_session *session, const Kentongan__V1__Refusal *refusal)
{
    if (strcmp(refusal->code, "NO_SESSION") == 0) {
        session->is_open = false;
        session->begun = 0;
        crowd_say_hello(session);
        return;
    }
    session->is_refused = true;
    if (!session->is_watched) {
        fprintf(stderr, "%s: %s\n", refusal->code, refusal->reason);
        stop(session, "an error", 0);
    }
}

void crowd_hear(struct crowd *crowd, struct crowd_session *session, struct bytes first,
                struct bytes second)
{
    Kentongan__V1__FromBroker *body =
        kentongan__v1__from_broker__unpack(NULL, first.length, first.data);
    if (body == NULL) {
        stop(session, "a message that cannot be read, of bytes", first.length);
    }
    switch (body->body_case) {
    case KENTONGAN__V1__FROM_BROKER__BODY_WELCOME:
        hear_welcome(session);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_FOLLOWING:
        hear_following(session, body->following);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_DELIVER:
        hear_deliver(crowd, session, body->deliver, second);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS:
        hear_receipts(session, body->receipts);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ERROR:
        hear_error(session, body->error->refusal);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ENDED:
        hear_error(session, body->ended->refusal);
        break;
    default:
        break; /* pong */
    }
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}
