/* core_rig.h - a small world around the core: a store, a network and a clock that obey at once.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a peer hears is kept as text, a line an answer, so that a story can be read:
 *
 *   welcome 3                  the head
 *   stored 4                   a receipt; "stored 4 again": a duplicate; "refused CODE"
 *   following 1 from 4 head 3  and "through N", "narrowed to ...", "created" where it is so
 *   1: 4-6 = 4r 6p             follow 1 is covered from 4 to 6: 4 as replay, 6 with its persons
 *   acked 1 through 6
 *   ended 1 END                STORE_CORRUPT with its range
 *   event 4                    to a get
 *   error RIGHTS               LOG_CHANGED with both numbers
 *   bye
 *   dropped REVOKED
 *
 * The rig checks on every step what holds in every story: no allocation, deliveries without a gap
 * between them, of events that are durable, of modes and filters that were asked for, of topics
 * that the policy grants, within credit; and of nothing less, once rig_expect_all() was called.
 */
#ifndef TESTS_UNIT_CORE_RIG_H
#define TESTS_UNIT_CORE_RIG_H

#include "broker/core/core.h"
#include "tests/unit/core_rig_store.h"

struct rig;

/* The defaults made small: a few sessions and follows, pages for a handful of chunks. */
void rig_limits(struct core_limits *limits);

/* A started, empty broker with no policy that knows anybody. */
struct rig *rig_new(const struct core_limits *limits, uint32_t effects, size_t scratch_bytes);
void rig_free(struct rig *rig);

/* The next policy: "damkar publish 62/# replay 62/#; polisi subscribe #". One key an agency. */
void rig_policy(struct rig *rig, const char *text);

/* Kills the broker and starts another on what was durable, with the same policy. Peers are gone. */
void rig_crash(struct rig *rig);

/* The log lost its last `pages` pages, as nothing should; then a crash is due. */
void rig_lose_tail(struct rig *rig, uint32_t pages);

/* A crash, and the log comes back with the next incarnation. */
void rig_restore(struct rig *rig);

/* A session; returns its peer. */
uint64_t rig_connect(struct rig *rig, const char *agency);
void rig_disconnect(struct rig *rig, uint64_t peer);

/* Publishes one event, or many at once. */
void rig_publish(struct rig *rig, uint64_t peer, struct made_event event);
void rig_publish_many(struct rig *rig, uint64_t peer, const struct made_event *events,
                      uint32_t count);

/* A request to fill in: modes ACTUAL, plenty of credit, one filter. */
struct follow_request rig_follow_request(uint64_t follow, const char *filter);
void rig_follow(struct rig *rig, uint64_t peer, struct follow_request follow);

/* Short for the usual: from now, or with `from`. */
void rig_follow_from(struct rig *rig, uint64_t peer, const char *filter, enum from_kind from,
                     uint64_t value);

void rig_credit(struct rig *rig, uint64_t peer, uint64_t follow, uint64_t events, uint64_t bytes);
void rig_ack(struct rig *rig, uint64_t peer, uint64_t follow, uint64_t through);
void rig_unfollow(struct rig *rig, uint64_t peer, uint64_t follow);
void rig_get(struct rig *rig, uint64_t peer, uint64_t seq, uint32_t modes);
void rig_ping(struct rig *rig, uint64_t peer);

/* All is finished, and nothing more will be heard. */
void rig_drain(struct rig *rig);

/* From here on nobody lacks a right: each delivery must hold all that its follow asked for. */
void rig_expect_all(struct rig *rig);

/* How far the peer's follow is covered; 0: it is not open. */
uint64_t rig_covered(struct rig *rig, uint64_t peer, uint64_t follow);

/* Whether it was asked for and neither refused nor ended. */
bool rig_is_followed(struct rig *rig, uint64_t peer, uint64_t follow);

/* Lets time pass. */
void rig_wait_ms(struct rig *rig, uint64_t ms);

/* The broker's wall clock, in ms; runs with rig_wait_ms(). */
void rig_set_wall_ms(struct rig *rig, int64_t wall_ms);

/* What the peer has heard since it was last asked; valid until the next call. */
const char *rig_heard(struct rig *rig, uint64_t peer);

/* What is held (enum rig_hold) is answered when it is let go; a crash loses it. */
void rig_hold(struct rig *rig, uint32_t holds);

/* Reads of a page that meets this range find it damaged; 0, 0: none. */
void rig_damage(struct rig *rig, uint64_t first, uint64_t last);

/* Saves find the disk full. */
void rig_fill_disk(struct rig *rig, bool is_full);

/* Deliveries to this peer do not leave. */
void rig_clog(struct rig *rig, uint64_t peer, bool is_clogged);

/* How many pages were read, and how many saves were made, since the start. */
uint32_t rig_reads(const struct rig *rig);
uint32_t rig_saves(const struct rig *rig);

/* How many steps the core made. */
uint32_t rig_steps(const struct rig *rig);

/* How many deliveries did not leave. */
uint32_t rig_unsent(const struct rig *rig);

/* The core, for its head and deadline. */
const struct core *rig_core(const struct rig *rig);

#define assert_heard(rig, peer, text) assert_string_equal(rig_heard(rig, peer), text)

#endif
