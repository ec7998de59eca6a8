/* admin_jobs.c - walks over the log of a running broker, each in a thread of its own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The thread hashes and writes; only the engine's thread asks the store. Between them is one wish a
 * job: a sequence, and what came of it. So a slow reader costs one chunk, and the broker no time.
 */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "broker/ops/admin_inner.h"

static void wake(struct admin *admin)
{
    uint64_t one = 1;
    ssize_t sent = write(admin->wake, &one, sizeof one);
    (void)sent; /* full only when it is awake already */
}

/* ---- in the job's thread ---- */

static enum status chunk_await(void *context, uint64_t seq, struct store_done *done)
{
    struct admin_job *job = context;
    struct admin *admin = job->admin;
    enum status status = STATUS_IO;
    pthread_mutex_lock(&admin->lock);
    job->seq = seq;
    job->wish = WISH_ASKED;
    wake(admin);
    while (job->wish != WISH_ANSWERED && !admin->is_ending) {
        pthread_cond_wait(&admin->answered, &admin->lock);
    }
    if (job->wish == WISH_ANSWERED) {
        *done = job->done;
        status = job->done.status;
        job->done.blob = NULL;
        job->wish = WISH_NONE;
    }
    pthread_mutex_unlock(&admin->lock);
    return status;
}

static void job_walk(struct admin_job *job, FILE *out)
{
    struct log_report report;
    if (strcmp(job->verb, "info") == 0) {
        log_tool_print_info(&job->source, out);
    } else if (strcmp(job->verb, "verify") == 0) {
        log_tool_verify(&job->source, &report);
        log_tool_print_report(&report, out);
    } else {
        enum status status = log_tool_export(&job->source, out, &report);
        (void)status; /* who does not read to the end sees no end */
    }
}

/* Who hangs up in the middle is an error of the write, not the end of the process. */
static void signals_block(void)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void *job_run(void *context)
{
    struct admin_job *job = context;
    struct admin *admin = job->admin;
    signals_block();
    FILE *out = fdopen(job->connection, "w");
    if (out != NULL) {
        job_walk(job, out);
        (void)fflush(out);
    }
    pthread_mutex_lock(&admin->lock);
    job->is_done = true;
    wake(admin);
    pthread_mutex_unlock(&admin->lock);
    if (out != NULL) {
        (void)fclose(out);
    } else {
        (void)close(job->connection);
    }
    return NULL;
}

/* ---- in the engine's thread ---- */

/* From here on writing waits, but not for ever. */
static bool connection_set_waiting(int connection, bool is_waiting)
{
    struct timeval wait = {.tv_sec = JOB_SEND_S_MAX};
    int flags = fcntl(connection, F_GETFL);
    return flags >= 0 &&
           fcntl(connection, F_SETFL, is_waiting ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0 &&
           setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
}

bool admin_job_begin(struct admin *admin, const char *verb, int connection)
{
    struct admin_job *job = admin->jobs;
    while (job < admin->jobs + JOBS_MAX && job->is_taken) {
        job++;
    }
    if (job == admin->jobs + JOBS_MAX || !connection_set_waiting(connection, true)) {
        return false;
    }
    *job = (struct admin_job){.admin = admin, .connection = connection, .is_taken = true};
    (void)snprintf(job->verb, sizeof job->verb, "%s", verb);
    job->source.context = job;
    job->source.read = chunk_await;
    admin->calls.log(admin->calls.context, &job->source.tail, &job->source.used_bytes);
    job->is_taken = pthread_create(&job->thread, NULL, job_run, job) == 0;
    if (!job->is_taken) {
        (void)connection_set_waiting(connection, false);
    }
    return job->is_taken;
}

static void job_end(struct admin_job *job)
{
    (void)pthread_join(job->thread, NULL);
    blob_drop(job->done.blob);
    *job = (struct admin_job){0};
}

/* The engine reads one chunk at a time for all jobs together. */
static void wish_forward(struct admin *admin)
{
    struct admin_job *asked = NULL;
    pthread_mutex_lock(&admin->lock);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (admin->jobs[i].wish == WISH_UNDER_WAY) {
            asked = NULL;
            break;
        }
        if (admin->jobs[i].wish == WISH_ASKED && asked == NULL) {
            asked = &admin->jobs[i];
        }
    }
    if (asked != NULL && admin->calls.read_chunk(admin->calls.context, asked->seq) == STATUS_OK) {
        asked->wish = WISH_UNDER_WAY;
    }
    pthread_mutex_unlock(&admin->lock);
}

void admin_jobs_turn(struct admin *admin)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        pthread_mutex_lock(&admin->lock);
        bool is_done = admin->jobs[i].is_taken && admin->jobs[i].is_done;
        pthread_mutex_unlock(&admin->lock);
        if (is_done) {
            job_end(&admin->jobs[i]);
        }
    }
    wish_forward(admin);
}

void admin_take_chunk(struct admin *admin, const struct store_done *done)
{
    pthread_mutex_lock(&admin->lock);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct admin_job *job = &admin->jobs[i];
        if (job->wish == WISH_UNDER_WAY) {
            job->done = *done;
            job->done.blob = done->blob != NULL ? blob_keep(done->blob) : NULL;
            job->wish = done->status == STATUS_BUSY ? WISH_ASKED : WISH_ANSWERED;
            break;
        }
    }
    pthread_cond_broadcast(&admin->answered);
    pthread_mutex_unlock(&admin->lock);
    wish_forward(admin);
}

void admin_jobs_end(struct admin *admin)
{
    pthread_mutex_lock(&admin->lock);
    admin->is_ending = true;
    pthread_cond_broadcast(&admin->answered);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (admin->jobs[i].is_taken && !admin->jobs[i].is_done) {
            (void)shutdown(admin->jobs[i].connection, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&admin->lock);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (admin->jobs[i].is_taken) {
            job_end(&admin->jobs[i]);
        }
    }
}
