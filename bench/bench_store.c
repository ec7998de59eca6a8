/* bench_store.c - what the embedded store commits a second, by the size of chunks and their number.
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: bench_store [DIRECTORY [SECONDS]]
 * Each row is a log of its own in DIRECTORY (default: where it is started), filled for SECONDS
 * (default 1) or up to 1 GiB, and removed. «Under way» is how many chunks wait for their answer at
 * any time: 1 is a quiet night, 16 a storm, in which the writer puts several into a commit.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/store_lmdb.h"

enum { ANSWERS_MAX = 1 << 20, UNDER_WAY_MAX = 16 };

static const uint64_t BYTES_MAX = UINT64_C(1) << 30;
static const uint64_t SECOND_NS = UINT64_C(1000000000);

struct bench_row {
    size_t chunk_bytes;
    uint32_t under_way;
};

static const struct bench_row rows[] = {
    {256,    1 },
    {4096,   1 },
    {65536,  1 },
    {262144, 1 },
    {524288, 1 },
    {256,    16},
    {4096,   16},
    {65536,  16},
    {262144, 16},
    {524288, 16},
};

struct bench {
    struct store *store;
    struct blob *chunk;
    uint64_t asked_ns[UNDER_WAY_MAX];
    uint64_t *answers_ns; /* how long each took */
    size_t answers;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_store: %s\n", why);
    exit(1);
}

/* The answer to the oldest append under way. */
static void take_answer(struct bench *bench, uint32_t under_way)
{
    struct store *store = bench->store;
    struct store_done done;
    struct pollfd wait = {.fd = store->ops->descriptor(store), .events = POLLIN};
    while (!store->ops->poll(store, &done)) {
        (void)poll(&wait, 1, -1);
    }
    if (done.status != STATUS_OK) {
        stop(status_text(done.status));
    }
    if (bench->answers < ANSWERS_MAX) {
        bench->answers_ns[bench->answers] = now_ns() - bench->asked_ns[done.token % under_way];
    }
    bench->answers++;
}

/* Appends until time or bytes are up; how long it took. */
static uint64_t append_for(struct bench *bench, const struct bench_row *row, uint64_t length_ns)
{
    struct store *store = bench->store;
    uint64_t begun_ns = now_ns(), asked = 0, most = BYTES_MAX / row->chunk_bytes;
    bool goes_on = true;
    while (goes_on || bench->answers < asked) {
        goes_on = goes_on && asked < most && now_ns() - begun_ns < length_ns;
        if (goes_on && asked < bench->answers + row->under_way) {
            bench->asked_ns[asked % row->under_way] = now_ns();
            if (store->ops->append(store, asked, asked + 1, bench->chunk, asked) != STATUS_OK) {
                stop("the queue is full");
            }
            asked++;
        } else if (bench->answers < asked) {
            take_answer(bench, row->under_way);
        }
    }
    return now_ns() - begun_ns;
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static double at_us(const struct bench *bench, double part)
{
    size_t count = bench->answers < ANSWERS_MAX ? bench->answers : ANSWERS_MAX;
    size_t index = (size_t)((double)count * part);
    return (double)bench->answers_ns[index < count ? index : count - 1] / 1000.0;
}

static void print_row(struct bench *bench, const struct bench_row *row, uint64_t took_ns)
{
    struct store_statistics statistics;
    bench->store->ops->statistics(bench->store, &statistics);
    size_t count = bench->answers < ANSWERS_MAX ? bench->answers : ANSWERS_MAX;
    qsort(bench->answers_ns, count, sizeof bench->answers_ns[0], compare);
    double seconds = (double)took_ns / (double)SECOND_NS;
    printf("%8zu %9u %10.0f %10.0f %9.1f %10.0f %10.0f\n", row->chunk_bytes, row->under_way,
           (double)statistics.commits / seconds, (double)bench->answers / seconds,
           (double)(bench->answers * row->chunk_bytes) / seconds / 1e6, at_us(bench, 0.5),
           at_us(bench, 0.99));
}

static void run_row(struct bench *bench, const struct bench_row *row, const char *directory,
                    uint64_t length_ns)
{
    char log[4096], file[4200];
    struct store_lmdb_options options;
    struct store_fault fault;
    static const uint8_t uuid[16], secret[32];
    snprintf(log, sizeof log, "%s/bench-store-%ld", directory, (long)getpid());
    store_lmdb_options_default(&options, log);
    options.allow_any_filesystem = true;
    if (store_lmdb_create(&options, uuid, secret, &fault) != STATUS_OK ||
        store_lmdb_open(&options, &bench->store, &fault) != STATUS_OK) {
        stop(fault.text);
    }
    bench->answers = 0;
    bench->chunk = blob_new_empty(row->chunk_bytes);
    if (bench->chunk == NULL) {
        stop("no memory");
    }
    memset(blob_room(bench->chunk), 0x5a, row->chunk_bytes);
    print_row(bench, row, append_for(bench, row, length_ns));
    blob_drop(bench->chunk);
    bench->store->ops->close(bench->store);
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        snprintf(file, sizeof file, "%s/%s", log, names[index]);
        (void)unlink(file);
    }
    (void)rmdir(log);
}

int main(int count, char **arguments)
{
    const char *directory = count > 1 ? arguments[1] : ".";
    double seconds = count > 2 ? strtod(arguments[2], NULL) : 1.0;
    struct bench bench = {.answers_ns = malloc(ANSWERS_MAX * sizeof(uint64_t))};
    if (bench.answers_ns == NULL || !(seconds > 0 && seconds <= 3600)) {
        stop("usage: bench_store [DIRECTORY [SECONDS]]");
    }
    printf("   chunk under way  commits/s   chunks/s      MB/s     p50 us     p99 us\n");
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        run_row(&bench, &rows[index], directory, (uint64_t)(seconds * (double)SECOND_NS));
    }
    free(bench.answers_ns);
    return 0;
}
