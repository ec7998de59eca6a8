/* site_process.h - a site in a folder of its own, with a real kentongd that may be killed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For tests and benchmarks. What cannot go wrong here ends the program with a sentence on stderr.
 * The broker dies with the program that started it.
 */
#ifndef TESTS_SUPPORT_SITE_PROCESS_H
#define TESTS_SUPPORT_SITE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

enum { SITE_ROOT_BYTES = 128, SITE_PATH_BYTES = 256 };

struct site_process {
    char root[SITE_ROOT_BYTES];      /* removed by site_process_remove() */
    char directory[SITE_PATH_BYTES]; /* root/site */
    char endpoint[64];               /* tcp://127.0.0.1:PORT, the same over restarts */
    const char *broker, *tool;       /* paths of kentongd and kentong; borrowed */
    pid_t pid;                       /* 0: not running */
};

/* Makes a site under `base` with the tool, on a free port of loopback; `more` (may be "") is
 * appended to its kentongan.yaml. */
void site_process_make(struct site_process *site, const char *broker, const char *tool,
                       const char *base, const char *more);

/* Enrols an agency with these rights on one filter each (NULL: none); its profile is
 * root/NAME.agency. */
void site_process_enrol(const struct site_process *site, const char *name, const char *publish,
                        const char *subscribe, const char *replay);

/* Starts the broker and waits for its line «ready», at most 60 s. How long it took. */
double site_process_start(struct site_process *site);

/* SIGKILL, and its end is waited for. */
void site_process_kill(struct site_process *site);

/* SIGTERM, and its end is waited for; it must be 0. */
void site_process_stop(struct site_process *site);

/* Starts a command without waiting: argv ends with NULL. */
pid_t site_process_spawn(const char *const *arguments);

/* Processor time that the running broker has used. */
double site_process_cpu_seconds(const struct site_process *site);

/* Removes the folder; the broker must not run. */
void site_process_remove(struct site_process *site);

/* A TCP port of loopback that is free now; nobody is given it again soon. */
uint16_t site_free_port(void);

/* Monotonic. */
double site_seconds(void);

#endif
