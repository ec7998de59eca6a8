/* say.c - the one place where the command line writes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/say.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/c/codes.h"

static const char program[] = "kentong";

bool say_read_language(const char *name, enum language *language)
{
    static const struct {
        const char *name;
        enum language language;
    } known[] = {
        {"en",    LANGUAGE_ENGLISH   },
        {"C",     LANGUAGE_ENGLISH   },
        {"POSIX", LANGUAGE_ENGLISH   },
        {"id",    LANGUAGE_INDONESIAN},
        {"in",    LANGUAGE_INDONESIAN},
    };
    size_t length = strcspn(name, "_.@-");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0) {
            *language = known[i].language;
            return true;
        }
    }
    return false;
}

static int columns_of(int fd)
{
    struct winsize size;
    if (!isatty(fd)) {
        return 0;
    }
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

struct say say_default(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    struct say say = {.language = LANGUAGE_ENGLISH};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *name = getenv(variables[i]);
        if (name != NULL && name[0] != '\0') {
            (void)say_read_language(name, &say.language);
            break;
        }
    }
    const char *no_colour = getenv("NO_COLOR");
    say.columns = columns_of(STDOUT_FILENO);
    say.has_colour = say.columns > 0 && (no_colour == NULL || no_colour[0] == '\0');
    say.is_terminal = isatty(STDERR_FILENO);
    return say;
}

const char *say_text(const struct say *say, const char *english, const char *indonesian)
{
    return say->language == LANGUAGE_INDONESIAN ? indonesian : english;
}

bool say_object(json_t *object)
{
    assert(json_is_object(object));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    bool is_written = text != NULL && fputs(text, stdout) >= 0 && putchar('\n') != EOF;
    free(text);
    return fflush(stdout) == 0 && is_written;
}

void say_error_line(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    (void)fprintf(stderr, "%s\n", text == NULL ? "{}" : text);
    free(text);
    json_decref(object);
}

/* {"error":{...}} on stderr, so that stdout holds nothing but results. */
static void say_error_object(const char *code, const char *field, const char *reason,
                             const char *remedy)
{
    json_t *error = json_object();
    (void)json_object_set_new(error, "code", json_string(code));
    if (field[0] != '\0') {
        (void)json_object_set_new(error, "field", json_string(field));
    }
    (void)json_object_set_new(error, "reason", json_string(reason));
    if (remedy[0] != '\0') {
        (void)json_object_set_new(error, "remedy", json_string(remedy));
    }
    say_error_line(json_pack("{s:o}", "error", error));
}

void say_note(const struct say *say, const char *format, ...)
{
    va_list arguments;
    if (say->is_json && !say->is_verbose) {
        return;
    }
    va_start(arguments, format);
    (void)fprintf(stderr, "%s: ", program);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

__attribute__((format(printf, 3, 0))) static void
say_trouble(const struct say *say, const char *code, const char *format, va_list arguments)
{
    char reason[2048];
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    if (say->is_json) {
        say_error_object(code, "", reason, "");
    } else {
        (void)fprintf(stderr, "%s: %s\n", program, reason);
    }
}

void say_fault(const struct say *say, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_trouble(say, "FAILED", format, arguments);
    va_end(arguments);
}

void say_wrong_use(const struct say *say, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_trouble(say, "USAGE", format, arguments);
    va_end(arguments);
}

const char *say_remedy(const struct say *say, const char *code)
{
    const struct code *known = code_find(bytes_of_text(code));
    return known == NULL ? "" : say_text(say, known->remedy, known->remedy_id);
}

void say_refusal(const struct say *say, const char *code, const char *field, const char *reason)
{
    const struct code *known = code_find(bytes_of_text(code));
    field = field == NULL ? "" : field;
    if (reason == NULL || reason[0] == '\0') {
        reason = known == NULL ? "" : say_text(say, known->meaning, known->meaning_id);
    }
    if (say->is_json) {
        say_error_object(code, field, reason, say_remedy(say, code));
        return;
    }
    size_t length = strlen(reason);
    bool is_closed = length > 0 && reason[length - 1] == '.';
    (void)fprintf(stderr, "%s: %s%s%s: %s%s %s\n", program, code, field[0] == '\0' ? "" : " ",
                  field, reason, is_closed ? "" : ".", say_remedy(say, code));
}

const char *say_colour(const struct say *say, const char *number)
{
    static const struct {
        const char *number, *sequence;
    } known[] = {
        {"0",  "\033[0m" },
        {"1",  "\033[1m" },
        {"2",  "\033[2m" },
        {"31", "\033[31m"},
        {"32", "\033[32m"},
        {"33", "\033[33m"},
    };
    for (size_t i = 0; say->has_colour && i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].number, number) == 0) {
            return known[i].sequence;
        }
    }
    return "";
}
