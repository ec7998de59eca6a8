/* journal.h - what the broker says to its operator: lines on stderr, with priorities for a journal.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_JOURNAL_H
#define BROKER_JOURNAL_H

#include "broker/core/effect.h"

/* Looks once whether stderr is a journal (systemd's JOURNAL_STREAM): then every line starts with
 * its priority, else with the time. Nothing below `lowest` is said. */
void journal_open(enum trace_level lowest);

/* Reads "debug", "info", "warning" or "alarm"; false: none of them. */
bool journal_read_level(const char *text, enum trace_level *level);

/* One line: text, subject in quotes if there is one, value if not 0. Bytes of `subject` that could
 * not be shown safely are shown as `?`. Thread-safe; never waits for more than the write. */
void journal_trace(void *context, enum trace_level level, const char *text, struct bytes subject,
                   uint64_t value);

/* One line as printf. */
void journal_say(enum trace_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line that scripts wait for: as it is, without time; with a priority in a journal. */
void journal_announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
