/* test_link_wire.c - frames of the client's codec against stock protobuf-c, and bytes that are no
 * frames.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/link_wire.h"

#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"
#include "tests/unit/check.h"

static struct link_wire *wire;

static int open_wire(void **state)
{
    (void)state;
    wire = link_wire_new();
    return wire == NULL;
}

static int close_wire(void **state)
{
    (void)state;
    link_wire_free(wire);
    return 0;
}

static Kentongan__V1__ToBroker *say(const struct link_said *said, struct bytes *second)
{
    struct bytes first;
    assert_true(link_wire_encode(wire, said, &first, second));
    Kentongan__V1__ToBroker *to = kentongan__v1__to_broker__unpack(NULL, first.length, first.data);
    assert_non_null(to);
    assert_int_equal(to->request, said->request);
    return to;
}

static void a_publish_carries_what_was_given(void **state)
{
    (void)state;
    const uint8_t producer[PRODUCER_BYTES] = {9, 8, 7};
    struct link_event with = {bytes_of_text("event"), bytes_of_text("digest"),
                              bytes_of_text("salt"), bytes_of_text("block")};
    struct link_event without = {.event = bytes_of_text("other")};
    struct link_item items[] = {
        {&with,    producer, 5, 4},
        {&without, producer, 6, 5}
    };
    struct link_said said = {.kind = LINK_SAY_PUBLISH, .request = 77};
    said.of.publish.items = items;
    said.of.publish.count = 2;
    said.of.publish.sent_at_ms = -1;
    struct bytes second;
    Kentongan__V1__ToBroker *to = say(&said, &second);
    assert_int_equal(to->body_case, KENTONGAN__V1__TO_BROKER__BODY_PUBLISH);
    kentongan__v1__to_broker__free_unpacked(to, NULL);
    Kentongan__V1__PublishBatch *batch =
        kentongan__v1__publish_batch__unpack(NULL, second.length, second.data);
    assert_non_null(batch);
    assert_int_equal(batch->n_items, 2);
    const Kentongan__V1__Sent *sent = batch->items[0]->sent;
    assert_bytes_equal(bytes_of(sent->event.data, sent->event.len), with.event);
    assert_bytes_equal(bytes_of(sent->producer.data, sent->producer.len),
                       bytes_of(producer, PRODUCER_BYTES));
    assert_int_equal(sent->number, 5);
    assert_int_equal(sent->after, 4);
    assert_int_equal(sent->sent_at->seconds, -1);
    assert_int_equal(sent->sent_at->nanos, 999000000);
    const Kentongan__V1__Personal *personal = batch->items[0]->personal;
    assert_bytes_equal(bytes_of(personal->block.data, personal->block.len), with.block);
    assert_bytes_equal(bytes_of(personal->salt.data, personal->salt.len), with.salt);
    assert_null(batch->items[1]->personal);
    kentongan__v1__publish_batch__free_unpacked(batch, NULL);
}

static void a_follow_is_asked_in_full_and_resumed_by_its_token(void **state)
{
    (void)state;
    const struct bytes filters[] = {bytes_of_text("62/#"), bytes_of_text("63/+/unit")};
    const struct bytes kinds[] = {bytes_of_text("report")};
    const uint16_t categories[] = {11, 12};
    struct link_follow_spec spec = {.filters = filters,
                                    .kinds = kinds,
                                    .categories = categories,
                                    .filter_count = 2,
                                    .kind_count = 1,
                                    .category_count = 2,
                                    .modes = 1u << MODE_ACTUAL | 1u << MODE_TEST,
                                    .from = LINK_FROM_LAST,
                                    .from_value = 10,
                                    .through_time_ms = 1500,
                                    .until_end = true};
    struct link_said said = {.kind = LINK_SAY_FOLLOW, .request = 3};
    said.of.follow.follow = 1;
    said.of.follow.spec = &spec;
    said.of.follow.credit_events = 100;
    struct bytes second;
    Kentongan__V1__ToBroker *to = say(&said, &second);
    assert_int_equal(to->follow->n_filters, 2);
    assert_string_equal(to->follow->filters[1], "63/+/unit");
    assert_int_equal(to->follow->n_modes, 2);
    assert_int_equal(to->follow->modes[1], MODE_TEST);
    assert_int_equal(to->follow->n_categories, 2);
    assert_int_equal(to->follow->from->last, 10);
    assert_int_equal(to->follow->through_time->seconds, 1);
    assert_true(to->follow->until_end);
    assert_int_equal(second.length, 0);
    kentongan__v1__to_broker__free_unpacked(to, NULL);
    said.of.follow.is_resumed = true;
    said.of.follow.from_seq = 51;
    said.of.follow.through = 90;
    said.of.follow.resume = bytes_of_text("token");
    to = say(&said, &second);
    assert_int_equal(to->follow->from->seq, 51);
    assert_int_equal(to->follow->through, 90);
    assert_false(to->follow->until_end);
    assert_null(to->follow->through_time);
    assert_int_equal(to->follow->resume.len, 5);
    kentongan__v1__to_broker__free_unpacked(to, NULL);
}

static size_t pack(const ProtobufCMessage *message, uint8_t *out, size_t room)
{
    assert_true(protobuf_c_message_get_packed_size(message) <= room);
    return protobuf_c_message_pack(message, out);
}

static struct link_heard hear(Kentongan__V1__FromBroker *from, struct bytes second)
{
    uint8_t frame[4096];
    size_t length = pack(&from->base, frame, sizeof frame);
    struct link_heard heard;
    assert_true(link_wire_decode(wire, bytes_of(frame, length), second, &heard));
    return heard;
}

static void receipts_of_every_outcome_are_read(void **state)
{
    (void)state;
    uint8_t producer[PRODUCER_BYTES] = {1};
    Kentongan__V1__Stored stored = KENTONGAN__V1__STORED__INIT;
    stored.seq = 12;
    stored.duplicate = true;
    Kentongan__V1__Refusal refusal = KENTONGAN__V1__REFUSAL__INIT;
    refusal.code = (char *)"BUSY";
    refusal.retryable = true;
    refusal.retry_after_ms = 40;
    Kentongan__V1__Mark mark = KENTONGAN__V1__MARK__INIT;
    mark.mark = 8;
    Kentongan__V1__Receipt receipts[3], *list[3];
    for (int i = 0; i < 3; i++) {
        kentongan__v1__receipt__init(&receipts[i]);
        receipts[i].producer = (ProtobufCBinaryData){PRODUCER_BYTES, producer};
        receipts[i].number = 20 + (uint64_t)i;
        list[i] = &receipts[i];
    }
    receipts[0].outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_STORED;
    receipts[0].stored = &stored;
    receipts[1].outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED;
    receipts[1].refused = &refusal;
    receipts[2].outcome_case = KENTONGAN__V1__RECEIPT__OUTCOME_GAP;
    receipts[2].gap = &mark;
    Kentongan__V1__Receipts all = KENTONGAN__V1__RECEIPTS__INIT;
    all.n_receipts = 3;
    all.receipts = list;
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS;
    from.receipts = &all;
    struct link_heard heard = hear(&from, (struct bytes){0});
    assert_int_equal(heard.kind, LINK_HEARD_RECEIPTS);
    assert_int_equal(heard.of.receipts.count, 3);
    assert_int_equal(heard.of.receipts.receipts[0].seq, 12);
    assert_true(heard.of.receipts.receipts[0].is_duplicate);
    assert_true(heard.of.receipts.receipts[1].refusal.is_retryable);
    assert_bytes_equal(heard.of.receipts.receipts[1].refusal.code, bytes_of_text("BUSY"));
    assert_int_equal(heard.of.receipts.receipts[2].outcome, LINK_GAP);
    assert_int_equal(heard.of.receipts.receipts[2].mark, 8);
    receipts[1].producer.len = 15;
    assert_int_equal(hear(&from, (struct bytes){0}).kind, LINK_HEARD_BAD);
}

/* A batch of records 5 and 9, the second with a Personal. */
static struct bytes make_batch(uint8_t *out, size_t room, uint64_t personal_seq)
{
    Kentongan__V1__Stamp stamp = KENTONGAN__V1__STAMP__INIT;
    Kentongan__V1__Record record = KENTONGAN__V1__RECORD__INIT;
    Kentongan__V1__Record *records = &record;
    Kentongan__V1__Personal personal = KENTONGAN__V1__PERSONAL__INIT;
    Kentongan__V1__Personal *personals = &personal;
    Kentongan__V1__Batch batch = KENTONGAN__V1__BATCH__INIT;
    record.stamp = &stamp;
    batch.n_records = 1;
    batch.records = &records;
    stamp.seq = 5;
    size_t length = pack(&batch.base, out, room);
    stamp.seq = 9;
    personal.seq = personal_seq;
    batch.n_personals = 1;
    batch.personals = &personals;
    return bytes_of(out, length + pack(&batch.base, out + length, room - length));
}

static void a_delivery_is_stepped_through_and_counted(void **state)
{
    (void)state;
    uint8_t room[256];
    Kentongan__V1__Deliver deliver = KENTONGAN__V1__DELIVER__INIT;
    deliver.follow = 1;
    deliver.first = 4;
    deliver.last = 11;
    deliver.count = 2;
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_DELIVER;
    from.deliver = &deliver;
    struct bytes batch = make_batch(room, sizeof room, 9);
    struct link_heard heard = hear(&from, batch);
    assert_int_equal(heard.kind, LINK_HEARD_DELIVER);
    assert_int_equal(heard.of.deliver.count, 2);
    const struct link_record *records = heard.of.deliver.records;
    assert_int_equal(records[0].seq, 5);
    assert_int_equal(records[1].seq, 9);
    assert_int_equal(records[0].personal.length, 0);
    assert_true(records[1].personal.length > 0);
    assert_int_equal(records[0].frame_bytes + records[1].frame_bytes, batch.length);
    size_t personal_bytes = records[1].personal.length + 2;
    deliver.count = 1;
    assert_int_equal(hear(&from, batch).kind, LINK_HEARD_BAD);
    deliver.count = 2;
    assert_int_equal(hear(&from, make_batch(room, sizeof room, 5)).kind, LINK_HEARD_BAD);
    (void)make_batch(room, sizeof room, 9);
    for (size_t cut = 1; cut < batch.length; cut++)
        assert_int_equal(hear(&from, bytes_of(batch.data, cut)).kind,
                         cut == batch.length - personal_bytes ? LINK_HEARD_DELIVER
                                                              : LINK_HEARD_BAD);
}

static void welcome_needs_the_identity_of_the_log(void **state)
{
    (void)state;
    uint8_t uuid[16] = {3}, producer[PRODUCER_BYTES] = {4};
    Kentongan__V1__LogIdentity log = KENTONGAN__V1__LOG_IDENTITY__INIT;
    log.uuid = (ProtobufCBinaryData){16, uuid};
    log.incarnation = 2;
    Kentongan__V1__Mark mark = KENTONGAN__V1__MARK__INIT;
    Kentongan__V1__Mark *marks = &mark;
    mark.producer = (ProtobufCBinaryData){PRODUCER_BYTES, producer};
    mark.mark = 31;
    Kentongan__V1__Welcome welcome = KENTONGAN__V1__WELCOME__INIT;
    welcome.agency = (char *)"damkar";
    welcome.log = &log;
    welcome.n_marks = 1;
    welcome.marks = &marks;
    Kentongan__V1__FromBroker from = KENTONGAN__V1__FROM_BROKER__INIT;
    from.request = 6;
    from.body_case = KENTONGAN__V1__FROM_BROKER__BODY_WELCOME;
    from.welcome = &welcome;
    struct link_heard heard = hear(&from, (struct bytes){0});
    assert_int_equal(heard.kind, LINK_HEARD_WELCOME);
    assert_int_equal(heard.request, 6);
    assert_int_equal(heard.of.welcome.log.incarnation, 2);
    assert_int_equal(heard.of.welcome.marks[0].number, 31);
    welcome.log = NULL;
    assert_int_equal(hear(&from, (struct bytes){0}).kind, LINK_HEARD_BAD);
    welcome.log = &log;
    welcome.agency = (char *)"\xff";
    assert_int_equal(hear(&from, (struct bytes){0}).kind, LINK_HEARD_BAD);
}

static void chance_is_never_taken_for_a_message(void **state)
{
    (void)state;
    static const uint8_t delivery[] = {0x2a, 8, 8, 1, 0x10, 1, 0x18, 9, 0x20, 1};
    uint64_t chance = 99;
    uint8_t first[64], second[64];
    for (int round = 0; round < 200000; round++) {
        size_t first_length = chance_below(&chance, sizeof first);
        size_t second_length = chance_below(&chance, sizeof second);
        for (size_t i = 0; i < sizeof first; i++) {
            first[i] = (uint8_t)chance_next(&chance);
            second[i] = (uint8_t)chance_next(&chance);
        }
        /* Often the start of a delivery, to get further in. */
        if (round % 2 == 0)
            memcpy(first, delivery, sizeof delivery);
        struct link_heard heard;
        assert_true(link_wire_decode(wire, bytes_of(first, first_length),
                                     bytes_of(second, second_length), &heard));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_publish_carries_what_was_given),
        cmocka_unit_test(a_follow_is_asked_in_full_and_resumed_by_its_token),
        cmocka_unit_test(receipts_of_every_outcome_are_read),
        cmocka_unit_test(a_delivery_is_stepped_through_and_counted),
        cmocka_unit_test(welcome_needs_the_identity_of_the_log),
        cmocka_unit_test(chance_is_never_taken_for_a_message),
    };
    return cmocka_run_group_tests(tests, open_wire, close_wire);
}
