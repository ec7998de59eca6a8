/* listen_options.h - from what was typed to the library's options.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LISTEN_OPTIONS_H
#define CLIENTS_CLI_LISTEN_OPTIONS_H

#include "clients/cli/listen.h"

/* Sets what the follow shall be. False: it said what is wrong. */
bool listen_set_options(const struct listen *listen, struct kt_options *options);

#endif
