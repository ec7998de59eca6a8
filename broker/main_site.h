/* main_site.h - one site as a broker runs it: its files, its log, its doors, its engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_MAIN_SITE_H
#define BROKER_MAIN_SITE_H

#include "broker/config.h"
#include "broker/engine.h"
#include "broker/net/net_zmq.h"
#include "broker/ops/admin.h"
#include "broker/policy_files.h"

struct site_options {
    const char *directory;
    bool accept_clock;
    bool allow_any_filesystem;
};

struct site_fault {
    char text[512];
};

struct site {
    struct site_options options;
    struct config config;
    struct policy_set *policy; /* in force, or offered and borrowed by the engine */
    struct store *store;
    struct net *net;
    struct engine *engine;
    struct admin *admin; /* NULL: not open; the owner's to open and close */
    bool is_recovered;   /* the engine said so: the doors may be opened */
};

/* Reads all files of the site with the code of a start, and opens nothing. The fault says what is
 * wrong. */
enum status site_check(const char *directory, struct site_fault *fault) STATUS_MUST_CHECK;

/* Opens everything but the doors; makes the log if there is none. With a fault everything is
 * closed again. */
enum status site_open(struct site *site, const struct site_options *options,
                      struct site_fault *fault) STATUS_MUST_CHECK;

/* Binds the doors. */
enum status site_open_doors(struct site *site, struct site_fault *fault) STATUS_MUST_CHECK;

/* Reads the policy files as one set and puts it in force, for sessions and for handshakes, before
 * it returns. With a fault the old policy stays. */
enum status site_reload(struct site *site, struct site_fault *fault) STATUS_MUST_CHECK;

/* Closes what is open; a zeroed site is let pass. */
void site_close(struct site *site);

/* The clocks that the engine is run with. */
uint64_t site_now_ms(void);
int64_t site_wall_ms(void);

#endif
