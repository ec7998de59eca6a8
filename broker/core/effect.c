/* effect.c - a list and a scratch that are taken once and handed out by the step.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/effect.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

enum status effects_init(struct effects *fx, uint32_t room, size_t scratch_bytes)
{
    assert(room > 0 && scratch_bytes > 0);
    *fx = (struct effects){.room = room, .scratch_room = scratch_bytes};
    fx->list = malloc(room * sizeof *fx->list);
    fx->scratch = malloc(scratch_bytes);
    if (fx->list == NULL || fx->scratch == NULL) {
        effects_deinit(fx);
        return STATUS_MEMORY;
    }
    return STATUS_OK;
}

void effects_deinit(struct effects *fx)
{
    free(fx->list);
    free(fx->scratch);
    *fx = (struct effects){0};
}

void effects_clear(struct effects *fx)
{
    fx->count = 0;
    fx->scratch_used = 0;
}

struct effect *effects_add(struct effects *fx, enum effect_kind kind)
{
    if (fx->count == fx->room) {
        return NULL;
    }
    struct effect *effect = &fx->list[fx->count++];
    *effect = (struct effect){.kind = kind};
    return effect;
}

void *effects_scratch(struct effects *fx, size_t bytes)
{
    const size_t step = alignof(max_align_t);
    size_t start = (fx->scratch_used + step - 1) / step * step;
    if (start > fx->scratch_room || bytes > fx->scratch_room - start) {
        return NULL;
    }
    fx->scratch_used = start + bytes;
    return fx->scratch + start;
}
