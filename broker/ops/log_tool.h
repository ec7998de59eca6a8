/* log_tool.h - looks into a log, chunk by chunk: what it is, whether it is sound, its bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same for a running broker and a stopped site: only where the chunks come from differs.
 */
#ifndef BROKER_OPS_LOG_TOOL_H
#define BROKER_OPS_LOG_TOOL_H

#include <stdio.h>

#include "broker/log/chunk.h"
#include "broker/store/store.h"

/* Where chunks come from. */
struct log_source {
    void *context;
    struct store_tail tail; /* the part of the log that is looked at */
    uint64_t used_bytes;    /* of its file */
    /* Reads the chunk that holds `seq`, and waits for it. OK: `done` has the blob, which the caller
     * drops, and its range. NOT_FOUND, IO. */
    enum status (*read)(void *context, uint64_t seq, struct store_done *done);
};

/* What a walk over the chain found. */
struct log_report {
    bool is_sound;
    uint64_t first, last, chunks;
    uint64_t bad_first, bad_last;   /* unless sound: the range of the first damaged chunk */
    enum status fault;              /* unless sound */
    uint8_t head[CHUNK_HASH_BYTES]; /* chain hash of the last chunk; zeros: none */
};

/* Checksum, chain, structure and digests of every chunk. Stops at the first damaged one. */
void log_tool_verify(const struct log_source *source, struct log_report *report);

/* The report as one line of JSON (contract of `kentong log verify --json`). */
void log_tool_print_report(const struct log_report *report, FILE *out);

/* Identity and extent as one line of JSON. */
void log_tool_print_info(const struct log_source *source, FILE *out);

/* Every chunk that verifies, as a length of 4 bytes, big-endian, and the chunk; then a length of 0
 * and the report's line. Damage ends it early. IO: `out` does not take it. */
enum status log_tool_export(const struct log_source *source, FILE *out,
                            struct log_report *report) STATUS_MUST_CHECK;

/* kentongd --log VERB DIR on a stopped site: info, verify or export on stdout, faults on stderr.
 * 0 done; 1 damaged, or it cannot be read; 2 no such verb; 3 a broker runs: ask it. */
int log_tool_run(const char *verb, const char *directory);

#endif
