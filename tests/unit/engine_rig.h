/* engine_rig.h - an engine between the store in memory and a network that does as the test says.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a peer is sent is kept as text, a line a message, and taken by rig_heard():
 *
 *   welcome 3            the head
 *   receipt 4 stored 7   number, sequence; or "receipt 4 BUSY", "receipt 4 gap 2"
 *   following 1 from 4   with "resumable" where it is so
 *   deliver 1: 4-6 #2    follow, range, records in the second frame
 *   ended 1 END, error NO_SESSION, pong 3, bye, dropped
 */
#ifndef TESTS_UNIT_ENGINE_RIG_H
#define TESTS_UNIT_ENGINE_RIG_H

#include "broker/engine.h"
#include "tests/sim/store_fake.h"

struct engine_rig {
    struct net net;
    struct fake_disk *disk;
    struct store *store;
    struct engine *engine;
    struct net_message inbox[64];
    uint32_t inbox_count;
    char heard[16][8192];                       /* by peer */
    bool is_busy[16], is_slow[16], is_gone[16]; /* slow: takes words, but no deliveries */
    char traced[8192];
    uint64_t now_ms;
    int64_t wall_ms;
    bool is_ready, is_store_held, accept_clock;
    uint32_t queue_writes;
};

/* An engine on an empty log that has opened its doors. Agencies: damkar (everything), polisi
 * (follows 62/#). */
struct engine_rig *rig_new(void);
void rig_free(struct engine_rig *rig);

/* Kills the engine and makes another on what is durable; turns until it is ready or has failed. */
void rig_restart(struct engine_rig *rig);

/* Turns until nothing is left to do; what the store holds back stays undone. */
void rig_run(struct engine_rig *rig);

/* Peer 1 to 15; odd ones are damkar's, even ones polisi's. */
void rig_hello(struct engine_rig *rig, uint64_t peer);
void rig_publish(struct engine_rig *rig, uint64_t peer, uint64_t number, uint64_t after);
void rig_follow(struct engine_rig *rig, uint64_t peer, uint64_t follow, uint64_t from_seq);
void rig_ping(struct engine_rig *rig, uint64_t peer);
void rig_garbage(struct engine_rig *rig, uint64_t peer);

/* Gives the policy again; without polisi when it says so. */
enum status rig_policy(struct engine_rig *rig, bool with_polisi);

/* What was sent to the peer since the last call, in lines. */
const char *rig_heard(struct engine_rig *rig, uint64_t peer);

#endif
