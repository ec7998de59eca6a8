/* get.c - kentong get: one event by its number.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/cli/moment.h"
#include "clients/cli/session.h"
#include "clients/cli/show.h"
#include "clients/cli/signals.h"

enum { WATCH_MS = 10 };

static enum exit_code print(const struct say *say, const struct kt_message *message)
{
    char *line = NULL;
    size_t length = 0;
    if (kt_message_to_json(message, &line, &length) != KT_OK) {
        say_fault(say, "%s", say_text(say, "cannot be shown", "tidak dapat ditampilkan"));
        return EXIT_FAILED;
    }
    bool is_written;
    if (say->is_json) {
        is_written = fwrite(line, 1, length, stdout) == length && putchar('\n') != EOF;
    } else {
        json_t *event = json_loadb(line, length, 0, NULL);
        char *text = show_whole(say, event);
        is_written = fputs(text, stdout) >= 0;
        free(text);
        json_decref(event);
    }
    kt_free(line);
    return fflush(stdout) == 0 && is_written ? EXIT_DONE : EXIT_FAILED;
}

/* Only the connection tells of a key that is not accepted: a question would wait its whole time. */
static enum exit_code await_connection(struct session *session, uint64_t until_ms)
{
    struct kt_error error = {.size = sizeof error};
    struct pollfd waiting[] = {
        {.fd = session->signals,    .events = POLLIN},
        {.fd = session->descriptor, .events = POLLIN},
    };
    for (;;) {
        if (!session_watch(session, &error)) {
            session_say(session->say, &error);
            return EXIT_REFUSED;
        }
        if (session->is_connected) {
            return EXIT_DONE;
        }
        if (signals_arrived(session->signals) || moment_tick_ms() >= until_ms) {
            say_refusal(session->say, "UNREACHABLE", "endpoint", NULL);
            return EXIT_LATE;
        }
        (void)poll(waiting, 2, WATCH_MS);
    }
}

static enum exit_code get(struct session *session, uint64_t seq, int timeout_ms)
{
    struct kt_message *message = NULL;
    uint64_t until_ms = moment_tick_ms() + (uint64_t)timeout_ms;
    enum exit_code connected = await_connection(session, until_ms);
    if (connected != EXIT_DONE) {
        return connected;
    }
    uint64_t now_ms = moment_tick_ms();
    int left_ms = now_ms < until_ms ? (int)(until_ms - now_ms) : 0;
    if (kt_get(session->client, seq, left_ms, &message) != KT_OK) {
        return session_refusal(session);
    }
    enum exit_code exit = print(session->say, message);
    kt_message_free(message);
    return exit;
}

enum exit_code verb_get(struct cli *cli, int count, char **arguments)
{
    uint64_t timeout_ms = 10000, seq = 0;
    const char *modes = "ACTUAL";
    const char *asked = NULL;
    struct session session;
    /* clang-format off */
    const struct option options[] = {
        {"modes", '\0', OPTION_TEXT, &asked, "MODES", "ACTUAL (standard), EXERCISE, TEST, SYSTEM",
         "ACTUAL (baku), EXERCISE, TEST, SYSTEM"},
        {"timeout", '\0', OPTION_DURATION, &timeout_ms, "TIME", "how long to wait: 10s",
         "lama menunggu: 10s"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){1, 1});
    if (!words.is_ready) {
        return words.exit;
    }
    if (!moment_read_number(words.items[0], &seq) || seq == 0) {
        say_wrong_use(&cli->say, "%s: %s", words.items[0],
                      say_text(&cli->say, "not a sequence number", "bukan nomor urut"));
        return EXIT_USAGE;
    }
    modes = asked == NULL ? modes : asked;
    const struct session_option opened[] = {
        {"get.modes", modes},
        {NULL,        NULL }
    };
    enum exit_code exit = session_open(cli, opened, &session);
    if (exit == EXIT_DONE) {
        exit = get(&session, seq, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
        session_close(&session, NULL);
    }
    return exit;
}
