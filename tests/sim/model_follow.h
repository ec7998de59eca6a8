/* model_follow.h - the model's eyes on follows; for its own files only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_MODEL_FOLLOW_H
#define TESTS_SIM_MODEL_FOLLOW_H

#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"
#include "tests/sim/model_state.h"

/* A message to the broker that may speak of a follow. */
void model_follow_to_broker(struct model *model, uint64_t peer,
                            const Kentongan__V1__ToBroker *said);

/* A message from the broker that may speak of a follow. */
void model_follow_from_broker(struct model *model, uint64_t peer,
                              const Kentongan__V1__FromBroker *said, struct bytes second);

/* A request was answered with an error: if it was for a follow, there is none. */
void model_follow_refused(struct model *model, uint64_t peer, uint64_t request);

/* Record `index` of a batch that `name` of `agency` got: the stored bytes, and a personal block
 * only for who may see it. */
void model_check_record(struct model *model, uint32_t agency, const char *name,
                        const Kentongan__V1__Batch *batch, size_t index);

#endif
