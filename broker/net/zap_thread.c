/* zap_thread.c - the thread that answers, and the lock around its table.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/zap.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "broker/net/zap_table.h"

enum { PARTS_MAX = 8, PART_BYTES_MAX = 256, PLAINS_MAX = 32 };

static const char endpoint[] = "inproc://zeromq.zap.01";
static const char stop_endpoint[] = "inproc://kentongan.zap.stop";
static const char plain_prefix[] = "plain:";

struct zap {
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows, up to the sockets */
    struct zap_options options;
    struct zap_table *table; /* NULL: no keys were given yet */
    struct zap_entry plains[PLAINS_MAX];
    uint32_t plain_count;
    uint32_t sessions;
    uint8_t probe[ZAP_KEY_BYTES];
    bool has_probe;
    struct zap_statistics statistics;
    void *handler;              /* the thread's */
    void *stop_near, *stop_far; /* a pair: any word on it ends the thread */
};

/* One question: ZeroMQ RFC 27. */
struct question {
    uint8_t parts[PARTS_MAX][PART_BYTES_MAX];
    size_t lengths[PARTS_MAX];
    uint32_t count; /* also those that did not fit */
    bool is_cut;    /* a part was too long */
};

enum { PART_VERSION, PART_ID, PART_DOMAIN, PART_ADDRESS, PART_IDENTITY, PART_MECHANISM, PART_KEY };

struct reply {
    const char *code; /* "200", "300", "400", "500" */
    const char *text;
    char user[ZAP_USER_BYTES_MAX + 1];
};

static uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- judging ---- */

static bool part_is(const struct question *question, uint32_t part, const char *text)
{
    return bytes_are_equal(bytes_of(question->parts[part], question->lengths[part]),
                           bytes_of_text(text));
}

static struct reply reply_of(enum zap_verdict verdict, const struct zap_entry *entry)
{
    struct reply reply = {.code = "400", .text = "unknown or revoked key"};
    if (verdict == ZAP_LATER) {
        reply = (struct reply){.code = "300", .text = "too many, try again"};
    } else if (verdict == ZAP_ALLOW) {
        reply = (struct reply){.code = "200", .text = "OK"};
        memcpy(reply.user, entry->user, sizeof reply.user);
    }
    return reply;
}

static struct reply judge_key(struct zap *zap, const uint8_t *key)
{
    const struct zap_entry *entry = NULL;
    if (zap->has_probe && memcmp(key, zap->probe, ZAP_KEY_BYTES) == 0) {
        return (struct reply){.code = "200", .text = "OK", .user = "kentongan/probe"};
    }
    if (zap->table == NULL || zap->sessions >= zap->options.sessions) {
        return reply_of(ZAP_LATER, NULL);
    }
    enum zap_verdict verdict = zap_table_judge(zap->table, key, clock_ms(), &zap->options, &entry);
    return reply_of(verdict, entry);
}

static struct zap_entry *plain_find(struct zap *zap, struct bytes agency)
{
    for (uint32_t i = 0; i < zap->plain_count; i++) {
        const char *slash = strchr(zap->plains[i].user, '/');
        struct bytes name = bytes_of(zap->plains[i].user, (size_t)(slash - zap->plains[i].user));
        if (bytes_are_equal(name, agency)) {
            return &zap->plains[i];
        }
    }
    return NULL;
}

static struct reply judge_plain(struct zap *zap, struct bytes agency)
{
    struct zap_entry *entry = plain_find(zap, agency);
    if (entry == NULL) {
        return reply_of(ZAP_REFUSE, NULL);
    }
    if (zap->sessions >= zap->options.sessions) {
        return reply_of(ZAP_LATER, NULL);
    }
    return reply_of(zap_entry_judge(entry, clock_ms(), &zap->options), entry);
}

/* A domain has one mechanism: NULL never opens the door of CURVE, nor CURVE that of an agency. */
static struct reply judge(struct zap *zap, const struct question *question)
{
    static const struct reply malformed = {.code = "500", .text = "malformed"};
    size_t prefix = strlen(plain_prefix);
    struct bytes domain = bytes_of(question->parts[PART_DOMAIN], question->lengths[PART_DOMAIN]);
    if (question->is_cut || question->count <= PART_MECHANISM ||
        !part_is(question, PART_VERSION, "1.0")) {
        return malformed;
    }
    if (part_is(question, PART_DOMAIN, ZAP_DOMAIN) && part_is(question, PART_MECHANISM, "CURVE") &&
        question->count == PART_KEY + 1 && question->lengths[PART_KEY] == ZAP_KEY_BYTES) {
        return judge_key(zap, question->parts[PART_KEY]);
    }
    if (domain.length > prefix && memcmp(domain.data, plain_prefix, prefix) == 0 &&
        part_is(question, PART_MECHANISM, "NULL") && question->count == PART_MECHANISM + 1) {
        return judge_plain(zap, bytes_of(domain.data + prefix, domain.length - prefix));
    }
    return malformed;
}

static void verdict_count(struct zap_statistics *statistics, const struct reply *reply)
{
    statistics->allowed += reply->code[0] == '2';
    statistics->postponed += reply->code[0] == '3';
    statistics->refused += reply->code[0] == '4';
    statistics->malformed += reply->code[0] == '5';
}

/* ---- the thread ---- */

static void question_add(struct question *question, zmq_msg_t *part)
{
    size_t length = zmq_msg_size(part);
    if (question->count >= PARTS_MAX || length > PART_BYTES_MAX) {
        question->is_cut = true;
    } else {
        memcpy(question->parts[question->count], zmq_msg_data(part), length);
        question->lengths[question->count] = length;
    }
    question->count++;
}

static bool question_receive(void *handler, struct question *question)
{
    memset(question, 0, sizeof *question);
    int more = 1;
    while (more != 0) {
        zmq_msg_t part;
        (void)zmq_msg_init(&part);
        if (zmq_msg_recv(&part, handler, 0) < 0) {
            (void)zmq_msg_close(&part);
            return false;
        }
        question_add(question, &part);
        more = zmq_msg_more(&part);
        (void)zmq_msg_close(&part);
    }
    return true;
}

static void reply_send(void *handler, const struct question *question, const struct reply *reply)
{
    /* A failure here is an answer that does not come: the handshake times out, which is a
     * refusal. */
    (void)zmq_send(handler, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(handler, question->parts[PART_ID], question->lengths[PART_ID], ZMQ_SNDMORE);
    (void)zmq_send(handler, reply->code, strlen(reply->code), ZMQ_SNDMORE);
    (void)zmq_send(handler, reply->text, strlen(reply->text), ZMQ_SNDMORE);
    (void)zmq_send(handler, reply->user, strlen(reply->user), ZMQ_SNDMORE);
    (void)zmq_send(handler, "", 0, 0);
}

static void answer_one(struct zap *zap)
{
    struct question question;
    if (!question_receive(zap->handler, &question)) {
        return;
    }
    pthread_mutex_lock(&zap->lock);
    struct reply reply = judge(zap, &question);
    verdict_count(&zap->statistics, &reply);
    pthread_mutex_unlock(&zap->lock);
    reply_send(zap->handler, &question, &reply);
}

static void *thread_run(void *context)
{
    struct zap *zap = context;
    zmq_pollitem_t items[] = {
        {.socket = zap->handler,  .events = ZMQ_POLLIN},
        {.socket = zap->stop_far, .events = ZMQ_POLLIN}
    };
    while (items[1].revents == 0) {
        int ready = zmq_poll(items, 2, -1);
        if (ready < 0 && errno != EINTR) {
            break;
        }
        if (ready > 0 && items[0].revents != 0) {
            answer_one(zap);
        }
    }
    return NULL;
}

static enum status sockets_open(struct zap *zap, void *context)
{
    int none = 0;
    zap->handler = zmq_socket(context, ZMQ_REP);
    zap->stop_near = zmq_socket(context, ZMQ_PAIR);
    zap->stop_far = zmq_socket(context, ZMQ_PAIR);
    if (zap->handler == NULL || zap->stop_near == NULL || zap->stop_far == NULL) {
        return STATUS_MEMORY;
    }
    (void)zmq_setsockopt(zap->handler, ZMQ_LINGER, &none, sizeof none);
    bool is_open = zmq_bind(zap->handler, endpoint) == 0 &&
                   zmq_bind(zap->stop_near, stop_endpoint) == 0 &&
                   zmq_connect(zap->stop_far, stop_endpoint) == 0;
    return is_open ? STATUS_OK : STATUS_BUSY;
}

static void zap_close(struct zap *zap)
{
    void *sockets[] = {zap->handler, zap->stop_near, zap->stop_far};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        if (sockets[i] != NULL) {
            (void)zmq_close(sockets[i]);
        }
    }
    zap_table_free(zap->table);
    pthread_mutex_destroy(&zap->lock);
    free(zap);
}

enum status zap_start(void *context, const struct zap_options *options, struct zap **zap)
{
    assert(options->handshakes_second > 0 && options->sessions_key > 0);
    struct zap *started = calloc(1, sizeof *started);
    if (started == NULL) {
        return STATUS_MEMORY;
    }
    pthread_mutex_init(&started->lock, NULL);
    started->options = *options;
    enum status status = sockets_open(started, context);
    if (status == STATUS_OK && pthread_create(&started->thread, NULL, thread_run, started) != 0) {
        status = STATUS_MEMORY;
    }
    if (status != STATUS_OK) {
        zap_close(started);
        return status;
    }
    *zap = started;
    return STATUS_OK;
}

void zap_stop(struct zap *zap)
{
    if (zap != NULL) {
        (void)zmq_send(zap->stop_near, "", 0, 0);
        (void)pthread_join(zap->thread, NULL);
        zap_close(zap);
    }
}

/* ---- what others tell it ---- */

enum status zap_set_keys(struct zap *zap, const struct zap_key *keys, uint32_t count)
{
    pthread_mutex_lock(&zap->lock);
    struct zap_table *table = zap_table_new(keys, count, zap->table, &zap->options);
    if (table != NULL) {
        zap_table_free(zap->table);
        zap->table = table;
    }
    pthread_mutex_unlock(&zap->lock);
    return table != NULL ? STATUS_OK : STATUS_MEMORY;
}

enum status zap_allow_plain(struct zap *zap, struct bytes agency)
{
    static const uint8_t no_key[KEY_ID_BYTES];
    enum status status = STATUS_OK;
    pthread_mutex_lock(&zap->lock);
    if (zap->plain_count == PLAINS_MAX) {
        status = STATUS_MEMORY;
    } else if (plain_find(zap, agency) == NULL) {
        zap_user_write(zap->plains[zap->plain_count++].user, agency, no_key);
    }
    pthread_mutex_unlock(&zap->lock);
    return status;
}

void zap_set_probe(struct zap *zap, const uint8_t *public_key)
{
    pthread_mutex_lock(&zap->lock);
    zap->has_probe = public_key != NULL;
    if (public_key != NULL) {
        memcpy(zap->probe, public_key, ZAP_KEY_BYTES);
    }
    pthread_mutex_unlock(&zap->lock);
}

static struct zap_entry *user_find(struct zap *zap, struct bytes user)
{
    for (uint32_t i = 0; i < zap->plain_count; i++) {
        if (bytes_are_equal(bytes_of_text(zap->plains[i].user), user)) {
            return &zap->plains[i];
        }
    }
    return zap->table != NULL ? zap_table_find_user(zap->table, user) : NULL;
}

void zap_count_session(struct zap *zap, struct bytes user, int change)
{
    assert(change == 1 || change == -1);
    pthread_mutex_lock(&zap->lock);
    struct zap_entry *entry = user_find(zap, user);
    zap->sessions += (uint32_t)change;
    /* A key may leave the files while its sessions end; one that came back starts at none. */
    if (entry != NULL && (change > 0 || entry->sessions > 0)) {
        entry->sessions += (uint32_t)change;
    }
    pthread_mutex_unlock(&zap->lock);
}

void zap_statistics(struct zap *zap, struct zap_statistics *statistics)
{
    pthread_mutex_lock(&zap->lock);
    *statistics = zap->statistics;
    pthread_mutex_unlock(&zap->lock);
}

static int hex_digit(uint8_t letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = letter != 0 ? strchr(digits, letter) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

bool zap_user_read(struct bytes user, struct bytes *agency, uint8_t key_id[KEY_ID_BYTES])
{
    size_t tail = 1 + 2 * (size_t)KEY_ID_BYTES;
    if (user.length <= tail || user.length > ZAP_USER_BYTES_MAX ||
        user.data[user.length - tail] != '/') {
        return false;
    }
    const uint8_t *hex = user.data + user.length - tail + 1;
    for (size_t i = 0; i < KEY_ID_BYTES; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key_id[i] = (uint8_t)(high << 4 | low);
    }
    *agency = bytes_of(user.data, user.length - tail);
    return true;
}
