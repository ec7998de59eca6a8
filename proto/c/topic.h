/* topic.h - the grammar of topics, and of the filters that match them (MQTT 3.1.1 §4.7).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure. At most 16 levels and 255 bytes of UTF-8; no empty level, no NUL. In a filter `+` stands
 * for one whole level and a last `#` for the level before it and all below. A wildcard at the first
 * level never matches a topic that starts with `$`.
 */
#ifndef PROTO_C_TOPIC_H
#define PROTO_C_TOPIC_H

#include "proto/c/bytes.h"

enum { TOPIC_BYTES_MAX = 255, TOPIC_LEVELS_MAX = 16 };

/* NULL when `topic` may be published to, else what is wrong in one static sentence. */
const char *topic_fault(struct bytes topic);

/* NULL when `filter` is well formed, else what is wrong in one static sentence. */
const char *topic_filter_fault(struct bytes filter);

/* Whether `filter` matches `topic`; both well formed. */
bool topic_matches(struct bytes filter, struct bytes topic);

/* Whether every topic that `inner` matches is matched by `outer`; both well-formed filters. */
bool topic_covers(struct bytes outer, struct bytes inner);

/* The filter that matches exactly what both match, written to `out` (TOPIC_BYTES_MAX bytes).
 * Returns its length, or 0 when nothing is matched by both. */
size_t topic_intersect(struct bytes a, struct bytes b, uint8_t out[TOPIC_BYTES_MAX]);

#endif
