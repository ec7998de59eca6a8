/* moment.h - times, durations and numbers as people type and read them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_MOMENT_H
#define CLIENTS_CLI_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOMENT_TEXT_BYTES = 48 };

/* Digits and nothing else, at most UINT64_MAX. False: `*number` is untouched. */
bool moment_read_number(const char *text, uint64_t *number);

/* "250ms", "10s", "15m", "2h", "7d", at most 100 years. False: `*duration_ms` is untouched. */
bool moment_read_duration(const char *text, uint64_t *duration_ms);

/* RFC 3339 with its offset: "2025-12-10T08:15:00+07:00", "2025-12-10T01:15:00.5Z"; seconds may be
 * left out. Milliseconds since 1970, UTC. NULL when read, else what is wrong, one of the two below;
 * `*time_ms` is untouched. */
const char *moment_read_time(const char *text, int64_t *time_ms);

extern const char moment_no_offset[]; /* a time that means something else in another zone */
extern const char moment_no_time[];   /* no time at all */

/* In the zone of this machine, to read: "2025-12-10 08:15:00 WIB". */
void moment_print_local(int64_t time_ms, char text[MOMENT_TEXT_BYTES]);

/* To the second, with the offset of this machine: "2025-12-10T08:15:00+07:00". */
void moment_print_rfc3339(int64_t time_ms, char text[MOMENT_TEXT_BYTES]);

/* To the millisecond, as machines read it: "2025-12-10T01:15:00.000Z". The year is 1970 to 9999. */
void moment_print_utc(int64_t time_ms, char text[MOMENT_TEXT_BYTES]);

/* The wall clock in milliseconds since 1970, UTC. */
int64_t moment_now_ms(void);

/* A clock that never jumps, in milliseconds, for deadlines. */
uint64_t moment_tick_ms(void);

#endif
