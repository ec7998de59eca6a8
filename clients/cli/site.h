/* site.h - a site's directory, and what its configuration says of doors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_SITE_H
#define CLIENTS_CLI_SITE_H

#include <sys/stat.h>

#include "clients/cli/file.h"

enum { SITE_ENDPOINT_BYTES = 256, SITE_NAME_BYTES = 129, AGENCY_NAME_BYTES = 65 };

struct site {
    const char *directory;               /* borrowed */
    struct stat owner;                   /* of the directory: whom new files belong to */
    char name[SITE_NAME_BYTES];          /* for people */
    char listen[SITE_ENDPOINT_BYTES];    /* the first one; empty: none */
    char advertise[SITE_ENDPOINT_BYTES]; /* HOST:PORT; empty: none */
};

/* Reads what DIR/kentongan.yaml says. False: it said why. */
bool site_open(const struct say *say, const char *directory, struct site *site);

/* Whether `name` may be an agency's: [a-z0-9-], 1 to 64 bytes, not the broker's own. */
bool site_is_agency_name(const char *name);

/* Whether `endpoint` is "tcp://HOST:PORT". */
bool site_is_endpoint(const char *endpoint);

/* Whether clients elsewhere cannot connect to its host, since it stands for every address. */
bool site_is_wildcard(const char *endpoint);

/* The port at its end, 0 to 65535; -1: none. */
int site_port(const char *endpoint);

/* "NAME.yaml" of an agency in the site. False: too long. */
bool site_policy_path(const struct say *say, const struct site *site, const char *agency,
                      char path[FILE_PATH_BYTES]);

#endif
