/* follower.c - follows, processes in order, acknowledges what it has processed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/follower.h"

#include <assert.h>
#include <inttypes.h>

#include "proto/c/bodies.h"

static struct follower *follower_of(const struct endpoint *endpoint)
{
    return (struct follower *)(uintptr_t)endpoint;
}

/* -- effects -- */

static void on_following(struct follower *follower, const struct link_heard *heard)
{
    story_tell(follower->endpoint.around.story, follower->endpoint.name,
               "follows from %" PRIu64 ", the head is %" PRIu64, heard->of.following.first,
               heard->of.following.head);
    follower->through = heard->of.following.through;
    follower->is_empty = heard->of.following.head == 0;
    model_following(follower->endpoint.around.model, follower->place, heard->of.following.first);
}

/* What covers a range in which there is nothing is processed with what came before it. */
static void process_bookmarks(struct follower *follower)
{
    while (follower->count > 0 && follower->queue[follower->head].events == 0) {
        uint64_t last = follower->queue[follower->head].last;
        follower->head = (follower->head + 1) % FOLLOWER_QUEUE;
        follower->count--;
        follower->processed = last > follower->processed ? last : follower->processed;
        model_processed(follower->endpoint.around.model, follower->place, last);
    }
}

static void on_deliver(struct follower *follower, const struct link_effect *effect)
{
    struct endpoint *endpoint = &follower->endpoint;
    uint32_t count = effect->of.deliver.count;
    uint64_t seqs[LINK_RECORDS_MAX / 16];
    assert(count <= sizeof seqs / sizeof *seqs && follower->count < FOLLOWER_QUEUE);
    struct follower_item item = {.last = effect->of.deliver.last, .events = count};
    for (uint32_t index = 0; index < count; index++) {
        seqs[index] = effect->of.deliver.records[index].seq;
        item.bytes += link_record_bytes(&effect->of.deliver.records[index]);
    }
    item.due_ms =
        endpoint->now_ms + prng_below(&endpoint->prng, follower->options.think_ms_max + 1);
    follower->queue[(follower->head + follower->count++) % FOLLOWER_QUEUE] = item;
    story_tell(endpoint->around.story, endpoint->name,
               "gets %" PRIu32 " of %" PRIu64 " to %" PRIu64, count, effect->of.deliver.first,
               effect->of.deliver.last);
    model_delivered(endpoint->around.model, follower->place, effect->of.deliver.first,
                    effect->of.deliver.last, seqs, count);
    process_bookmarks(follower);
}

static void on_ended(struct follower *follower, const struct link_effect *effect)
{
    struct endpoint *endpoint = &follower->endpoint;
    struct bytes code = effect->of.ended.refusal.code;
    story_tell(endpoint->around.story, endpoint->name, "its follow is over: %.*s", (int)code.length,
               (const char *)code.data);
    bool is_end = bytes_are_equal(code, bytes_of_text("END"));
    uint64_t covered = model_covered(endpoint->around.model, follower->place);
    if (is_end && (covered != follower->through || (covered == 0 && !follower->is_empty)))
        model_fail(endpoint->around.model, "P3",
                   "a reading to %" PRIu64 " ended, and %s is covered up to %" PRIu64,
                   follower->through, endpoint->name, covered);
    follower->is_following = false;
    follower->retry_ms =
        endpoint->now_ms + prng_between(&endpoint->prng, 1, follower->options.retry_ms_max);
}

static void on_effect(struct endpoint *endpoint, const struct link_effect *effect)
{
    struct follower *follower = follower_of(endpoint);
    switch ((int)effect->kind) {
    case LINK_FX_FOLLOWING:
        on_following(follower, effect->of.following.heard);
        break;
    case LINK_FX_DELIVER:
        on_deliver(follower, effect);
        break;
    case LINK_FX_ENDED:
        on_ended(follower, effect);
        break;
    default:
        break;
    }
}

/* -- work -- */

static void choose_start(struct follower *follower)
{
    const struct cast_follower *wish = &cast_followers[follower->place];
    follower->spec.from = LINK_FROM_ABSENT;
    if (wish->is_reader || (wish->from_start && follower->life == 1))
        follower->spec.from = LINK_FROM_START;
    if (wish->cursor == NULL && !wish->is_reader && follower->processed > 0 &&
        prng_chance(&follower->endpoint.prng, 700000)) {
        follower->spec.from = LINK_FROM_SEQ;
        follower->spec.from_value = follower->processed + 1;
    }
}

static void describe(struct follower *follower)
{
    const struct cast_follower *wish = &cast_followers[follower->place];
    const char *const *filters = follower->is_later ? wish->filters_later : wish->filters;
    struct link_follow_spec *spec = &follower->spec;
    *spec = (struct link_follow_spec){
        .filters = follower->filters,
        .kinds = follower->kinds,
        .incidents = follower->incidents,
        .categories = follower->categories,
        .modes = wish->modes,
        .min_priority = wish->min_priority,
        .through_time_ms = INT64_MAX,
        .is_replay = wish->is_reader,
        .until_end = wish->is_reader,
    };
    while (filters[spec->filter_count] != NULL) {
        assert(spec->filter_count < CAST_FILTERS_MAX);
        follower->filters[spec->filter_count] = bytes_of_text(filters[spec->filter_count]);
        spec->filter_count++;
    }
    if (wish->cursor != NULL)
        spec->cursor = bytes_of_text(wish->cursor);
    if (wish->kind != 0) {
        follower->kinds[spec->kind_count++] = bytes_of_text(kt_body_find_number(wish->kind)->kind);
    }
    if (wish->category != 0)
        follower->categories[spec->category_count++] = wish->category;
    if (wish->incident != NULL)
        follower->incidents[spec->incident_count++] = bytes_of_text(wish->incident);
    choose_start(follower);
}

static void follow(struct follower *follower)
{
    struct endpoint *endpoint = &follower->endpoint;
    follower->life++;
    describe(follower);
    follower->id = model_follow_id(follower->place, follower->life);
    follower->is_following = true;
    model_follower_starts(endpoint->around.model, follower->place);
    struct link_input input = {.kind = LINK_IN_FOLLOW};
    input.of.follow.id = follower->id;
    input.of.follow.spec = &follower->spec;
    endpoint_step(endpoint, &input);
}

static void process(struct follower *follower)
{
    struct endpoint *endpoint = &follower->endpoint;
    struct follower_item item = follower->queue[follower->head];
    follower->head = (follower->head + 1) % FOLLOWER_QUEUE;
    follower->count--;
    if (item.last > follower->processed)
        follower->processed = item.last;
    model_processed(endpoint->around.model, follower->place, item.last);
    process_bookmarks(follower);
    if (!follower->is_following)
        return;
    struct link_input input = {.kind = LINK_IN_CONSUMED};
    input.of.consumed.id = follower->id;
    input.of.consumed.events = item.events;
    input.of.consumed.bytes = item.bytes;
    endpoint_step(endpoint, &input);
    if (!follower->is_following || follower->spec.cursor.length == 0)
        return;
    input = (struct link_input){.kind = LINK_IN_ACK};
    input.of.ack.id = follower->id;
    input.of.ack.through = item.last;
    endpoint_step(endpoint, &input);
}

/* Some event, perhaps one that is not there yet or is none of its business. */
static void look_up(struct follower *follower)
{
    struct endpoint *endpoint = &follower->endpoint;
    struct link_input input = {.kind = LINK_IN_GET};
    input.of.get.token = ++follower->looked_up;
    input.of.get.seq = prng_between(&endpoint->prng, 1, follower->processed + 5);
    input.of.get.modes = prng_chance(&endpoint->prng, 500000) ? follower->spec.modes : 0;
    endpoint_step(endpoint, &input);
}

static bool work(struct endpoint *endpoint)
{
    struct follower *follower = follower_of(endpoint);
    if (follower->count > 0 && follower->queue[follower->head].due_ms <= endpoint->now_ms) {
        process(follower);
        if (prng_chance(&endpoint->prng, follower->options.look_up))
            look_up(follower);
        return true;
    }
    if (!follower->is_following && !follower->has_stopped && follower->count == 0 &&
        endpoint->now_ms >= follower->retry_ms) {
        follow(follower);
        return true;
    }
    return false;
}

static uint64_t due_ms(const struct endpoint *endpoint)
{
    const struct follower *follower = follower_of(endpoint);
    if (follower->count > 0)
        return follower->queue[follower->head].due_ms;
    return follower->is_following || follower->has_stopped ? UINT64_MAX : follower->retry_ms;
}

static const struct endpoint_role role = {
    .on_effect = on_effect,
    .work = work,
    .due_ms = due_ms,
};

/* -- life and death -- */

void follower_start(struct follower *follower)
{
    struct link_options options;
    link_options_default(&options);
    for (int lane = 0; lane < LINK_LANES; lane++)
        memset(options.producers[lane], (int)(0x80 + follower->place * CAST_LANES + (uint32_t)lane),
               PRODUCER_BYTES);
    options.window_events = 1;
    options.follows = 2;
    options.credit_events = follower->options.credit_events;
    options.credit_bytes = follower->options.credit_bytes;
    options.answer_ms = follower->options.answer_ms;
    options.connect_ms = follower->options.connect_ms;
    options.backoff_ms = follower->options.backoff_ms;
    options.backoff_ms_max = follower->options.backoff_ms_max;
    endpoint_open(&follower->endpoint, &options);
}

void follower_init(struct follower *follower, uint32_t place,
                   const struct follower_options *options, const struct around *around,
                   struct prng *prng)
{
    *follower = (struct follower){
        .endpoint = {.role = &role,
                     .around = *around,
                     .prng = prng_fork(prng),
                     .name = cast_followers[place].name,
                     .agency = cast_followers[place].agency},
        .options = *options,
        .place = place,
    };
    follower_start(follower);
}

void follower_deinit(struct follower *follower)
{
    endpoint_kill(&follower->endpoint);
}

void follower_crash(struct follower *follower)
{
    story_tell(follower->endpoint.around.story, follower->endpoint.name,
               "is killed, it has processed everything up to %" PRIu64, follower->processed);
    tally_add(follower->endpoint.around.tally, TALLY_FOLLOWER_CRASH);
    endpoint_kill(&follower->endpoint);
    follower->is_following = false;
    follower->count = 0;
    follower->retry_ms = 0;
    if (cast_followers[follower->place].filters_later != NULL)
        follower->is_later = true;
}
