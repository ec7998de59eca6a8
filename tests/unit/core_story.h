/* core_story.h - the city in which the stories of the core play.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_CORE_STORY_H
#define TESTS_UNIT_CORE_STORY_H

#include "tests/unit/check.h"
#include "tests/unit/core_rig.h"

/* damkar publishes, polisi follows and may replay, dinkes only follows what is new. */
#define STORY_CITY                                                                                 \
    "damkar publish # subscribe #;"                                                                \
    "polisi subscribe # replay # personal 62/71/#;"                                                \
    "dinkes subscribe 62/71/#"

static const struct made_event fire = {.topic = "62/71/incident/fire"};
static const struct made_event flood = {.topic = "62/72/incident/flood"};

static inline int story_begin(void **state)
{
    struct core_limits limits;
    rig_limits(&limits);
    struct rig *rig = rig_new(&limits, CORE_EFFECTS_MIN, CORE_SCRATCH_MIN);
    rig_policy(rig, STORY_CITY);
    *state = rig;
    return 0;
}

static inline int story_end(void **state)
{
    rig_free(*state);
    return 0;
}

/* Sequences 1 to `count`, each in a chunk of its own. */
static inline uint64_t story_past(struct rig *rig, uint32_t count, struct made_event event)
{
    uint64_t damkar = rig_connect(rig, "damkar");
    for (uint32_t index = 0; index < count; index++) {
        rig_publish(rig, damkar, event);
    }
    rig_heard(rig, damkar);
    return damkar;
}

/* A session that has read its welcome. */
static inline uint64_t story_join(struct rig *rig, const char *agency)
{
    uint64_t peer = rig_connect(rig, agency);
    rig_heard(rig, peer);
    return peer;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, story_begin, story_end)

#endif
