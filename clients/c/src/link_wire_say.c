/* link_wire_say.c - link_said to frames.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire.h"

#include <assert.h>

#include "clients/c/src/link_wire_codec.h"
#include "kentongan/v1/wire.pb-c.h"
#include "kentongan/v1/record.pb-c.h"

static ProtobufCBinaryData binary(struct bytes bytes)
{
    return (ProtobufCBinaryData){.len = bytes.length, .data = (uint8_t *)(uintptr_t)bytes.data};
}

static Google__Protobuf__Timestamp timestamp(int64_t time_ms)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = time_ms / 1000;
    int32_t rest_ms = (int32_t)(time_ms % 1000);
    if (rest_ms < 0) {
        rest_ms += 1000;
        time.seconds--;
    }
    time.nanos = rest_ms * 1000000;
    return time;
}

/* Copies of texts with their NUL; NULL: no memory. */
static char **texts(struct arena *arena, const struct bytes *list, size_t count)
{
    char **copies = arena_take_array(arena, count + 1, sizeof *copies);
    for (size_t i = 0; copies != NULL && i < count; i++)
        if ((copies[i] = arena_text(arena, list[i])) == NULL)
            return NULL;
    return copies;
}

static bool pack(struct arena *arena, const ProtobufCMessage *message, struct bytes *frame)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *out = arena_take(arena, size + 1);
    if (out == NULL)
        return false;
    *frame = bytes_of(out, protobuf_c_message_pack(message, out));
    return true;
}

static bool say_first(struct arena *arena, Kentongan__V1__ToBroker *to, uint64_t request,
                      struct bytes *first)
{
    to->request = request;
    return pack(arena, &to->base, first);
}

static bool say_hello(struct arena *arena, const struct link_said *said, struct bytes *first)
{
    Kentongan__V1__ToBroker to = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Hello hello = KENTONGAN__V1__HELLO__INIT;
    ProtobufCBinaryData producers[8];
    assert(said->of.hello.producer_count <= 8);
    hello.version_min = LINK_VERSION_MIN;
    hello.version_max = LINK_VERSION_MAX;
    hello.client = arena_text(arena, said->of.hello.client);
    if (hello.client == NULL)
        return false;
    for (uint32_t i = 0; i < said->of.hello.producer_count; i++)
        producers[i] = binary(bytes_of(said->of.hello.producers[i], PRODUCER_BYTES));
    hello.n_producers = said->of.hello.producer_count;
    hello.producers = producers;
    to.body_case = KENTONGAN__V1__TO_BROKER__BODY_HELLO;
    to.hello = &hello;
    return say_first(arena, &to, said->request, first);
}

/* What one event takes while it is packed. */
struct say_item {
    Kentongan__V1__PublishItem item;
    Kentongan__V1__Sent sent;
    Kentongan__V1__Personal personal;
};

static void say_item_fill(struct say_item *into, const struct link_item *item,
                          Google__Protobuf__Timestamp *sent_at)
{
    kentongan__v1__publish_item__init(&into->item);
    kentongan__v1__sent__init(&into->sent);
    into->item.sent = &into->sent;
    into->sent.event = binary(item->event->event);
    into->sent.personal_digest = binary(item->event->digest);
    into->sent.producer = binary(bytes_of(item->producer, PRODUCER_BYTES));
    into->sent.number = item->number;
    into->sent.after = item->after;
    into->sent.sent_at = sent_at;
    if (item->event->digest.length == 0)
        return;
    kentongan__v1__personal__init(&into->personal);
    into->personal.salt = binary(item->event->salt);
    into->personal.block = binary(item->event->block);
    into->item.personal = &into->personal;
}

static bool say_publish(struct arena *arena, const struct link_said *said, struct bytes *first,
                        struct bytes *second)
{
    Kentongan__V1__ToBroker to = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Publish publish = KENTONGAN__V1__PUBLISH__INIT;
    Kentongan__V1__PublishBatch batch = KENTONGAN__V1__PUBLISH_BATCH__INIT;
    Google__Protobuf__Timestamp sent_at = timestamp(said->of.publish.sent_at_ms);
    uint32_t count = said->of.publish.count;
    struct say_item *items = arena_take_array(arena, count, sizeof *items);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    batch.items = arena_take_array(arena, count, sizeof *batch.items);
    if (items == NULL || batch.items == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        say_item_fill(&items[i], &said->of.publish.items[i], &sent_at);
        batch.items[i] = &items[i].item;
    }
    batch.n_items = count;
    to.body_case = KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    to.publish = &publish;
    return say_first(arena, &to, said->request, first) && pack(arena, &batch.base, second);
}

static void say_from(const struct link_said *said, Kentongan__V1__From *from,
                     Google__Protobuf__Timestamp *time)
{
    const struct link_follow_spec *spec = said->of.follow.spec;
    if (said->of.follow.is_resumed) {
        if (said->of.follow.from_seq != 0) {
            from->at_case = KENTONGAN__V1__FROM__AT_SEQ;
            from->seq = said->of.follow.from_seq;
        }
        return;
    }
    switch (spec->from) {
    case LINK_FROM_ABSENT:
        break;
    case LINK_FROM_START:
        from->at_case = KENTONGAN__V1__FROM__AT_START;
        from->start = true;
        break;
    case LINK_FROM_NOW:
        from->at_case = KENTONGAN__V1__FROM__AT_NOW;
        from->now = true;
        break;
    case LINK_FROM_SEQ:
        from->at_case = KENTONGAN__V1__FROM__AT_SEQ;
        from->seq = spec->from_value;
        break;
    case LINK_FROM_TIME:
        *time = timestamp((int64_t)spec->from_value);
        from->at_case = KENTONGAN__V1__FROM__AT_TIME;
        from->time = time;
        break;
    case LINK_FROM_LAST:
        from->at_case = KENTONGAN__V1__FROM__AT_LAST;
        from->last = spec->from_value;
        break;
    case LINK_FROM_AGE:
        from->at_case = KENTONGAN__V1__FROM__AT_AGE_MS;
        from->age_ms = spec->from_value;
        break;
    }
}

enum { MODES_MAX = 32 };

/* The modes of the bits, one by one; how many. */
static size_t take_modes(uint32_t bits, Kentongan__V1__Mode__Value modes[MODES_MAX])
{
    size_t count = 0;
    for (unsigned mode = 0; mode < MODES_MAX; mode++)
        if ((bits >> mode & 1) != 0)
            modes[count++] = (Kentongan__V1__Mode__Value)mode;
    return count;
}

static bool say_filter(struct arena *arena, const struct link_follow_spec *spec,
                       Kentongan__V1__Follow *follow)
{
    follow->cursor = arena_text(arena, spec->cursor);
    follow->filters = texts(arena, spec->filters, spec->filter_count);
    follow->kinds = texts(arena, spec->kinds, spec->kind_count);
    follow->incidents = texts(arena, spec->incidents, spec->incident_count);
    follow->modes = arena_take_array(arena, MODES_MAX, sizeof *follow->modes);
    follow->categories =
        arena_take_array(arena, (size_t)spec->category_count + 1, sizeof *follow->categories);
    if (follow->cursor == NULL || follow->filters == NULL || follow->kinds == NULL ||
        follow->incidents == NULL || follow->modes == NULL || follow->categories == NULL)
        return false;
    follow->n_filters = spec->filter_count;
    follow->n_kinds = spec->kind_count;
    follow->n_incidents = spec->incident_count;
    follow->n_modes = take_modes(spec->modes, follow->modes);
    for (uint32_t i = 0; i < spec->category_count; i++)
        follow->categories[i] = (Kentongan__V1__Category__Value)spec->categories[i];
    follow->n_categories = spec->category_count;
    follow->min_priority = spec->min_priority;
    return true;
}

static bool say_follow(struct arena *arena, const struct link_said *said, struct bytes *first)
{
    const struct link_follow_spec *spec = said->of.follow.spec;
    Kentongan__V1__ToBroker to = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Follow follow = KENTONGAN__V1__FOLLOW__INIT;
    Kentongan__V1__From from = KENTONGAN__V1__FROM__INIT;
    Google__Protobuf__Timestamp from_time, through_time;
    if (!say_filter(arena, spec, &follow))
        return false;
    bool is_resumed = said->of.follow.is_resumed;
    follow.follow = said->of.follow.follow;
    say_from(said, &from, &from_time);
    if (from.at_case != KENTONGAN__V1__FROM__AT__NOT_SET)
        follow.from = &from;
    follow.credit_events = said->of.follow.credit_events;
    follow.credit_bytes = said->of.follow.credit_bytes;
    follow.replay = spec->is_replay;
    /* Resumed: the end is the one that was found when it began. */
    follow.until_end = !is_resumed && spec->until_end;
    follow.through = is_resumed ? said->of.follow.through : spec->through;
    if (!is_resumed && spec->through_time_ms != INT64_MAX) {
        through_time = timestamp(spec->through_time_ms);
        follow.through_time = &through_time;
    }
    if (is_resumed)
        follow.resume = binary(said->of.follow.resume);
    to.body_case = KENTONGAN__V1__TO_BROKER__BODY_FOLLOW;
    to.follow = &follow;
    return say_first(arena, &to, said->request, first);
}

static bool say_small(struct arena *arena, const struct link_said *said, struct bytes *first)
{
    Kentongan__V1__ToBroker to = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Credit credit = KENTONGAN__V1__CREDIT__INIT;
    Kentongan__V1__Ack ack = KENTONGAN__V1__ACK__INIT;
    Kentongan__V1__Unfollow unfollow = KENTONGAN__V1__UNFOLLOW__INIT;
    Kentongan__V1__Query query = KENTONGAN__V1__QUERY__INIT;
    Kentongan__V1__Ping ping = KENTONGAN__V1__PING__INIT;
    Kentongan__V1__Bye bye = KENTONGAN__V1__BYE__INIT;
    Kentongan__V1__Mode__Value modes[MODES_MAX];
    switch (said->kind) {
    case LINK_SAY_CREDIT:
        credit.follow = said->of.credit.follow;
        credit.events = said->of.credit.events;
        credit.bytes = said->of.credit.bytes;
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_CREDIT;
        to.credit = &credit;
        break;
    case LINK_SAY_ACK:
        ack.follow = said->of.ack.follow;
        ack.through = said->of.ack.through;
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_ACK;
        to.ack = &ack;
        break;
    case LINK_SAY_UNFOLLOW:
        unfollow.follow = said->of.unfollow.follow;
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_UNFOLLOW;
        to.unfollow = &unfollow;
        break;
    case LINK_SAY_GET:
        query.of_case = KENTONGAN__V1__QUERY__OF_SEQ;
        query.seq = said->of.get.seq;
        query.modes = modes;
        query.n_modes = take_modes(said->of.get.modes, modes);
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_QUERY;
        to.query = &query;
        break;
    case LINK_SAY_PING:
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_PING;
        to.ping = &ping;
        break;
    default:
        assert(said->kind == LINK_SAY_BYE);
        to.body_case = KENTONGAN__V1__TO_BROKER__BODY_BYE;
        to.bye = &bye;
        break;
    }
    return say_first(arena, &to, said->request, first);
}

bool link_wire_encode(struct link_wire *wire, const struct link_said *said, struct bytes *first,
                      struct bytes *second)
{
    arena_reset(&wire->said);
    *second = (struct bytes){0};
    switch (said->kind) {
    case LINK_SAY_HELLO:
        return say_hello(&wire->said, said, first);
    case LINK_SAY_PUBLISH:
        return say_publish(&wire->said, said, first, second);
    case LINK_SAY_FOLLOW:
        return say_follow(&wire->said, said, first);
    default:
        return say_small(&wire->said, said, first);
    }
}
