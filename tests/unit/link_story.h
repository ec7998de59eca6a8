/* link_story.h - the client machine alone with a broker whose every word is scripted.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_LINK_STORY_H
#define TESTS_UNIT_LINK_STORY_H

#include "clients/c/src/link.h"
#include "tests/support/allocation_guard.h"
#include "tests/unit/check.h"

enum { STORY_BEAT_MS = 5000 };

struct story {
    struct link *link;
    struct link_effects fx;
    uint64_t now_ms;
    struct link_log log;
    struct link_event event; /* what every published event is */
    bool is_connecting;      /* FX_CONNECT was seen and not answered */
};

static inline void story_step(struct story *story, struct link_input *input)
{
    input->now_ms = story->now_ms;
    input->wall_ms = 1700000000000 + (int64_t)story->now_ms;
    allocation_guard_forbid();
    link_step(story->link, input, &story->fx);
    allocation_guard_allow();
    for (uint32_t i = 0; i < story->fx.count; i++)
        story->is_connecting |= story->fx.list[i].kind == LINK_FX_CONNECT;
}

static inline void story_tick(struct story *story, uint64_t later_ms)
{
    story->now_ms += later_ms;
    struct link_input input = {.kind = LINK_IN_TICK};
    story_step(story, &input);
}

/* The effect of that kind number `index`, or NULL. */
static inline const struct link_effect *story_effect(const struct story *story,
                                                     enum link_effect_kind kind, uint32_t index)
{
    for (uint32_t i = 0; i < story->fx.count; i++)
        if (story->fx.list[i].kind == kind && index-- == 0)
            return &story->fx.list[i];
    return NULL;
}

/* The message of that kind that was sent, or NULL. */
static inline const struct link_said *story_said(const struct story *story,
                                                 enum link_said_kind kind, uint32_t index)
{
    for (uint32_t i = 0; i < story->fx.count; i++)
        if (story->fx.list[i].kind == LINK_FX_SEND && story->fx.list[i].of.send.kind == kind &&
            index-- == 0)
            return &story->fx.list[i].of.send;
    return NULL;
}

static inline void story_hear(struct story *story, const struct link_heard *heard)
{
    struct link_input input = {.kind = LINK_IN_HEARD};
    input.of.heard = heard;
    story_step(story, &input);
}

static inline void story_open(struct story *story)
{
    struct link_options options;
    *story = (struct story){
        .now_ms = 1000, .log = {.uuid = {7}, .incarnation = 1}
    };
    story->event.event = bytes_of_text("event");
    link_options_default(&options);
    options.seed = 42;
    options.client = bytes_of_text("story/1");
    memset(options.producers[0], 0xa0, PRODUCER_BYTES);
    memset(options.producers[1], 0xb0, PRODUCER_BYTES);
    story->link = link_new(&options);
    assert_non_null(story->link);
    assert_true(link_effects_init(&story->fx, story->link));
}

static inline void story_end(struct story *story)
{
    link_effects_deinit(&story->fx);
    link_free(story->link);
}

/* Connects until hello was said; returns its request. */
static inline uint64_t story_hello(struct story *story)
{
    uint64_t deadline = link_deadline_ms(story->link);
    if (!story->is_connecting)
        story_tick(story, deadline > story->now_ms ? deadline - story->now_ms : 0);
    assert_true(story->is_connecting);
    story->is_connecting = false;
    struct link_input input = {.kind = LINK_IN_CONNECTED};
    story_step(story, &input);
    const struct link_said *hello = story_said(story, LINK_SAY_HELLO, 0);
    assert_non_null(hello);
    assert_int_equal(hello->of.hello.producer_count, LINK_LANES);
    return hello->request;
}

/* Says welcome with the marks of the two lanes. */
static inline void story_welcome(struct story *story, uint64_t request, uint64_t urgent,
                                 uint64_t rest)
{
    struct link_mark marks[2] = {{.number = urgent}, {.number = rest}};
    memset(marks[0].producer, 0xa0, PRODUCER_BYTES);
    memset(marks[1].producer, 0xb0, PRODUCER_BYTES);
    struct link_heard heard = {.kind = LINK_HEARD_WELCOME, .request = request};
    heard.of.welcome.version = 1;
    heard.of.welcome.agency = bytes_of_text("damkar");
    heard.of.welcome.log = story->log;
    heard.of.welcome.marks = marks;
    heard.of.welcome.mark_count = 2;
    heard.of.welcome.window_events = 512;
    heard.of.welcome.batch_bytes = 1024 * 1024;
    heard.of.welcome.heartbeat_ms = STORY_BEAT_MS;
    story_hear(story, &heard);
}

static inline void story_up(struct story *story, uint64_t urgent, uint64_t rest)
{
    story_welcome(story, story_hello(story), urgent, rest);
    assert_true(link_is_up(story->link));
}

static inline void story_lost(struct story *story)
{
    struct link_input input = {.kind = LINK_IN_LOST};
    story_step(story, &input);
    assert_false(link_is_up(story->link));
}

/* Offers an event of the lane under `number`, which is also its token. */
static inline void story_offer(struct story *story, enum link_lane lane, uint64_t number)
{
    struct link_input input = {.kind = LINK_IN_EVENT};
    input.of.event.lane = lane;
    input.of.event.token = number;
    input.of.event.number = number;
    input.of.event.event = &story->event;
    story_step(story, &input);
}

/* Answers an event of the lane REST. */
static inline void story_receipt(struct story *story, uint64_t request, uint64_t number,
                                 enum link_outcome outcome, uint64_t value)
{
    struct link_receipt receipt = {.number = number, .outcome = outcome};
    memset(receipt.producer, 0xb0, PRODUCER_BYTES);
    if (outcome == LINK_STORED)
        receipt.seq = value;
    else
        receipt.mark = value;
    struct link_heard heard = {.kind = LINK_HEARD_RECEIPTS, .request = request};
    heard.of.receipts.receipts = &receipt;
    heard.of.receipts.count = 1;
    story_hear(story, &heard);
}

static inline void story_refusal(struct story *story, uint64_t request, uint64_t number,
                                 const char *code, uint32_t retry_after_ms)
{
    struct link_receipt receipt = {.number = number, .outcome = LINK_REFUSED};
    memset(receipt.producer, 0xb0, PRODUCER_BYTES);
    receipt.refusal.code = bytes_of_text(code);
    receipt.refusal.is_retryable = retry_after_ms > 0;
    receipt.refusal.retry_after_ms = retry_after_ms;
    struct link_heard heard = {.kind = LINK_HEARD_RECEIPTS, .request = request};
    heard.of.receipts.receipts = &receipt;
    heard.of.receipts.count = 1;
    story_hear(story, &heard);
}

/* Item `index` of publish message `message` in the last effects has that number and `after`. */
static inline uint64_t story_expect_item(const struct story *story, uint32_t message,
                                         uint32_t index, uint64_t number, uint64_t after)
{
    const struct link_said *said = story_said(story, LINK_SAY_PUBLISH, message);
    assert_non_null(said);
    assert_true(index < said->of.publish.count);
    assert_int_equal(said->of.publish.items[index].number, number);
    assert_int_equal(said->of.publish.items[index].after, after);
    return said->request;
}

static inline void story_expect_silence(const struct story *story)
{
    assert_null(story_effect(story, LINK_FX_SEND, 0));
}

#endif
