/* core_permit.c - what the policy says of a record's topic, remembered as long as it is in force.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/core_parts.h"

void core_permit(struct core *core, uint32_t agency, const struct record *record,
                 struct permit *permit)
{
    uint64_t version = policy_version(core->policy);
    uint64_t place = record->seq * 31 + agency;
    struct permit_memo *memo = &core->permits[place & (PERMITS_ROOM - 1)];
    if (memo->seq != record->seq || memo->agency != agency || memo->version != version) {
        struct policy_view view = policy_view_topic(core->policy, agency, record->topic);
        *memo = (struct permit_memo){
            .version = version,
            .seq = record->seq,
            .agency = agency,
            .permit = {.since = view.since,
                       .may_subscribe = view.may_subscribe,
                       .may_replay = view.may_replay,
                       .may_personal = view.may_personal},
        };
    }
    *permit = memo->permit;
}

bool core_follow_wants(struct core *core, const struct follow *follow, const struct record *record,
                       struct permit *permit)
{
    uint64_t filter_since = 0;
    if (!terms_select(follow->terms, record) ||
        !terms_match(follow->terms, record->topic, &filter_since)) {
        return false;
    }
    core_permit(core, core_session_at(core, follow)->agency, record, permit);
    return permit_allows(permit, follow->is_replay, filter_since, record->seq);
}

bool core_terms_have(const struct core *core, uint32_t agency, enum right right,
                     const struct terms *terms)
{
    for (uint32_t index = 0; index < terms->filter_count; index++) {
        struct policy_filter any;
        struct policy_pieces pieces = {.list = &any, .room = 1};
        policy_narrow(core->policy, agency, right, terms_filter(terms, index), &pieces);
        if (pieces.count > 0) {
            return true;
        }
    }
    return false;
}
