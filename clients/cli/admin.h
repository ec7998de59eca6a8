/* admin.h - the door of a live site: DIR/admin.sock (docs/admin-socket.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_ADMIN_H
#define CLIENTS_CLI_ADMIN_H

#include "clients/cli/site.h"

enum admin_state {
    ADMIN_STOPPED,  /* no broker runs on this directory */
    ADMIN_ANSWERED, /* `answer` is the broker's; it may tell of a refusal */
    ADMIN_FAILED    /* a broker may run, but could not be asked: it said why */
};

/* Connects and asks; `request` is one line of JSON. ANSWERED: `*fd` gives the answer, and the
 * caller closes it. */
enum admin_state admin_open(const struct say *say, const char *directory, const char *request,
                            int *fd);

/* Asks one thing that is answered by one object, which the caller releases. Waits for it at most
 * a minute. */
enum admin_state admin_ask(const struct say *say, const char *directory, const char *verb,
                           json_t **answer);

/* Says what an answer without `"ok":true` tells. */
void admin_say_refusal(const struct say *say, const json_t *answer);

#endif
