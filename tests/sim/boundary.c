/* boundary.c - in place of core_step().
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/boundary.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "broker/core/core.h"
#include "kentongan/v1/wire.pb-c.h"

enum { STEPS_MAX = 20000 /* at one moment: more, and the core spins */ };

static struct boundary *entered;

/* The linker's names (--wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __real_core_step(struct core *core, const struct input *input, struct effects *fx);
void __wrap_core_step(struct core *core, const struct input *input, struct effects *fx);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static const char *const answer_words[] = {
    [ANSWER_WELCOME] = "welcome", [ANSWER_RECEIPTS] = "receipts", [ANSWER_FOLLOWING] = "following",
    [ANSWER_DELIVER] = "deliver", [ANSWER_ACKED] = "acked",       [ANSWER_ENDED] = "ended",
    [ANSWER_EVENT] = "event",     [ANSWER_PONG] = "pong",         [ANSWER_BYE] = "bye",
    [ANSWER_ERROR] = "error",
};

static const char *const request_words[] = {
    [REQUEST_HELLO] = "hello",   [REQUEST_PUBLISH] = "publish", [REQUEST_FOLLOW] = "follow",
    [REQUEST_CREDIT] = "credit", [REQUEST_ACK] = "ack",         [REQUEST_UNFOLLOW] = "unfollow",
    [REQUEST_GET] = "get",       [REQUEST_PING] = "ping",       [REQUEST_BYE] = "bye",
    [REQUEST_BAD] = "rubbish",
};

/* -- what the plant makes up -- */

static void inject(struct boundary *boundary, uint64_t peer, const Kentongan__V1__ToBroker *made,
                   struct blob *second)
{
    struct blob *first = blob_new_empty(kentongan__v1__to_broker__get_packed_size(made));
    assert(first != NULL);
    kentongan__v1__to_broker__pack(made, blob_room(first));
    sim_net_inject(boundary->around.net, peer, first, second);
}

static void make_ack(struct boundary *boundary)
{
    struct plant_ack *owed = &boundary->plant->ack;
    Kentongan__V1__Ack ack = KENTONGAN__V1__ACK__INIT;
    ack.follow = owed->follow;
    ack.through = owed->through;
    Kentongan__V1__ToBroker made = KENTONGAN__V1__TO_BROKER__INIT;
    made.request = PLANT_REQUEST;
    made.body_case = KENTONGAN__V1__TO_BROKER__BODY_ACK;
    made.ack = &ack;
    owed->is_owed = false;
    inject(boundary, owed->peer, &made, NULL);
}

static void make_publish(struct boundary *boundary)
{
    struct plant_again *owed = &boundary->plant->again;
    Kentongan__V1__Publish publish = KENTONGAN__V1__PUBLISH__INIT;
    Kentongan__V1__ToBroker made = KENTONGAN__V1__TO_BROKER__INIT;
    made.request = PLANT_REQUEST + owed->request;
    made.body_case = KENTONGAN__V1__TO_BROKER__BODY_PUBLISH;
    made.publish = &publish;
    owed->is_owed = false;
    for (int at = 0; at < BOUNDARY_PUBLISHES; at++)
        if (boundary->publishes[at].frame != NULL && boundary->publishes[at].peer == owed->peer &&
            boundary->publishes[at].request == owed->request) {
            inject(boundary, owed->peer, &made, blob_keep(boundary->publishes[at].frame));
            return;
        }
}

static void keep_publish(struct boundary *boundary, const struct request *request)
{
    if (boundary->plant->kind != PLANT_GAP_IGNORED || request->kind != REQUEST_PUBLISH)
        return;
    uint32_t at = boundary->publish_count++ % BOUNDARY_PUBLISHES;
    blob_drop(boundary->publishes[at].frame);
    boundary->publishes[at].peer = request->peer;
    boundary->publishes[at].request = request->number;
    boundary->publishes[at].frame = blob_keep(request->of.publish.frame);
}

/* -- watching -- */

static void watch_request(struct boundary *boundary, const struct request *request)
{
    story_tell(boundary->around.story, "broker", "hears %s (%" PRIu64 ") from %s (%" PRIu64 ")",
               request_words[request->kind], request->number,
               sim_net_name(boundary->around.net, request->peer), request->peer);
    if (request->kind == REQUEST_BAD)
        model_fail(boundary->around.model, "P6", "a sound message was not understood: %s, %s",
                   request->of.bad.code, request->of.bad.reason);
    keep_publish(boundary, request);
}

static void watch_input(struct boundary *boundary, const struct input *input)
{
    boundary->steps = input->now_ms > boundary->now_ms ? 0 : boundary->steps + 1;
    boundary->now_ms = input->now_ms;
    if (boundary->steps == STEPS_MAX)
        model_fail(boundary->around.model, "P6", "the core took %d steps in one moment", STEPS_MAX);
    if (input->kind == IN_REQUEST)
        watch_request(boundary, &input->of.request);
    if (input->kind == IN_UNSENT)
        tally_add(boundary->around.tally, TALLY_UNSENT);
    if (input->kind == IN_CHECKPOINT)
        tally_add(boundary->around.tally, TALLY_CHECKPOINT_READ);
    if (input->kind == IN_PAGE)
        boundary->reads--;
    if (input->kind != IN_APPENDED)
        return;
    if (input->of.appended.status == STATUS_OK)
        model_append_done(boundary->around.model, input->of.appended.last);
    story_tell(boundary->around.story, "disk", "%" PRIu64 " to %" PRIu64 ": %s",
               input->of.appended.first, input->of.appended.last,
               status_text(input->of.appended.status));
}

static const char *const receipt_words[] = {
    [RECEIPT_STORED] = "stored", [RECEIPT_REFUSED] = "refused", [RECEIPT_GAP] = "gap",
    [RECEIPT_REUSED] = "reused", [RECEIPT_SKIPPED] = "skipped",
};

static void watch_receipts(const struct boundary *boundary, const struct answer *answer)
{
    for (uint32_t index = 0; index < answer->of.receipts.count; index++) {
        const struct receipt *receipt = &answer->of.receipts.receipts[index];
        bool is_refused = receipt->kind == RECEIPT_REFUSED;
        story_tell(boundary->around.story, "broker",
                   "  number %" PRIu64 " of %02x: %s %s, mark %" PRIu64, receipt->number,
                   receipt->producer[0], receipt_words[receipt->kind],
                   is_refused ? receipt->refusal.code : "", receipt->mark);
    }
}

static void watch_answer(const struct boundary *boundary, const struct answer *answer)
{
    bool is_error = answer->kind == ANSWER_ERROR;
    story_tell(boundary->around.story, "broker", "says %s%s%s (%" PRIu64 ") to %s (%" PRIu64 ")",
               answer_words[answer->kind], is_error ? " " : "",
               is_error ? answer->of.error.refusal.code : "", answer->number,
               sim_net_name(boundary->around.net, answer->peer), answer->peer);
    if (answer->kind == ANSWER_RECEIPTS)
        watch_receipts(boundary, answer);
}

static size_t append_bytes(const struct effect *effect)
{
    size_t bytes = 0;
    for (uint32_t index = 0; index < effect->of.append.count; index++)
        bytes += effect->of.append.items[index].sent.length +
                 effect->of.append.items[index].personal.length;
    return bytes;
}

static void watch_append(const struct boundary *boundary, const struct effect *effect)
{
    model_append_asked(boundary->around.model,
                       effect->of.append.first + effect->of.append.count - 1);
    story_tell(boundary->around.story, "broker", "appends %" PRIu64 " and %" PRIu32 " more",
               effect->of.append.first, effect->of.append.count - 1);
}

/* «every queue, list, frame and step has a limit» */
static void check_bounds(const struct boundary *boundary, const struct effects *fx)
{
    if (boundary->reads > boundary->limits.reads + 1) /* those of pages, and ingest's one */
        model_fail(boundary->around.model, "P6", "%" PRIu32 " reads are under way",
                   boundary->reads);
    uint64_t waiting = model_waiting(boundary->around.model);
    if (waiting > boundary->limits.pending_events)
        model_fail(boundary->around.model, "P6", "%" PRIu64 " events wait to be durable", waiting);
    for (uint32_t index = 0; index < fx->count; index++)
        if (fx->list[index].kind == FX_APPEND &&
            append_bytes(&fx->list[index]) > boundary->limits.chunk_bytes)
            model_fail(boundary->around.model, "P6", "a chunk is longer than allowed");
}

static void watch_effect(struct boundary *boundary, const struct effect *effect)
{
    switch ((int)effect->kind) {
    case FX_SEND:
        watch_answer(boundary, &effect->of.send);
        break;
    case FX_APPEND:
        watch_append(boundary, effect);
        break;
    case FX_READ:
        boundary->reads++;
        tally_add(boundary->around.tally, TALLY_PAGE_READ);
        break;
    case FX_CHECKPOINT:
        tally_add(boundary->around.tally, TALLY_CHECKPOINT);
        break;
    default:
        break;
    }
}

void __wrap_core_step(struct core *core, const struct input *input, struct effects *fx)
{
    struct boundary *boundary = entered;
    struct input told = *input;
    effects_clear(fx);
    if (plant_input(boundary->plant, &told)) {
        watch_input(boundary, &told);
        __real_core_step(core, &told, fx);
    }
    plant_effects(boundary->plant, fx);
    for (uint32_t index = 0; index < fx->count; index++)
        watch_effect(boundary, &fx->list[index]);
    check_bounds(boundary, fx);
    if (boundary->plant->ack.is_owed)
        make_ack(boundary);
    if (boundary->plant->again.is_owed)
        make_publish(boundary);
}

/* -- life -- */

void boundary_enter(struct boundary *boundary)
{
    entered = boundary;
}

static void forget_publishes(struct boundary *boundary)
{
    for (int at = 0; at < BOUNDARY_PUBLISHES; at++) {
        blob_drop(boundary->publishes[at].frame);
        boundary->publishes[at].frame = NULL;
    }
}

void boundary_start(struct boundary *boundary, const struct core_limits *limits)
{
    boundary->limits = *limits;
    plant_restart(boundary->plant);
    forget_publishes(boundary);
    boundary->reads = 0;
    boundary_enter(boundary);
}

void boundary_init(struct boundary *boundary, enum plant_kind kind, const struct around *around)
{
    *boundary = (struct boundary){.around = *around};
    boundary->plant = calloc(1, sizeof *boundary->plant);
    assert(boundary->plant != NULL);
    boundary->plant->kind = kind;
}

void boundary_deinit(struct boundary *boundary)
{
    forget_publishes(boundary);
    plant_restart(boundary->plant);
    free(boundary->plant);
}
