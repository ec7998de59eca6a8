/* wire_decode.c - reads first frames: what every message says before its body says more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "broker/net/wire_private.h"
#include "proto/c/prescan_message.h"
#include "proto/c/wire_shapes.h"

enum { CLIENT_BYTES_MAX = 64, CONTROL_FIELDS_MAX = 1024, CONTROL_DEPTH_MAX = 4 };

/* Far above any real credit, far below where sums of credits could overflow. */
static const uint64_t credit_max = UINT64_C(1) << 48;

struct wire *wire_new(const struct wire_options *options)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        return NULL;
    }
    wire->options = *options;
    wire->site_name = calloc(1, options->site_name.length + 1);
    wire->items = calloc(PRESCAN_ITEMS_MAX, sizeof *wire->items);
    wire->window_keys = calloc(PRESCAN_ITEMS_MAX, sizeof *wire->window_keys);
    wire->digests = calloc(PRESCAN_ITEMS_MAX, sizeof *wire->digests);
    bool has_memory = wire->site_name != NULL && wire->items != NULL && wire->window_keys != NULL &&
                      wire->digests != NULL &&
                      wire_arena_init(&wire->incoming, INCOMING_BYTES) == STATUS_OK &&
                      wire_arena_init(&wire->outgoing, OUTGOING_BYTES) == STATUS_OK;
    if (!has_memory) {
        wire_free(wire);
        return NULL;
    }
    if (options->site_name.length > 0) {
        memcpy(wire->site_name, options->site_name.data, options->site_name.length);
    }
    return wire;
}

void wire_free(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    wire_arena_deinit(&wire->incoming);
    wire_arena_deinit(&wire->outgoing);
    free(wire->site_name);
    free(wire->items);
    free(wire->window_keys);
    free(wire->digests);
    sodium_memzero(wire, sizeof *wire);
    free(wire);
}

bool wire_time_ms(const Google__Protobuf__Timestamp *time, int64_t *time_ms)
{
    static const int64_t first_second = -62135596800, last_second = 253402300799;
    if (time->seconds < first_second || time->seconds > last_second || time->nanos < 0 ||
        time->nanos > 999999999) {
        return false;
    }
    *time_ms = time->seconds * 1000 + time->nanos / 1000000;
    return true;
}

static struct scan_fault decode_hello(struct wire *wire, const Kentongan__V1__Hello *hello,
                                      const struct net_message *message, struct request *request)
{
    if (hello->version_min == 0 || hello->version_max < hello->version_min) {
        return wire_fault("FIELD_INVALID", "hello.versionMax",
                          "Versions count from 1, min to max.");
    }
    if (strlen(hello->client) > CLIENT_BYTES_MAX) {
        return wire_fault("FIELD_TOO_LONG", "hello.client", "At most 64 bytes.");
    }
    if (hello->n_producers > HELLO_PRODUCERS_MAX) {
        return wire_fault("TOO_MANY", "hello.producers", "At most 8 producers a session.");
    }
    for (size_t i = 0; i < hello->n_producers; i++) {
        if (hello->producers[i].len != PRODUCER_BYTES) {
            return wire_fault("FIELD_INVALID", "hello.producers", "A producer has 16 bytes.");
        }
        memcpy(wire->producers[i], hello->producers[i].data, PRODUCER_BYTES);
    }
    request->kind = REQUEST_HELLO;
    request->of.hello.version_min = hello->version_min;
    request->of.hello.version_max = hello->version_max;
    request->of.hello.agency = message->agency;
    memcpy(request->of.hello.key_id, message->key_id, KEY_ID_BYTES);
    request->of.hello.producers = (const uint8_t(*)[PRODUCER_BYTES])wire->producers;
    request->of.hello.producer_count = (uint32_t)hello->n_producers;
    return wire_no_fault();
}

static struct scan_fault decode_credit(const Kentongan__V1__Credit *credit, struct request *request)
{
    if (credit->events > credit_max || credit->bytes > credit_max) {
        return wire_fault("FIELD_INVALID", "credit", "At most 2^48 events and bytes.");
    }
    request->kind = REQUEST_CREDIT;
    request->of.credit.follow = credit->follow;
    request->of.credit.events = credit->events;
    request->of.credit.bytes = credit->bytes;
    return wire_no_fault();
}

static struct scan_fault decode_follow(struct wire *wire, const Kentongan__V1__Follow *follow,
                                       struct bytes agency, struct request *request)
{
    if (follow->credit_events > credit_max || follow->credit_bytes > credit_max) {
        return wire_fault("FIELD_INVALID", "follow.creditEvents", "At most 2^48 events and bytes.");
    }
    return wire_decode_follow(wire, follow, agency, request);
}

static struct scan_fault decode_ack(const Kentongan__V1__Ack *ack, struct request *request)
{
    request->kind = REQUEST_ACK;
    request->of.ack.follow = ack->follow;
    request->of.ack.through = ack->through;
    return wire_no_fault();
}

static struct scan_fault decode_query(const Kentongan__V1__Query *query, struct request *request)
{
    if (query->of_case != KENTONGAN__V1__QUERY__OF_SEQ || query->seq == 0) {
        return wire_fault("FIELD_REQUIRED", "query.seq", "A sequence from 1 must be named.");
    }
    request->kind = REQUEST_GET;
    request->of.get.seq = query->seq;
    return wire_take_modes(query->modes, query->n_modes, "query.modes", &request->of.get.modes);
}

static struct scan_fault decode_simple(enum request_kind kind, struct request *request)
{
    request->kind = kind;
    return wire_no_fault();
}

/* flat switch */
static struct scan_fault decode_body(struct wire *wire, const Kentongan__V1__ToBroker *body,
                                     const struct net_message *message, struct request *request)
{
    switch (body->body_case) {
    case KENTONGAN__V1__TO_BROKER__BODY_HELLO:
        return decode_hello(wire, body->hello, message, request);
    case KENTONGAN__V1__TO_BROKER__BODY_PUBLISH:
        return wire_decode_publish(wire, message->frames[1], message->agency, request);
    case KENTONGAN__V1__TO_BROKER__BODY_FOLLOW:
        return decode_follow(wire, body->follow, message->agency, request);
    case KENTONGAN__V1__TO_BROKER__BODY_CREDIT:
        return decode_credit(body->credit, request);
    case KENTONGAN__V1__TO_BROKER__BODY_ACK:
        return decode_ack(body->ack, request);
    case KENTONGAN__V1__TO_BROKER__BODY_UNFOLLOW:
        request->of.unfollow.follow = body->unfollow->follow;
        return decode_simple(REQUEST_UNFOLLOW, request);
    case KENTONGAN__V1__TO_BROKER__BODY_QUERY:
        return decode_query(body->query, request);
    case KENTONGAN__V1__TO_BROKER__BODY_PING:
        return decode_simple(REQUEST_PING, request);
    case KENTONGAN__V1__TO_BROKER__BODY_BYE:
        return decode_simple(REQUEST_BYE, request);
    default:
        return wire_fault("BAD_FRAME", "", "The first frame says nothing.");
    }
}

/* Credit, unfollow and bye are not answered; everything else needs a number to be answered by. */
static bool is_answered(const Kentongan__V1__ToBroker *body)
{
    return body->body_case != KENTONGAN__V1__TO_BROKER__BODY__NOT_SET &&
           body->body_case != KENTONGAN__V1__TO_BROKER__BODY_CREDIT &&
           body->body_case != KENTONGAN__V1__TO_BROKER__BODY_UNFOLLOW &&
           body->body_case != KENTONGAN__V1__TO_BROKER__BODY_BYE;
}

static struct scan_fault decode_first(struct wire *wire, const Kentongan__V1__ToBroker *body,
                                      const struct net_message *message, struct request *request)
{
    bool is_publish = body->body_case == KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    request->number = body->request;
    if (is_publish != (message->frame_count == 2)) {
        return wire_fault("BAD_FRAME", "", "A publish has two frames, everything else has one.");
    }
    if (body->request == 0 && is_answered(body)) {
        return wire_fault("FIELD_REQUIRED", "request", "An answer needs a request number.");
    }
    return decode_body(wire, body, message, request);
}

static struct scan_fault decode_message(struct wire *wire, const struct net_message *message,
                                        struct request *request)
{
    static const struct prescan_bounds bounds = {
        .fields = CONTROL_FIELDS_MAX, .depth = CONTROL_DEPTH_MAX, .is_strict = true};
    struct scan_fault fault = wire_no_fault();
    if (message->is_bad || message->frame_count == 0 || message->frame_count > 2) {
        return wire_fault("BAD_FRAME", "", "A message is one or two frames within the limits.");
    }
    struct bytes first = blob_bytes(message->frames[0]);
    if (first.length > CONTROL_BYTES_MAX) {
        return wire_fault("TOO_LARGE", "", "The first frame is larger than 64 KiB.");
    }
    if (!prescan_message(first, wire_to_broker_shape(), &bounds, &fault)) {
        return fault;
    }
    const Kentongan__V1__ToBroker *body =
        kentongan__v1__to_broker__unpack(&wire->incoming.allocator, first.length, first.data);
    if (body == NULL) {
        return wire_fault("BAD_FRAME", "", "The first frame is no ToBroker within the limits.");
    }
    return decode_first(wire, body, message, request);
}

void wire_decode(struct wire *wire, const struct net_message *message, struct request *request)
{
    wire_arena_reset(&wire->incoming);
    *request = (struct request){.kind = REQUEST_BAD, .peer = message->peer};
    struct scan_fault fault = decode_message(wire, message, request);
    if (fault.code != NULL) {
        request->kind = REQUEST_BAD;
        request->of.bad = fault;
    }
}
