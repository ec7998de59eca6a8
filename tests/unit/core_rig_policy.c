/* core_rig_policy.c - reads the words, and judges rights without the core's help.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/core_rig_policy.h"

#include <stdio.h>

#include "proto/c/topic.h"
#include "tests/unit/check.h"

static const char *const right_words[] = {"publish", "subscribe", "replay", "personal", "admin"};

void rig_policy_key(const char *agency, uint8_t key[KEY_ID_BYTES])
{
    memset(key, 0, KEY_ID_BYTES);
    memcpy(key, agency, strnlen(agency, KEY_ID_BYTES));
}

static enum right right_of(const char *word)
{
    uint32_t right = 0;
    while (right < RIGHT_COUNT && strcmp(right_words[right], word) != 0) {
        right++;
    }
    assert_true(right < RIGHT_COUNT);
    return (enum right)right;
}

static void parse_agency(struct rig_policy *policy, char *text)
{
    char *rest = NULL;
    char *name = strtok_r(text, " ", &rest);
    if (name == NULL) {
        return;
    }
    assert_true(policy->agency_count < RIG_AGENCIES_MAX);
    uint32_t index = policy->agency_count++, first = policy->line_count;
    rig_policy_key(name, policy->keys[index]);
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
        assert_true(policy->line_count < RIG_LINES_MAX);
        struct policy_line *line = &policy->lines[policy->line_count++];
        line->right = right_of(word);
        line->filter = bytes_of_text(strtok_r(NULL, " ", &rest));
    }
    policy->agencies[index] = (struct policy_agency){
        .name = bytes_of_text(name),
        .lines = &policy->lines[first],
        .line_count = policy->line_count - first,
        .key_ids = (const uint8_t(*)[KEY_ID_BYTES]) & policy->keys[index],
        .key_count = 1,
    };
}

void rig_policy_parse(struct rig_policy *policy, const char *text)
{
    char *rest = NULL;
    snprintf(policy->text, sizeof policy->text, "%s", text);
    for (char *part = strtok_r(policy->text, ";", &rest); part != NULL;
         part = strtok_r(NULL, ";", &rest)) {
        parse_agency(policy, part);
    }
}

bool rig_policy_grants(const char *text, const char *agency, const char *right, struct bytes topic)
{
    struct rig_policy policy = {0};
    rig_policy_parse(&policy, text);
    for (uint32_t index = 0; index < policy.agency_count; index++) {
        const struct policy_agency *one = &policy.agencies[index];
        for (uint32_t line = 0; line < one->line_count; line++) {
            if (bytes_are_equal(one->name, bytes_of_text(agency)) &&
                one->lines[line].right == right_of(right) &&
                topic_matches(one->lines[line].filter, topic)) {
                return true;
            }
        }
    }
    return false;
}
