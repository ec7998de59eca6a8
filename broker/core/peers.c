/* peers.c - sessions by slot, in order of when they were last heard.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/peers.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/map.h"

#define PEER_NONE UINT32_MAX

static const struct refusal version_refusal = {
    .code = "VERSION",
    .field = "",
    .reason = "no version of the protocol in common",
};
static const struct refusal session_limit = {
    .code = "SESSION_LIMIT",
    .field = "",
    .reason = "as many sessions are open as may be",
    .retry_after_ms = 5000,
    .is_retryable = true,
};
static const struct refusal too_many_producers = {
    .code = "BAD_FRAME",
    .field = "producers",
    .reason = "more producers than a session may have",
};
static const struct refusal bad_agency = {
    .code = "BAD_FRAME",
    .field = "",
    .reason = "the agency's name is too long",
};
static const struct refusal fenced = {
    .code = "FENCED",
    .field = "producer",
    .reason = "a newer session publishes as this producer, or this one did not name it in hello",
    .is_retryable = true,
};

/* A session's place on the list by last heard, oldest first; beside the session, which others see.
 * */
struct place {
    uint32_t older, newer; /* older: also the next free slot */
    bool is_open;
};

/* Who publishes as a producer of an agency. */
struct holder {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t agency; /* hash of its name */
    uint32_t slot;
    uint32_t next_free;
};

struct agency_sessions {
    uint64_t agency;
    uint32_t count;
    uint32_t next_free;
};

struct peers {
    struct core_limits limits;
    struct peer *list;
    struct place *places;
    struct holder *holders;
    struct agency_sessions *agencies;
    struct map by_handle, by_producer, by_agency;
    uint32_t count, free, holder_free, agency_free;
    uint32_t oldest, newest;
    uint64_t checked_version; /* all sessions are checked against it */
    uint64_t sweep_version;
    uint32_t sweep; /* slots below it are */
};

static struct bytes key_of_peer(const void *owner, uint32_t index)
{
    const struct peer *list = owner;
    return bytes_of(&list[index].handle, sizeof list[index].handle);
}

static struct bytes key_of_holder(const void *owner, uint32_t index)
{
    const struct holder *list = owner;
    return bytes_of(list[index].producer, offsetof(struct holder, slot));
}

static struct bytes key_of_agency(const void *owner, uint32_t index)
{
    const struct agency_sessions *list = owner;
    return bytes_of(&list[index].agency, sizeof list[index].agency);
}

static bool take_memory(struct peers *peers)
{
    uint32_t room = peers->limits.sessions, holders = room * HELLO_PRODUCERS_MAX;
    peers->list = calloc(room, sizeof *peers->list);
    peers->places = calloc(room, sizeof *peers->places);
    peers->agencies = calloc(room, sizeof *peers->agencies);
    peers->holders = calloc(holders, sizeof *peers->holders);
    return peers->list && peers->places && peers->agencies && peers->holders &&
           map_init(&peers->by_handle, room, key_of_peer, peers->list) == STATUS_OK &&
           map_init(&peers->by_producer, holders, key_of_holder, peers->holders) == STATUS_OK &&
           map_init(&peers->by_agency, room, key_of_agency, peers->agencies) == STATUS_OK;
}

/* Chains of free slots, each to the one after it. */
static void free_all(struct peers *peers)
{
    uint32_t room = peers->limits.sessions, holders = room * HELLO_PRODUCERS_MAX;
    for (uint32_t slot = 0; slot < room; slot++) {
        uint32_t next = slot + 1 < room ? slot + 1 : PEER_NONE;
        peers->places[slot].older = next;
        peers->agencies[slot].next_free = next;
    }
    for (uint32_t holder = 0; holder < holders; holder++) {
        peers->holders[holder].next_free = holder + 1 < holders ? holder + 1 : PEER_NONE;
    }
    peers->oldest = PEER_NONE;
    peers->newest = PEER_NONE;
}

struct peers *peers_new(const struct core_limits *limits)
{
    assert(limits->sessions > 0 && limits->sessions_agency > 0);
    struct peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL) {
        return NULL;
    }
    peers->limits = *limits;
    if (!take_memory(peers)) {
        peers_free(peers);
        return NULL;
    }
    free_all(peers);
    return peers;
}

void peers_free(struct peers *peers)
{
    if (peers == NULL) {
        return;
    }
    map_deinit(&peers->by_handle);
    map_deinit(&peers->by_producer);
    map_deinit(&peers->by_agency);
    free(peers->list);
    free(peers->places);
    free(peers->agencies);
    free(peers->holders);
    free(peers);
}

/* FNV-1a; agencies are named by the operator. */
static uint64_t hash_of(struct bytes name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t index = 0; index < name.length; index++) {
        hash = (hash ^ name.data[index]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint32_t find_agency(const struct peers *peers, uint64_t agency)
{
    return map_find(&peers->by_agency, bytes_of(&agency, sizeof agency));
}

static uint32_t sessions_of(const struct peers *peers, struct bytes agency)
{
    uint32_t index = find_agency(peers, hash_of(agency));
    return index == MAP_NONE ? 0 : peers->agencies[index].count;
}

static void count_session(struct peers *peers, uint64_t agency)
{
    uint32_t index = find_agency(peers, agency);
    if (index == MAP_NONE) {
        index = peers->agency_free;
        assert(index != PEER_NONE);
        peers->agency_free = peers->agencies[index].next_free;
        peers->agencies[index] = (struct agency_sessions){.agency = agency};
        bool is_in = map_insert(&peers->by_agency, index);
        assert(is_in);
    }
    peers->agencies[index].count++;
}

static void uncount_session(struct peers *peers, uint64_t agency)
{
    uint32_t index = find_agency(peers, agency);
    assert(index != MAP_NONE && peers->agencies[index].count > 0);
    if (--peers->agencies[index].count == 0) {
        (void)map_remove(&peers->by_agency, bytes_of(&agency, sizeof agency));
        peers->agencies[index].next_free = peers->agency_free;
        peers->agency_free = index;
    }
}

static struct holder holder_key(struct bytes agency, const uint8_t producer[PRODUCER_BYTES])
{
    struct holder holder = {.agency = hash_of(agency)};
    memcpy(holder.producer, producer, PRODUCER_BYTES);
    return holder;
}

static uint32_t find_holder(const struct peers *peers, struct bytes agency,
                            const uint8_t producer[PRODUCER_BYTES])
{
    struct holder key = holder_key(agency, producer);
    return map_find(&peers->by_producer, key_of_holder(&key, 0));
}

/* «A newer session of a producer fences the older.» */
static void hold_producer(struct peers *peers, const struct peer *peer, const uint8_t *producer)
{
    uint32_t index = find_holder(peers, peer_agency_name(peer), producer);
    if (index == MAP_NONE) {
        index = peers->holder_free;
        assert(index != PEER_NONE);
        peers->holder_free = peers->holders[index].next_free;
        peers->holders[index] = holder_key(peer_agency_name(peer), producer);
        bool is_in = map_insert(&peers->by_producer, index);
        assert(is_in);
    }
    peers->holders[index].slot = peer->slot;
}

static void release_producers(struct peers *peers, const struct peer *peer)
{
    for (uint32_t count = 0; count < peer->producer_count; count++) {
        uint32_t index = find_holder(peers, peer_agency_name(peer), peer->producers[count]);
        if (index != MAP_NONE && peers->holders[index].slot == peer->slot) {
            (void)map_remove(&peers->by_producer, key_of_holder(peers->holders, index));
            peers->holders[index].next_free = peers->holder_free;
            peers->holder_free = index;
        }
    }
}

static void unlink_place(struct peers *peers, uint32_t slot)
{
    const struct place *place = &peers->places[slot];
    if (place->older == PEER_NONE) {
        peers->oldest = place->newer;
    } else {
        peers->places[place->older].newer = place->newer;
    }
    if (place->newer == PEER_NONE) {
        peers->newest = place->older;
    } else {
        peers->places[place->newer].older = place->older;
    }
}

static void link_newest(struct peers *peers, uint32_t slot)
{
    peers->places[slot].older = peers->newest;
    peers->places[slot].newer = PEER_NONE;
    if (peers->newest == PEER_NONE) {
        peers->oldest = slot;
    } else {
        peers->places[peers->newest].newer = slot;
    }
    peers->newest = slot;
}

static struct peer *take_slot(struct peers *peers, const struct request *hello)
{
    uint32_t slot = peers->free;
    struct bytes agency = hello->of.hello.agency;
    assert(peers->list != NULL && slot != PEER_NONE);
    peers->free = peers->places[slot].older;
    peers->places[slot].is_open = true;
    struct peer *peer = &peers->list[slot];
    *peer = (struct peer){.handle = hello->peer, .slot = slot};
    peer->agency_length = (uint8_t)agency.length;
    memcpy(peer->agency_text, agency.data, agency.length);
    memcpy(peer->key_id, hello->of.hello.key_id, KEY_ID_BYTES);
    bool is_in = map_insert(&peers->by_handle, slot);
    assert(is_in);
    count_session(peers, hash_of(agency));
    peers->count++;
    link_newest(peers, slot);
    return peer;
}

static void name_producers(struct peers *peers, struct peer *peer, const struct request *hello)
{
    release_producers(peers, peer);
    peer->producer_count = (uint8_t)hello->of.hello.producer_count;
    for (uint32_t index = 0; index < peer->producer_count; index++) {
        memcpy(peer->producers[index], hello->of.hello.producers[index], PRODUCER_BYTES);
        hold_producer(peers, peer, peer->producers[index]);
    }
}

static const struct refusal *judge_hello(const struct peers *peers, const struct request *hello)
{
    struct bytes agency = hello->of.hello.agency;
    if (hello->of.hello.version_min > PROTOCOL_VERSION_MAX ||
        hello->of.hello.version_max < PROTOCOL_VERSION_MIN ||
        hello->of.hello.version_min > hello->of.hello.version_max) {
        return &version_refusal;
    }
    if (agency.length > AGENCY_BYTES_MAX) {
        return &bad_agency;
    }
    if (hello->of.hello.producer_count > HELLO_PRODUCERS_MAX) {
        return &too_many_producers;
    }
    bool is_full = peers->count == peers->limits.sessions ||
                   sessions_of(peers, agency) >= peers->limits.sessions_agency;
    return is_full && peers_find(peers, hello->peer) == NULL ? &session_limit : NULL;
}

const struct refusal *peers_open(struct peers *peers, const struct request *hello, uint64_t now_ms,
                                 struct peer **peer)
{
    const struct refusal *refusal = judge_hello(peers, hello);
    if (refusal != NULL) {
        return refusal;
    }
    struct peer *here = peers_find(peers, hello->peer);
    if (here == NULL) {
        here = take_slot(peers, hello);
    }
    here->version = hello->of.hello.version_max < PROTOCOL_VERSION_MAX ? hello->of.hello.version_max
                                                                       : PROTOCOL_VERSION_MAX;
    name_producers(peers, here, hello);
    peers_hear(peers, here, now_ms);
    *peer = here;
    return NULL;
}

struct peer *peers_find(const struct peers *peers, uint64_t handle)
{
    uint32_t slot = map_find(&peers->by_handle, bytes_of(&handle, sizeof handle));
    return slot == MAP_NONE ? NULL : &peers->list[slot];
}

struct peer *peers_at(const struct peers *peers, uint32_t slot)
{
    assert(slot < peers->limits.sessions);
    return peers->places[slot].is_open ? &peers->list[slot] : NULL;
}

uint32_t peers_count(const struct peers *peers)
{
    return peers->count;
}

void peers_hear(struct peers *peers, struct peer *peer, uint64_t now_ms)
{
    assert(now_ms >= peer->heard_ms);
    peer->heard_ms = now_ms;
    unlink_place(peers, peer->slot);
    link_newest(peers, peer->slot);
}

void peers_close(struct peers *peers, struct peer *peer)
{
    uint32_t slot = peer->slot;
    assert(peers->places[slot].is_open);
    release_producers(peers, peer);
    uncount_session(peers, hash_of(peer_agency_name(peer)));
    (void)map_remove(&peers->by_handle, key_of_peer(peers->list, slot));
    unlink_place(peers, slot);
    peers->places[slot].is_open = false;
    peers->places[slot].older = peers->free;
    peers->free = slot;
    peers->count--;
}

struct peer *peers_first_silent(const struct peers *peers, uint64_t now_ms)
{
    return peers_deadline_ms(peers) <= now_ms ? &peers->list[peers->oldest] : NULL;
}

uint64_t peers_deadline_ms(const struct peers *peers)
{
    return peers->oldest == PEER_NONE
               ? UINT64_MAX
               : peers->list[peers->oldest].heard_ms + peers->limits.silence_ms;
}

struct peer *peers_next_unchecked(struct peers *peers, uint64_t version, uint32_t *budget)
{
    if (peers->sweep_version != version) {
        peers->sweep_version = version;
        peers->sweep = 0;
    }
    while (peers->sweep<peers->limits.sessions && * budget> 0) {
        struct peer *peer = peers_at(peers, peers->sweep);
        if (peer != NULL && peer->policy_version != version) {
            return peer;
        }
        peers->sweep++;
        --*budget;
    }
    if (peers->sweep == peers->limits.sessions) {
        peers->checked_version = version;
    }
    return NULL;
}

bool peers_are_checked(const struct peers *peers, uint64_t version)
{
    return peers->checked_version == version;
}

const struct refusal *peers_judge_producer(const struct peers *peers, const struct peer *peer,
                                           const uint8_t producer[PRODUCER_BYTES])
{
    uint32_t index = find_holder(peers, peer_agency_name(peer), producer);
    bool is_holder = index != MAP_NONE && peers->holders[index].slot == peer->slot;
    return is_holder ? NULL : &fenced;
}
