/* log_export.h - from exported chunks to events as JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_LOG_EXPORT_H
#define CLIENTS_CLI_LOG_EXPORT_H

#include <stdio.h>

#include "proto/c/bytes.h"

/* One record of a batch, with the personal block that follows it (empty: none). Views. */
struct log_record {
    struct bytes record, personal;
};

/* The next record of `batch` from `*offset` on. False at its end, or (`*is_broken`) at the first
 * byte that is no batch. */
bool log_export_next(struct bytes batch, size_t *offset, struct log_record *record,
                     bool *is_broken);

/* Reads one exported chunk: its length and its bytes, into `*chunk` (grown as needed). False: there
 * is none, or (`*is_broken`) the stream broke off. A length of 0 ends the chunks. */
bool log_export_read(FILE *in, uint8_t **chunk, struct bytes *batch, bool *is_broken);

#endif
