/* start_reads.c - a start after kill -9 reads what follows the last checkpoint and no more, however
 * long the log is.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Counted are chunks, not seconds. The longest log takes 2 GB of the build folder's disk while it
 * is there; KENTONGAN_START_EVENTS makes it shorter.
 */
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker/core/limits.h"
#include "tests/scale/busy_site.h"
#include "tests/unit/check.h"

enum { PATH_BYTES = 256 };

struct start_row {
    const char *name;
    struct busy_plan plan;
    bool is_longest; /* its length may be the environment's */
};

/* ---- the log's place ---- */

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static struct store *open_log(const char *directory)
{
    struct store_lmdb_options options;
    struct store_fault fault = {""};
    struct store *store = NULL;
    busy_store_options(&options, directory);
    enum status status = store_lmdb_open(&options, &store, &fault);
    if (status != STATUS_OK) {
        print_error("%s\n", fault.text);
    }
    assert_int_equal(status, STATUS_OK);
    return store;
}

static uint64_t reads_of(struct store *store)
{
    struct store_statistics statistics;
    store->ops->statistics(store, &statistics);
    return statistics.chunk_reads;
}

/* The first sequence of the chunk that holds `seq`. */
static uint64_t chunk_first(struct store *store, uint64_t seq)
{
    struct store_done done;
    struct pollfd wait = {.fd = store->ops->descriptor(store), .events = POLLIN};
    assert_int_equal(store->ops->read(store, seq, 0), STATUS_OK);
    while (!store->ops->poll(store, &done)) {
        assert_int_not_equal(poll(&wait, 1, -1), 0);
    }
    assert_int_equal(done.status, STATUS_OK);
    blob_drop(done.blob);
    return done.first;
}

/* How many chunks hold the last `events` events. */
static uint64_t chunks_of_last(struct store *store, uint64_t last, uint64_t events)
{
    uint64_t from = last > events ? last - events + 1 : 1, count = 0;
    while (last >= from) {
        last = chunk_first(store, last) - 1;
        count++;
    }
    return count;
}

/* ---- the test ---- */

static void fill_until_killed(const char *directory, const struct busy_plan *plan)
{
    int status;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        busy_site_run(directory, plan);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a start reads; the log stays as it is. */
static uint64_t reads_of_start(const char *directory, uint64_t *head, double *took_s)
{
    double begun_s = seconds();
    struct store *store = open_log(directory);
    struct engine *engine = busy_site_start(store, &busy_silence);
    assert_non_null(engine);
    *took_s = seconds() - begun_s;
    *head = engine_head(engine);
    uint64_t reads = reads_of(store);
    engine_free(engine);
    store->ops->close(store);
    return reads;
}

static uint64_t reads_allowed(const char *directory, uint64_t head)
{
    struct core_limits limits;
    core_limits_default(&limits);
    struct store *store = open_log(directory);
    uint64_t chunks = chunks_of_last(store, head, limits.checkpoint_events);
    store->ops->close(store);
    return chunks + 1; /* the tail, whose header says where the chain goes on */
}

/* A folder of its own on the disk where things are built, or in the system's temporary one. */
static void make_root(char root[PATH_BYTES])
{
    const char *build = getenv("KENTONGAN_BUILD");
    bool is_short = build != NULL && strlen(build) < PATH_BYTES - 20;
    snprintf(root, PATH_BYTES, "%s/start-reads-XXXXXX", is_short ? build : "/tmp");
    assert_non_null(mkdtemp(root));
}

static uint64_t events_of(const struct start_row *row)
{
    const char *shorter = row->is_longest ? getenv("KENTONGAN_START_EVENTS") : NULL;
    return shorter != NULL ? strtoull(shorter, NULL, 10) : row->plan.events;
}

static void a_start_reads_one_interval_at_most(void **state)
{
    const struct start_row *row = *state;
    struct busy_plan plan = row->plan;
    char root[PATH_BYTES], directory[PATH_BYTES + 8];
    uint64_t head;
    double start_s, begun_s = seconds();
    plan.events = events_of(row);
    make_root(root);
    snprintf(directory, sizeof directory, "%s/log", root);
    fill_until_killed(directory, &plan);
    double filled_s = seconds() - begun_s;
    uint64_t reads = reads_of_start(directory, &head, &start_s);
    uint64_t allowed = reads_allowed(directory, head);
    print_message("%llu events in %.1f s; start: %llu chunks read of %llu allowed, %.0f ms\n",
                  (unsigned long long)head, filled_s, (unsigned long long)reads,
                  (unsigned long long)allowed, start_s * 1000);
    assert_int_equal(nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_in_range(head, plan.events, UINT64_MAX);
    assert_in_range(reads, 2, allowed);
}

/* clang-format off */
static const struct start_row starts[] = {
    {"10^5 events, killed in the middle of an interval",
     {100000, 4, 256, END_MID_INTERVAL}, false},
    {"10^5 events, killed before the manifest",
     {100000, 4, 256, END_BEFORE_MANIFEST}, false},
    {"10^7 events, killed before the manifest",
     {10000000, 8, 512, END_BEFORE_MANIFEST}, true},
};
/* clang-format on */

int main(void)
{
    return CHECK_ROWS(starts, a_start_reads_one_interval_at_most);
}
