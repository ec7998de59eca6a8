/* options.h - reads a verb's options by a table, and prints the table as help.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Options and words may be mixed; `--` ends options. A value is the next argument or follows `=`,
 * so that `--from -10` and `--from=-10` are the same. An unknown option is an error.
 */
#ifndef CLIENTS_CLI_OPTIONS_H
#define CLIENTS_CLI_OPTIONS_H

#include "clients/cli/say.h"

enum { OPTION_LIST_MAX = 1024 };

enum option_kind {
    OPTION_FLAG,     /* bool: true when given */
    OPTION_TEXT,     /* const char *: given at most once */
    OPTION_LIST,     /* struct option_list: repeated, or separated by commas */
    OPTION_NUMBER,   /* uint64_t: digits */
    OPTION_DURATION, /* uint64_t, milliseconds: 10s, 15m, 2h */
    OPTION_LANGUAGE  /* enum language */
};

/* Texts borrowed from the arguments, which are cut at their commas. */
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option {
    const char *name; /* without its dashes */
    char letter;      /* '\0': none */
    enum option_kind kind;
    void *target;
    const char *value;          /* what help calls the value: "FILE"; NULL: a flag */
    const char *help, *help_id; /* one line each */
};

/* Reads the options out of `arguments`, which keeps its words in order at its front. With
 * `stops_at_word` the first word ends options. Returns the number of words (with `stops_at_word`:
 * and of all that follows), or -1 after it said what is wrong. */
int options_read(const struct say *say, const struct option *options, char **arguments, int count,
                 bool stops_at_word);

/* One line an option, on stdout. */
void options_print(const struct say *say, const struct option *options);

#endif
