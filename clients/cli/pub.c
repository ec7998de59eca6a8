/* pub.c - kentong pub: every line is sent as it comes, receipts are told in its order.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One loop waits for input, for the library and for signals; none of them waits for another.
 */
#include "clients/cli/pub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/moment.h"
#include "clients/cli/signals.h"

enum {
    LINES_A_TURN = 256,
    WATCH_MS = 500,     /* how long the connection goes unwatched */
    HELD_AGAIN_MS = 50, /* until a line that found no room is tried again */
    SPOOL_MS_MAX = 5000 /* for the outbox to be durable after a signal or the last deadline */
};

char *pub_add_topic(const char *topic, struct bytes line, size_t *length)
{
    json_t *event = json_loadb((const char *)line.data, line.length, 0, NULL);
    bool is_bare = json_is_object(event) && json_object_get(event, "topic") == NULL;
    bool is_empty = json_object_size(event) == 0;
    json_decref(event);
    if (!is_bare) {
        return NULL;
    }
    json_t *text = json_string(topic);
    char *quoted = text == NULL ? NULL : json_dumps(text, JSON_ENCODE_ANY);
    json_decref(text);
    if (quoted == NULL) {
        return NULL;
    }
    const uint8_t *brace = memchr(line.data, '{', line.length);
    size_t rest = line.length - (size_t)(brace + 1 - line.data);
    char *whole = NULL;
    int width = asprintf(&whole, "{\"topic\":%s%s%.*s", quoted, is_empty ? "" : ",", (int)rest,
                         (const char *)brace + 1);
    free(quoted);
    if (width < 0) {
        abort();
    }
    *length = (size_t)width;
    return whole;
}

/* ---- one line ---- */

/* What was refused here, before it got a number. */
static void refuse(struct pub *pub, const struct kt_error *error)
{
    struct receipt_slot *slot = receipts_add(&pub->receipts, pub->line, 0);
    struct kt_receipt *receipt = &slot->receipt;
    receipt->state = KT_REFUSED;
    receipt->is_retryable = error->is_retryable;
    memcpy(receipt->code, error->code, sizeof receipt->code);
    memcpy(receipt->field, error->field, sizeof receipt->field);
    memcpy(receipt->text, error->text, sizeof receipt->text);
    if (receipt->code[0] == '\0') {
        (void)snprintf(receipt->code, sizeof receipt->code, "%s", "FAILED");
    }
    slot->is_known = true;
}

static void hold(struct pub *pub, const char *text, size_t length, uint64_t now_ms)
{
    if (pub->held != NULL) {
        return;
    }
    pub->held = malloc(length + 1);
    if (pub->held == NULL) {
        abort();
    }
    memcpy(pub->held, text, length);
    pub->held_length = length;
    pub->held_until_ms = now_ms + pub->timeout_ms;
}

static void release(struct pub *pub)
{
    free(pub->held);
    pub->held = NULL;
}

/* Hands a line to the library. It is held when there is no room, as long as it may be late. */
static void submit(struct pub *pub, const char *text, size_t length, uint64_t now_ms)
{
    struct kt_error error = {.size = sizeof error};
    uint64_t tag = receipts_next_tag(&pub->receipts);
    if (kt_submit_json(pub->session.client, text, length, tag) == KT_OK) {
        (void)receipts_add(&pub->receipts, pub->line, now_ms + pub->timeout_ms);
        release(pub);
        return;
    }
    (void)kt_error(pub->session.client, &error);
    bool may_wait = error.is_retryable && !pub->is_stopped &&
                    (pub->held == NULL || now_ms < pub->held_until_ms);
    if (may_wait) {
        hold(pub, text, length, now_ms);
    } else {
        refuse(pub, &error);
        release(pub);
    }
}

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.length; i++) {
        uint8_t letter = line.data[i];
        if (letter != ' ' && letter != '\t' && letter != '\r') {
            return false;
        }
    }
    return true;
}

static void take_line(struct pub *pub, struct bytes line, uint64_t now_ms)
{
    size_t length = 0;
    pub->line++;
    if (is_blank(line)) {
        return;
    }
    char *whole = pub->topic == NULL ? NULL : pub_add_topic(pub->topic, line, &length);
    if (whole == NULL) {
        submit(pub, (const char *)line.data, line.length, now_ms);
    } else {
        submit(pub, whole, length, now_ms);
        free(whole);
    }
}

static void take_long_line(struct pub *pub)
{
    struct kt_error error = {.size = sizeof error, .code = "TOO_LARGE"};
    (void)snprintf(error.text, sizeof error.text, "The line has more than %d bytes.",
                   LINE_BYTES_MAX);
    pub->line++;
    refuse(pub, &error);
}

/* ---- the loop ---- */

static bool has_room(const struct pub *pub)
{
    return pub->held == NULL && !receipts_is_full(&pub->receipts);
}

/* Takes the lines that were read. True: it needs more input to go on. */
static bool take_lines(struct pub *pub, uint64_t now_ms)
{
    for (int taken = 0; taken < LINES_A_TURN && has_room(pub) && !pub->is_input_over; taken++) {
        struct bytes line;
        switch (lines_next(&pub->lines, &line)) {
        case LINES_LINE:
            take_line(pub, line, now_ms);
            break;
        case LINES_TOO_LONG:
            take_long_line(pub);
            break;
        case LINES_MORE:
            return true;
        case LINES_FAILED:
            say_fault(pub->say, "%s: %s", say_text(pub->say, "input", "masukan"),
                      strerror(pub->lines.error));
            pub->is_input_over = true;
            break;
        case LINES_END:
            pub->is_input_over = true;
            break;
        }
    }
    return false;
}

static void take_receipts(struct pub *pub)
{
    struct kt_receipt receipt = {.size = sizeof receipt};
    while (kt_receipt_next(pub->session.client, 0, &receipt) == KT_OK) {
        receipts_take(&pub->receipts, &receipt);
    }
}

static int wait_ms(const struct pub *pub, uint64_t now_ms, bool wants_input)
{
    uint64_t deadline_ms = receipts_deadline_ms(&pub->receipts);
    uint64_t ms = WATCH_MS;
    if (pub->held != NULL) {
        ms = HELD_AGAIN_MS;
    } else if (!wants_input && !pub->is_input_over && has_room(pub)) {
        return 0; /* lines wait in memory */
    }
    if (deadline_ms <= now_ms) {
        /* Past it: the outbox has yet to say that the event is durable. */
        return HELD_AGAIN_MS;
    }
    return (int)(deadline_ms - now_ms < ms ? deadline_ms - now_ms : ms);
}

static void flush_receipts(struct pub *pub, uint64_t now_ms)
{
    pub_tell_receipts(pub, now_ms);
    switch (sink_flush(&pub->sink, pub->session.signals)) {
    case SINK_FLUSHED:
        break;
    case SINK_STOPPED:
        pub->is_stopped = pub->was_interrupted = true;
        break;
    case SINK_GONE:
        /* Nobody hears receipts any more: what was read is still sent or spooled. */
        pub->is_sink_gone = true;
        pub->is_stopped = true;
        break;
    }
}

static bool is_done(const struct pub *pub)
{
    return pub->is_stopped ||
           (pub->is_input_over && pub->held == NULL && receipts_is_empty(&pub->receipts));
}

/* One turn: waits for whatever comes first, and deals with it. False: the key is refused. */
static bool turn(struct pub *pub, struct kt_error *error)
{
    uint64_t now_ms = moment_tick_ms();
    if (pub->held != NULL) {
        submit(pub, pub->held, pub->held_length, now_ms);
    }
    bool wants_input = take_lines(pub, now_ms);
    flush_receipts(pub, now_ms);
    if (is_done(pub)) {
        return true;
    }
    struct pollfd waiting[] = {
        {.fd = pub->session.signals,                                    .events = POLLIN},
        {.fd = pub->session.descriptor,                                 .events = POLLIN},
        {.fd = wants_input && !pub->is_input_over ? pub->lines.fd : -1, .events = POLLIN},
    };
    (void)poll(waiting, 3, wait_ms(pub, now_ms, wants_input));
    if (waiting[0].revents != 0 && signals_arrived(pub->session.signals)) {
        pub->is_stopped = pub->was_interrupted = true;
    }
    if (waiting[2].revents != 0) {
        lines_fill(&pub->lines);
    }
    take_receipts(pub);
    pub_tell_progress(pub, moment_tick_ms());
    return session_watch(&pub->session, error);
}

/* What was read and is not answered becomes durable here; those are told as SPOOLED. */
static void settle(struct pub *pub)
{
    uint64_t until_ms = moment_tick_ms() + SPOOL_MS_MAX;
    pub->is_stopped = true;
    if (pub->held != NULL) {
        submit(pub, pub->held, pub->held_length, moment_tick_ms());
    }
    while (!receipts_is_empty(&pub->receipts) && moment_tick_ms() < until_ms) {
        struct pollfd waiting = {.fd = pub->session.descriptor, .events = POLLIN};
        take_receipts(pub);
        pub_tell_receipts(pub, moment_tick_ms());
        if (!receipts_is_empty(&pub->receipts)) {
            (void)poll(&waiting, 1, HELD_AGAIN_MS);
        }
    }
    if (!pub->is_sink_gone) {
        (void)sink_flush(&pub->sink, pub->session.signals);
    }
}

static enum exit_code conclude(struct pub *pub, const struct kt_error *error)
{
    struct kt_report report = {.size = sizeof report};
    settle(pub);
    session_close(&pub->session, &report);
    pub_tell_end(pub, &report);
    if (error->code[0] != '\0') {
        session_say(pub->say, error);
        return EXIT_REFUSED;
    }
    if (pub->refused > 0) {
        return EXIT_REFUSED;
    }
    if (pub->late > 0 || (pub->spooled > 0 && !pub->is_spooled_enough) ||
        !receipts_is_empty(&pub->receipts)) {
        return EXIT_LATE;
    }
    return pub->is_sink_gone || pub->lines.error != 0 ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code run(struct cli *cli, struct pub *pub, int fd)
{
    struct kt_error error = {.size = sizeof error};
    /* "all": an event that is made durable here before its answer is told of at that time too. */
    const struct session_option options[] = {
        {"receipts",           "all"                                   },
        {"outbox.spool_after", pub->is_spooled_enough ? "0ms" : "200ms"},
        {NULL,                 NULL                                    },
    };
    enum exit_code exit = session_open(cli, options, &pub->session);
    if (exit != EXIT_DONE) {
        return exit;
    }
    lines_init(&pub->lines, fd);
    receipts_init(&pub->receipts);
    sink_init(&pub->sink, STDOUT_FILENO);
    while (!is_done(pub) && turn(pub, &error)) {
    }
    exit = conclude(pub, &error);
    release(pub);
    sink_deinit(&pub->sink);
    receipts_deinit(&pub->receipts);
    lines_deinit(&pub->lines);
    return exit;
}

static int open_input(const struct say *say, const struct words *words)
{
    if (words->count == 0 || strcmp(words->items[0], "-") == 0) {
        return STDIN_FILENO;
    }
    int fd = open(words->items[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        say_fault(say, "%s: %s", words->items[0], strerror(errno));
    }
    return fd;
}

enum exit_code verb_pub(struct cli *cli, int count, char **arguments)
{
    struct pub pub = {.say = &cli->say, .timeout_ms = 10000};
    const char *wait = NULL;
    /* clang-format off */
    const struct option options[] = {
        {"topic", '\0', OPTION_TEXT, &pub.topic, "TOPIC", "for events that name none",
         "untuk peristiwa tanpa topik"},
        {"wait", '\0', OPTION_TEXT, &wait, "STATE",
         "stored (durable at the broker) or spooled (here)",
         "stored (aman di broker) atau spooled (di sini)"},
        {"timeout", '\0', OPTION_DURATION, &pub.timeout_ms, "TIME",
         "an event's time to be stored: 10s", "waktu satu peristiwa untuk tersimpan: 10s"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){0, 1});
    if (!words.is_ready) {
        return words.exit;
    }
    pub.is_spooled_enough = wait != NULL && strcmp(wait, "spooled") == 0;
    if (wait != NULL && !pub.is_spooled_enough && strcmp(wait, "stored") != 0) {
        say_wrong_use(&cli->say, "--wait: stored, spooled");
        return EXIT_USAGE;
    }
    int fd = open_input(&cli->say, &words);
    enum exit_code exit = fd < 0 ? EXIT_FAILED : run(cli, &pub, fd);
    if (fd > STDIN_FILENO) {
        (void)close(fd);
    }
    return exit;
}
