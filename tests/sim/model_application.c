/* model_application.c - what the followers' applications got, against what was sent to them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_state.h"

#include <inttypes.h>

void model_follower_starts(struct model *model, uint32_t who)
{
    struct model_application *application = &model->applications[who];
    application->has_begun = false;
    application->covered = 0;
}

void model_following(struct model *model, uint32_t who, uint64_t first)
{
    struct model_application *application = &model->applications[who];
    bool has_cursor = cast_followers[who].cursor != NULL;
    if (application->has_begun && first > application->covered + 1)
        model_fail(model, "P3", "%s has everything up to %" PRIu64 " and goes on at %" PRIu64,
                   cast_followers[who].name, application->covered, first);
    if (!application->has_begun && application->was_begun && has_cursor &&
        first > application->processed + 1)
        model_fail(model, "P3",
                   "%s had processed everything up to %" PRIu64
                   ", and after a crash goes on at %" PRIu64,
                   cast_followers[who].name, application->processed, first);
    if (!application->has_begun) {
        application->covered = first - 1;
        if (!application->was_begun && first > application->processed)
            application->processed = first - 1;
    }
    application->has_begun = true;
    application->was_begun = true;
}

static bool is_among(const uint64_t *seqs, uint32_t count, uint64_t seq)
{
    for (uint32_t index = 0; index < count; index++)
        if (seqs[index] == seq)
            return true;
    return false;
}

void model_delivered(struct model *model, uint32_t who, uint64_t first, uint64_t last,
                     const uint64_t *seqs, uint32_t count)
{
    struct model_application *application = &model->applications[who];
    const char *name = cast_followers[who].name;
    if (!application->has_begun || first > application->covered + 1)
        model_fail(model, "P3",
                   "the application of %s has everything up to %" PRIu64 " and was handed %" PRIu64,
                   name, application->covered, first);
    for (uint32_t index = 0; index < count; index++)
        if (seqs[index] <= application->covered || seqs[index] > last)
            model_fail(model, "P3", "the application of %s was handed %" PRIu64 " out of turn",
                       name, seqs[index]);
    for (uint64_t seq = application->covered + 1; seq <= last; seq++) {
        bool is_handed = is_among(seqs, count, seq);
        bool is_shown = seq < application->shown_room && application->shown[seq] == DECISION_SHOWN;
        if (is_handed != is_shown)
            model_fail(model, "P3", "%s: the broker %s %" PRIu64 ", the application %s it", name,
                       is_shown ? "sent" : "did not send", seq, is_handed ? "got" : "did not get");
    }
    if (last > application->covered)
        application->covered = last;
}

void model_processed(struct model *model, uint32_t who, uint64_t through)
{
    struct model_application *application = &model->applications[who];
    if (through > application->processed)
        application->processed = through;
}

uint64_t model_covered(const struct model *model, uint32_t who)
{
    return model->applications[who].covered;
}
