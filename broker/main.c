/* main.c - kentongd: options, signals, and the loop that waits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "broker/journal.h"
#include "broker/notify.h"
#include "broker/ops/log_tool.h"
#include "broker/main_site.h"

enum {
    NET_DESCRIPTORS_MAX = 64,
    DESCRIPTORS_MAX = NET_DESCRIPTORS_MAX + 2 + ADMIN_DESCRIPTORS_MAX,
    WAIT_MS_MAX = 1000,
    DRAIN_MS_MAX = 5000
};

static const char usage[] =
    "usage: kentongd DIR [--accept-clock] [--allow-fs] [--log-level debug|info|warning|alarm]\n"
    "       kentongd --check DIR             test the configuration and the agencies, and exit\n"
    "       kentongd --log info|verify|export DIR\n"
    "                                        look into the log of a site that is stopped\n"
    "       kentongd --version | --help\n";

struct command {
    struct site_options site;
    const char *log_verb;
    enum trace_level level;
    bool is_check, is_version, is_help;
};

struct broker {
    struct site site;
    int signals;
    uint64_t watchdog_ms, watchdog_at_ms;
    uint64_t drain_until_ms; /* 0: not draining */
    bool is_open;
    bool was_asked; /* over the admin socket, for something that sends */
};

static bool command_read(struct command *command, int count, char **words)
{
    enum { CHECK = 256, LOG, CLOCK, FILESYSTEM, LEVEL, VERSION };
    static const struct option options[] = {
        {"check",        no_argument,       NULL, CHECK     },
        {"log",          required_argument, NULL, LOG       },
        {"accept-clock", no_argument,       NULL, CLOCK     },
        {"allow-fs",     no_argument,       NULL, FILESYSTEM},
        {"log-level",    required_argument, NULL, LEVEL     },
        {"version",      no_argument,       NULL, VERSION   },
        {"help",         no_argument,       NULL, 'h'       },
        {NULL,           0,                 NULL, 0         },
    };
    *command = (struct command){.level = TRACE_INFO};
    bool is_good = true;
    for (int word; (word = getopt_long(count, words, "h", options, NULL)) != -1;) {
        command->is_check |= word == CHECK;
        command->is_version |= word == VERSION;
        command->is_help |= word == 'h';
        command->site.accept_clock |= word == CLOCK;
        command->site.allow_any_filesystem |= word == FILESYSTEM;
        command->log_verb = word == LOG ? optarg : command->log_verb;
        is_good &= word != '?' && (word != LEVEL || journal_read_level(optarg, &command->level));
    }
    command->site.directory = optind < count ? words[optind] : NULL;
    bool needs_no_directory = command->is_version || command->is_help;
    return is_good && (needs_no_directory || optind == count - 1);
}

/* Keys are in this process: nobody may look into it, and no core file may keep them. */
static bool process_harden(void)
{
    struct rlimit none = {0, 0};
    return prctl(PR_SET_DUMPABLE, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           sodium_init() >= 0;
}

/* A closed stderr would be the number of the log that is opened next, and the journal would be
 * written into it. */
static bool standard_descriptors_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            return false;
        }
    }
    return true;
}

/* Signals become readable, and threads that are started later inherit the mask. */
static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return -1;
    }
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool broker_reload(struct broker *broker, struct site_fault *fault)
{
    notify_send("RELOADING=1");
    enum status status = site_reload(&broker->site, fault);
    if (status == STATUS_OK) {
        journal_say(TRACE_INFO, "policy reloaded");
    } else {
        journal_say(TRACE_ALARM, "policy not reloaded, the old one stays: %s", fault->text);
    }
    notify_send("READY=1");
    return status == STATUS_OK;
}

static void broker_drain(struct broker *broker, uint64_t now_ms)
{
    if (broker->drain_until_ms == 0) {
        journal_say(TRACE_INFO, "stopping: what was accepted is finished first");
        notify_send("STOPPING=1");
        engine_drain(broker->site.engine);
        broker->drain_until_ms = now_ms + DRAIN_MS_MAX;
    }
}

/* True: something was done, and ZeroMQ's edge may have been lost over it. */
static bool broker_hear_signals(struct broker *broker, uint64_t now_ms)
{
    struct signalfd_siginfo heard;
    struct site_fault fault;
    bool was_heard = false;
    while (read(broker->signals, &heard, sizeof heard) == (ssize_t)sizeof heard) {
        was_heard = true;
        if (heard.ssi_signo != SIGHUP) {
            broker_drain(broker, now_ms);
        } else if (broker->is_open) {
            (void)broker_reload(broker, &fault); /* said in the journal */
        }
    }
    return was_heard;
}

/* ---- what the admin socket asks ---- */

static bool admin_reload(void *context, char *reason, size_t room)
{
    struct broker *broker = context;
    struct site_fault fault;
    bool is_done = broker_reload(broker, &fault);
    broker->was_asked = true;
    if (!is_done) {
        snprintf(reason, room, "%s", fault.text);
    }
    return is_done;
}

static void admin_info(void *context, struct admin_info *info)
{
    const struct broker *broker = context;
    struct net_zmq_statistics statistics;
    const struct config *config = &broker->site.config;
    net_zmq_statistics(broker->site.net, &statistics);
    info->endpoint_count = config->listen_count + config->plain_count;
    for (uint32_t index = 0; index < info->endpoint_count; index++) {
        info->endpoints[index] = net_zmq_endpoint(broker->site.net, index);
    }
    info->sessions = statistics.peers;
    info->handed_bytes = statistics.handed_bytes;
}

static void admin_log(void *context, struct store_tail *tail, uint64_t *used_bytes)
{
    const struct broker *broker = context;
    struct store *store = broker->site.store;
    struct store_statistics statistics;
    store->ops->tail(store, tail);
    store->ops->statistics(store, &statistics);
    tail->last = engine_head(broker->site.engine);
    sodium_memzero(tail->secret, sizeof tail->secret);
    *used_bytes = statistics.used_bytes;
}

static enum status admin_read_chunk(void *context, uint64_t seq)
{
    const struct broker *broker = context;
    return engine_read_chunk(broker->site.engine, seq);
}

static void admin_stop(void *context)
{
    broker_drain(context, site_now_ms());
}

static bool broker_open_admin(struct broker *broker)
{
    const struct admin_calls calls = {.context = broker,
                                      .reload = admin_reload,
                                      .info = admin_info,
                                      .log = admin_log,
                                      .read_chunk = admin_read_chunk,
                                      .stop = admin_stop};
    if (admin_open(broker->site.options.directory, &calls, &broker->site.admin) == STATUS_OK) {
        return true;
    }
    journal_say(TRACE_ALARM, "admin.sock: %s", strerror(errno));
    return false;
}

/* True: as with signals. */
static bool broker_hear_admin(struct broker *broker)
{
    broker->was_asked = false;
    if (broker->site.admin != NULL) {
        admin_turn(broker->site.admin);
    }
    return broker->was_asked;
}

static bool broker_open_doors(struct broker *broker)
{
    struct site_fault fault = {.text = ""};
    if (site_open_doors(&broker->site, &fault) != STATUS_OK) {
        journal_say(TRACE_ALARM, "%s", fault.text);
        return false;
    }
    if (!broker_open_admin(broker)) {
        return false;
    }
    broker->is_open = true;
    journal_announce("ready %s head %" PRIu64, net_zmq_endpoint(broker->site.net, 0),
                     engine_head(broker->site.engine));
    notify_send("READY=1");
    return true;
}

static int wait_ms(const struct broker *broker, uint64_t now_ms)
{
    uint64_t due_ms = engine_deadline_ms(broker->site.engine);
    uint64_t latest_ms = now_ms + WAIT_MS_MAX;
    due_ms = due_ms < latest_ms ? due_ms : latest_ms;
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

/* Waits until something is there or due. False: the system does not let it wait. */
static bool broker_wait(struct broker *broker, bool has_more, uint64_t now_ms)
{
    int descriptors[DESCRIPTORS_MAX];
    struct pollfd polled[DESCRIPTORS_MAX];
    struct net *net = broker->site.net;
    struct store *store = broker->site.store;
    uint32_t count = net->ops->descriptors(net, descriptors, NET_DESCRIPTORS_MAX);
    descriptors[count++] = store->ops->descriptor(store);
    descriptors[count++] = broker->signals;
    for (uint32_t index = 0; index < count; index++) {
        polled[index] = (struct pollfd){.fd = descriptors[index], .events = POLLIN};
    }
    if (broker->site.admin != NULL) {
        count += admin_descriptors(broker->site.admin, polled + count);
    }
    return poll(polled, count, has_more ? 0 : wait_ms(broker, now_ms)) >= 0 || errno == EINTR;
}

static void broker_watch(struct broker *broker, uint64_t now_ms)
{
    if (broker->watchdog_ms > 0 && now_ms >= broker->watchdog_at_ms) {
        notify_send("WATCHDOG=1");
        broker->watchdog_at_ms = now_ms + broker->watchdog_ms;
    }
}

/* True: everything that was accepted is finished, or took too long. */
static bool broker_is_drained(const struct broker *broker, uint64_t now_ms)
{
    return broker->drain_until_ms != 0 &&
           (engine_is_idle(broker->site.engine) || now_ms >= broker->drain_until_ms);
}

static int broker_loop(struct broker *broker)
{
    bool has_more = true;
    for (;;) {
        uint64_t now_ms = site_now_ms();
        if (!broker_wait(broker, has_more, now_ms)) {
            journal_say(TRACE_ALARM, "cannot wait: %s", strerror(errno));
            return 1;
        }
        now_ms = site_now_ms();
        has_more = engine_turn(broker->site.engine, now_ms, site_wall_ms());
        if (engine_fault(broker->site.engine) != NULL) {
            journal_say(TRACE_ALARM, "%s", engine_fault(broker->site.engine));
            return 1;
        }
        if (broker->site.is_recovered && !broker->is_open && !broker_open_doors(broker)) {
            return 1;
        }
        has_more = broker_hear_signals(broker, now_ms) || has_more;
        has_more = broker_hear_admin(broker) || has_more;
        broker_watch(broker, now_ms);
        if (broker_is_drained(broker, now_ms)) {
            return 0;
        }
    }
}

static int broker_run(const struct command *command)
{
    struct broker broker = {.watchdog_ms = notify_watchdog_ms()};
    struct site_fault fault = {.text = ""};
    broker.signals = signals_open();
    if (broker.signals < 0 || !process_harden()) {
        journal_say(TRACE_ALARM, "the process cannot be prepared: %s", strerror(errno));
        return 1;
    }
    if (site_open(&broker.site, &command->site, &fault) != STATUS_OK) {
        journal_say(TRACE_ALARM, "%s: %s", command->site.directory, fault.text);
        return 1;
    }
    int result = broker_loop(&broker);
    admin_close(broker.site.admin);
    broker.site.admin = NULL;
    site_close(&broker.site);
    close(broker.signals);
    return result;
}

static int check_run(const char *directory)
{
    struct site_fault fault = {.text = ""};
    if (sodium_init() < 0 || site_check(directory, &fault) != STATUS_OK) {
        fprintf(stderr, "kentongd: %s\n", fault.text);
        return 1;
    }
    printf("%s: the configuration and the agencies are good\n", directory);
    return 0;
}

int main(int count, char **words)
{
    struct command command;
    if (!standard_descriptors_hold()) {
        return 1;
    }
    if (!command_read(&command, count, words)) {
        fputs(usage, stderr);
        return 2;
    }
    journal_open(command.level);
    if (command.is_help || command.is_version) {
        fputs(command.is_help ? usage : "kentongd " KENTONGAN_VERSION "\n", stdout);
        return 0;
    }
    if (command.is_check) {
        return check_run(command.site.directory);
    }
    if (command.log_verb != NULL) {
        return log_tool_run(command.log_verb, command.site.directory);
    }
    return broker_run(&command);
}
