/* signals.h - SIGINT and SIGTERM as a descriptor that can be polled.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_SIGNALS_H
#define CLIENTS_CLI_SIGNALS_H

#include <stdbool.h>

/* Takes both signals away from their default; call before a library starts its thread. Readable
 * once one arrived. Returns the descriptor, or -1: errno says why. */
int signals_open(void);

/* Whether one arrived; does not wait. */
bool signals_arrived(int fd);

#endif
