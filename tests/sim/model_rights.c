/* model_rights.c - which policy was in force, and who had to be shown what.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_state.h"

#include <assert.h>
#include <inttypes.h>

/* The length of the first level of a topic or filter. */
static size_t level_length(const char *text)
{
    return strcspn(text, "/");
}

bool model_matches(const char *filter, const char *topic)
{
    for (;;) {
        if (strcmp(filter, "#") == 0)
            return true;
        size_t wanted = level_length(filter), length = level_length(topic);
        bool is_any = wanted == 1 && filter[0] == '+';
        if (!is_any && (wanted != length || memcmp(filter, topic, length) != 0))
            return false;
        filter += wanted;
        topic += length;
        if (*topic == '\0')
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        if (*filter == '\0')
            return false;
        filter++;
        topic++;
    }
}

static struct model_rights *in_force(const struct model *model)
{
    assert(model->rights.count > 0);
    return &model->rights.list[model->rights.count - 1];
}

bool model_granted(const struct model_rights *rights, uint32_t agency, enum right right,
                   const char *topic)
{
    for (uint32_t line = 0; line < CAST_LINES; line++)
        if (rights->policy.has_line[line] && cast_lines[line].agency == agency &&
            cast_lines[line].right == right && model_matches(cast_lines[line].filter, topic))
            return true;
    return false;
}

bool model_grants(const struct model *model, uint32_t agency, enum right right, const char *topic)
{
    return model_granted(in_force(model), agency, right, topic);
}

/* What is on disk is one of the policies that were told, and no older than the last one after
 * which an append that was asked for later is durable: writes keep their order. */
static void forget_rights(struct model *model, uint64_t durable)
{
    for (uint32_t index = model->rights_kept; index < model->rights.count; index++)
        if (model->rights.list[index].asked < durable)
            model->rights_kept = index;
}

void model_append_asked(struct model *model, uint64_t last)
{
    model->asked = last;
}

uint64_t model_waiting(const struct model *model)
{
    return model->asked > model->head ? model->asked - model->head : 0;
}

void model_append_done(struct model *model, uint64_t last)
{
    model->head = last;
}

static void add_rights(struct model *model, const struct model_rights *rights)
{
    struct model_rights *room = MODEL_ADD(model->rights);
    *room = *rights;
}

/* «changed while stopped = the head at start» */
void model_start(struct model *model, const struct cast_policy *policy)
{
    model->is_up = true;
    model->head = model_head(model);
    model->asked = model->head;
    forget_rights(model, model->head);
    struct model_rights next = {.policy = *policy, .asked = model->head};
    for (uint32_t line = 0; line < CAST_LINES; line++) {
        struct model_span span = {UINT64_MAX, 0};
        for (uint32_t index = model->rights_kept; index < model->rights.count; index++) {
            const struct model_rights *kept = &model->rights.list[index];
            bool was_granted = kept->policy.has_line[line];
            uint64_t low = was_granted ? kept->since[line].low : model->head;
            uint64_t high = was_granted ? kept->since[line].high : model->head;
            span.low = low < span.low ? low : span.low;
            span.high = high > span.high ? high : span.high;
        }
        if (model->rights.count == 0)
            span = (struct model_span){model->head, model->head};
        next.since[line] = span;
    }
    add_rights(model, &next);
}

/* «the head at which it was granted; lost and given back = granted anew» */
void model_policy(struct model *model, const struct cast_policy *policy)
{
    forget_rights(model, model->head);
    struct model_rights next = {.policy = *policy, .asked = model->asked};
    const struct model_rights *before = in_force(model);
    for (uint32_t line = 0; line < CAST_LINES; line++)
        next.since[line] = before->policy.has_line[line]
                               ? before->since[line]
                               : (struct model_span){model->head, model->head};
    add_rights(model, &next);
}

static void lower(struct model_span *span, struct model_span other)
{
    span->low = other.low < span->low ? other.low : span->low;
    span->high = other.high < span->high ? other.high : span->high;
}

/* What kind, category, incident and priority say. */
static bool is_selected(const struct cast_follower *wish, const struct bulletin *bulletin)
{
    return (wish->kind == 0 || wish->kind == bulletin->kind) &&
           (wish->category == 0 || wish->category == bulletin->category) &&
           (wish->incident == NULL || strcmp(wish->incident, bulletin->incident) == 0) &&
           bulletin->priority >= wish->min_priority;
}

/* «delivered if the policy in force at delivery grants its topic and, unless that policy grants
 * replay on it, it is above the since of the granting line and of the matching filter» */
static enum model_verdict judge_topic(struct model *model, struct model_follow *follow,
                                      const struct model_rights *rights, const char *topic,
                                      uint64_t seq)
{
    uint32_t agency = cast_followers[follow->who].agency;
    struct model_span line = {UINT64_MAX, UINT64_MAX}, filter = line;
    for (uint32_t index = 0; index < CAST_LINES; index++)
        if (rights->policy.has_line[index] && cast_lines[index].agency == agency &&
            cast_lines[index].right == RIGHT_SUBSCRIBE &&
            model_matches(cast_lines[index].filter, topic))
            lower(&line, rights->since[index]);
    bool is_wanted = false;
    for (uint32_t index = 0; follow->filters[index] != NULL; index++)
        if (model_matches(follow->filters[index], topic)) {
            is_wanted = true;
            lower(&filter, model_filter_of(model, follow, index)->since);
        }
    model->line_since = line;
    model->filter_since = filter;
    bool may_replay = model_granted(rights, agency, RIGHT_REPLAY, topic);
    if (is_wanted && follow->is_replay)
        return may_replay ? VERDICT_MUST : VERDICT_NEVER; /* «what it may read of the past» */
    if (!is_wanted || line.low == UINT64_MAX)
        return VERDICT_NEVER;
    if (may_replay)
        return VERDICT_MUST;
    if (seq <= line.low || seq <= filter.low)
        return VERDICT_NEVER;
    return seq > line.high && seq > filter.high ? VERDICT_MUST : VERDICT_MAY;
}

void model_tell_since(const struct model *model, char *room, size_t room_bytes)
{
    snprintf(room, room_bytes,
             "line since %" PRIu64 "-%" PRIu64 ", filter since %" PRIu64 "-%" PRIu64,
             model->line_since.low, model->line_since.high, model->filter_since.low,
             model->filter_since.high);
}

enum model_verdict model_judge(struct model *model, struct model_follow *follow, uint64_t seq)
{
    const struct cast_follower *wish = &cast_followers[follow->who];
    const struct bulletin *bulletin = model->bulletins->list[model->records.list[seq - 1].bulletin];
    if ((wish->modes & 1u << bulletin->mode) == 0)
        return VERDICT_DRILL;
    if (!is_selected(wish, bulletin))
        return VERDICT_NEVER;
    enum model_verdict verdict = judge_topic(model, follow, in_force(model), bulletin->topic, seq);
    /* It may have been passed over under an earlier policy and told of only now. */
    for (uint32_t index = follow->rights;
         verdict == VERDICT_MUST && index + 1 < model->rights.count; index++)
        if (judge_topic(model, follow, &model->rights.list[index], bulletin->topic, seq) !=
            VERDICT_MUST)
            verdict = VERDICT_MAY;
    return verdict;
}
