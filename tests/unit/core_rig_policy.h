/* core_rig_policy.h - policies as text: "damkar publish 62/#; polisi subscribe # replay #".
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_CORE_RIG_POLICY_H
#define TESTS_UNIT_CORE_RIG_POLICY_H

#include "broker/core/input.h"

enum { RIG_POLICY_BYTES = 1024, RIG_LINES_MAX = 64, RIG_AGENCIES_MAX = 8 };

/* A policy as the core takes it; points into itself. */
struct rig_policy {
    char text[RIG_POLICY_BYTES];
    struct policy_line lines[RIG_LINES_MAX];
    struct policy_agency agencies[RIG_AGENCIES_MAX];
    uint8_t keys[RIG_AGENCIES_MAX][KEY_ID_BYTES];
    uint32_t line_count, agency_count;
};

void rig_policy_parse(struct rig_policy *policy, const char *text);

/* The key of an agency. */
void rig_policy_key(const char *agency, uint8_t key[KEY_ID_BYTES]);

/* Whether the text grants the right (a word) on the topic. */
bool rig_policy_grants(const char *text, const char *agency, const char *right, struct bytes topic);

#endif
