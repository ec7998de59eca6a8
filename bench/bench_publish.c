/* bench_publish.c - durable publish through a real broker: one publisher, one follower, 200-byte
 * events.
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: bench_publish [DIRECTORY [SECONDS]]
 * A site of its own in DIRECTORY (default: where it is started), removed at the end. Each row is
 * five rounds of SECONDS (default 1): their median, and the lowest and highest. How to read it:
 * bench/README.md.
 */
#include <kentong/kentong.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kentongan/v1/event.pb-c.h"
#include "tests/support/site_process.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

enum {
    EVENT_LENGTH = 200,
    EVENTS_MAX = 4 << 20, /* of one round */
    ROUNDS = 5,
    PACE = 2000, /* events a second where latency is measured */
    ID_AT = 2,   /* in an encoded event: behind the tag and length of field 1 */
    ID_LENGTH = 36,
    WAIT_MS = 30000
};

/* What one round found. */
struct figures {
    double acked, delivered; /* a second */
    double acked_p50_us, acked_p99_us, delivered_p50_us, delivered_p99_us;
    double broker_us, clients_us; /* of processor time, an event */
};

struct bench {
    const struct site_process *site;
    struct kt_client *publisher, *reader;
    struct kt_follow *follow;
    double *sent_s, *acked_s, *delivered_s; /* by number within the round */
    uint64_t round;
    _Atomic uint64_t delivered;
};

static _Noreturn void stop(const char *what, struct kt_client *client)
{
    struct kt_error error = {.size = sizeof error};
    if (client != NULL) {
        (void)kt_error(client, &error);
    }
    fprintf(stderr, "bench_publish: %s: %s %s\n", what, error.code, error.text);
    exit(1);
}

/* ---- events ---- */

/* An event of exactly EVENT_LENGTH bytes; its id ends with round and number. */
static size_t make_event(uint64_t round, uint64_t number, uint8_t event_bytes[EVENT_LENGTH])
{
    char id[40], summary[EVENT_LENGTH] = "";
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    snprintf(id, sizeof id, "0193a5c4-7b1e-7f00-8a9b-%04x%08x", (unsigned)round, (unsigned)number);
    at.seconds = 1765329300;
    report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    report.summary = summary;
    event.id = id;
    event.topic = TEXT("62/71/incident/fire");
    event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    event.occurred_at = &at;
    event.incident_id = TEXT("PKY-2025-0001");
    event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    event.report = &report;
    /* Two bytes are the tag and the length of a text that is there. */
    size_t bare = kentongan__v1__event__get_packed_size(&event);
    memset(summary, 'a', EVENT_LENGTH - bare - 2);
    return kentongan__v1__event__pack(&event, event_bytes);
}

/* Round and number of an event that came. False: it is not of this round. */
static bool read_number(const struct bench *bench, const struct kt_info *info, uint64_t *number)
{
    char id[ID_LENGTH + 1] = "";
    memcpy(id, (const uint8_t *)info->event + ID_AT, ID_LENGTH);
    *number = strtoull(id + ID_LENGTH - 8, NULL, 16);
    id[ID_LENGTH - 8] = '\0';
    return strtoull(id + ID_LENGTH - 12, NULL, 16) == bench->round;
}

/* ---- a round ---- */

static void *read_events(void *context)
{
    struct bench *bench = context;
    struct kt_message *message;
    while (kt_next(bench->follow, -1, &message) == KT_OK) {
        struct kt_info info = {.size = sizeof info};
        uint64_t number;
        (void)kt_message_info(message, &info);
        if (info.kind == KT_EVENT && read_number(bench, &info, &number)) {
            bench->delivered_s[number] = site_seconds();
            atomic_fetch_add(&bench->delivered, 1);
        }
        kt_message_free(message);
    }
    return NULL;
}

/* Takes one receipt; `wait_ms` 0: if there is one. */
static bool take_receipt(struct bench *bench, int wait_ms)
{
    struct kt_receipt receipt = {.size = sizeof receipt};
    if (kt_receipt_next(bench->publisher, wait_ms, &receipt) != KT_OK) {
        return false;
    }
    if (receipt.state != KT_STORED) {
        stop(receipt.code, NULL);
    }
    bench->acked_s[receipt.tag] = site_seconds();
    return true;
}

/* Submits one event; the receipts that it takes meanwhile are counted in `answered`. */
static void submit(struct bench *bench, uint64_t number, uint64_t *answered)
{
    uint8_t event[EVENT_LENGTH];
    size_t length = make_event(bench->round, number, event);
    bench->sent_s[number] = site_seconds();
    while (kt_submit(bench->publisher, event, length, NULL, 0, number) != KT_OK) {
        if (!take_receipt(bench, WAIT_MS)) {
            stop("submit", bench->publisher);
        }
        ++*answered;
    }
    while (*answered <= number && take_receipt(bench, 0)) {
        ++*answered;
    }
}

/* Not sooner than its time, taking receipts as they come. */
static void wait_turn(struct bench *bench, double due_s, uint64_t *answered)
{
    double now_s = site_seconds();
    while (now_s < due_s) {
        *answered += take_receipt(bench, (int)((due_s - now_s) * 1000));
        now_s = site_seconds();
    }
}

/* How many events were published: `pace` a second, 0: as many as are taken. */
static uint64_t publish_for(struct bench *bench, double seconds, double pace)
{
    uint64_t count = 0, answered = 0;
    double begun_s = site_seconds();
    while (site_seconds() - begun_s < seconds && count < EVENTS_MAX) {
        if (pace > 0) {
            wait_turn(bench, begun_s + (double)count / pace, &answered);
        }
        submit(bench, count++, &answered);
    }
    for (; answered < count; answered++) {
        if (!take_receipt(bench, WAIT_MS)) {
            stop("receipts", bench->publisher);
        }
    }
    for (int tries = 0; atomic_load(&bench->delivered) < count; tries++) {
        const struct timespec moment = {.tv_nsec = 1000000};
        if (tries > WAIT_MS) {
            stop("deliveries", bench->reader);
        }
        (void)nanosleep(&moment, NULL);
    }
    return count;
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static double latest(const double *list, uint64_t count)
{
    double last = 0;
    for (uint64_t i = 0; i < count; i++) {
        last = list[i] > last ? list[i] : last;
    }
    return last;
}

/* Turns times into latencies, sorted. */
static void sort_latencies(double *list, const double *since, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        list[i] = (list[i] - since[i]) * 1e6;
    }
    qsort(list, count, sizeof *list, compare);
}

static double own_cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static struct figures run_round(struct bench *bench, double seconds, double pace)
{
    atomic_store(&bench->delivered, 0);
    bench->round++;
    double broker_s = site_process_cpu_seconds(bench->site), clients_s = own_cpu_seconds();
    uint64_t count = publish_for(bench, seconds, pace);
    broker_s = site_process_cpu_seconds(bench->site) - broker_s;
    clients_s = own_cpu_seconds() - clients_s;
    double begun_s = bench->sent_s[0];
    struct figures figures = {
        .acked = (double)count / (latest(bench->acked_s, count) - begun_s),
        .delivered = (double)count / (latest(bench->delivered_s, count) - begun_s),
        .broker_us = broker_s * 1e6 / (double)count,
        .clients_us = clients_s * 1e6 / (double)count,
    };
    sort_latencies(bench->acked_s, bench->sent_s, count);
    sort_latencies(bench->delivered_s, bench->sent_s, count);
    figures.acked_p50_us = bench->acked_s[count / 2];
    figures.acked_p99_us = bench->acked_s[count * 99 / 100];
    figures.delivered_p50_us = bench->delivered_s[count / 2];
    figures.delivered_p99_us = bench->delivered_s[count * 99 / 100];
    return figures;
}

/* One line: what the rounds found. */
static void print_line(const char *what, const struct figures *rounds, size_t offset)
{
    double list[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(&list[i], (const uint8_t *)&rounds[i] + offset, sizeof list[i]);
    }
    qsort(list, ROUNDS, sizeof *list, compare);
    printf("  %-38s %9.0f %9.0f %9.0f\n", what, list[ROUNDS / 2], list[0], list[ROUNDS - 1]);
}

static void run_row(struct bench *bench, const char *name, double seconds)
{
    struct figures full[ROUNDS], paced[ROUNDS];
    (void)run_round(bench, seconds, 0); /* warm */
    for (int i = 0; i < ROUNDS; i++) {
        full[i] = run_round(bench, seconds, 0);
        paced[i] = run_round(bench, seconds, PACE);
    }
    printf("%-40s %9s %9s %9s\n", name, "median", "lowest", "highest");
    print_line("acked a second, full speed", full, offsetof(struct figures, acked));
    print_line("delivered a second", full, offsetof(struct figures, delivered));
    print_line("broker's processor us an event", full, offsetof(struct figures, broker_us));
    print_line("clients' processor us an event", full, offsetof(struct figures, clients_us));
    print_line("acked p50 us, 2,000 a second", paced, offsetof(struct figures, acked_p50_us));
    print_line("acked p99 us", paced, offsetof(struct figures, acked_p99_us));
    print_line("delivered p50 us", paced, offsetof(struct figures, delivered_p50_us));
    print_line("delivered p99 us", paced, offsetof(struct figures, delivered_p99_us));
    fflush(stdout);
}

/* ---- clients ---- */

static struct kt_client *open_client(const char *profile, const char *outbox)
{
    struct kt_client *client = NULL;
    struct kt_error error = {.size = sizeof error};
    struct kt_options *options = kt_options_new();
    if (options == NULL || kt_options_set(options, "profile", profile) != KT_OK ||
        kt_options_set(options, "outbox.dir", outbox) != KT_OK ||
        kt_open(options, &client, &error) != KT_OK) {
        fprintf(stderr, "%s %s\n", error.code, error.text);
        stop(profile, NULL);
    }
    kt_options_free(options);
    return client;
}

static void start_follow(struct bench *bench)
{
    struct kt_follow_info info = {.size = sizeof info};
    const struct timespec moment = {.tv_nsec = 1000000};
    struct kt_options *options = kt_options_new();
    if (options == NULL || kt_options_set(options, "filter", "62/#") != KT_OK ||
        kt_follow(bench->reader, options, &bench->follow) != KT_OK) {
        stop("follow", bench->reader);
    }
    kt_options_free(options);
    for (int tries = 0; kt_follow_info(bench->follow, &info) == KT_OK && !info.has_begun; tries++) {
        if (tries > WAIT_MS) {
            stop("follow", bench->reader);
        }
        (void)nanosleep(&moment, NULL);
    }
}

static void run_door(struct bench *bench, const struct site_process *site, const char *name,
                     const char *profile, double seconds)
{
    pthread_t thread;
    char path[SITE_PATH_BYTES], outbox[SITE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.agency", site->root, profile);
    snprintf(outbox, sizeof outbox, "%s/outbox-%s", site->root, profile);
    bench->publisher = open_client(path, outbox);
    bench->reader = open_client(path, outbox);
    start_follow(bench);
    if (pthread_create(&thread, NULL, read_events, bench) != 0) {
        stop("thread", NULL);
    }
    run_row(bench, name, seconds);
    (void)kt_wakeup(bench->reader);
    pthread_join(thread, NULL);
    (void)kt_close(bench->publisher, WAIT_MS, NULL);
    (void)kt_close(bench->reader, WAIT_MS, NULL);
}

/* A profile without keys, for the door that only this host can open. */
static void write_plain_profile(const struct site_process *site, const char *endpoint)
{
    char path[SITE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/plain.agency", site->root);
    FILE *file = fopen(path, "we");
    if (file == NULL ||
        fprintf(file,
                "{\"format\": 1, \"agency\": \"damkar\", \"site\": \"Kota\", \"endpoint\": \"%s\","
                " \"profileSecret\": \"%064d\"}\n",
                endpoint, 1) < 0 ||
        fclose(file) != 0) {
        stop(path, NULL);
    }
}

int main(int count, char **arguments)
{
    static struct bench bench;
    struct site_process site;
    char more[256], plain[64];
    const char *base = count > 1 ? arguments[1] : ".";
    double seconds = count > 2 ? strtod(arguments[2], NULL) : 1.0;
    bench.sent_s = calloc(3 * (size_t)EVENTS_MAX, sizeof *bench.sent_s);
    if (bench.sent_s == NULL || !(seconds > 0 && seconds <= 60)) {
        stop("usage: bench_publish [DIRECTORY [SECONDS]]", NULL);
    }
    bench.acked_s = bench.sent_s + EVENTS_MAX;
    bench.delivered_s = bench.acked_s + EVENTS_MAX;
    snprintf(plain, sizeof plain, "tcp://127.0.0.1:%u", site_free_port());
    snprintf(more, sizeof more, "plain:\n  - endpoint: %s\n    agency: damkar\n", plain);
    site_process_make(&site, KENTONGD, KENTONG, base, more);
    site_process_enrol(&site, "damkar", "62/#", "62/#", NULL);
    write_plain_profile(&site, plain);
    (void)site_process_start(&site);
    bench.site = &site;
    printf("durable publish, 1 publisher, 1 follower, %d-byte events, %d rounds\n", EVENT_LENGTH,
           ROUNDS);
    run_door(&bench, &site, "CURVE over loopback", "damkar", seconds);
    run_door(&bench, &site, "plain loopback", "plain", seconds);
    site_process_stop(&site);
    site_process_remove(&site);
    free(bench.sent_s);
    return 0;
}
