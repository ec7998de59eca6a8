/* agency.h - what the parts of kentong agency share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_AGENCY_H
#define CLIENTS_CLI_AGENCY_H

#include "clients/cli/cli.h"
#include "clients/cli/site.h"

enum { AGENCY_RIGHTS = 4 };

extern const char *const agency_right_names[AGENCY_RIGHTS]; /* publish, subscribe, ... */

/* What was typed. */
struct agency_request {
    const struct say *say;
    struct site site;
    const char *name;      /* NULL: all */
    const char *title;     /* for people, or NULL */
    const char *out;       /* where the profile goes; NULL: ./NAME.agency */
    const char *advertise; /* HOST:PORT for this profile alone, or NULL */
    const char *key;       /* the public key to revoke; NULL: all */
    struct option_list rights[AGENCY_RIGHTS];
    bool is_admin;
};

enum exit_code agency_add(const struct agency_request *request);
enum exit_code agency_revoke(const struct agency_request *request);
enum exit_code agency_list(const struct agency_request *request);

/* What a running broker says to a change of the files. */
enum agency_effect {
    AGENCY_NO_BROKER, /* it counts from the next start */
    AGENCY_IN_FORCE,
    AGENCY_REFUSED /* the old policy stays; it was said why */
};

/* Tells a running broker to read the policy again, and waits until it is in force. */
enum agency_effect agency_reload(const struct agency_request *request);

#endif
