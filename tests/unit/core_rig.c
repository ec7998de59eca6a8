/* core_rig.c - performs effects in order, feeds answers one at a time, and writes down what was
 * said.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_rig.h"

#include <assert.h>
#include <stdio.h>

#include "tests/support/allocation_guard.h"
#include "tests/unit/check.h"
#include "tests/unit/core_rig_ear.h"
#include "tests/unit/core_rig_policy.h"
#include "tests/unit/core_rig_store.h"

enum { FRAMES_MAX = 100000, PARTS_MAX = 32, FIRST_MS = 1000000, RUN_STEPS_MAX = 200000 };

/* A publish, held until the rig goes: the core may not be the last to drop it. */
struct rig_frame {
    struct blob *blob;
};

struct rig {
    struct core *core;
    struct core_limits limits;
    struct effects fx;
    struct rig_store store;
    struct rig_ears ears;
    struct rig_frame *frames;
    uint32_t frame_count;
    uint64_t peers, requests, events;
    uint64_t now_ms;
    int64_t wall_ms;
    uint64_t policy_version;
    uint32_t steps;
    char policy[RIG_POLICY_BYTES];
    bool expects_all;
};

void rig_limits(struct core_limits *limits)
{
    core_limits_default(limits);
    limits->sessions = 16;
    limits->agencies = 8;
    limits->policy_lines = 64;
    limits->follows = 32;
    limits->follows_session = 16;
    limits->filter_bytes = (size_t)256 * 1024;
    limits->cursors_agency = 3;
    limits->producers = 64;
    limits->producers_agency = 32;
    limits->rings = 8;
    limits->id_window_events = 4096;
    limits->pending_events = 1024;
    limits->pending_bytes = 1 << 20;
    limits->pages = 4;
    limits->reads = 4;
    limits->match_entries = 256;
}

/* ---- what must hold ---- */

static void check_rights(struct rig *rig, const struct answer *answer)
{
    const struct deliver_answer *deliver = &answer->of.deliver;
    struct ear *ear = rig_ears_of(&rig->ears, answer->peer);
    const struct ear_follow *follow = ear_follow_of(ear, deliver->follow);
    const char *right = follow->is_replay ? "replay" : "subscribe";
    for (uint32_t index = 0; index < deliver->count; index++) {
        const struct record *record = &deliver->page->records[deliver->indexes[index]];
        assert_true(rig_policy_grants(rig->policy, ear->agency, right, record->topic));
        assert_true(deliver->personal[index] == 0 ||
                    rig_policy_grants(rig->policy, ear->agency, "personal", record->topic));
    }
}

/* Every event of the range that the follow asked for is in the delivery. */
static void check_all(struct rig *rig, const struct answer *answer)
{
    const struct deliver_answer *deliver = &answer->of.deliver;
    struct ear *ear = rig_ears_of(&rig->ears, answer->peer);
    const struct ear_follow *follow = ear_follow_of(ear, deliver->follow);
    uint32_t found = 0;
    for (uint32_t index = rig_store_page_of(&rig->store, deliver->first);
         index < rig->store.page_count && rig->store.pages[index].page->first <= deliver->last;
         index++) {
        const struct page *page = rig->store.pages[index].page;
        for (uint32_t place = 0; place < page_count(page); place++) {
            const struct record *record = &page->records[place];
            found += record->seq >= deliver->first && record->seq <= deliver->last &&
                     ear_follow_wants(follow, record);
        }
    }
    assert_int_equal(found, deliver->count);
}

static void rig_check(struct rig *rig, const struct answer *answer)
{
    if (answer->kind == ANSWER_DELIVER) {
        check_rights(rig, answer);
    }
    if (answer->kind == ANSWER_DELIVER && rig->expects_all) {
        check_all(rig, answer);
    }
}

void rig_expect_all(struct rig *rig)
{
    rig->expects_all = true;
}

uint64_t rig_covered(struct rig *rig, uint64_t peer, uint64_t follow)
{
    const struct ear_follow *mine = ear_follow_of(rig_ears_of(&rig->ears, peer), follow);
    return mine == NULL || mine->next == 0 ? 0 : mine->next - 1;
}

bool rig_is_followed(struct rig *rig, uint64_t peer, uint64_t follow)
{
    return ear_follow_of(rig_ears_of(&rig->ears, peer), follow) != NULL;
}

/* ---- steps ---- */

static void rig_perform(struct rig *rig)
{
    for (uint32_t index = 0; index < rig->fx.count; index++) {
        const struct effect *effect = &rig->fx.list[index];
        if (effect->kind == FX_SEND) {
            rig_check(rig, &effect->of.send);
            bool has_left = rig_ears_hear(&rig->ears, &effect->of.send, rig->store.last);
            if (!has_left) {
                rig_store_push_unsent(&rig->store, &effect->of.send);
            }
        } else if (effect->kind == FX_DROP) {
            rig_ears_drop(&rig->ears, effect->of.drop.peer, effect->of.drop.reason);
        } else {
            rig_store_take(&rig->store, effect, rig->wall_ms);
        }
    }
}

static void rig_feed(struct rig *rig, struct input *input)
{
    input->now_ms = rig->now_ms;
    input->wall_ms = rig->wall_ms;
    allocation_guard_forbid();
    core_step(rig->core, input, &rig->fx);
    allocation_guard_allow();
    rig->steps++;
    rig_perform(rig);
    page_maker_free_released();
}

/* Until nothing is left to do. */
static void rig_run(struct rig *rig)
{
    for (uint32_t step = 0; step < RUN_STEPS_MAX; step++) {
        struct input input = {.kind = IN_TICK};
        bool is_answer = rig_store_next(&rig->store, &input);
        if (!is_answer && core_deadline_ms(rig->core) > rig->now_ms) {
            return;
        }
        rig_feed(rig, &input);
        rig_store_done(&input);
    }
    fail_msg("the core finds no rest");
}

static void rig_request(struct rig *rig, struct request *request)
{
    struct input input = {.kind = IN_REQUEST};
    request->number = ++rig->requests;
    input.of.request = *request;
    rig_feed(rig, &input);
    rig_run(rig);
}

/* ---- policy ---- */

static void rig_offer_policy(struct rig *rig)
{
    struct rig_policy *policy = calloc(1, sizeof *policy);
    assert_non_null(policy);
    rig_policy_parse(policy, rig->policy);
    struct input input = {.kind = IN_POLICY};
    input.of.policy.agencies = policy->agencies;
    input.of.policy.agency_count = policy->agency_count;
    input.of.policy.version = ++rig->policy_version;
    rig_feed(rig, &input);
    free(policy);
    rig_run(rig);
}

void rig_policy(struct rig *rig, const char *text)
{
    snprintf(rig->policy, sizeof rig->policy, "%s", text);
    rig_offer_policy(rig);
}

/* ---- life ---- */

static void rig_start(struct rig *rig)
{
    rig->core = core_new(&rig->limits);
    assert_non_null(rig->core);
    struct input input = {.kind = IN_START};
    rig_store_describe(&rig->store, &input);
    rig_feed(rig, &input);
    struct input recover = {.kind = IN_RECOVER};
    rig_feed(rig, &recover);
    rig_offer_policy(rig);
}

struct rig *rig_new(const struct core_limits *limits, uint32_t effects, size_t scratch_bytes)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->limits = *limits;
    rig->now_ms = FIRST_MS;
    rig->wall_ms = FIRST_MS;
    rig->frames = calloc(FRAMES_MAX, sizeof *rig->frames);
    assert_non_null(rig->frames);
    assert_int_equal(effects_init(&rig->fx, effects, scratch_bytes), STATUS_OK);
    rig_store_init(&rig->store);
    rig_start(rig);
    return rig;
}

void rig_free(struct rig *rig)
{
    core_free(rig->core);
    rig_store_deinit(&rig->store);
    effects_deinit(&rig->fx);
    for (uint32_t index = 0; index < rig->frame_count; index++) {
        blob_drop(rig->frames[index].blob);
    }
    free(rig->frames);
    rig_ears_free(&rig->ears);
    free(rig);
    assert_int_equal(page_maker_free_released(), 0);
}

void rig_crash(struct rig *rig)
{
    core_free(rig->core);
    rig_store_crash(&rig->store);
    rig_ears_close_all(&rig->ears);
    page_maker_free_released();
    rig_start(rig);
}

void rig_lose_tail(struct rig *rig, uint32_t pages)
{
    rig_store_lose_tail(&rig->store, pages);
}

void rig_restore(struct rig *rig)
{
    rig->store.incarnation++;
    rig_crash(rig);
}

/* ---- peers ---- */

static void producer_of(uint64_t peer, uint8_t producer[PRODUCER_BYTES])
{
    memset(producer, 0xab, PRODUCER_BYTES);
    memcpy(producer, &peer, sizeof peer);
}

uint64_t rig_connect(struct rig *rig, const char *agency)
{
    uint64_t peer = ++rig->peers;
    uint8_t producers[1][PRODUCER_BYTES];
    struct request request = {.kind = REQUEST_HELLO, .peer = peer};
    producer_of(peer, producers[0]);
    rig_policy_key(agency, request.of.hello.key_id);
    request.of.hello.version_min = request.of.hello.version_max = 1;
    request.of.hello.agency = bytes_of_text(agency);
    request.of.hello.producers = (const uint8_t(*)[PRODUCER_BYTES])producers;
    request.of.hello.producer_count = 1;
    rig_ears_open(&rig->ears, peer, agency);
    rig_request(rig, &request);
    return peer;
}

void rig_disconnect(struct rig *rig, uint64_t peer)
{
    struct input input = {.kind = IN_CLOSED};
    input.of.closed.peer = peer;
    rig_ears_drop(&rig->ears, peer, "closed");
    rig_feed(rig, &input);
    rig_run(rig);
}

static void item_fill(struct rig *rig, struct publish_item *item, struct ear *ear, uint64_t peer,
                      const struct rig_sent *sent)
{
    *item = (struct publish_item){
        .sent = bytes_of(sent, sizeof *sent),
        .personal = bytes_of(sent, sent->event.personal_length > 0 ? 8 : 0),
    };
    struct event_facts *facts = &item->facts.event;
    facts->topic = bytes_of_text(sent->topic);
    facts->source = bytes_of_text(ear->agency);
    facts->incident = bytes_of_text(sent->incident);
    facts->category = sent->event.category;
    facts->mode = sent->event.mode;
    facts->kind = sent->event.kind;
    facts->priority = sent->event.priority;
    facts->occurred_at_ms = rig->wall_ms;
    item->facts.sent_at_ms = rig->wall_ms;
    producer_of(peer, item->facts.producer);
    item->facts.after = ear->published;
    item->facts.number = ++ear->published;
}

void rig_publish_many(struct rig *rig, uint64_t peer, const struct made_event *events,
                      uint32_t count)
{
    struct ear *ear = rig_ears_of(&rig->ears, peer);
    struct blob *frame = blob_new_empty(count * sizeof(struct rig_sent));
    struct publish_item *items = calloc(count, sizeof *items);
    uint8_t(*keys)[ID_BYTES] = calloc(count, sizeof *keys);
    uint64_t *digests = calloc(count, sizeof *digests);
    assert(frame != NULL && items != NULL && keys != NULL && digests != NULL);
    struct rig_sent *sent = (struct rig_sent *)(void *)blob_room(frame);
    for (uint32_t index = 0; index < count; index++) {
        rig->events++;
        memcpy(keys[index], &rig->events, sizeof rig->events);
        digests[index] = rig->events;
        rig_sent_fill(&sent[index], &events[index], keys[index], rig->events);
        item_fill(rig, &items[index], ear, peer, &sent[index]);
        producer_of(peer, sent[index].producer);
        sent[index].number = items[index].facts.number;
        sent[index].after = items[index].facts.after;
    }
    assert_true(rig->frame_count < FRAMES_MAX);
    rig->frames[rig->frame_count++].blob = frame;
    struct request request = {.kind = REQUEST_PUBLISH, .peer = peer};
    request.of.publish.frame = frame;
    request.of.publish.items = items;
    request.of.publish.window_keys = (const uint8_t(*)[ID_BYTES])keys;
    request.of.publish.digests = digests;
    request.of.publish.count = count;
    rig_request(rig, &request);
    free(digests);
    free(keys);
    free(items);
}

void rig_publish(struct rig *rig, uint64_t peer, struct made_event event)
{
    rig_publish_many(rig, peer, &event, 1);
}

struct follow_request rig_follow_request(uint64_t follow, const char *filter)
{
    static struct bytes filters[64];
    static uint32_t turn;
    struct bytes *mine = &filters[turn++ % COUNT_OF(filters)];
    *mine = bytes_of_text(filter);
    return (struct follow_request){
        .follow = follow,
        .filters = mine,
        .filter_count = 1,
        .modes = 1u << MODE_ACTUAL,
        .credit_events = 1000000,
        .credit_bytes = 1000000000,
        .through_time_ms = INT64_MAX,
    };
}

void rig_follow(struct rig *rig, uint64_t peer, struct follow_request follow)
{
    struct request request = {.kind = REQUEST_FOLLOW, .peer = peer};
    request.of.follow = follow;
    rig_ears_expect(&rig->ears, peer, &follow, rig->requests + 1);
    rig_request(rig, &request);
}

void rig_follow_from(struct rig *rig, uint64_t peer, const char *filter, enum from_kind from,
                     uint64_t value)
{
    struct follow_request request = rig_follow_request(1, filter);
    request.from = from;
    request.from_value = value;
    rig_follow(rig, peer, request);
}

void rig_credit(struct rig *rig, uint64_t peer, uint64_t follow, uint64_t events, uint64_t bytes)
{
    struct request request = {
        .kind = REQUEST_CREDIT, .peer = peer, .of.credit = {follow, events, bytes}
    };
    rig_ears_grant(&rig->ears, peer, follow, events, bytes);
    rig_request(rig, &request);
}

void rig_ack(struct rig *rig, uint64_t peer, uint64_t follow, uint64_t through)
{
    struct request request = {.kind = REQUEST_ACK, .peer = peer};
    request.of.ack.follow = follow;
    request.of.ack.through = through;
    rig_request(rig, &request);
}

void rig_unfollow(struct rig *rig, uint64_t peer, uint64_t follow)
{
    struct request request = {.kind = REQUEST_UNFOLLOW, .peer = peer};
    request.of.unfollow.follow = follow;
    rig_ears_forget(&rig->ears, peer, follow);
    rig_request(rig, &request);
}

void rig_get(struct rig *rig, uint64_t peer, uint64_t seq, uint32_t modes)
{
    struct request request = {.kind = REQUEST_GET, .peer = peer};
    request.of.get.seq = seq;
    request.of.get.modes = modes;
    rig_request(rig, &request);
}

void rig_ping(struct rig *rig, uint64_t peer)
{
    rig_request(rig, &(struct request){.kind = REQUEST_PING, .peer = peer});
}

void rig_drain(struct rig *rig)
{
    rig_feed(rig, &(struct input){.kind = IN_DRAINED});
    rig_run(rig);
}

/* ---- the world ---- */

void rig_wait_ms(struct rig *rig, uint64_t ms)
{
    rig->now_ms += ms;
    rig->wall_ms += (int64_t)ms;
    rig_run(rig);
}

void rig_set_wall_ms(struct rig *rig, int64_t wall_ms)
{
    rig->wall_ms = wall_ms;
}

const char *rig_heard(struct rig *rig, uint64_t peer)
{
    return ear_take(rig_ears_of(&rig->ears, peer));
}

void rig_hold(struct rig *rig, uint32_t holds)
{
    rig->store.holds = holds;
    rig_run(rig);
}

void rig_damage(struct rig *rig, uint64_t first, uint64_t last)
{
    rig->store.damaged_first = first;
    rig->store.damaged_last = last;
}

void rig_fill_disk(struct rig *rig, bool is_full)
{
    rig->store.is_full = is_full;
}

void rig_clog(struct rig *rig, uint64_t peer, bool is_clogged)
{
    rig_ears_of(&rig->ears, peer)->is_clogged = is_clogged;
}

uint32_t rig_reads(const struct rig *rig)
{
    return rig->store.reads;
}

uint32_t rig_saves(const struct rig *rig)
{
    return rig->store.saves;
}

uint32_t rig_steps(const struct rig *rig)
{
    return rig->steps;
}

uint32_t rig_unsent(const struct rig *rig)
{
    return rig->store.unsent;
}

const struct core *rig_core(const struct rig *rig)
{
    return rig->core;
}
