/* log_tool_stopped.c - kentongd --log: the log of a site on which no broker runs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/ops/log_tool.h"

#include <poll.h>
#include <string.h>

#include "broker/config.h"
#include "broker/store/store_lmdb.h"

enum { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2, TOOL_RUNNING = 3 };

static enum status read_chunk(void *context, uint64_t seq, struct store_done *done)
{
    struct store *store = context;
    enum status status = store->ops->read(store, seq, seq);
    if (status != STATUS_OK) {
        return status;
    }
    while (!store->ops->poll(store, done)) {
        struct pollfd waiting = {.fd = store->ops->descriptor(store), .events = POLLIN};
        (void)poll(&waiting, 1, -1);
    }
    return done->status;
}

static int run_on(const struct log_source *source, const char *verb)
{
    struct log_report report;
    if (strcmp(verb, "info") == 0) {
        log_tool_print_info(source, stdout);
        return fflush(stdout) == 0 ? TOOL_DONE : TOOL_FAILED;
    }
    if (strcmp(verb, "verify") == 0) {
        log_tool_verify(source, &report);
        log_tool_print_report(&report, stdout);
        return fflush(stdout) == 0 && report.is_sound ? TOOL_DONE : TOOL_FAILED;
    }
    return log_tool_export(source, stdout, &report) == STATUS_OK && report.is_sound ? TOOL_DONE
                                                                                    : TOOL_FAILED;
}

static bool is_verb(const char *verb)
{
    return strcmp(verb, "info") == 0 || strcmp(verb, "verify") == 0 || strcmp(verb, "export") == 0;
}

int log_tool_run(const char *verb, const char *directory)
{
    char path[4096];
    struct store_lmdb_options options;
    struct config config;
    struct yaml_fault wrong;
    struct store_fault fault = {.text = ""};
    struct store_statistics statistics;
    struct store *store = NULL;
    int length = snprintf(path, sizeof path, "%s/log", directory);
    if (!is_verb(verb) || length < 0 || (size_t)length >= sizeof path) {
        (void)fprintf(stderr, "kentongd: usage: kentongd --log info|verify|export DIR\n");
        return TOOL_USAGE;
    }
    store_lmdb_options_default(&options, path);
    options.is_read_only = true;
    /* A configuration with a fault must not keep anybody from looking at the log. */
    if (config_load(directory, &config, &wrong) == STATUS_OK) {
        options.map_bytes = config.map_bytes;
    }
    enum status status = store_lmdb_open(&options, &store, &fault);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "kentongd: %s: %s\n", path, fault.text);
        return status == STATUS_BUSY ? TOOL_RUNNING : TOOL_FAILED;
    }
    struct log_source source = {.context = store, .read = read_chunk};
    store->ops->tail(store, &source.tail);
    store->ops->statistics(store, &statistics);
    source.used_bytes = statistics.used_bytes;
    int exit = run_on(&source, verb);
    store->ops->close(store);
    return exit;
}
