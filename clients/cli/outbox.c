/* outbox.c - kentong outbox: what waits on this host to be sent.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clients/cli/moment.h"
#include "clients/cli/session.h"
#include "clients/cli/signals.h"

enum { SLOTS = 64, STEP_MS = 200, LOOK_MS = 1000 };

static bool print_slot(const struct say *say, int slot, const struct kt_outbox *outbox)
{
    char oldest[MOMENT_TEXT_BYTES] = "";
    if (outbox->oldest_ms > 0) {
        if (say->is_json) {
            moment_print_rfc3339(outbox->oldest_ms, oldest);
        } else {
            moment_print_local(outbox->oldest_ms, oldest);
        }
    }
    if (say->is_json) {
        return say_object(json_pack(
            "{s:i, s:I, s:I, s:I, s:I, s:s, s:i, s:s, s:s}", "slot", slot, "waiting",
            (json_int_t)outbox->waiting, "stored", (json_int_t)outbox->stored, "refused",
            (json_int_t)outbox->refused, "bytes", (json_int_t)outbox->bytes, "oldest", oldest,
            "process", outbox->process, "code", outbox->code, "folder", outbox->folder));
    }
    (void)printf(say_text(say, "%2d  %6" PRIu64 " waiting  %s  %s%s%s\n",
                          "%2d  %6" PRIu64 " menunggu  %s  %s%s%s\n"),
                 slot, outbox->waiting, oldest, outbox->folder, outbox->code[0] == '\0' ? "" : "  ",
                 outbox->code);
    return fflush(stdout) == 0;
}

/* The options by which the library finds the outbox of the profile; NULL: it said why not. */
static struct kt_options *options_of(const struct cli *cli)
{
    if (cli->profile == NULL) {
        say_wrong_use(&cli->say, "%s",
                      say_text(&cli->say, "which profile? give -p FILE or set KENTONG_PROFILE",
                               "profil yang mana? beri -p FILE atau isi KENTONG_PROFILE"));
        return NULL;
    }
    struct kt_options *options = kt_options_new();
    if (options != NULL && !session_set(&cli->say, options, "profile", cli->profile)) {
        kt_options_free(options);
        return NULL;
    }
    return options;
}

static enum exit_code list(const struct cli *cli)
{
    struct kt_options *options = options_of(cli);
    if (options == NULL) {
        return EXIT_USAGE;
    }
    enum exit_code exit = EXIT_DONE;
    for (int slot = 0; slot < SLOTS && exit == EXIT_DONE; slot++) {
        struct kt_outbox outbox = {.size = sizeof outbox};
        int status = kt_outbox_look(options, slot, &outbox);
        if (status == KT_E_INVALID) {
            say_refusal(&cli->say, "PROFILE_INVALID", "profile", cli->profile);
            exit = EXIT_REFUSED;
        } else if (status != KT_E_END && !print_slot(&cli->say, slot, &outbox)) {
            exit = EXIT_FAILED;
        }
    }
    kt_options_free(options);
    return exit;
}

/* The lowest slot that nobody uses and in which something waits, `SLOTS`: none. */
static int find_slot(const struct kt_options *options, int from)
{
    for (int slot = from; slot < SLOTS; slot++) {
        struct kt_outbox outbox = {.size = sizeof outbox};
        int status = kt_outbox_look(options, slot, &outbox);
        if (status == KT_OK && outbox.waiting > 0 && outbox.process == 0) {
            return slot;
        }
    }
    return SLOTS;
}

/* Sends what waits in one slot. DONE: nothing waits any more, or a signal came (`*is_stopped`). */
static enum exit_code drain_slot(struct cli *cli, int slot, uint64_t until_ms, bool *is_stopped)
{
    char number[16];
    struct session session;
    struct kt_error error = {.size = sizeof error};
    struct kt_report report = {.size = sizeof report};
    (void)snprintf(number, sizeof number, "%d", slot);
    const struct session_option options[] = {
        {"outbox.slot", number},
        {NULL,          NULL  }
    };
    enum exit_code exit = session_open(cli, options, &session);
    if (exit != EXIT_DONE) {
        return exit;
    }
    int status = KT_E_TIMEOUT;
    while (status == KT_E_TIMEOUT && moment_tick_ms() < until_ms && !*is_stopped &&
           session_watch(&session, &error)) {
        status = kt_drain(session.client, STEP_MS);
        *is_stopped = signals_arrived(session.signals);
    }
    session_close(&session, &report);
    if (error.code[0] != '\0') {
        session_say(&cli->say, &error);
        return EXIT_REFUSED;
    }
    if (report.spooled > 0 && !*is_stopped) {
        say_refusal(&cli->say, "TIMEOUT", "outbox", report.outbox);
        return EXIT_LATE;
    }
    return EXIT_DONE;
}

/* Waits a while for another process to leave something behind. False: a signal came. */
static bool look_again(int signals)
{
    struct pollfd waiting = {.fd = signals, .events = POLLIN};
    return poll(&waiting, 1, LOOK_MS) == 0;
}

static enum exit_code drain(struct cli *cli, uint64_t timeout_ms, bool is_followed)
{
    struct kt_options *options = options_of(cli);
    bool is_stopped = false;
    uint64_t until_ms = is_followed ? UINT64_MAX : moment_tick_ms() + timeout_ms;
    enum exit_code exit = EXIT_DONE;
    if (options == NULL) {
        return EXIT_USAGE;
    }
    int signals = signals_open();
    for (int slot = 0; exit == EXIT_DONE && !is_stopped;) {
        slot = find_slot(options, slot);
        if (slot < SLOTS) {
            exit = drain_slot(cli, slot++, until_ms, &is_stopped);
        } else if (is_followed) {
            is_stopped = !look_again(signals);
            slot = 0;
        } else {
            break;
        }
    }
    kt_options_free(options);
    return exit;
}

enum exit_code verb_outbox(struct cli *cli, int count, char **arguments)
{
    bool is_followed = false;
    uint64_t timeout_ms = 30000;
    /* clang-format off */
    const struct option options[] = {
        {"follow", '\0', OPTION_FLAG, &is_followed, NULL,
         "drain: go on with what others leave behind",
         "drain: terus dengan yang ditinggalkan proses lain"},
        {"timeout", '\0', OPTION_DURATION, &timeout_ms, "TIME", "drain: how long to try: 30s",
         "drain: lama mencoba: 30s"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){1, 1});
    if (!words.is_ready) {
        return words.exit;
    }
    if (strcmp(words.items[0], "ls") == 0) {
        return list(cli);
    }
    if (strcmp(words.items[0], "drain") == 0) {
        return drain(cli, timeout_ms, is_followed);
    }
    say_wrong_use(&cli->say, "%s",
                  say_text(&cli->say, "expected ls or drain", "harus ls atau drain"));
    return EXIT_USAGE;
}
