/* say.h - how the command line speaks: two languages, colour only at a terminal, JSON when asked.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Results go to stdout, trouble and progress to stderr. Codes are never translated.
 */
#ifndef CLIENTS_CLI_SAY_H
#define CLIENTS_CLI_SAY_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>

enum language { LANGUAGE_ENGLISH, LANGUAGE_INDONESIAN };

struct say {
    enum language language;
    bool is_json;     /* --json: one object a line */
    bool is_verbose;  /* -v: tells of connections and progress without a terminal too */
    bool has_colour;  /* of stdout */
    bool is_terminal; /* stderr is one: progress may be shown */
    int columns;      /* of stdout's terminal; 0: none, nothing is cut */
};

/* How it is when nothing was asked for: LANG (LC_ALL, LC_MESSAGES), the terminals, NO_COLOR. */
struct say say_default(void);

/* Reads "en" or "id" (also "id_ID.UTF-8"). False: no language that it speaks; `*language` stays. */
bool say_read_language(const char *name, enum language *language);

/* The one of two texts in the language spoken. Both take the same arguments. */
const char *say_text(const struct say *say, const char *english, const char *indonesian)
    __attribute__((format_arg(2), format_arg(3)));

/* One object on one line of stdout; takes the reference. False: stdout is gone (EPIPE) or full. */
bool say_object(json_t *object);

/* A line on stderr for a person: "kentong: ...". With --json only when it is verbose; for trouble
 * there are say_fault(), say_wrong_use() and say_refusal(). */
void say_note(const struct say *say, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something failed that has no code of its own: exit 1 follows. */
void say_fault(const struct say *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command was typed wrongly: exit 2 follows. */
void say_wrong_use(const struct say *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "kentong: CODE field: reason. remedy"; with --json an object on stderr. `field` and `reason` may
 * be empty or NULL; an empty reason is replaced by the code's meaning. */
void say_refusal(const struct say *say, const char *code, const char *field, const char *reason);

/* One object on one line of stderr, for what a program that reads stdout need not see; takes the
 * reference. */
void say_error_line(json_t *object);

/* What to do about `code`, in the language spoken; "" when the code is not known. Static. */
const char *say_remedy(const struct say *say, const char *code);

/* An escape sequence for colour ("1" bold, "2" faint, "31" red, "0" none) or "" without colour. */
const char *say_colour(const struct say *say, const char *number);

#endif
