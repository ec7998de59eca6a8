/* position.h - places in the log as people type them: start, now, SEQ, @TIME, -N, 15m.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_POSITION_H
#define CLIENTS_CLI_POSITION_H

#include <stdbool.h>
#include <stdint.h>

enum position_kind {
    POSITION_NONE, /* not given */
    POSITION_START,
    POSITION_NOW,
    POSITION_SEQ,  /* value: a sequence number from 1 */
    POSITION_TIME, /* value: milliseconds since 1970, UTC */
    POSITION_LAST, /* value: so many matching events back */
    POSITION_AGE   /* value: so many milliseconds ago */
};

struct position {
    enum position_kind kind;
    int64_t value;
};

/* Where to start. NULL when read, else what is wrong; `*position` is untouched. */
const char *position_read(const char *text, struct position *position);

/* Where to end, inclusive: now (also "end"), SEQ or @TIME. As above. */
const char *position_read_end(const char *text, struct position *position);

#endif
