/* peers.h - who is connected: sessions, their producers, and until when they are believed alive.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. It knows names and keys, not what they may do: the composer asks the
 * policy and tells. A session is checked against one version of the policy; before anything is done
 * for it under another version, it must be checked again (peer->policy_version).
 */
#ifndef BROKER_CORE_PEERS_H
#define BROKER_CORE_PEERS_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"

enum { PROTOCOL_VERSION_MIN = 1, PROTOCOL_VERSION_MAX = 1 };

struct peers;

/* One session; lives until peers_close(). What is not const is the composer's to write. */
struct peer {
    uint64_t handle; /* the net's */
    uint32_t slot;   /* 0 to limits.sessions - 1, of no other open session */
    uint32_t version;
    uint64_t policy_version; /* the policy that the session was last checked against */
    uint32_t agency;         /* its index in that policy */
    uint64_t heard_ms;
    uint8_t key_id[KEY_ID_BYTES];
    uint8_t agency_length;
    uint8_t producer_count;
    uint8_t agency_text[AGENCY_BYTES_MAX];
    uint8_t producers[HELLO_PRODUCERS_MAX][PRODUCER_BYTES];
};

/* The session's agency by name; lives as long as the session. */
static inline struct bytes peer_agency_name(const struct peer *peer)
{
    return bytes_of(peer->agency_text, peer->agency_length);
}

/* Takes all memory; NULL: none. */
struct peers *peers_new(const struct core_limits *limits);

/* Gives it back; NULL is let pass. */
void peers_free(struct peers *peers);

/* A hello of a key that the policy knows. Opens a session, or opens it anew if `handle` has one; it
 * fences the older sessions of its producers. NULL: done, *peer is it; else why it was refused:
 * VERSION, SESSION_LIMIT, BAD_FRAME (more producers than HELLO_PRODUCERS_MAX). */
const struct refusal *peers_open(struct peers *peers, const struct request *hello, uint64_t now_ms,
                                 struct peer **peer);

/* The session of that handle, or NULL. */
struct peer *peers_find(const struct peers *peers, uint64_t handle);

/* The session in that slot, or NULL: to walk them all. */
struct peer *peers_at(const struct peers *peers, uint32_t slot);

/* How many there are. */
uint32_t peers_count(const struct peers *peers);

/* Anything came from it: it is alive. */
void peers_hear(struct peers *peers, struct peer *peer, uint64_t now_ms);

/* Ends the session and frees its slot. */
void peers_close(struct peers *peers, struct peer *peer);

/* A session that was not heard for silence_ms, or NULL: close it and ask again. */
struct peer *peers_first_silent(const struct peers *peers, uint64_t now_ms);

/* When the next one will have been silent for too long; UINT64_MAX: never. */
uint64_t peers_deadline_ms(const struct peers *peers);

/* A session that was last checked against another policy than `version`, or NULL; looks at no more
 * than `*budget` slots and takes what it looked at off. Check it (set policy_version) or close it.
 * */
struct peer *peers_next_unchecked(struct peers *peers, uint64_t version, uint32_t *budget);

/* Whether all sessions are known to be checked against `version`. */
bool peers_are_checked(const struct peers *peers, uint64_t version);

/* NULL when `peer` may publish as `producer`: it named it in hello and no newer session did. Else
 * FENCED, which is retryable: the events stay in the outbox for whoever holds it now. */
const struct refusal *peers_judge_producer(const struct peers *peers, const struct peer *peer,
                                           const uint8_t producer[PRODUCER_BYTES]);

#endif
