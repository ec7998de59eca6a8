/* log_tool.c - one walk for verify and export.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/ops/log_tool.h"

#include <assert.h>

static void mark_bad(struct log_report *report, enum status fault, uint64_t first, uint64_t last)
{
    report->is_sound = false;
    report->fault = fault;
    report->bad_first = first;
    report->bad_last = last;
}

/* The chunk's own header may not be believed before it verifies: the store says what it covers. */
static bool judge_chunk(const struct store_done *done, uint64_t seq, uint64_t log_first,
                        struct log_report *report)
{
    struct bytes chunk = blob_bytes(done->blob);
    struct chunk_header header;
    bool is_anchored = seq == log_first && seq != 1;
    enum status status = is_anchored ? chunk_verify(chunk, &header)
                                     : chunk_verify_link(chunk, report->head, &header);
    if (status == STATUS_OK &&
        (header.first != seq || header.first + header.count - 1 != done->last)) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        mark_bad(report, status, seq, done->last);
        return false;
    }
    memcpy(report->head, header.hash, CHUNK_HASH_BYTES);
    report->chunks++;
    return true;
}

static bool write_chunk(FILE *out, struct bytes chunk)
{
    uint8_t length[4] = {(uint8_t)(chunk.length >> 24), (uint8_t)(chunk.length >> 16),
                         (uint8_t)(chunk.length >> 8), (uint8_t)chunk.length};
    return fwrite(length, 1, sizeof length, out) == sizeof length &&
           fwrite(chunk.data, 1, chunk.length, out) == chunk.length;
}

/* Walks from the first chunk to the last; `out` NULL: only looks. */
static enum status walk(const struct log_source *source, FILE *out, struct log_report *report)
{
    *report = (struct log_report){
        .is_sound = true, .first = source->tail.first, .last = source->tail.last};
    for (uint64_t seq = report->first; seq <= report->last && report->is_sound;) {
        struct store_done done = {.blob = NULL};
        enum status status = source->read(source->context, seq, &done);
        if (status != STATUS_OK) {
            mark_bad(report, status, seq, seq);
            break;
        }
        assert(done.last >= seq);
        bool is_good = judge_chunk(&done, seq, report->first, report);
        bool is_written = !is_good || out == NULL || write_chunk(out, blob_bytes(done.blob));
        blob_drop(done.blob);
        if (!is_written) {
            return STATUS_IO;
        }
        seq = done.last + 1;
    }
    return STATUS_OK;
}

void log_tool_verify(const struct log_source *source, struct log_report *report)
{
    enum status status = walk(source, NULL, report);
    assert(status == STATUS_OK);
    (void)status;
}

static void print_hex(FILE *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        (void)fprintf(out, "%02x", bytes[i]);
    }
}

void log_tool_print_report(const struct log_report *report, FILE *out)
{
    if (!report->is_sound) {
        (void)fprintf(
            out, "{\"ok\":false,\"code\":\"STORE_CORRUPT\",\"firstBad\":%llu,\"lastBad\":%llu}\n",
            (unsigned long long)report->bad_first, (unsigned long long)report->bad_last);
        return;
    }
    (void)fprintf(out, "{\"ok\":true,\"first\":%llu,\"last\":%llu,\"chunks\":%llu,\"head\":\"",
                  (unsigned long long)report->first, (unsigned long long)report->last,
                  (unsigned long long)report->chunks);
    print_hex(out, report->head, CHUNK_HASH_BYTES);
    (void)fputs("\"}\n", out);
}

void log_tool_print_info(const struct log_source *source, FILE *out)
{
    const struct store_tail *tail = &source->tail;
    (void)fputs("{\"uuid\":\"", out);
    print_hex(out, tail->uuid, sizeof tail->uuid);
    (void)fprintf(out, "\",\"incarnation\":%llu,\"first\":%llu,\"last\":%llu,\"bytes\":%llu}\n",
                  (unsigned long long)tail->incarnation, (unsigned long long)tail->first,
                  (unsigned long long)tail->last, (unsigned long long)source->used_bytes);
}

enum status log_tool_export(const struct log_source *source, FILE *out, struct log_report *report)
{
    static const uint8_t end[4];
    enum status status = walk(source, out, report);
    if (status != STATUS_OK) {
        return status;
    }
    (void)fwrite(end, 1, sizeof end, out);
    log_tool_print_report(report, out);
    return fflush(out) != 0 || ferror(out) != 0 ? STATUS_IO : STATUS_OK;
}
