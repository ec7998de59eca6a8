/* listen.c - pull, print, flush, and only then acknowledge.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/listen.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/moment.h"
#include "clients/cli/show.h"
#include "clients/cli/signals.h"
#include "clients/cli/sink.h"

enum {
    MESSAGES_A_TURN = 256,
    SINK_BYTES = 256 * 1024, /* lines that wait for one flush */
    WATCH_MS = 500,          /* how long the connection goes unwatched */
    LEAVE_MS = 5000          /* for the last acks to be durable */
};

enum listening {
    LISTEN_ON,
    LISTEN_ENOUGH,  /* --count, --for, a signal */
    LISTEN_ENDED,   /* by the library: its error says why */
    LISTEN_REFUSED, /* the key is not taken: `error` */
    LISTEN_DEAF     /* stdout takes nothing any more */
};

/* One run. */
struct ear {
    const struct say *say;
    const struct listen *listen;
    struct session session;
    struct kt_follow *follow;
    struct sink sink;
    struct kt_error error;
    uint64_t seen;             /* events printed */
    uint64_t printed;          /* through here everything is in the sink */
    uint64_t acked;            /* through here everything was acknowledged */
    uint64_t until_ms;         /* UINT64_MAX: no such end */
    uint64_t connect_until_ms; /* the same, as long as there was no connection */
    bool has_begun;
};

static void print_event(struct ear *ear, const char *line, size_t length)
{
    if (ear->say->is_json) {
        sink_put(&ear->sink, line, length);
        sink_put(&ear->sink, "\n", 1);
        return;
    }
    json_t *event = json_loadb(line, length, 0, NULL);
    char *text = ear->listen->format == NULL ? show_line(ear->say, event)
                                             : show_by_format(event, line, ear->listen->format);
    sink_put(&ear->sink, text, strlen(text));
    free(text);
    json_decref(event);
}

static void tell_lost(const struct ear *ear, const struct kt_info *info)
{
    char reason[KT_TEXT_BYTES];
    (void)snprintf(reason, sizeof reason, "%" PRIu64 "-%" PRIu64 "%s%s", info->first, info->last,
                   info->source == NULL ? "" : ": ", info->source == NULL ? "" : info->source);
    say_refusal(ear->say, "LOST_RANGE", "", reason);
}

/* False: it cannot be printed, so it may not be acknowledged either. */
static bool take_message(struct ear *ear, const struct kt_message *message)
{
    struct kt_info info = {.size = sizeof info};
    char *line = NULL;
    size_t length = 0;
    (void)kt_message_info(message, &info);
    if (info.kind == KT_LOST) {
        tell_lost(ear, &info);
    }
    if (info.kind != KT_EVENT) {
        ear->printed = info.last;
        return true;
    }
    if (kt_message_to_json(message, &line, &length) != KT_OK) {
        say_fault(ear->say, "%" PRIu64 ": %s", info.seq,
                  say_text(ear->say, "cannot be shown", "tidak dapat ditampilkan"));
        return false;
    }
    print_event(ear, line, length);
    kt_free(line);
    ear->printed = info.seq;
    ear->seen++;
    return true;
}

static bool has_enough(const struct ear *ear)
{
    return ear->seen >= ear->listen->count;
}

/* Takes what waits. */
static enum listening take_messages(struct ear *ear)
{
    for (int taken = 0; taken < MESSAGES_A_TURN && sink_waiting(&ear->sink) < SINK_BYTES; taken++) {
        struct kt_message *message = NULL;
        if (has_enough(ear)) {
            return LISTEN_ENOUGH;
        }
        int status = kt_next(ear->follow, 0, &message);
        if (status == KT_E_TIMEOUT || status == KT_E_WOKEN) {
            return LISTEN_ON;
        }
        if (status != KT_OK) {
            (void)kt_error(ear->session.client, &ear->error);
            return LISTEN_ENDED;
        }
        bool is_printed = take_message(ear, message);
        kt_message_free(message);
        if (!is_printed) {
            return LISTEN_DEAF;
        }
    }
    return has_enough(ear) ? LISTEN_ENOUGH : LISTEN_ON;
}

/* Nothing is acknowledged before stdout has it. */
static enum listening flush(struct ear *ear, enum listening state)
{
    switch (sink_flush(&ear->sink, ear->session.signals)) {
    case SINK_FLUSHED:
        break;
    case SINK_STOPPED:
        return LISTEN_ENOUGH;
    case SINK_GONE:
        if (errno != EPIPE) {
            say_fault(ear->say, "stdout: %s", strerror(errno));
        }
        return LISTEN_DEAF;
    }
    if (ear->listen->cursor != NULL && ear->printed > ear->acked) {
        (void)kt_ack(ear->follow, ear->printed);
        ear->acked = ear->printed;
    }
    return state;
}

static void tell_narrowed(const struct ear *ear, const struct kt_follow_info *info)
{
    const struct say *say = ear->say;
    if (!info->is_narrowed || (ear->listen->has_no_filter && !say->is_verbose)) {
        return;
    }
    if (say->is_json) {
        say_error_line(json_pack("{s:s}", "narrowedTo", info->filters));
    } else {
        say_note(say, say_text(say, "narrowed to your rights: %s", "dipersempit sesuai hak: %s"),
                 info->filters);
    }
}

/* Scripts wait for this line: what is published after it is seen. */
static void tell_begun(const struct ear *ear, const struct kt_follow_info *info)
{
    const struct say *say = ear->say;
    if (say->is_verbose) {
        say_note(say, say_text(say, "following from %" PRIu64, "mengikuti mulai %" PRIu64),
                 info->first);
    }
}

static void watch_begin(struct ear *ear)
{
    struct kt_follow_info info = {.size = sizeof info};
    if (ear->has_begun || kt_follow_info(ear->follow, &info) != KT_OK || !info.has_begun) {
        return;
    }
    ear->has_begun = true;
    tell_narrowed(ear, &info);
    tell_begun(ear, &info);
}

static int wait_ms(const struct ear *ear, uint64_t now_ms)
{
    uint64_t left_ms = ear->until_ms <= now_ms ? 0 : ear->until_ms - now_ms;
    return left_ms < WATCH_MS ? (int)left_ms : WATCH_MS;
}

static enum listening turn(struct ear *ear)
{
    struct pollfd waiting[] = {
        {.fd = ear->session.signals,    .events = POLLIN},
        {.fd = ear->session.descriptor, .events = POLLIN},
        {.fd = ear->sink.fd,            .events = 0     }, /* tells when the reader is gone */
    };
    uint64_t now_ms = moment_tick_ms();
    (void)poll(waiting, 3, wait_ms(ear, now_ms));
    if ((waiting[2].revents & POLLERR) != 0) {
        return LISTEN_DEAF;
    }
    watch_begin(ear);
    enum listening state = flush(ear, take_messages(ear));
    if (state != LISTEN_ON) {
        return state;
    }
    if (!session_watch(&ear->session, &ear->error)) {
        return LISTEN_REFUSED;
    }
    now_ms = moment_tick_ms();
    bool is_over = signals_arrived(ear->session.signals) || now_ms >= ear->until_ms ||
                   (!ear->session.was_connected && now_ms >= ear->connect_until_ms);
    return is_over ? LISTEN_ENOUGH : LISTEN_ON;
}

static enum exit_code conclude(struct ear *ear, enum listening state)
{
    const struct say *say = ear->say;
    switch (state) {
    case LISTEN_ENDED:
        if (strcmp(ear->error.code, "END") == 0) {
            return EXIT_DONE;
        }
        session_say(say, &ear->error);
        return session_exit_of(&ear->error);
    case LISTEN_REFUSED:
        session_say(say, &ear->error);
        return EXIT_REFUSED;
    case LISTEN_DEAF:
        return EXIT_FAILED;
    case LISTEN_ON:
    case LISTEN_ENOUGH:
        break;
    }
    if (!ear->session.was_connected) {
        say_refusal(say, "UNREACHABLE", "endpoint", NULL);
        return EXIT_LATE;
    }
    return EXIT_DONE;
}

/* Leaves with the cursor saved: the acks are waited for. */
static enum exit_code listen_on(struct ear *ear)
{
    enum listening state;
    do {
        state = turn(ear);
    } while (state == LISTEN_ON);
    watch_begin(ear);
    (void)session_watch(&ear->session, &ear->error);
    enum exit_code exit = conclude(ear, state);
    int left = kt_unfollow(ear->follow, ear->acked > 0 ? LEAVE_MS : 0);
    if (left == KT_E_TIMEOUT && exit == EXIT_DONE && ear->listen->cursor != NULL) {
        say_note(ear->say, "%s",
                 say_text(ear->say,
                          "the last acknowledgement is not confirmed: events may come again",
                          "konfirmasi terakhir belum pasti: peristiwa mungkin datang lagi"));
    }
    return exit;
}

static enum exit_code begin(struct ear *ear)
{
    struct kt_options *options = kt_options_new();
    bool is_set = options != NULL && listen_set_options(ear->listen, options);
    int status = is_set ? kt_follow(ear->session.client, options, &ear->follow) : KT_E_INVALID;
    kt_options_free(options);
    if (!is_set) {
        return EXIT_USAGE;
    }
    return status == KT_OK ? listen_on(ear) : session_refusal(&ear->session);
}

static uint64_t deadline_ms(uint64_t duration_ms)
{
    return duration_ms == 0 ? UINT64_MAX : moment_tick_ms() + duration_ms;
}

enum exit_code listen_run(struct cli *cli, const struct listen *listen)
{
    static const struct session_option none[] = {
        {NULL, NULL}
    };
    struct ear ear = {.say = &cli->say, .listen = listen};
    ear.error.size = sizeof ear.error;
    enum exit_code exit = session_open(cli, none, &ear.session);
    if (exit != EXIT_DONE) {
        return exit;
    }
    ear.until_ms = deadline_ms(listen->for_ms);
    ear.connect_until_ms = deadline_ms(listen->connect_ms);
    sink_init(&ear.sink, STDOUT_FILENO);
    exit = begin(&ear);
    sink_deinit(&ear.sink);
    session_close(&ear.session, NULL);
    return exit;
}
