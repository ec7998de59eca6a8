/* test_wire_encode.c - what the wire writes, read back by the stock decoder; resume tokens.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire.h"

#include "broker/log/chunk.h"
#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"
#include "tests/unit/wire_bench.h"

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)
#define TEXT(text) ((char *)(uintptr_t)(text))

enum { ITEMS = 5 };

static const int64_t wall_ms = INT64_C(1765329500123);

/* The answer as the stock decoder reads it; the caller frees. */
static Kentongan__V1__FromBroker *encode(const struct answer *answer, struct blob **second)
{
    struct blob *first = NULL;
    assert_int_equal(wire_encode(bench_wire, answer, wall_ms, &first, second), STATUS_OK);
    struct bytes bytes = blob_bytes(first);
    Kentongan__V1__FromBroker *body =
        kentongan__v1__from_broker__unpack(NULL, bytes.length, bytes.data);
    assert_non_null(body);
    assert_true(body->request == answer->number);
    blob_drop(first);
    return body;
}

static Kentongan__V1__FromBroker *encode_one(const struct answer *answer)
{
    struct blob *second = NULL;
    Kentongan__V1__FromBroker *body = encode(answer, &second);
    assert_null(second);
    return body;
}

static void a_welcome_says_who_and_where(void **state)
{
    const struct mark marks[] = {
        {.producer = {1}, .number = 7},
        {.producer = {2}, .number = 0}
    };
    struct answer answer = {.kind = ANSWER_WELCOME, .number = 3};
    (void)state;
    answer.of.welcome.version = 1;
    answer.of.welcome.agency = bytes_of_text("damkar");
    answer.of.welcome.head = 99;
    answer.of.welcome.marks = marks;
    answer.of.welcome.mark_count = 2;
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    const Kentongan__V1__Welcome *welcome = body->welcome;
    assert_int_equal(body->body_case, KENTONGAN__V1__FROM_BROKER__BODY_WELCOME);
    assert_string_equal(welcome->agency, "damkar");
    assert_string_equal(welcome->site, "Kota");
    assert_memory_equal(welcome->log->uuid.data, bench_site.uuid, 16);
    assert_true(welcome->log->incarnation == 1 && welcome->head == 99);
    assert_int_equal(welcome->limits->window_events, 512);
    assert_int_equal(welcome->n_marks, 2);
    assert_true(welcome->marks[0]->mark == 7 && welcome->marks[1]->producer.data[0] == 2);
    assert_true(welcome->now->seconds == wall_ms / 1000 && welcome->now->nanos == 123000000);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

static void receipts_carry_every_outcome(void **state)
{
    static const struct refusal conflict = {.code = "CONFLICT", .field = "id", .reason = ""};
    static const struct refusal busy = {.code = "BUSY", .reason = "later", .retry_after_ms = 250};
    /* clang-format off */
    const struct receipt receipts[] = {
        {.producer = {1}, .number = 1, .kind = RECEIPT_STORED, .seq = 12, .is_duplicate = true},
        {.producer = {1}, .number = 2, .kind = RECEIPT_REFUSED, .refusal = conflict},
        {.producer = {1}, .number = 3, .kind = RECEIPT_GAP, .mark = 1},
        {.producer = {1}, .number = 4, .kind = RECEIPT_REUSED, .mark = 9},
        {.producer = {1}, .number = 5, .kind = RECEIPT_SKIPPED, .mark = 9},
        {.producer = {1}, .number = 6, .kind = RECEIPT_REFUSED, .refusal = busy},
    };
    /* clang-format on */
    struct answer answer = {.kind = ANSWER_RECEIPTS, .number = 4};
    (void)state;
    answer.of.receipts.receipts = receipts;
    answer.of.receipts.count = COUNT_OF(receipts);
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    Kentongan__V1__Receipt **list = body->receipts->receipts;
    assert_int_equal(body->receipts->n_receipts, COUNT_OF(receipts));
    assert_true(list[0]->stored->seq == 12 && list[0]->stored->duplicate);
    assert_string_equal(list[1]->refused->code, "CONFLICT");
    assert_string_equal(list[1]->refused->field, "id");
    assert_true(strlen(list[1]->refused->reason) > 0);
    assert_false(list[1]->refused->retryable);
    assert_true(list[2]->gap->mark == 1);
    assert_true(list[3]->number_reused->mark == 9);
    assert_true(list[4]->number_skipped->mark == 9);
    assert_true(list[5]->refused->retryable);
    assert_string_equal(list[5]->refused->reason, "later");
    assert_int_equal(list[5]->refused->retry_after_ms, 250);
    assert_memory_equal(body->receipts->log->uuid.data, bench_site.uuid, 16);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

static void a_publish_of_the_largest_size_gets_all_its_receipts(void **state)
{
    static struct receipt receipts[PRESCAN_ITEMS_MAX];
    struct answer answer = {.kind = ANSWER_RECEIPTS, .number = 4};
    (void)state;
    for (uint32_t i = 0; i < PRESCAN_ITEMS_MAX; i++) {
        receipts[i] = (struct receipt){
            .number = i + 1,
            .kind = RECEIPT_REFUSED,
            .refusal = {.code = "RIGHTS", .field = "topic"}
        };
    }
    answer.of.receipts.receipts = receipts;
    answer.of.receipts.count = PRESCAN_ITEMS_MAX;
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    assert_int_equal(body->receipts->n_receipts, PRESCAN_ITEMS_MAX);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

static void the_small_answers_are_written(void **state)
{
    struct answer answer = {.kind = ANSWER_ACKED, .number = 8};
    (void)state;
    answer.of.acked.follow = 2;
    answer.of.acked.through = 50;
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    assert_true(body->acked->through == 50);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    answer = (struct answer){.kind = ANSWER_ENDED};
    answer.of.ended.follow = 2;
    answer.of.ended.refusal = (struct refusal){.code = "STORE_CORRUPT"};
    answer.of.ended.first = 5;
    answer.of.ended.last = 9;
    body = encode_one(&answer);
    assert_string_equal(body->ended->refusal->code, "STORE_CORRUPT");
    assert_true(body->ended->first == 5 && body->ended->last == 9);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    answer = (struct answer){.kind = ANSWER_ERROR, .number = 1};
    answer.of.error.refusal = (struct refusal){.code = "LOG_CHANGED"};
    answer.of.error.theirs = 7;
    answer.of.error.ours = 6;
    body = encode_one(&answer);
    assert_true(body->error->theirs == 7 && body->error->ours == 6);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    answer = (struct answer){.kind = ANSWER_PONG, .number = 1, .of.pong.head = 3};
    body = encode_one(&answer);
    assert_true(body->pong->head == 3);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    answer = (struct answer){.kind = ANSWER_BYE};
    body = encode_one(&answer);
    assert_int_equal(body->body_case, KENTONGAN__V1__FROM_BROKER__BODY_BYE);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

/* ---- second frames ---- */

static struct page *page_made(void)
{
    static struct made_item made[ITEMS];
    struct append_item items[ITEMS];
    static const uint8_t no_hash[CHUNK_HASH_BYTES];
    uint8_t hash[CHUNK_HASH_BYTES];
    uint64_t seed = 21;
    struct blob *chunk = NULL;
    struct page *page = NULL;
    for (uint32_t i = 0; i < ITEMS; i++) {
        item_make(&made[i], i + 1, i % 2 == 1, &seed);
        items[i] = made[i].item;
    }
    assert_int_equal(chunk_seal(items, ITEMS, no_hash, &chunk, hash), STATUS_OK);
    assert_int_equal(page_build(chunk, bench_site.secret, &page), STATUS_OK);
    blob_drop(chunk);
    return page;
}

static struct answer delivery_of(const struct page *page, const uint32_t *indexes,
                                 const uint8_t *personal, uint32_t count)
{
    struct answer answer = {.kind = ANSWER_DELIVER};
    answer.of.deliver = (struct deliver_answer){.follow = 4,
                                                .first = 1,
                                                .last = 9,
                                                .replay_through = 2,
                                                .page = page,
                                                .indexes = indexes,
                                                .personal = personal,
                                                .count = count};
    return answer;
}

static void a_whole_page_is_handed_on_without_a_copy(void **state)
{
    static const uint32_t indexes[ITEMS] = {0, 1, 2, 3, 4};
    static const uint8_t personal[ITEMS] = {1, 1, 1, 1, 1};
    struct page *page = page_made();
    struct answer answer = delivery_of(page, indexes, personal, ITEMS);
    struct blob *second = NULL;
    (void)state;
    answer.of.deliver.is_whole = true;
    Kentongan__V1__FromBroker *body = encode(&answer, &second);
    assert_int_equal(body->deliver->count, ITEMS);
    assert_true(body->deliver->last == 9 && body->deliver->replay_through == 2);
    assert_ptr_equal(blob_bytes(second).data, page->batch.data);
    page_drop(page);
    Kentongan__V1__Batch *batch =
        kentongan__v1__batch__unpack(NULL, blob_bytes(second).length, blob_bytes(second).data);
    assert_non_null(batch);
    assert_int_equal(batch->n_records, ITEMS);
    assert_int_equal(batch->n_personals, 2);
    kentongan__v1__batch__free_unpacked(batch, NULL);
    blob_drop(second);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

static void what_may_not_be_seen_is_left_out(void **state)
{
    static const uint32_t indexes[] = {1, 2, 3};
    static const uint8_t personal[] = {0, 1, 1};
    struct page *page = page_made();
    struct answer answer = delivery_of(page, indexes, personal, 3);
    struct blob *second = NULL;
    (void)state;
    Kentongan__V1__FromBroker *body = encode(&answer, &second);
    Kentongan__V1__Batch *batch =
        kentongan__v1__batch__unpack(NULL, blob_bytes(second).length, blob_bytes(second).data);
    assert_non_null(batch);
    assert_int_equal(batch->n_records, 3);
    assert_true(batch->records[0]->stamp->seq == 2 && batch->records[2]->stamp->seq == 4);
    assert_int_equal(batch->n_personals, 1);
    assert_true(batch->personals[0]->seq == 4);
    kentongan__v1__batch__free_unpacked(batch, NULL);
    blob_drop(second);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    page_drop(page);
}

static void a_bookmark_has_one_frame(void **state)
{
    struct answer answer = delivery_of(NULL, NULL, NULL, 0);
    (void)state;
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    assert_int_equal(body->deliver->count, 0);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

static void one_event_comes_with_or_without_its_persons(void **state)
{
    struct page *page = page_made();
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct answer answer = {.kind = ANSWER_EVENT, .number = 6};
        struct blob *second = NULL;
        answer.of.event.seq = 2;
        answer.of.event.page = page;
        answer.of.event.index = 1;
        answer.of.event.with_personal = with == 1;
        Kentongan__V1__FromBroker *body = encode(&answer, &second);
        Kentongan__V1__Batch *batch =
            kentongan__v1__batch__unpack(NULL, blob_bytes(second).length, blob_bytes(second).data);
        assert_true(body->answer->seq == 2);
        assert_int_equal(batch->n_records, 1);
        assert_int_equal(batch->n_personals, with);
        kentongan__v1__batch__free_unpacked(batch, NULL);
        blob_drop(second);
        kentongan__v1__from_broker__free_unpacked(body, NULL);
    }
    page_drop(page);
}

/* ---- resume ---- */

/* A follow of `filter` that goes on with `token`, which may be empty; `edit` changes it further. */
static void decode_follow(const char *filter, uint64_t seq, struct bytes token,
                          Kentongan__V1__Mode__Value mode)
{
    static uint8_t room[1024];
    char *filters[] = {TEXT(filter)};
    Kentongan__V1__Mode__Value modes[] = {mode};
    Kentongan__V1__ToBroker body = KENTONGAN__V1__TO_BROKER__INIT;
    Kentongan__V1__Follow follow = KENTONGAN__V1__FOLLOW__INIT;
    Kentongan__V1__From from = KENTONGAN__V1__FROM__INIT;
    from.at_case = KENTONGAN__V1__FROM__AT_SEQ;
    from.seq = seq;
    follow.follow = 1;
    follow.filters = filters;
    follow.n_filters = 1;
    follow.modes = modes;
    follow.n_modes = 1;
    follow.from = &from;
    follow.resume = (ProtobufCBinaryData){.len = token.length, .data = (uint8_t *)token.data};
    body.request = 1;
    body.body_case = KENTONGAN__V1__TO_BROKER__BODY_FOLLOW;
    body.follow = &follow;
    size_t length = kentongan__v1__to_broker__pack(&body, room);
    bench_decode(bytes_of(room, length), (struct bytes){0});
}

static size_t token_get(uint8_t token[64])
{
    const struct bytes filters[] = {
        {(const uint8_t *)"62/71/#", 7}
    };
    struct answer answer = {.kind = ANSWER_FOLLOWING, .number = 1};
    decode_follow("#", 1, (struct bytes){0}, KENTONGAN__V1__MODE__VALUE__ACTUAL);
    assert_int_equal(bench_request.kind, REQUEST_FOLLOW);
    assert_false(bench_request.of.follow.is_resumed);
    answer.of.following = (struct following_answer){.follow = 1,
                                                    .first = 41,
                                                    .head = 50,
                                                    .origin = 40,
                                                    .filters = filters,
                                                    .filter_count = 1,
                                                    .is_narrowed = true,
                                                    .is_resumable = true,
                                                    .since = 33};
    memcpy(answer.of.following.selection, bench_request.of.follow.selection, SELECTION_BYTES);
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    assert_string_equal(body->following->filters[0], "62/71/#");
    assert_true(body->following->narrowed && body->following->origin == 40);
    size_t length = body->following->resume.len;
    assert_in_range(length, 1, 64);
    memcpy(token, body->following->resume.data, length);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
    return length;
}

static void a_follow_goes_on_with_its_token(void **state)
{
    uint8_t token[64];
    (void)state;
    size_t length = token_get(token);
    decode_follow("#", 45, bytes_of(token, length), KENTONGAN__V1__MODE__VALUE__ACTUAL);
    assert_int_equal(bench_request.kind, REQUEST_FOLLOW);
    assert_true(bench_request.of.follow.is_resumed);
    assert_true(bench_request.of.follow.resume_since == 33);
    assert_true(bench_request.of.follow.resume_origin == 40);
}

static void a_token_is_good_for_its_own_follow_only(void **state)
{
    uint8_t token[64];
    (void)state;
    size_t length = token_get(token);
    decode_follow("62/#", 45, bytes_of(token, length), KENTONGAN__V1__MODE__VALUE__ACTUAL);
    bench_assert_bad("RESUME_INVALID", "follow.resume");
    decode_follow("#", 45, bytes_of(token, length), KENTONGAN__V1__MODE__VALUE__EXERCISE);
    bench_assert_bad("RESUME_INVALID", "follow.resume");
    for (size_t i = 0; i < length; i++) {
        token[i] ^= 0x10;
        decode_follow("#", 45, bytes_of(token, length), KENTONGAN__V1__MODE__VALUE__ACTUAL);
        bench_assert_bad("RESUME_INVALID", "follow.resume");
        token[i] ^= 0x10;
    }
    struct wire_options restored = bench_site;
    restored.incarnation = 2;
    wire_free(bench_wire);
    bench_wire = wire_new(&restored);
    decode_follow("#", 45, bytes_of(token, length), KENTONGAN__V1__MODE__VALUE__ACTUAL);
    bench_assert_bad("RESUME_INVALID", "follow.resume");
}

static void a_follow_with_a_cursor_gets_no_token(void **state)
{
    struct answer answer = {.kind = ANSWER_FOLLOWING, .number = 1};
    (void)state;
    Kentongan__V1__FromBroker *body = encode_one(&answer);
    assert_int_equal(body->following->resume.len, 0);
    kentongan__v1__from_broker__free_unpacked(body, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_BENCH(a_welcome_says_who_and_where),
        ON_BENCH(receipts_carry_every_outcome),
        ON_BENCH(a_publish_of_the_largest_size_gets_all_its_receipts),
        ON_BENCH(the_small_answers_are_written),
        ON_BENCH(a_whole_page_is_handed_on_without_a_copy),
        ON_BENCH(what_may_not_be_seen_is_left_out),
        ON_BENCH(a_bookmark_has_one_frame),
        ON_BENCH(one_event_comes_with_or_without_its_persons),
        ON_BENCH(a_follow_goes_on_with_its_token),
        ON_BENCH(a_token_is_good_for_its_own_follow_only),
        ON_BENCH(a_follow_with_a_cursor_gets_no_token),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
