/* pub.h - what the parts of kentong pub share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_PUB_H
#define CLIENTS_CLI_PUB_H

#include "clients/cli/lines.h"
#include "clients/cli/receipts.h"
#include "clients/cli/session.h"
#include "clients/cli/sink.h"

/* One run of kentong pub. */
struct pub {
    const struct say *say;
    const char *topic; /* for events without one; NULL: none */
    bool is_spooled_enough;
    uint64_t timeout_ms;
    struct session session;
    struct lines lines;
    struct receipts receipts;
    struct sink sink;
    char *held; /* a line that the library had no room for */
    size_t held_length;
    uint64_t held_until_ms;
    uint64_t line; /* lines read */
    uint64_t stored, spooled, refused, late;
    uint64_t progress_ms; /* when progress was shown last */
    bool is_input_over, is_stopped, is_sink_gone;
    bool was_interrupted; /* by a signal */
    bool has_given_up;    /* nobody was there for a whole timeout: the rest need not wait so long */
};

/* Adds the lines of what is known now to the sink, in order. */
void pub_tell_receipts(struct pub *pub, uint64_t now_ms);

/* At the end: what was stored, what is spooled and who sends it. */
void pub_tell_end(struct pub *pub, const struct kt_report *report);

/* While it goes on, at a terminal that shows nothing else. */
void pub_tell_progress(struct pub *pub, uint64_t now_ms);

/* `line` with the topic as its first name, if it is an object without one; to be freed. NULL: the
 * line stays as it is. */
char *pub_add_topic(const char *topic, struct bytes line, size_t *length);

#endif
