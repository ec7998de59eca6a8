/* core_rig_ear.c - one line an answer; deliveries are checked as they are written down.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_rig_ear.h"

#include <stdio.h>

#include "tests/unit/check.h"

static void ear_note(struct ear *ear, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void ear_note(struct ear *ear, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vsnprintf(ear->text + ear->used, EAR_TEXT_BYTES - ear->used, format, values);
    va_end(values);
    assert_true(length >= 0);
    ear->used += (size_t)length;
    ear->used = ear->used < EAR_TEXT_BYTES ? ear->used : EAR_TEXT_BYTES - 1;
}

struct ear *rig_ears_of(struct rig_ears *ears, uint64_t peer)
{
    assert_true(peer > 0 && peer < EARS_MAX && ears->ears[peer].text != NULL);
    return &ears->ears[peer];
}

void rig_ears_open(struct rig_ears *ears, uint64_t peer, const char *agency)
{
    assert_true(peer > 0 && peer < EARS_MAX && ears->ears[peer].text == NULL);
    struct ear *ear = &ears->ears[peer];
    ear->text = calloc(2, EAR_TEXT_BYTES);
    assert_non_null(ear->text);
    ear->taken = ear->text + EAR_TEXT_BYTES;
    ear->is_open = true;
    snprintf(ear->agency, sizeof ear->agency, "%s", agency);
}

void rig_ears_close_all(struct rig_ears *ears)
{
    for (uint32_t peer = 0; peer < EARS_MAX; peer++) {
        ears->ears[peer].is_open = false;
    }
}

void rig_ears_free(struct rig_ears *ears)
{
    for (uint32_t peer = 0; peer < EARS_MAX; peer++) {
        struct ear *ear = &ears->ears[peer];
        free(ear->text < ear->taken ? ear->text : ear->taken);
    }
}

const char *ear_take(struct ear *ear)
{
    char *taken = ear->text;
    ear->text = ear->taken;
    ear->taken = taken;
    ear->text[0] = '\0';
    ear->used = 0;
    return taken;
}

struct ear_follow *ear_follow_of(struct ear *ear, uint64_t id)
{
    for (uint32_t index = 0; index < EAR_FOLLOWS_MAX; index++) {
        if (ear->follows[index].is_asked && ear->follows[index].id == id) {
            return &ear->follows[index];
        }
    }
    return NULL;
}

void rig_ears_expect(struct rig_ears *ears, uint64_t peer, const struct follow_request *request,
                     uint64_t number)
{
    struct ear *ear = rig_ears_of(ears, peer);
    if (ear_follow_of(ear, request->follow) != NULL) {
        return; /* that one goes on: the second will be refused */
    }
    struct ear_follow *follow = NULL;
    for (uint32_t index = 0; follow == NULL && index < EAR_FOLLOWS_MAX; index++) {
        follow = ear->follows[index].is_asked ? NULL : &ear->follows[index];
    }
    assert_non_null(follow);
    *follow = (struct ear_follow){
        .id = request->follow,
        .request = number,
        .modes = request->modes,
        .credit_events = request->credit_events,
        .credit_bytes = (int64_t)request->credit_bytes,
        .min_priority = request->min_priority,
        .is_replay = request->is_replay,
        .filter_count = request->filter_count,
        .is_asked = true,
    };
    assert_true(request->filter_count <= COUNT_OF(follow->filters));
    for (uint32_t index = 0; index < request->filter_count; index++) {
        snprintf(follow->filters[index], sizeof follow->filters[index], "%.*s",
                 (int)request->filters[index].length, (const char *)request->filters[index].data);
    }
}

bool ear_follow_wants(const struct ear_follow *follow, const struct record *record)
{
    bool is_matched = false;
    for (uint32_t index = 0; index < follow->filter_count; index++) {
        struct bytes filter = bytes_of_text(follow->filters[index]);
        is_matched = is_matched || topic_matches(filter, record->topic);
    }
    return is_matched && (follow->modes >> record->mode & 1) != 0 &&
           record->priority >= follow->min_priority;
}

void rig_ears_grant(struct rig_ears *ears, uint64_t peer, uint64_t id, uint64_t events,
                    uint64_t bytes)
{
    struct ear_follow *follow = ear_follow_of(rig_ears_of(ears, peer), id);
    if (follow != NULL) {
        follow->credit_events += events;
        follow->credit_bytes += (int64_t)bytes;
    }
}

void rig_ears_forget(struct rig_ears *ears, uint64_t peer, uint64_t id)
{
    struct ear_follow *follow = ear_follow_of(rig_ears_of(ears, peer), id);
    if (follow != NULL) {
        follow->is_asked = false;
    }
}

static void hear_receipts(struct ear *ear, const struct answer *answer, uint64_t durable)
{
    for (uint32_t index = 0; index < answer->of.receipts.count; index++) {
        const struct receipt *receipt = &answer->of.receipts.receipts[index];
        if (receipt->kind == RECEIPT_STORED) {
            assert_true(receipt->seq <= durable);
            ear_note(ear, "stored %llu%s\n", (unsigned long long)receipt->seq,
                     receipt->is_duplicate ? " again" : "");
        } else if (receipt->kind == RECEIPT_REFUSED) {
            ear_note(ear, "refused %s\n", receipt->refusal.code);
        } else {
            ear_note(ear, "mark %llu\n", (unsigned long long)receipt->mark);
        }
    }
}

static void hear_following(struct ear *ear, const struct answer *answer)
{
    const struct following_answer *following = &answer->of.following;
    ear_note(ear, "following %llu from %llu head %llu", (unsigned long long)following->follow,
             (unsigned long long)following->first, (unsigned long long)following->head);
    if (following->through != 0) {
        ear_note(ear, " through %llu", (unsigned long long)following->through);
    }
    for (uint32_t index = 0; following->is_narrowed && index < following->filter_count; index++) {
        ear_note(ear, "%s %.*s", index == 0 ? " narrowed to" : "",
                 (int)following->filters[index].length,
                 (const char *)following->filters[index].data);
    }
    ear_note(ear, "%s\n", following->is_created ? " created" : "");
    struct ear_follow *follow = ear_follow_of(ear, following->follow);
    assert_non_null(follow);
    follow->next = following->first;
}

static void check_record(const struct ear_follow *follow, const struct deliver_answer *deliver,
                         uint32_t index)
{
    const struct record *record = &deliver->page->records[deliver->indexes[index]];
    assert_true(index == 0 || deliver->indexes[index] > deliver->indexes[index - 1]);
    assert_true(record->seq >= deliver->first && record->seq <= deliver->last);
    assert_true(ear_follow_wants(follow, record));
    assert_true(record->personal_length > 0 || deliver->personal[index] == 0);
}

static void hear_records(struct ear *ear, struct ear_follow *follow,
                         const struct deliver_answer *deliver)
{
    bool is_whole = deliver->count > 0 && deliver->count == page_count(deliver->page);
    for (uint32_t index = 0; index < deliver->count; index++) {
        const struct record *record = &deliver->page->records[deliver->indexes[index]];
        check_record(follow, deliver, index);
        /* «The broker sends as long as both credits are above zero.» */
        assert_true(follow->credit_events > 0 && follow->credit_bytes > 0);
        follow->credit_events--;
        follow->credit_bytes -= record->length;
        follow->credit_bytes -= deliver->personal[index] ? record->personal_length : 0;
        is_whole = is_whole && (record->personal_length == 0 || deliver->personal[index]);
        ear_note(ear, " %llu%s%s", (unsigned long long)record->seq,
                 record->seq <= deliver->replay_through ? "r" : "",
                 deliver->personal[index] ? "p" : "");
    }
    assert_int_equal(deliver->is_whole, is_whole);
}

static void hear_deliver(struct ear *ear, const struct answer *answer, uint64_t durable)
{
    const struct deliver_answer *deliver = &answer->of.deliver;
    struct ear_follow *follow = ear_follow_of(ear, deliver->follow);
    assert_non_null(follow);
    assert_true(follow->next != 0 && deliver->first == follow->next);
    assert_true(deliver->last >= deliver->first && deliver->last <= durable);
    follow->next = deliver->last + 1;
    ear_note(ear, "%llu: %llu-%llu =", (unsigned long long)deliver->follow,
             (unsigned long long)deliver->first, (unsigned long long)deliver->last);
    hear_records(ear, follow, deliver);
    ear_note(ear, "\n");
}

static void hear_ended(struct ear *ear, const struct answer *answer)
{
    ear_note(ear, "ended %llu %s", (unsigned long long)answer->of.ended.follow,
             answer->of.ended.refusal.code);
    if (answer->of.ended.first != 0) {
        ear_note(ear, " %llu-%llu", (unsigned long long)answer->of.ended.first,
                 (unsigned long long)answer->of.ended.last);
    }
    ear_note(ear, "\n");
    struct ear_follow *follow = ear_follow_of(ear, answer->of.ended.follow);
    assert_non_null(follow);
    follow->is_asked = false;
}

static void hear_error(struct ear *ear, const struct answer *answer)
{
    for (uint32_t index = 0; index < EAR_FOLLOWS_MAX; index++) {
        struct ear_follow *follow = &ear->follows[index];
        follow->is_asked = follow->is_asked && follow->request != answer->number;
    }
    ear_note(ear, "error %s", answer->of.error.refusal.code);
    if (strcmp(answer->of.error.refusal.code, "LOG_CHANGED") == 0) {
        ear_note(ear, " %llu %llu", (unsigned long long)answer->of.error.theirs,
                 (unsigned long long)answer->of.error.ours);
    }
    ear_note(ear, "\n");
}

static void hear_event(struct ear *ear, const struct answer *answer)
{
    const struct record *record = &answer->of.event.page->records[answer->of.event.index];
    assert_int_equal(record->seq, answer->of.event.seq);
    ear_note(ear, "event %llu%s\n", (unsigned long long)record->seq,
             answer->of.event.with_personal ? "p" : "");
}

bool rig_ears_hear(struct rig_ears *ears, const struct answer *answer, uint64_t durable)
{
    struct ear *ear = rig_ears_of(ears, answer->peer);
    assert_true(ear->is_open);
    switch (answer->kind) {
    case ANSWER_WELCOME:
        ear_note(ear, "welcome %llu\n", (unsigned long long)answer->of.welcome.head);
        break;
    case ANSWER_RECEIPTS:
        hear_receipts(ear, answer, durable);
        break;
    case ANSWER_FOLLOWING:
        hear_following(ear, answer);
        break;
    case ANSWER_DELIVER:
        if (ear->is_clogged) {
            return false;
        }
        hear_deliver(ear, answer, durable);
        break;
    case ANSWER_ACKED:
        ear_note(ear, "acked %llu through %llu\n", (unsigned long long)answer->of.acked.follow,
                 (unsigned long long)answer->of.acked.through);
        break;
    case ANSWER_ENDED:
        hear_ended(ear, answer);
        break;
    case ANSWER_EVENT:
        hear_event(ear, answer);
        break;
    case ANSWER_PONG:
        ear_note(ear, "pong %llu\n", (unsigned long long)answer->of.pong.head);
        break;
    case ANSWER_BYE:
        ear_note(ear, "bye\n");
        break;
    case ANSWER_ERROR:
        hear_error(ear, answer);
        break;
    }
    return true;
}

void rig_ears_drop(struct rig_ears *ears, uint64_t peer, const char *reason)
{
    struct ear *ear = rig_ears_of(ears, peer);
    ear_note(ear, "dropped %s\n", reason);
    ear->is_open = false;
}
