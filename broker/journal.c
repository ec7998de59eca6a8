/* journal.c - one write a line, so that lines of several threads never mix.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 1024, SUBJECT_BYTES_MAX = 256 };

static const struct {
    const char *name;
    int priority; /* syslog(3) */
} levels[] = {
    [TRACE_DEBUG] = {"debug",   7},
    [TRACE_INFO] = {"info",    6},
    [TRACE_WARNING] = {"warning", 4},
    [TRACE_ALARM] = {"alarm",   2},
};

static enum trace_level lowest_level = TRACE_INFO;
static bool is_journal;

/* JOURNAL_STREAM names the device and inode of the journal that stderr may be (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char wanted[64];
    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    snprintf(wanted, sizeof wanted, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, wanted) == 0;
}

void journal_open(enum trace_level lowest)
{
    lowest_level = lowest;
    is_journal = stderr_is_journal();
}

bool journal_read_level(const char *text, enum trace_level *level)
{
    for (size_t index = 0; index < sizeof levels / sizeof levels[0]; index++) {
        if (strcmp(levels[index].name, text) == 0) {
            *level = (enum trace_level)index;
            return true;
        }
    }
    return false;
}

/* A journal that does not take the line is no reason to stop: there is nobody to tell. */
static void write_line(char *line, int length)
{
    size_t bytes = (size_t)length < LINE_BYTES_MAX - 1 ? (size_t)length : LINE_BYTES_MAX - 2;
    line[bytes] = '\n';
    if (write(STDERR_FILENO, line, bytes + 1) < 0) {
        return;
    }
}

static int write_prefix(char line[LINE_BYTES_MAX], enum trace_level level)
{
    if (is_journal) {
        return snprintf(line, LINE_BYTES_MAX, "<%d>", levels[level].priority);
    }
    struct timespec now;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    char moment[32];
    strftime(moment, sizeof moment, "%Y-%m-%d %H:%M:%S", &local);
    return snprintf(line, LINE_BYTES_MAX, "%s.%03ld %-7s ", moment, now.tv_nsec / 1000000,
                    levels[level].name);
}

__attribute__((format(printf, 2, 0))) static void say(enum trace_level level, const char *format,
                                                      va_list arguments)
{
    char line[LINE_BYTES_MAX];
    if (level < lowest_level) {
        return;
    }
    int length = write_prefix(line, level);
    length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    write_line(line, length);
}

void journal_say(enum trace_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(level, format, arguments);
    va_end(arguments);
}

void journal_announce(const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    va_list arguments;
    int length = is_journal ? snprintf(line, sizeof line, "<%d>", levels[TRACE_INFO].priority) : 0;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    write_line(line, length);
}

static void subject_show(struct bytes subject, char out[SUBJECT_BYTES_MAX + 1])
{
    size_t length = subject.length < SUBJECT_BYTES_MAX ? subject.length : SUBJECT_BYTES_MAX;
    for (size_t index = 0; index < length; index++) {
        uint8_t byte = subject.data[index];
        out[index] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '?');
    }
    out[length] = '\0';
}

void journal_trace(void *context, enum trace_level level, const char *text, struct bytes subject,
                   uint64_t value)
{
    (void)context;
    char shown[SUBJECT_BYTES_MAX + 1];
    char number[32] = "";
    subject_show(subject, shown);
    if (value != 0) {
        snprintf(number, sizeof number, " %" PRIu64, value);
    }
    if (subject.length > 0) {
        journal_say(level, "%s '%s'%s", text, shown, number);
    } else {
        journal_say(level, "%s%s", text, number);
    }
}
