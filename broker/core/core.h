/* core.h - the broker as a pure state machine: one input in, a list of effects out.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No clock, file, socket, thread, chance or crypto inside. All memory is taken by core_new(). A
 * step is bounded: what does not fit this turn is done the next, and core_deadline_ms() says «now».
 */
#ifndef BROKER_CORE_CORE_H
#define BROKER_CORE_CORE_H

#include "broker/core/effect.h"
#include "broker/core/limits.h"

struct core;

/* Takes all memory; NULL: none. */
struct core *core_new(const struct core_limits *limits);
void core_free(struct core *core);

/* What core_step() must be given at least: room for one answer of any kind. */
enum { CORE_EFFECTS_MIN = 64, CORE_SCRATCH_MIN = 128 * 1024 };

/* Takes one input, fills `fx` (cleared first). Cannot fail, never allocates. */
void core_step(struct core *core, const struct input *input, struct effects *fx);

/* When to send IN_TICK, in now_ms: at once if it is past; UINT64_MAX: never. */
uint64_t core_deadline_ms(const struct core *core);

/* The last sequence known durable. */
uint64_t core_head(const struct core *core);

/* The version of the policy in force; 0: none yet. */
uint64_t core_policy_version(const struct core *core);

#endif
