/* admin_inner.h - what the files of the admin socket share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_OPS_ADMIN_INNER_H
#define BROKER_OPS_ADMIN_INNER_H

#include <jansson.h>
#include <pthread.h>
#include <sys/types.h>

#include "broker/ops/admin.h"
#include "broker/ops/log_tool.h"

enum { CONNECTIONS_MAX = 8, LINE_BYTES_MAX = 4096, JOBS_MAX = 2, JOB_SEND_S_MAX = 30 };

/* What a job's thread waits for; all under the admin's lock. */
enum admin_wish { WISH_NONE, WISH_ASKED, WISH_UNDER_WAY, WISH_ANSWERED };

/* One walk over the log for one connection. */
struct admin_job {
    struct admin *admin;
    pthread_t thread;
    int connection;
    char verb[16];
    struct log_source source;
    bool is_taken;
    bool is_done; /* under the lock, as what follows */
    enum admin_wish wish;
    uint64_t seq;
    struct store_done done;
};

struct admin_connection {
    int descriptor; /* -1: free */
    size_t used;
    char line[LINE_BYTES_MAX];
};

struct admin {
    struct admin_calls calls;
    int directory, listener;
    int wake; /* an eventfd: a job wants something, or is done */
    uid_t owner;
    struct admin_connection connections[CONNECTIONS_MAX];
    struct admin_job jobs[JOBS_MAX];
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool is_ending; /* under the lock */
};

/* admin_verbs.c: answers one line. The caller releases the answer; NULL: a job has taken the
 * connection over, and closes it. */
json_t *admin_answer(struct admin *admin, const char *line, size_t length, int connection);

/* admin_jobs.c */
bool admin_job_begin(struct admin *admin, const char *verb, int connection);
void admin_jobs_turn(struct admin *admin);
void admin_jobs_end(struct admin *admin);

#endif
