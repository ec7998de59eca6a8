/* test_core.c - stories of the whole core: who hears of what, and what never happens.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/check.h"
#include "tests/unit/core_rig.h"

/* Everybody of the city: damkar publishes, polisi follows and may replay, dinkes only follows. */
static const char city[] =
    "damkar publish # subscribe #;"
    "polisi subscribe # replay # personal 62/71/#;"
    "dinkes subscribe 62/71/#";

static const struct made_event fire = {.topic = "62/71/incident/fire"};

static int set_up(void **state)
{
    struct core_limits limits;
    rig_limits(&limits);
    struct rig *rig = rig_new(&limits, 64, 256 * 1024);
    rig_policy(rig, city);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    return 0;
}

static void a_follower_hears_what_was_stored_after_its_publisher(void **state)
{
    struct rig *rig = *state;
    uint64_t damkar = rig_connect(rig, "damkar"), polisi = rig_connect(rig, "polisi");
    rig_follow_from(rig, polisi, "62/71/#", FROM_NOW, 0);
    rig_hold(rig, RIG_HOLD_APPENDS);
    rig_publish(rig, damkar, fire);
    assert_heard(rig, damkar, "welcome 0\n");
    assert_heard(rig, polisi, "welcome 0\nfollowing 1 from 1 head 0\n");
    rig_hold(rig, 0);
    assert_heard(rig, damkar, "stored 1\n");
    assert_heard(rig, polisi, "1: 1-1 = 1\n");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_follower_hears_what_was_stored_after_its_publisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
