/* notify.h - tells a service manager how the broker is (sd_notify(3), without its library).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NOTIFY_H
#define BROKER_NOTIFY_H

#include <stdint.h>

/* Sends `state` ("READY=1") to the socket in NOTIFY_SOCKET, a path or an abstract name ("@…").
 * Nothing happens without one; that it cannot be told is no reason to stop. */
void notify_send(const char *state);

/* How often the manager wants to hear WATCHDOG=1 at the latest, halved; 0: not at all. */
uint64_t notify_watchdog_ms(void);

#endif
