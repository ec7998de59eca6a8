/* cli.h - what every verb is given, and what it answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_CLI_H
#define CLIENTS_CLI_CLI_H

#include "clients/cli/options.h"
#include "clients/cli/say.h"

/* What the shell is told. A verb that meets several answers the first of: REFUSED, LATE, FAILED. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REFUSED = 3, /* rights, validation, conflict, a key or cursor that is no longer ours */
    EXIT_LATE = 4     /* not STORED in time: unreachable, busy, full */
};

struct verb;

struct cli {
    struct say say;
    const char *profile; /* -p, else KENTONG_PROFILE; NULL: none */
    const struct verb *verb;
    bool wants_help;
};

/* One line of the table of verbs. */
struct verb {
    const char *word;
    enum exit_code (*run)(struct cli *cli, int count, char **arguments);
    const char *usage;          /* what follows the word */
    const char *help, *help_id; /* one line each */
};

enum exit_code verb_agency(struct cli *cli, int count, char **arguments);
enum exit_code verb_explain(struct cli *cli, int count, char **arguments);
enum exit_code verb_get(struct cli *cli, int count, char **arguments);
enum exit_code verb_help(struct cli *cli, int count, char **arguments);
enum exit_code verb_init(struct cli *cli, int count, char **arguments);
enum exit_code verb_log(struct cli *cli, int count, char **arguments);
enum exit_code verb_outbox(struct cli *cli, int count, char **arguments);
enum exit_code verb_pub(struct cli *cli, int count, char **arguments);
enum exit_code verb_replay(struct cli *cli, int count, char **arguments);
enum exit_code verb_sub(struct cli *cli, int count, char **arguments);
enum exit_code verb_version(struct cli *cli, int count, char **arguments);

/* The verb of this word, or NULL. Static. */
const struct verb *verb_find(const char *word);

/* The table itself, ended by a NULL word. */
const struct verb *verb_table(void);

/* Reads the options that stand before the verb. The number of words, the verb first; -1: it said
 * what is wrong. */
int cli_read_common(struct cli *cli, int count, char **arguments);

/* How a verb's words and options came out. */
struct words {
    char **items;
    int count;
    enum exit_code exit; /* when not `is_ready` */
    bool is_ready;       /* else the verb ends here: help was asked for, or it was typed wrongly */
};

/* Reads the verb's options (ended by a NULL name; NULL: none of its own) and those that every verb
 * has, and judges the number of words. `most` -1: as many as one likes. */
struct words cli_read(struct cli *cli, const struct option *options, int count, char **arguments,
                      const int least_and_most[2]);

#endif
