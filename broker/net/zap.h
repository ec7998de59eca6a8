/* zap.h - who may connect: ZeroMQ's question for each handshake, answered from memory by its own
 * thread.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Fails closed: what is not plainly allowed is refused, a malformed question too. While no keys
 * were given, or where a cap is reached, the answer is «later» (300), so that a client tries
 * again; unknown and revoked keys are told «no» (400), which ends a client's tries. All calls are
 * thread-safe.
 */
#ifndef BROKER_NET_ZAP_H
#define BROKER_NET_ZAP_H

#include "broker/base/status.h"
#include "proto/c/facts.h"

enum { ZAP_KEY_BYTES = 32, ZAP_USER_BYTES_MAX = 64 + 1 + 2 * KEY_ID_BYTES };

/* The domain of sockets with CURVE; a plain socket's is "plain:AGENCY". */
#define ZAP_DOMAIN "kentongan"

/* One key that may be asked about. */
struct zap_key {
    struct bytes agency;
    uint8_t public_key[ZAP_KEY_BYTES];
    uint8_t key_id[KEY_ID_BYTES];
    bool is_revoked;
};

struct zap_options {
    uint32_t sessions;          /* in all */
    uint32_t sessions_key;      /* of one key */
    uint32_t handshakes_second; /* of one key, after a burst of sessions_key */
};

struct zap_statistics {
    uint64_t allowed, refused, postponed, malformed;
};

struct zap;

/* Binds ZeroMQ's ZAP endpoint in `context` (a void * of libzmq) and starts the thread. MEMORY,
 * BUSY: the context has a handler already. */
enum status zap_start(void *context, const struct zap_options *options,
                      struct zap **zap) STATUS_MUST_CHECK;

/* Ends the thread, then frees; before the context is ended. NULL is let pass. */
void zap_stop(struct zap *zap);

/* Replaces all keys at once; counts of sessions stay. Once it returned, no handshake is judged by
 * the old ones. MEMORY: the old ones stay. */
enum status zap_set_keys(struct zap *zap, const struct zap_key *keys,
                         uint32_t count) STATUS_MUST_CHECK;

/* Lets whoever comes through a socket with the domain "plain:AGENCY" be that agency. MEMORY. */
enum status zap_allow_plain(struct zap *zap, struct bytes agency) STATUS_MUST_CHECK;

/* A key that is allowed for the self-test at start; NULL ends it. */
void zap_set_probe(struct zap *zap, const uint8_t *public_key);

/* A session of this user (User-Id as ZAP gave it) began or ended. */
void zap_count_session(struct zap *zap, struct bytes user, int change);

void zap_statistics(struct zap *zap, struct zap_statistics *statistics);

/* Takes a User-Id apart; false: none that this handler gave. */
bool zap_user_read(struct bytes user, struct bytes *agency, uint8_t key_id[KEY_ID_BYTES]);

#endif
