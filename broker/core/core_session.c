/* core_session.c - who may speak: sessions from hello to their end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

#include <assert.h>

static const struct refusal refusal_revoked = {
    .code = "REVOKED",
    .field = "",
    .reason = "the policy does not know this key any more",
};

static const struct refusal refusal_no_session = {
    .code = "NO_SESSION",
    .field = "",
    .reason = "the broker knows no session of this connection: say hello",
};

static const struct refusal refusal_starting = {
    .code = "BUSY",
    .field = "",
    .reason = "the broker is still reading its log",
    .retry_after_ms = 1000,
    .is_retryable = true,
};

bool core_session_is_valid(struct core *core, struct peer *peer)
{
    uint64_t version = policy_version(core->policy);
    if (peer->policy_version == version) {
        return true;
    }
    uint32_t agency = policy_agency_find(core->policy, peer_agency_name(peer));
    if (!policy_key_is_valid(core->policy, agency, peer->key_id)) {
        return false;
    }
    peer->policy_version = version;
    peer->agency = agency;
    return true;
}

struct peer *core_session_at(const struct core *core, const struct follow *follow)
{
    struct peer *peer = peers_at(core->peers, follow->session);
    assert(peer != NULL && peer->handle == follow->key.peer);
    return peer;
}

static void session_end_follows(struct core *core, const struct peer *peer)
{
    uint32_t index = follows_of_session(core->follows, peer->slot, FOLLOW_NONE);
    while (index != FOLLOW_NONE) {
        uint32_t next = follows_of_session(core->follows, peer->slot, index);
        core_follow_free(core, index);
        index = next;
    }
}

void core_session_close(struct core *core, struct peer *peer)
{
    session_end_follows(core, peer);
    peers_close(core->peers, peer);
}

/* What was parked because the peer took nothing goes on. */
static void session_unmute(struct core *core, const struct peer *peer)
{
    if (!follows_unmute(core->follows, peer->slot)) {
        return;
    }
    uint32_t index = follows_of_session(core->follows, peer->slot, FOLLOW_NONE);
    while (index != FOLLOW_NONE) {
        core_follow_wake(core, index);
        index = follows_of_session(core->follows, peer->slot, index);
    }
}

/* Cuts the connection. False: no room for the effects; nothing was done. */
static bool session_drop(struct core *core, struct peer *peer, const struct refusal *refusal)
{
    if (core->fx->room - core->fx->count < 2) {
        return false;
    }
    core_refuse(core, peer->handle, 0, refusal);
    struct effect *drop = effects_add(core->fx, FX_DROP);
    drop->of.drop.peer = peer->handle;
    drop->of.drop.reason = refusal->code;
    core_session_close(core, peer);
    return true;
}

struct peer *core_session_of(struct core *core, const struct request *request)
{
    struct peer *peer = peers_find(core->peers, request->peer);
    if (peer == NULL) {
        core_refuse(core, request->peer, request->number, &refusal_no_session);
        return NULL;
    }
    if (!core_session_is_valid(core, peer)) {
        session_drop(core, peer, &refusal_revoked);
        return NULL;
    }
    peers_hear(core->peers, peer, core->now_ms);
    session_unmute(core, peer);
    return peer;
}

/* The marks of the session's producers, in scratch; NULL: no room. */
static const struct mark *session_marks(struct core *core, const struct peer *peer)
{
    struct mark *marks = effects_scratch(core->fx, (peer->producer_count + 1u) * sizeof *marks);
    for (uint32_t index = 0; marks != NULL && index < peer->producer_count; index++) {
        memcpy(marks[index].producer, peer->producers[index], PRODUCER_BYTES);
        marks[index].number =
            ingest_mark(core->ingest, peer_agency_name(peer), peer->producers[index]);
    }
    return marks;
}

static void hello_refuse(struct core *core, const struct request *request,
                         const struct refusal *refusal)
{
    struct answer *answer = core_answer(core, ANSWER_ERROR, request->peer, request->number);
    assert(answer != NULL);
    answer->of.error.refusal = *refusal;
    if (strcmp(refusal->code, "VERSION") == 0) {
        answer->of.error.theirs = request->of.hello.version_max;
        answer->of.error.ours = PROTOCOL_VERSION_MAX;
    }
}

void core_hello(struct core *core, const struct request *request)
{
    if (!core->is_open) {
        core_refuse(core, request->peer, request->number, &refusal_starting);
        return;
    }
    uint32_t agency = policy_agency_find(core->policy, request->of.hello.agency);
    struct peer *peer = peers_find(core->peers, request->peer);
    if (peer != NULL) {
        session_end_follows(core, peer);
    }
    if (!policy_key_is_valid(core->policy, agency, request->of.hello.key_id)) {
        core_refuse(core, request->peer, request->number, &refusal_revoked);
        struct effect *drop = effects_add(core->fx, FX_DROP);
        drop->of.drop.peer = request->peer;
        drop->of.drop.reason = refusal_revoked.code;
        if (peer != NULL) {
            peers_close(core->peers, peer);
        }
        return;
    }
    struct peer *opened = NULL;
    const struct refusal *refusal = peers_open(core->peers, request, core->now_ms, &opened);
    if (refusal != NULL) {
        hello_refuse(core, request, refusal);
        if (peer != NULL) {
            peers_close(core->peers, peer); /* «closed by … a refused hello» (proto/README.md) */
        }
        return;
    }
    peer = opened;
    peer->agency = agency;
    peer->policy_version = policy_version(core->policy);
    follows_unmute(core->follows, peer->slot);
    struct answer *answer = core_answer(core, ANSWER_WELCOME, peer->handle, request->number);
    assert(answer != NULL);
    answer->of.welcome.version = peer->version;
    answer->of.welcome.agency = peer_agency_name(peer);
    answer->of.welcome.head = core->head;
    answer->of.welcome.marks = session_marks(core, peer);
    answer->of.welcome.mark_count = peer->producer_count;
    assert(answer->of.welcome.marks != NULL);
}

/* What ingest asks while it judges a publish. */
struct publisher {
    struct core *core;
    const struct peer *peer;
};

static const struct refusal *publisher_judge(void *context, const uint8_t producer[PRODUCER_BYTES])
{
    const struct publisher *publisher = context;
    return peers_judge_producer(publisher->core->peers, publisher->peer, producer);
}

static bool publisher_may(void *context, struct bytes topic)
{
    const struct publisher *publisher = context;
    return policy_may(publisher->core->policy, publisher->peer->agency, RIGHT_PUBLISH, topic);
}

void core_publish(struct core *core, struct peer *peer, const struct request *request)
{
    struct publisher publisher = {.core = core, .peer = peer};
    struct ingest_ask ask = {
        .context = &publisher,
        .judge_producer = publisher_judge,
        .may_publish = publisher_may,
    };
    struct ingest_publish publish = {
        .now_ms = core->now_ms,
        .wall_ms = core->wall_ms,
        .peer = peer->handle,
        .number = request->number,
        .agency = peer_agency_name(peer),
        .key_id = peer->key_id,
        .publish = &request->of.publish,
    };
    const struct refusal *refusal = ingest_publish(core->ingest, &publish, &ask);
    if (refusal != NULL) {
        core_refuse(core, peer->handle, request->number, refusal);
    }
}

/* False: no room for all of them now. */
static bool sessions_part(struct core *core)
{
    for (; core->bye_at < core->limits.sessions; core->bye_at++) {
        const struct peer *peer = peers_at(core->peers, core->bye_at);
        if (peer != NULL && core_answer(core, ANSWER_BYE, peer->handle, 0) == NULL) {
            return false;
        }
    }
    return true;
}

bool core_sessions_continue(struct core *core)
{
    struct peer *peer;
    if (core->is_drained && !sessions_part(core)) {
        return false;
    }
    while ((peer = peers_first_silent(core->peers, core->now_ms)) != NULL) {
        if (!session_drop(core, peer, &refusal_no_session)) {
            return false;
        }
    }
    uint64_t version = policy_version(core->policy);
    uint32_t budget = core->limits.sessions;
    while ((peer = peers_next_unchecked(core->peers, version, &budget)) != NULL) {
        if (!core_session_is_valid(core, peer) && !session_drop(core, peer, &refusal_revoked)) {
            return false;
        }
    }
    return peers_are_checked(core->peers, version);
}
