/* show.h - an event as a person reads it: one line, or by a format of one's own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both read the JSON object that the library prints of an event, and nothing else.
 */
#ifndef CLIENTS_CLI_SHOW_H
#define CLIENTS_CLI_SHOW_H

#include "clients/cli/say.h"

/* NULL when `format` is one, else what is wrong. %q sequence, %i id, %t topic, %s source, %k kind,
 * %m mode, %r recorded at, %o occurred at, %n incident, %p priority, %x text of the body,
 * %j the whole object, %% a percent sign; \n and \t as in C. */
const char *show_format_fault(const char *format);

/* Writes `event` (of which `line` is the text) by a format without fault, and a newline. The
 * caller frees. */
char *show_by_format(const json_t *event, const char *line, const char *format);

/* Sequence, local time, source, topic, kind, text, incident in one line that fits say->columns,
 * with a newline. The caller frees. */
char *show_line(const struct say *say, const json_t *event);

/* Every field on a line of its own. The caller frees. */
char *show_whole(const struct say *say, const json_t *event);

#endif
