/* cast.h - who plays: the agencies and their rights, the publishers, and the wishes of followers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same in every seed, so that stories read alike; what they do, and what happens to them, is
 * drawn from the seed.
 */
#ifndef TESTS_SIM_CAST_H
#define TESTS_SIM_CAST_H

#include "broker/core/input.h"

enum {
    CAST_AGENCIES = 6,
    CAST_LINES = 24,
    CAST_PUBLISHERS = 4,
    CAST_FOLLOWERS = 8,
    CAST_FILTERS_MAX = 3,
    CAST_LANES = 2
};

/* One line that a policy can hold. */
struct cast_line {
    uint32_t agency;
    enum right right;
    const char *filter;
};

/* Which lines and keys are granted at a time. */
struct cast_policy {
    uint64_t version;
    bool has_line[CAST_LINES];
    bool has_key[CAST_AGENCIES];
};

struct cast_publisher {
    const char *name;
    uint32_t agency;
};

/* What a follower asks for, in its own words. */
struct cast_follower {
    const char *name;
    uint32_t agency;
    const char *cursor;               /* NULL: none */
    const char *const *filters;       /* up to a NULL, at most CAST_FILTERS_MAX */
    const char *const *filters_later; /* after a restart, if not NULL */
    uint32_t modes;
    uint8_t kind;         /* number of a body; 0: all */
    uint16_t category;    /* 0: all */
    const char *incident; /* NULL: all */
    uint8_t min_priority;
    bool from_start;
    bool is_reader; /* reads the past again and again, with the verb for it */
};

extern const char *const cast_agencies[CAST_AGENCIES];
extern const struct cast_line cast_lines[CAST_LINES];
extern const struct cast_publisher cast_publishers[CAST_PUBLISHERS];
extern const struct cast_follower cast_followers[CAST_FOLLOWERS];

/* The id of an agency's one key. */
void cast_key_id(uint32_t agency, uint8_t key_id[KEY_ID_BYTES]);

/* Everything granted. */
void cast_policy_init(struct cast_policy *policy);

/* A policy as the core is told it; its arrays are inside. */
struct cast_policy_input {
    struct policy_agency agencies[CAST_AGENCIES];
    struct policy_line lines[CAST_LINES];
    uint8_t key_ids[CAST_AGENCIES][KEY_ID_BYTES];
};

void cast_policy_tell(const struct cast_policy *policy, struct cast_policy_input *room,
                      struct input *input);

#endif
