/* session.h - a handle of the library for the length of one verb.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_SESSION_H
#define CLIENTS_CLI_SESSION_H

#include <kentong/kentong.h>

#include "clients/cli/cli.h"

struct session {
    const struct say *say;
    struct kt_client *client;
    int signals;        /* readable once SIGINT or SIGTERM came */
    int descriptor;     /* readable while a receipt or message waits */
    bool was_connected; /* ever */
    bool is_connected;  /* when it was watched last */
    bool has_told_lost; /* a person knows that there is no connection */
};

/* An option of the library. */
struct session_option {
    const char *name, *value;
};

/* Opens a handle on the profile with some options (ended by a NULL name). DONE: to be closed.
 * Anything else: it said why. */
enum exit_code session_open(struct cli *cli, const struct session_option *options,
                            struct session *session);

/* Sets an option; false: it said what is wrong with it. */
bool session_set(const struct say *say, struct kt_options *options, const char *name,
                 const char *value);

/* Closes it at once; what is left in the outbox stays there, durably. */
void session_close(struct session *session, struct kt_report *report);

/* Looks after the connection, and says that it is lost or back, to a terminal or when verbose. True
 * as long as it makes sense to wait: false when the broker refuses the key for good, which is then
 * in `error`. */
bool session_watch(struct session *session, struct kt_error *error);

/* What the last call on the handle failed with, said; and what the shell is told of it. */
enum exit_code session_refusal(struct session *session);

/* What the shell is told of an error: REFUSED, LATE or FAILED. */
enum exit_code session_exit_of(const struct kt_error *error);

/* Says an error: with its code as a refusal, without one as a fault. */
void session_say(const struct say *say, const struct kt_error *error);

#endif
