/* site_process.c - runs the tool and the broker as an operator would.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/site_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_SECONDS = 60 };

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "site: %s: %s\n", what, strerror(errno));
    exit(1);
}

double site_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

uint16_t site_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        stop("no port");
    }
    close(listener);
    return ntohs(address.sin_port);
}

static const char *path_in(const struct site_process *site, const char *name,
                           char path[SITE_PATH_BYTES])
{
    snprintf(path, SITE_PATH_BYTES, "%s/%s", site->root, name);
    return path;
}

/* ---- processes ---- */

static pid_t start(const char *const *arguments, const char *log)
{
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        stop("fork");
    }
    if (child == 0) {
        int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || file < 0 ||
            dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) {
            _exit(126);
        }
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    return child;
}

pid_t site_process_spawn(const char *const *arguments)
{
    return start(arguments, "/dev/null");
}

static void show(const char *log)
{
    char line[512];
    FILE *file = fopen(log, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        fputs(line, stderr);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void run(const struct site_process *site, const char *const *arguments)
{
    int status = 0;
    char log[SITE_PATH_BYTES];
    pid_t child = start(arguments, path_in(site, "tool.log", log));
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show(log);
        stop(arguments[1]);
    }
}

/* ---- the site ---- */

static void append_to(const char *path, const char *text)
{
    FILE *file = fopen(path, "ae");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        stop(path);
    }
}

void site_process_make(struct site_process *site, const char *broker, const char *tool,
                       const char *base, const char *more)
{
    char path[SITE_PATH_BYTES];
    *site = (struct site_process){.broker = broker, .tool = tool};
    snprintf(site->root, sizeof site->root, "%s/kentongan-XXXXXX", base);
    if (mkdtemp(site->root) == NULL) {
        stop(site->root);
    }
    path_in(site, "site", site->directory);
    snprintf(site->endpoint, sizeof site->endpoint, "tcp://127.0.0.1:%u", site_free_port());
    const char *const arguments[] = {tool,       "init",  site->directory, "--name",       "Kota",
                                     "--region", "62.71", "--listen",      site->endpoint, NULL};
    run(site, arguments);
    append_to(path_in(site, "site/kentongan.yaml", path), more);
}

void site_process_enrol(const struct site_process *site, const char *name, const char *publish,
                        const char *subscribe, const char *replay)
{
    char profile[SITE_PATH_BYTES], file[80];
    const char *const rights[][2] = {
        {"--publish",   publish  },
        {"--subscribe", subscribe},
        {"--replay",    replay   }
    };
    snprintf(file, sizeof file, "%s.agency", name);
    const char *arguments[16] = {
        site->tool, "agency",        "add",   name,
        "--site",   site->directory, "--out", path_in(site, file, profile)};
    size_t count = 8;
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        if (rights[i][1] != NULL) {
            arguments[count++] = rights[i][0];
            arguments[count++] = rights[i][1];
        }
    }
    run(site, arguments);
}

/* Whether the log has the line «ready». */
static bool is_ready(const char *log)
{
    char line[512];
    bool is_found = false;
    FILE *file = fopen(log, "re");
    while (file != NULL && !is_found && fgets(line, sizeof line, file) != NULL) {
        is_found = strncmp(line, "ready ", 6) == 0 && strchr(line, '\n') != NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return is_found;
}

double site_process_start(struct site_process *site)
{
    char log[SITE_PATH_BYTES];
    double begun_s = site_seconds();
    const struct timespec moment = {.tv_nsec = 1000000};
    const char *const arguments[] = {site->broker, site->directory, "--allow-fs", NULL};
    (void)unlink(path_in(site, "broker.log", log));
    site->pid = start(arguments, log);
    while (!is_ready(log)) {
        bool is_gone = waitpid(site->pid, NULL, WNOHANG) != 0;
        if (is_gone || site_seconds() - begun_s > READY_SECONDS) {
            show(log);
            stop("the broker is not ready");
        }
        (void)nanosleep(&moment, NULL);
    }
    return site_seconds() - begun_s;
}

static int end(struct site_process *site, int signal_number)
{
    int status = 0;
    if (kill(site->pid, signal_number) != 0 || waitpid(site->pid, &status, 0) != site->pid) {
        stop("the broker cannot be ended");
    }
    site->pid = 0;
    return status;
}

void site_process_kill(struct site_process *site)
{
    (void)end(site, SIGKILL);
}

void site_process_stop(struct site_process *site)
{
    char log[SITE_PATH_BYTES];
    int status = end(site, SIGTERM);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show(path_in(site, "broker.log", log));
        stop("the broker did not stop cleanly");
    }
}

double site_process_cpu_seconds(const struct site_process *site)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)site->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        stop(path);
    }
    fclose(file);
    /* The 14th and 15th words; the second is the name, which has no blank here. */
    char *word = line;
    for (int number = 1; number < 14 && word != NULL; number++) {
        word = strchr(word + 1, ' ');
    }
    if (word == NULL) {
        stop(path);
    }
    unsigned long user = strtoul(word, &word, 10), system = strtoul(word, NULL, 10);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void site_process_remove(struct site_process *site)
{
    if (nftw(site->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0) {
        stop(site->root);
    }
}
