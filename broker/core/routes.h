/* routes.h - who wants a topic: the filters of all follows in one tree of levels.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. A node is found by its parent and its level's text, so that matching
 * a topic looks at the few nodes on its way however many filters there are. An owner is a number of
 * the caller's. Its filters may be hidden without being taken out: they then cost a match nothing.
 */
#ifndef BROKER_CORE_ROUTES_H
#define BROKER_CORE_ROUTES_H

#include <stddef.h>

#include "broker/base/status.h"
#include "proto/c/bytes.h"

struct routes;

/* Takes about `bytes` of memory for the filters of owners 0 to `owners` - 1; NULL: none. */
struct routes *routes_new(uint32_t owners, size_t bytes);

/* Gives it back; NULL is let pass. */
void routes_free(struct routes *routes);

/* Adds a well-formed filter of `owner`, whose others are shown; `tag` comes back when it matches.
 * FULL: no room, nothing changed. */
enum status routes_add(struct routes *routes, uint32_t owner, struct bytes filter,
                       uint32_t tag) STATUS_MUST_CHECK;

/* Takes all filters of `owner` out, shown or hidden. */
void routes_remove(struct routes *routes, uint32_t owner);

/* Matches find the owner's filters no more; hidden ones stay hidden. */
void routes_hide(struct routes *routes, uint32_t owner);

/* Matches find them again; shown ones stay shown. */
void routes_show(struct routes *routes, uint32_t owner);

/* Called for each shown filter that matches. */
typedef void routes_visit(void *context, uint32_t owner, uint32_t tag);

/* Visits every shown filter that matches `topic` (well formed), an owner once for each of its
 * filters that does. Returns how many nodes were visited. The visitor may not change routes. */
uint32_t routes_match(const struct routes *routes, struct bytes topic, routes_visit *visit,
                      void *context);

/* How many filters there are. */
uint32_t routes_count(const struct routes *routes);

#endif
