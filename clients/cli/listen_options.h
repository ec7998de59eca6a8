/* listen_options.h - what kentong sub and replay are asked for, and how the library is told.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LISTEN_OPTIONS_H
#define CLIENTS_CLI_LISTEN_OPTIONS_H

#include "clients/cli/session.h"

/* What is asked for. Texts are borrowed. */
struct listen {
    const struct say *say;
    struct option_list filters, kinds, categories, incidents;
    const char *cursor, *from, *to, *format;
    const char *modes;        /* "ACTUAL,TEST"; NULL: ACTUAL */
    const char *min_priority; /* digits, or NULL */
    uint64_t count;           /* events, at least 1; UINT64_MAX: no such end */
    uint64_t for_ms;          /* 0: no such end */
    uint64_t connect_ms;      /* how long the first connection may take; 0: for ever */
    bool is_until_end;
    bool has_no_filter; /* none was typed: that "#" is narrowed to the rights is no news */
    bool is_replay;
};

/* Whether the parts of `listen` that can be judged here are right; false: it said what is not. */
bool listen_judge(const struct listen *listen);

/* Sets what the follow shall be. False: it said what is wrong. */
bool listen_set_options(const struct listen *listen, struct kt_options *options);

#endif
