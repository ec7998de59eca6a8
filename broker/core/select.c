/* select.c - the rule of delivery in one place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/select.h"

#include <assert.h>

bool permit_allows(const struct permit *permit, bool is_replay, uint64_t filter_since, uint64_t seq)
{
    if (is_replay) {
        return permit->may_replay;
    }
    /* «Event s is delivered if the policy in force grants its topic and, unless that policy grants
     * replay on it, s is above the since of the granting line and of the matching filter.» */
    return permit->may_subscribe &&
           (permit->may_replay || (seq > permit->since && seq > filter_since));
}

bool selection_begin(struct selection *selection, const struct page *page, uint32_t want,
                     struct effects *fx)
{
    assert(want > 0 && want <= page_count(page));
    /* Room for both arrays and their alignment. */
    const size_t slack = 2 * sizeof(uint64_t) * 2, cost = sizeof(uint32_t) + 1;
    size_t left = fx->scratch_room - fx->scratch_used;
    size_t room = left > slack ? (left - slack) / cost : 0;
    room = room < want ? room : want;
    size_t before = fx->scratch_used;
    uint32_t *indexes = room == 0 ? NULL : effects_scratch(fx, room * sizeof *indexes);
    uint8_t *personal = indexes == NULL ? NULL : effects_scratch(fx, room);
    *selection = (struct selection){
        .page = page,
        .indexes = indexes,
        .personal = personal,
        .room = (uint32_t)room,
        .scratch_before = before,
    };
    return personal != NULL;
}

bool selection_may_add(const struct selection *selection)
{
    return selection->count < selection->room && selection->events > 0 && selection->bytes > 0;
}

void selection_add(struct selection *selection, uint32_t index, bool may_personal)
{
    assert(selection_may_add(selection) && index < page_count(selection->page));
    const struct record *record = &selection->page->records[index];
    bool has_personal = record->personal_length > 0;
    selection->indexes[selection->count] = index;
    selection->personal[selection->count] = has_personal && may_personal;
    selection->left_out += has_personal && !may_personal;
    selection->count++;
    selection->events--;
    selection->bytes -= record->length;
    selection->bytes -= has_personal && may_personal ? record->personal_length : 0;
}

void selection_end(struct selection *selection, struct effects *fx)
{
    if (selection->count == 0) {
        fx->scratch_used = selection->scratch_before;
        return;
    }
    uint8_t *behind = (uint8_t *)(selection->indexes + selection->count);
    memmove(behind, selection->personal, selection->count);
    selection->personal = behind;
    fx->scratch_used = (size_t)(behind + selection->count - fx->scratch);
}

bool selection_is_whole(const struct selection *selection)
{
    return selection->count == page_count(selection->page) && selection->left_out == 0;
}
