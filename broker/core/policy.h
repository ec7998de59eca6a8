/* policy.h - the policy in force: who holds which key, and what each agency may do on which topic.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. Two buffers: an offered policy is copied whole into the one that is
 * not in force, or refused and nothing changes. Every line has a `since`, the head at which it was
 * granted, kept under the keys "policy/AGENCY" (architecture §5). At start the kept ones are loaded
 * before the first policy comes in force; a line that has none is granted at the head as it is.
 *
 * No door opens in a crash: a policy is in force at once, and what it takes away is durable before
 * any later append is asked for (policy_is_saved()): a full store may refuse the save and take the
 * append after it.
 */
#ifndef BROKER_CORE_POLICY_H
#define BROKER_CORE_POLICY_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"
#include "proto/c/topic.h"

#define POLICY_NO_AGENCY UINT32_MAX

struct policy;

/* Takes all memory; NULL: none. */
struct policy *policy_new(const struct core_limits *limits);

/* Gives it back; NULL is let pass. */
void policy_free(struct policy *policy);

/* IN_POLICY: copies it. FULL: more agencies, lines, keys or filter bytes than fit (the old one
 * stays in force). The first one comes in force when its loads are answered, a later one at once,
 * with new lines granted at `head`. INVALID: two agencies of one name, or a name that is too long
 * or empty. */
enum status policy_offer(struct policy *policy, const struct policy_agency *agencies,
                         uint32_t agency_count, uint64_t version, uint64_t head) STATUS_MUST_CHECK;

/* IN_LOADED with a token of TOKEN_POLICY. A value that cannot be read counts as absent. */
void policy_loaded(struct policy *policy, uint64_t token, enum status status, struct bytes value,
                   uint64_t head);

/* IN_SAVED with a token of TOKEN_POLICY; FULL is asked again after a second. */
void policy_saved(struct policy *policy, uint64_t token, enum status status, uint64_t now_ms);

/* Emits the loads and saves that are owed, as far as `fx` has room. Every step, before any append.
 * */
void policy_continue(struct policy *policy, uint64_t now_ms, struct effects *fx);

/* Something is owed that has not been emitted. */
bool policy_owes_effects(const struct policy *policy);

/* Everything that was asked to be saved is durable: what an operator changed has taken effect, and
 * appends may be asked for. */
bool policy_is_saved(const struct policy *policy);

/* When policy_continue() has something to do; UINT64_MAX: never. */
uint64_t policy_deadline_ms(const struct policy *policy);

/* A policy is in force. Until then nobody is known. */
bool policy_is_ready(const struct policy *policy);

/* The version in force; 0: none. Rises with every policy: answers kept by callers are good for it
 * only. */
uint64_t policy_version(const struct policy *policy);

/* Agencies of the policy in force are 0 to count - 1; an index is good for one version. */
uint32_t policy_agency_count(const struct policy *policy);

/* The agency of that name, or POLICY_NO_AGENCY. */
uint32_t policy_agency_find(const struct policy *policy, struct bytes name);

/* Its name; lives as long as the version. */
struct bytes policy_agency_name(const struct policy *policy, uint32_t agency);

/* Whether sessions of this key are the agency's. `agency` may be POLICY_NO_AGENCY: no. */
bool policy_key_is_valid(const struct policy *policy, uint32_t agency,
                         const uint8_t key_id[KEY_ID_BYTES]);

/* Whether any line of `agency` grants `right` on `topic`. `agency` may be POLICY_NO_AGENCY: no. */
bool policy_may(const struct policy *policy, uint32_t agency, enum right right, struct bytes topic);

/* Whether `agency` has the right at all, on whatever topic: for RIGHT_ADMIN, and to refuse early.
 * */
bool policy_has(const struct policy *policy, uint32_t agency, enum right right);

/* What an agency may see of one topic. */
struct policy_view {
    uint64_t since; /* the lowest of the lines that grant subscribe; UINT64_MAX: none does */
    bool may_subscribe;
    bool may_replay;
    bool may_personal;
};

/* One walk over the agency's lines: memo it by (agency, topic, version). */
struct policy_view policy_view_topic(const struct policy *policy, uint32_t agency,
                                     struct bytes topic);

/* A filter as narrowed to one granting line. */
struct policy_filter {
    uint64_t since; /* of the line; the lowest where several lines give the same filter */
    uint8_t length; /* never 0 */
    uint8_t text[TOPIC_BYTES_MAX];
};

/* Where what is left of a filter is written: to memory of the caller's. */
struct policy_pieces {
    struct policy_filter *list; /* of `room`, which may be 0 */
    uint32_t room, count;
    bool is_cut; /* there was no room for the rest */
};

/* Writes what is left of `filter` under `right`: its intersections with the granting lines, without
 * those that another one covers; none if nothing is granted. Sets `count` and `is_cut`. */
void policy_narrow(const struct policy *policy, uint32_t agency, enum right right,
                   struct bytes filter, struct policy_pieces *pieces);

#endif
