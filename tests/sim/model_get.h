/* model_get.h - the model's eyes on lookups of single events; for its own files only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_MODEL_GET_H
#define TESTS_SIM_MODEL_GET_H

#include "kentongan/v1/wire.pb-c.h"
#include "tests/sim/model_state.h"

/* A lookup reached the broker. */
void model_get_asked(struct model *model, uint64_t peer, uint32_t agency,
                     const Kentongan__V1__ToBroker *said);

/* It was answered with an event. */
void model_get_found(struct model *model, uint64_t peer, const Kentongan__V1__FromBroker *said,
                     struct bytes second);

/* A request was answered with an error; nothing if it was not for a lookup. */
void model_get_refused(struct model *model, uint64_t peer, uint64_t request, const char *code);

/* Those of a connection are owed nothing any more. */
void model_get_closed(struct model *model, uint64_t peer);

#endif
