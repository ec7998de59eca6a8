/* log.c - kentong log: what a site's log is, whether it is sound, and all that it holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <kentong/kentong.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/cli.h"
#include "clients/cli/log_export.h"
#include "clients/cli/log_stream.h"

enum { LINE_BYTES = 4096 };

/* The line that a walk ends with; NULL: none came. */
static json_t *read_object(FILE *in)
{
    char line[LINE_BYTES];
    return fgets(line, sizeof line, in) == NULL ? NULL : json_loads(line, 0, NULL);
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found == NULL ? "?" : found;
}

static bool is_sound(const json_t *report)
{
    return json_is_true(json_object_get(report, "ok"));
}

static void print_info(const struct say *say, const json_t *info)
{
    (void)printf(say_text(say,
                          "log %s, incarnation %" JSON_INTEGER_FORMAT "\n"
                          "events %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT
                          ", %" JSON_INTEGER_FORMAT " bytes on disk\n",
                          "log %s, inkarnasi %" JSON_INTEGER_FORMAT "\n"
                          "peristiwa %" JSON_INTEGER_FORMAT " sampai %" JSON_INTEGER_FORMAT
                          ", %" JSON_INTEGER_FORMAT " byte di cakram\n"),
                 text(info, "uuid"), number(info, "incarnation"), number(info, "first"),
                 number(info, "last"), number(info, "bytes"));
}

static void tell_damage(const struct say *say, const json_t *report)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT,
                   number(report, "firstBad"), number(report, "lastBad"));
    say_refusal(say, "STORE_CORRUPT", "log", reason);
}

static void print_report(const struct say *say, const json_t *report)
{
    if (!is_sound(report)) {
        tell_damage(say, report);
        return;
    }
    (void)printf(say_text(say,
                          "sound: events %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT
                          " in %" JSON_INTEGER_FORMAT " chunks, head %s\n",
                          "utuh: peristiwa %" JSON_INTEGER_FORMAT " sampai %" JSON_INTEGER_FORMAT
                          " dalam %" JSON_INTEGER_FORMAT " potong, ujung %s\n"),
                 number(report, "first"), number(report, "last"), number(report, "chunks"),
                 text(report, "head"));
}

/* info and verify: one object, which the broker's program has said already. */
static enum exit_code tell(const struct say *say, FILE *in, bool is_verify)
{
    json_t *object = read_object(in);
    if (object == NULL) {
        return EXIT_FAILED; /* it said why on stderr */
    }
    bool is_good = !is_verify || is_sound(object);
    if (say->is_json) {
        return say_object(object) && is_good ? EXIT_DONE : EXIT_FAILED;
    }
    if (is_verify) {
        print_report(say, object);
    } else {
        print_info(say, object);
    }
    json_decref(object);
    return fflush(stdout) == 0 && is_good ? EXIT_DONE : EXIT_FAILED;
}

static bool export_record(const struct log_record *record)
{
    char *line = NULL;
    size_t length = 0;
    if (kt_record_to_json(record->record.data, record->record.length, record->personal.data,
                          record->personal.length, &line, &length) != KT_OK) {
        errno = EBADMSG;
        return false;
    }
    bool is_written = fwrite(line, 1, length, stdout) == length && putchar('\n') != EOF;
    kt_free(line);
    return is_written;
}

static bool export_batch(struct bytes batch, bool *is_broken)
{
    struct log_record record;
    size_t offset = 0;
    while (log_export_next(batch, &offset, &record, is_broken)) {
        if (!export_record(&record)) {
            return false;
        }
    }
    return true;
}

static enum exit_code export_all(const struct say *say, FILE *in)
{
    uint8_t *chunk = NULL;
    struct bytes batch;
    bool is_broken = false, is_written = true;
    while (is_written && log_export_read(in, &chunk, &batch, &is_broken)) {
        is_written = export_batch(batch, &is_broken);
    }
    free(chunk);
    if (fflush(stdout) != 0 || !is_written) {
        if (errno != EPIPE) {
            say_fault(say, "stdout: %s", strerror(errno));
        }
        return EXIT_FAILED;
    }
    json_t *report = is_broken ? NULL : read_object(in);
    bool is_good = is_sound(report);
    if (report == NULL) {
        say_fault(say, "%s", say_text(say, "the log broke off", "log terputus"));
    } else if (!is_good) {
        tell_damage(say, report);
    }
    json_decref(report);
    return is_good ? EXIT_DONE : EXIT_FAILED;
}

static bool is_verb(const char *verb)
{
    return strcmp(verb, "info") == 0 || strcmp(verb, "verify") == 0 || strcmp(verb, "export") == 0;
}

enum exit_code verb_log(struct cli *cli, int count, char **arguments)
{
    struct words words = cli_read(cli, NULL, count, arguments, (const int[]){2, 2});
    struct log_stream stream;
    if (!words.is_ready) {
        return words.exit;
    }
    const char *verb = words.items[0];
    if (!is_verb(verb)) {
        say_wrong_use(&cli->say, "%s",
                      say_text(&cli->say, "expected info, verify or export",
                               "harus info, verify atau export"));
        return EXIT_USAGE;
    }
    if (!log_stream_open(&cli->say, words.items[1], verb, &stream)) {
        return EXIT_FAILED;
    }
    enum exit_code exit = strcmp(verb, "export") == 0
                              ? export_all(&cli->say, stream.in)
                              : tell(&cli->say, stream.in, strcmp(verb, "verify") == 0);
    return log_stream_close(&stream) ? exit : EXIT_FAILED;
}
