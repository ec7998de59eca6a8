/* core.c - the switch over inputs, and the order in which organs have their turn.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/core/core_parts.h"

/* The memory for filters goes by halves to terms and to routes. */
static bool core_take_organs(struct core *core)
{
    const struct core_limits *limits = &core->limits;
    if (blocks_init(&core->blocks, limits->filter_bytes / 2 + 1) != STATUS_OK) {
        return false;
    }
    core->policy = policy_new(limits);
    core->peers = peers_new(limits);
    core->ingest = ingest_new(limits);
    core->routes = routes_new(limits->follows, limits->filter_bytes / 2 + 1);
    core->pages = pages_new(limits, limits->follows + GETS_ROOM);
    core->cursors = cursors_new(limits, &core->blocks);
    core->follows = follows_new(limits, &core->blocks);
    core->gets = gets_new(GETS_ROOM);
    return core->policy != NULL && core->peers != NULL && core->ingest != NULL &&
           core->routes != NULL && core->pages != NULL && core->cursors != NULL &&
           core->follows != NULL && core->gets != NULL;
}

static bool core_take_tables(struct core *core)
{
    struct match *match = &core->match;
    core->seeks = calloc(core->limits.follows, sizeof *core->seeks);
    core->permits = calloc(PERMITS_ROOM, sizeof *core->permits);
    match->room = core->limits.match_entries;
    match->entries = calloc(match->room, sizeof *match->entries);
    match->follows = calloc(core->limits.follows, sizeof *match->follows);
    return core->seeks != NULL && core->permits != NULL && match->entries != NULL &&
           match->follows != NULL;
}

struct core *core_new(const struct core_limits *limits)
{
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return NULL;
    }
    core->limits = *limits;
    core->sweep_at = limits->follows;
    if (!core_take_organs(core) || !core_take_tables(core)) {
        core_free(core);
        return NULL;
    }
    return core;
}

void core_free(struct core *core)
{
    if (core == NULL) {
        return;
    }
    free(core->match.follows);
    free(core->match.entries);
    free(core->permits);
    free(core->seeks);
    gets_free(core->gets);
    follows_free(core->follows);
    cursors_free(core->cursors);
    pages_free(core->pages);
    routes_free(core->routes);
    ingest_free(core->ingest);
    peers_free(core->peers);
    policy_free(core->policy);
    blocks_deinit(&core->blocks);
    free(core);
}

struct answer *core_answer(struct core *core, enum answer_kind kind, uint64_t peer,
                           uint64_t request)
{
    struct effect *effect = effects_add(core->fx, FX_SEND);
    if (effect == NULL) {
        return NULL;
    }
    effect->of.send.kind = kind;
    effect->of.send.peer = peer;
    effect->of.send.number = request;
    return &effect->of.send;
}

void core_refuse(struct core *core, uint64_t peer, uint64_t request, const struct refusal *refusal)
{
    struct answer *answer = core_answer(core, ANSWER_ERROR, peer, request);
    assert(answer != NULL);
    answer->of.error.refusal = *refusal;
}

static void core_trace(struct core *core, enum trace_level level, const char *text, uint64_t value)
{
    struct effect *trace = effects_add(core->fx, FX_TRACE);
    if (trace != NULL) {
        trace->of.trace.level = level;
        trace->of.trace.text = text;
        trace->of.trace.value = value;
    }
}

static void core_start(struct core *core, const struct input *input)
{
    assert(!core->is_started);
    core->is_started = true;
    core->log_first = input->of.start.first;
    core->head = core->round_head = input->of.start.last;
    core->incarnation = input->of.start.incarnation;
    ingest_start(core->ingest, input);
}

static void core_offer_policy(struct core *core, const struct input *input)
{
    enum status status =
        policy_offer(core->policy, input->of.policy.agencies, input->of.policy.agency_count,
                     input->of.policy.version, core->head);
    if (status != STATUS_OK) {
        core_trace(core, TRACE_ALARM, "the policy does not fit or is not valid: the old one stays",
                   input->of.policy.version);
    }
}

static void core_appended(struct core *core, const struct input *input)
{
    ingest_appended(core->ingest, input);
    if (input->of.appended.status == STATUS_OK) {
        assert(input->of.appended.first == core->head + 1);
        pages_add_newest(core->pages, input->of.appended.page);
        core->head = input->of.appended.last;
        core->committed = input->of.appended.page;
        assert(core->head == ingest_head(core->ingest));
    }
}

static void core_bad(struct core *core, const struct request *request)
{
    struct refusal refusal = {
        .code = request->of.bad.code,
        .field = request->of.bad.field,
        .reason = request->of.bad.reason,
    };
    core_refuse(core, request->peer, request->number, &refusal);
}

static void core_ping(struct core *core, const struct peer *peer, const struct request *request)
{
    struct answer *answer = core_answer(core, ANSWER_PONG, peer->handle, request->number);
    assert(answer != NULL);
    answer->of.pong.head = core->head;
}

static void core_bye(struct core *core, struct peer *peer)
{
    struct effect *drop = effects_add(core->fx, FX_DROP);
    assert(drop != NULL);
    drop->of.drop.peer = peer->handle;
    drop->of.drop.reason = "bye";
    core_session_close(core, peer);
}

/* flat switch */
static void core_request(struct core *core, const struct request *request)
{
    if (request->kind == REQUEST_HELLO) {
        core_hello(core, request);
        return;
    }
    if (request->kind == REQUEST_BAD && peers_find(core->peers, request->peer) == NULL) {
        core_bad(core, request); /* perhaps a hello: what is wrong with it helps more */
        return;
    }
    struct peer *peer = core_session_of(core, request);
    if (peer == NULL) {
        return;
    }
    switch (request->kind) {
    case REQUEST_HELLO:
        break;
    case REQUEST_PUBLISH:
        core_publish(core, peer, request);
        break;
    case REQUEST_FOLLOW:
        core_follow(core, peer, request);
        break;
    case REQUEST_CREDIT:
        core_credit(core, peer, request);
        break;
    case REQUEST_ACK:
        core_ack(core, peer, request);
        break;
    case REQUEST_UNFOLLOW:
        core_unfollow(core, peer, request);
        break;
    case REQUEST_GET:
        core_get(core, peer, request);
        break;
    case REQUEST_PING:
        core_ping(core, peer, request);
        break;
    case REQUEST_BYE:
        core_bye(core, peer);
        break;
    case REQUEST_BAD:
        core_bad(core, request);
        break;
    }
}

static void core_closed(struct core *core, const struct input *input)
{
    struct peer *peer = peers_find(core->peers, input->of.closed.peer);
    if (peer != NULL) {
        core_session_close(core, peer);
    }
}

static void core_page(struct core *core, const struct input *input)
{
    if (token_owner_of(input->of.page.token) == TOKEN_INGEST) {
        ingest_page(core->ingest, input);
    } else {
        pages_answer(core->pages, input);
        core_pages_woken(core);
    }
}

static void core_saved(struct core *core, const struct input *input)
{
    if (token_owner_of(input->of.saved.token) == TOKEN_POLICY) {
        policy_saved(core->policy, input->of.saved.token, input->of.saved.status, core->now_ms);
    } else {
        core_cursor_saved(core, input);
    }
}

static void core_loaded(struct core *core, const struct input *input)
{
    if (token_owner_of(input->of.loaded.token) == TOKEN_POLICY) {
        policy_loaded(core->policy, input->of.loaded.token, input->of.loaded.status,
                      input->of.loaded.value, core->head);
    } else {
        core_cursor_loaded(core, input);
    }
}

/* flat switch */
static void core_take(struct core *core, const struct input *input)
{
    assert(core->is_started || input->kind == IN_START);
    switch (input->kind) {
    case IN_START:
        core_start(core, input);
        break;
    case IN_CHECKPOINT:
        ingest_checkpoint(core->ingest, input->of.checkpoint.name, input->of.checkpoint.value);
        break;
    case IN_RECOVER:
        ingest_recover(core->ingest);
        break;
    case IN_POLICY:
        core_offer_policy(core, input);
        break;
    case IN_REQUEST:
        core_request(core, &input->of.request);
        break;
    case IN_CLOSED:
        core_closed(core, input);
        break;
    case IN_APPENDED:
        core_appended(core, input);
        break;
    case IN_PAGE:
        core_page(core, input);
        break;
    case IN_SAVED:
        core_saved(core, input);
        break;
    case IN_LOADED:
        core_loaded(core, input);
        break;
    case IN_UNSENT:
        core_unsent(core, input);
        break;
    case IN_DRAINED:
        core->is_drained = true;
        break;
    case IN_TICK:
        ingest_tick(core->ingest, input);
        break;
    }
}

static bool peer_is_owed(void *context, uint64_t handle)
{
    struct core *core = context;
    struct peer *peer = peers_find(core->peers, handle);
    return peer != NULL && core_session_is_valid(core, peer);
}

static void core_open_doors(struct core *core)
{
    if (!core->is_open && ingest_is_ready(core->ingest) && policy_is_ready(core->policy)) {
        core->is_open = effects_add(core->fx, FX_READY) != NULL;
    }
}

/* Who stored hears before who follows; what policy takes away is saved before what comes after. */
static void core_go_on(struct core *core, bool may_deliver)
{
    policy_continue(core->policy, core->now_ms, core->fx);
    core_sessions_continue(core);
    ingest_continue(core->ingest, core->now_ms, policy_is_saved(core->policy), peer_is_owed, core,
                    core->fx);
    core_open_doors(core);
    if (may_deliver) {
        core_turns(core);
    }
    cursors_continue(core->cursors, core->now_ms, core->fx);
    pages_continue(core->pages, core->now_ms, core->fx);
    core_pages_woken(core);
}

void core_step(struct core *core, const struct input *input, struct effects *fx)
{
    assert(fx->room >= CORE_EFFECTS_MIN && fx->scratch_room >= CORE_SCRATCH_MIN);
    assert(input->now_ms >= core->now_ms);
    effects_clear(fx);
    pages_settle(core->pages);
    core->fx = fx;
    core->now_ms = input->now_ms;
    core->wall_ms = input->wall_ms;
    core->steps++;
    core_take(core, input);
    /* What did not leave may be one of many: nothing more is sent before all of it is known. */
    core_go_on(core, input->kind != IN_UNSENT);
    core->fx = NULL;
}

uint64_t core_deadline_ms(const struct core *core)
{
    bool is_checked = peers_are_checked(core->peers, policy_version(core->policy));
    bool owes_bye = core->is_drained && core->bye_at < core->limits.sessions;
    const uint64_t deadlines[] = {
        is_checked && !owes_bye ? UINT64_MAX : 0,
        policy_deadline_ms(core->policy),
        peers_deadline_ms(core->peers),
        ingest_deadline_ms(core->ingest),
        cursors_deadline_ms(core->cursors),
        pages_deadline_ms(core->pages),
        core_turns_deadline_ms(core),
    };
    uint64_t first_ms = UINT64_MAX;
    for (size_t index = 0; index < sizeof deadlines / sizeof *deadlines; index++) {
        first_ms = deadlines[index] < first_ms ? deadlines[index] : first_ms;
    }
    return first_ms;
}

uint64_t core_head(const struct core *core)
{
    return core->head;
}

uint64_t core_policy_version(const struct core *core)
{
    return policy_version(core->policy);
}
