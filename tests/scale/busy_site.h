/* busy_site.h - a real engine on a real LMDB log, with publishers that never rest, until it is
 * killed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SCALE_BUSY_SITE_H
#define TESTS_SCALE_BUSY_SITE_H

#include "broker/engine.h"
#include "broker/store/store_lmdb.h"
#include "tests/scale/busy_store.h"

/* The options with which a busy site's log is made and opened; `directory` is borrowed. */
void busy_store_options(struct store_lmdb_options *options, const char *directory);

/* Makes a log in `directory`, publishes, and ends with SIGKILL as the plan says. Anything else that
 * ends it is a fault: status 1 and a sentence on stderr. */
_Noreturn void busy_site_run(const char *directory, const struct busy_plan *plan);

/* Starts an engine on that log as a broker does, and takes turns until its doors are open. NULL:
 * it failed. `net` is one that nobody speaks through. */
struct engine *busy_site_start(struct store *store, struct net *net);

/* A network without peers. */
extern struct net busy_silence;

#endif
