/* session.c - from the library's statuses to words and exit codes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/signals.h"

void session_say(const struct say *say, const struct kt_error *error)
{
    if (error->code[0] == '\0') {
        say_fault(say, "%s", error->text);
    } else {
        say_refusal(say, error->code, error->field, error->text);
    }
}

enum exit_code session_exit_of(const struct kt_error *error)
{
    if (strcmp(error->code, "STORE_CORRUPT") == 0 || strcmp(error->code, "OUTBOX_DAMAGED") == 0 ||
        error->status == KT_E_SYSTEM) {
        return EXIT_FAILED;
    }
    return error->status == KT_E_TIMEOUT || error->is_retryable != 0 ? EXIT_LATE : EXIT_REFUSED;
}

static enum exit_code open_client(struct session *session, const struct kt_options *options)
{
    struct kt_error error = {.size = sizeof error};
    if (kt_open(options, &session->client, &error) == KT_OK) {
        session->descriptor = kt_fd(session->client);
        return EXIT_DONE;
    }
    session_say(session->say, &error);
    return session_exit_of(&error);
}

bool session_set(const struct say *say, struct kt_options *options, const char *name,
                 const char *value)
{
    if (kt_options_set(options, name, value) == KT_OK) {
        return true;
    }
    say_refusal(say, "OPTION_INVALID", name, value);
    return false;
}

static bool set_options(const struct cli *cli, const struct session_option *extra,
                        struct kt_options *options)
{
    bool is_set = session_set(&cli->say, options, "profile", cli->profile) &&
                  session_set(&cli->say, options, "client", "kentong " KENTONGAN_VERSION);
    for (; is_set && extra->name != NULL; extra++) {
        is_set = session_set(&cli->say, options, extra->name, extra->value);
    }
    return is_set;
}

enum exit_code session_open(struct cli *cli, const struct session_option *options,
                            struct session *session)
{
    *session = (struct session){.say = &cli->say};
    if (cli->profile == NULL) {
        say_wrong_use(&cli->say, "%s",
                      say_text(&cli->say, "which profile? give -p FILE or set KENTONG_PROFILE",
                               "profil yang mana? beri -p FILE atau isi KENTONG_PROFILE"));
        return EXIT_USAGE;
    }
    struct kt_options *all = kt_options_new();
    session->signals = signals_open();
    if (session->signals < 0 || all == NULL) {
        say_fault(&cli->say, "%s", strerror(errno));
        kt_options_free(all);
        return EXIT_FAILED;
    }
    enum exit_code exit = set_options(cli, options, all) ? open_client(session, all) : EXIT_USAGE;
    kt_options_free(all);
    if (exit != EXIT_DONE) {
        (void)close(session->signals);
    }
    return exit;
}

void session_close(struct session *session, struct kt_report *report)
{
    (void)kt_close(session->client, 0, report);
    (void)close(session->signals);
}

enum exit_code session_refusal(struct session *session)
{
    struct kt_error error = {.size = sizeof error};
    (void)kt_error(session->client, &error);
    session_say(session->say, &error);
    return session_exit_of(&error);
}

static void tell_lost(struct session *session, const struct kt_status *status)
{
    const struct say *say = session->say;
    session->has_told_lost = true;
    if (say->is_verbose || (say->is_terminal && !say->is_json)) {
        say_note(say,
                 say_text(say, "no connection (%s): trying again",
                          "tidak tersambung (%s): mencoba lagi"),
                 status->code[0] == '\0' ? status->text : status->code);
    }
}

/* The first connection is what everybody expects: only one that was missed is told of. */
static void tell_connected(struct session *session, const struct kt_status *status)
{
    const struct say *say = session->say;
    bool is_missed = session->has_told_lost && say->is_terminal && !say->is_json;
    session->has_told_lost = false;
    if (say->is_verbose || is_missed) {
        say_note(say, say_text(say, "connected to %s as %s", "tersambung ke %s sebagai %s"),
                 status->site, status->agency);
    }
}

bool session_watch(struct session *session, struct kt_error *error)
{
    struct kt_status status = {.size = sizeof status};
    if (kt_status(session->client, &status) != KT_OK) {
        return true;
    }
    bool is_connected = status.is_connected != 0;
    if (is_connected && !session->is_connected) {
        tell_connected(session, &status);
    } else if (!is_connected && !session->has_told_lost &&
               (session->is_connected || status.code[0] != '\0')) {
        tell_lost(session, &status);
    }
    session->is_connected = is_connected;
    session->was_connected = session->was_connected || is_connected;
    bool is_over = !is_connected &&
                   (strcmp(status.code, "AUTH_FAILED") == 0 ||
                    strcmp(status.code, "REVOKED") == 0 || strcmp(status.code, "VERSION") == 0);
    if (is_over) {
        *error = (struct kt_error){.size = sizeof *error, .status = KT_E_REFUSED};
        (void)snprintf(error->code, sizeof error->code, "%s", status.code);
        (void)snprintf(error->text, sizeof error->text, "%s", status.text);
    }
    return !is_over;
}
