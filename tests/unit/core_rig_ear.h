/* core_rig_ear.h - what peers of the rig hear, written down and held against what was promised.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_CORE_RIG_EAR_H
#define TESTS_UNIT_CORE_RIG_EAR_H

#include "broker/core/effect.h"
#include "proto/c/topic.h"

enum { EARS_MAX = 512, EAR_FOLLOWS_MAX = 40, EAR_TEXT_BYTES = 16384 };

/* What a peer knows of a follow of its. */
struct ear_follow {
    uint64_t id;
    uint64_t request;
    uint64_t next; /* the next delivery must start here; 0: Following was not heard */
    uint32_t modes;
    uint8_t min_priority;
    bool is_replay;
    char filters[4][TOPIC_BYTES_MAX + 1];
    uint32_t filter_count;
    uint64_t credit_events;
    int64_t credit_bytes;
    bool is_asked;
};

struct ear {
    char agency[AGENCY_BYTES_MAX + 1];
    char *text, *taken;
    size_t used;
    uint64_t published; /* number of the last event */
    struct ear_follow follows[EAR_FOLLOWS_MAX];
    bool is_open, is_clogged;
};

struct rig_ears {
    struct ear ears[EARS_MAX]; /* by peer */
};

void rig_ears_open(struct rig_ears *ears, uint64_t peer, const char *agency);
void rig_ears_close_all(struct rig_ears *ears);
void rig_ears_free(struct rig_ears *ears);
struct ear *rig_ears_of(struct rig_ears *ears, uint64_t peer);

/* A follow was asked for, or was granted credit. */
void rig_ears_expect(struct rig_ears *ears, uint64_t peer, const struct follow_request *request,
                     uint64_t number);
void rig_ears_grant(struct rig_ears *ears, uint64_t peer, uint64_t id, uint64_t events,
                    uint64_t bytes);

/* The peer's follow of that number, or NULL. */
struct ear_follow *ear_follow_of(struct ear *ear, uint64_t id);

/* Whether the follow asked for such a record. */
bool ear_follow_wants(const struct ear_follow *follow, const struct record *record);

void rig_ears_forget(struct rig_ears *ears, uint64_t peer, uint64_t id);

/* An answer. False: it is a delivery and does not leave. */
bool rig_ears_hear(struct rig_ears *ears, const struct answer *answer, uint64_t durable);
void rig_ears_drop(struct rig_ears *ears, uint64_t peer, const char *reason);

/* What was heard since the last time; lives until the next time. */
const char *ear_take(struct ear *ear);

#endif
