/* listen.h - what kentong sub and kentong replay have in common: a follow, printed line by line.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LISTEN_H
#define CLIENTS_CLI_LISTEN_H

#include "clients/cli/session.h"

/* What is asked for. Texts are borrowed. */
struct listen {
    const struct say *say;
    struct option_list filters, kinds, categories, incidents;
    const char *cursor, *from, *to, *format;
    const char *modes;        /* "ACTUAL,TEST"; NULL: ACTUAL */
    const char *min_priority; /* digits, or NULL */
    uint64_t count;           /* events; 0: no such end */
    uint64_t for_ms;          /* 0: no such end */
    bool is_until_end;
    bool is_replay;
};

/* Follows until what was asked for is done, a signal comes, or the broker ends it. An event counts
 * as processed once its line was given to stdout. */
enum exit_code listen_run(struct cli *cli, const struct listen *listen);

/* Whether the parts of `listen` that can be judged here are right; false: it said what is not. */
bool listen_judge(const struct listen *listen);

#endif
