/* policy_rights.c - what the lines of one agency say of a topic or a filter.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/policy.h"

#include "broker/core/policy_table.h"

/* The lowest `since` of the lines that grant, UINT64_MAX: none does. */
static uint64_t granted_since(const struct policy *policy, const struct policy_member *member,
                              enum right right, struct bytes topic)
{
    const struct policy_table *table = policy_in_force(policy);
    uint64_t since = UINT64_MAX;
    for (uint32_t line = policy_first(member, right); line < policy_end(member, right); line++) {
        const struct policy_entry *entry = &table->entries[line];
        if (entry->since < since && topic_matches(policy_filter_of(entry), topic)) {
            since = entry->since;
        }
    }
    return since;
}

bool policy_may(const struct policy *policy, uint32_t agency, enum right right, struct bytes topic)
{
    const struct policy_member *member = policy_member_at(policy, agency);
    return member != NULL && granted_since(policy, member, right, topic) != UINT64_MAX;
}

bool policy_has(const struct policy *policy, uint32_t agency, enum right right)
{
    const struct policy_member *member = policy_member_at(policy, agency);
    return member != NULL && policy_first(member, right) < policy_end(member, right);
}

struct policy_view policy_view_topic(const struct policy *policy, uint32_t agency,
                                     struct bytes topic)
{
    struct policy_view view = {.since = UINT64_MAX};
    const struct policy_member *member = policy_member_at(policy, agency);
    if (member == NULL) {
        return view;
    }
    view.since = granted_since(policy, member, RIGHT_SUBSCRIBE, topic);
    view.may_subscribe = view.since != UINT64_MAX;
    view.may_replay = granted_since(policy, member, RIGHT_REPLAY, topic) != UINT64_MAX;
    view.may_personal = granted_since(policy, member, RIGHT_PERSONAL, topic) != UINT64_MAX;
    return view;
}

static struct bytes text_of(const struct policy_filter *filter)
{
    return bytes_of(filter->text, filter->length);
}

/* Whether one of the pieces covers this one; the same piece from two lines has the lower time. */
static bool is_covered(struct policy_pieces *pieces, const struct policy_filter *piece)
{
    for (uint32_t index = 0; index < pieces->count; index++) {
        struct policy_filter *other = &pieces->list[index];
        if (bytes_are_equal(text_of(other), text_of(piece)) && piece->since < other->since) {
            other->since = piece->since;
        }
        if (topic_covers(text_of(other), text_of(piece))) {
            return true;
        }
    }
    return false;
}

/* Leaves out what the piece covers. */
static void drop_covered(struct policy_pieces *pieces, const struct policy_filter *piece)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < pieces->count; index++) {
        if (!topic_covers(text_of(piece), text_of(&pieces->list[index]))) {
            pieces->list[kept++] = pieces->list[index];
        }
    }
    pieces->count = kept;
}

static void add_piece(struct policy_pieces *pieces, const struct policy_filter *piece)
{
    if (is_covered(pieces, piece)) {
        return;
    }
    drop_covered(pieces, piece);
    if (pieces->count == pieces->room) {
        pieces->is_cut = true;
    } else {
        pieces->list[pieces->count++] = *piece;
    }
}

void policy_narrow(const struct policy *policy, uint32_t agency, enum right right,
                   struct bytes filter, struct policy_pieces *pieces)
{
    const struct policy_member *member = policy_member_at(policy, agency);
    const struct policy_table *table = policy_in_force(policy);
    pieces->count = 0;
    pieces->is_cut = false;
    if (member == NULL) {
        return;
    }
    for (uint32_t line = policy_first(member, right); line < policy_end(member, right); line++) {
        const struct policy_entry *entry = &table->entries[line];
        struct policy_filter piece = {.since = entry->since};
        piece.length = (uint8_t)topic_intersect(policy_filter_of(entry), filter, piece.text);
        if (piece.length > 0) {
            add_piece(pieces, &piece);
        }
    }
}
