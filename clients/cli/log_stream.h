/* log_stream.h - what a site's log has to say: from its running broker, or from a broker program
 * that only looks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LOG_STREAM_H
#define CLIENTS_CLI_LOG_STREAM_H

#include <stdio.h>
#include <sys/types.h>

#include "clients/cli/say.h"

struct log_stream {
    FILE *in;
    pid_t child; /* 0: a running broker answers */
};

/* Asks for info, verify or export. A running broker is asked through its socket; for a stopped site
 * `kentongd --log` is run, the one beside this program or else the one in PATH. False: it said
 * why. */
bool log_stream_open(const struct say *say, const char *directory, const char *verb,
                     struct log_stream *stream);

/* Waits for its end. False: the program that was run failed. */
bool log_stream_close(struct log_stream *stream);

#endif
