/* listen.h - what kentong sub and kentong replay have in common: a follow, printed line by line.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LISTEN_H
#define CLIENTS_CLI_LISTEN_H

#include "clients/cli/listen_options.h"

/* Follows until what was asked for is done, a signal comes, or the broker ends it. An event counts
 * as processed once its line was given to stdout. */
enum exit_code listen_run(struct cli *cli, const struct listen *listen);

#endif
