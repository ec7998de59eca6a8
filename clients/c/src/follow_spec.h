/* follow_spec.h - options of a follow as what the link asks for.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_FOLLOW_SPEC_H
#define CLIENTS_C_SRC_FOLLOW_SPEC_H

#include "clients/c/src/link_message.h"
#include "clients/c/src/options.h"

/* Fills `spec`; what it points to lives in `*block`, to be freed by the caller. NULL, or the
 * option that is wrong with `*reason`, a static sentence. */
const char *follow_spec_read(const struct kt_options *options, struct link_follow_spec *spec,
                             void **block, const char **reason);

/* Adds the modes that the option `name` lists to `*modes`, bits 1u << enum mode. NULL, or what is
 * wrong, static. */
const char *follow_spec_read_modes(const struct kt_options *options, const char *name,
                                   uint32_t *modes);

#endif
