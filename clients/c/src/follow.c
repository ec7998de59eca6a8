/* follow.c - calls that follow: messages pulled, acknowledged, shown.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clients/c/src/client.h"
#include "clients/c/src/follow_spec.h"

/* So much consumed is worth waking the thread, which tops up the broker's credit. */
enum { CONSUMED_EVENTS_TOLD = 128, CONSUMED_BYTES_TOLD = 256 * 1024 };

void follow_free(struct kt_follow *follow)
{
    while (follow->messages != NULL) {
        struct kt_message *next = follow->messages->next;
        free(follow->messages);
        follow->messages = next;
    }
    free(follow->spec_block);
    free(follow);
}

int kt_follow(struct kt_client *client, const struct kt_options *options, struct kt_follow **follow)
{
    const char *reason, *wrong;
    int status = client_check(client);
    if (status != KT_OK || follow == NULL)
        return status != KT_OK ? status : KT_E_INVALID;
    struct kt_follow *made = calloc(1, sizeof *made);
    if (made == NULL)
        return client_fail(client, KT_E_SYSTEM, "LIMIT", "", "there is no memory");
    wrong = follow_spec_read(options, &made->spec, &made->spec_block, &reason);
    if (wrong != NULL) {
        follow_free(made);
        return client_fail(client, KT_E_INVALID,
                           strcmp(wrong, "filter") == 0 ? "FILTER_INVALID" : "FIELD_INVALID", wrong,
                           reason);
    }
    options_read_bool(options_get(options, "bookmarks", 0), &made->wants_bookmarks);
    made->client = client;
    made->info.size = sizeof made->info;
    made->is_new = true;
    pthread_mutex_lock(&client->lock);
    made->id = ++client->ids;
    made->next = client->follows;
    client->follows = made;
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    *follow = made;
    return KT_OK;
}

/* With the lock held: waits for a message. OK: there is one. */
static int wait_message(struct kt_follow *follow, int timeout_ms)
{
    struct kt_client *client = follow->client;
    struct timespec deadline = client_deadline(timeout_ms);
    unsigned wakeups = client->wakeups;
    while (follow->messages == NULL && !follow->is_over && wakeups == client->wakeups)
        if (!client_wait(client, &deadline))
            break;
    if (follow->messages != NULL)
        return KT_OK;
    if (follow->is_over)
        return client_fail_locked(client, &follow->end);
    if (wakeups != client->wakeups)
        return KT_E_WOKEN;
    struct kt_error error = {
        .size = sizeof error, .status = KT_E_TIMEOUT, .is_retryable = 1, .code = "TIMEOUT"};
    snprintf(error.text, sizeof error.text, "nothing came in time");
    return client_fail_locked(client, &error);
}

/* With the lock held: takes the first message out. Returns whether the thread is to be woken. */
static bool take_message(struct kt_follow *follow, struct kt_message **message)
{
    *message = follow->messages;
    follow->messages = (*message)->next;
    if (follow->messages == NULL)
        follow->last_message = NULL;
    (*message)->next = NULL;
    if ((*message)->kind == KT_EVENT) {
        follow->consumed_events++;
        follow->consumed_bytes += (*message)->frame_bytes;
    }
    client_set_ready(follow->client);
    return follow->consumed_events >= CONSUMED_EVENTS_TOLD ||
           follow->consumed_bytes >= CONSUMED_BYTES_TOLD || follow->messages == NULL;
}

int kt_next(struct kt_follow *follow, int timeout_ms, struct kt_message **message)
{
    if (follow == NULL || message == NULL)
        return KT_E_INVALID;
    struct kt_client *client = follow->client;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    bool is_told = false;
    *message = NULL;
    pthread_mutex_lock(&client->lock);
    status = wait_message(follow, timeout_ms);
    if (status == KT_OK)
        is_told = take_message(follow, message);
    pthread_mutex_unlock(&client->lock);
    if (is_told)
        client_wake(client);
    return status;
}

int kt_next_into(struct kt_follow *follow, int timeout_ms, void *buffer, size_t buffer_bytes,
                 size_t *event_bytes, struct kt_info *info)
{
    struct kt_message *message = NULL;
    if (follow == NULL || event_bytes == NULL)
        return KT_E_INVALID;
    struct kt_client *client = follow->client;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    bool is_told = false;
    pthread_mutex_lock(&client->lock);
    status = wait_message(follow, timeout_ms);
    if (status == KT_OK) {
        *event_bytes = follow->messages->facts.event.length;
        if (*event_bytes > buffer_bytes)
            status = KT_E_INVALID;
        else
            is_told = take_message(follow, &message);
    }
    pthread_mutex_unlock(&client->lock);
    if (is_told)
        client_wake(client);
    if (status != KT_OK)
        return status;
    if (*event_bytes > 0)
        memcpy(buffer, message->facts.event.data, *event_bytes);
    if (info != NULL) {
        kt_message_info(message, info);
        info->source = NULL;
        info->event = buffer;
        info->personal = NULL;
        info->personal_bytes = 0;
    }
    kt_message_free(message);
    return KT_OK;
}

int kt_ack(struct kt_follow *follow, uint64_t through)
{
    if (follow == NULL)
        return KT_E_INVALID;
    struct kt_client *client = follow->client;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    pthread_mutex_lock(&client->lock);
    bool is_news = through > follow->acked;
    if (is_news)
        follow->acked = through;
    if (follow->is_over && !follow->is_listened_to && follow->info.acked < follow->acked)
        status = client_fail_locked(client, &follow->end);
    pthread_mutex_unlock(&client->lock);
    if (is_news)
        client_wake(client);
    return status;
}

/* With the lock held: whether some ack is not durable yet. */
static bool is_ack_open(const struct kt_follow *follow)
{
    return follow->spec.cursor.length > 0 && (!follow->is_over || follow->is_listened_to) &&
           follow->info.acked < follow->acked && follow->info.acked < follow->info.covered;
}

void client_wait_acks(struct kt_client *client, const struct timespec *deadline)
{
    for (const struct kt_follow *follow = client->follows; follow != NULL; follow = follow->next)
        while (is_ack_open(follow))
            if (!client_wait(client, deadline))
                return;
}

int kt_ack_wait(struct kt_follow *follow, int timeout_ms)
{
    if (follow == NULL)
        return KT_E_INVALID;
    struct kt_client *client = follow->client;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct timespec deadline = client_deadline(timeout_ms);
    pthread_mutex_lock(&client->lock);
    while (is_ack_open(follow))
        if (!client_wait(client, &deadline))
            break;
    if (is_ack_open(follow)) {
        struct kt_error error = {
            .size = sizeof error, .status = KT_E_TIMEOUT, .is_retryable = 1, .code = "TIMEOUT"};
        snprintf(error.text, sizeof error.text, "the last acks are not durable yet");
        status = client_fail_locked(client, &error);
    } else if (follow->is_over && follow->info.acked < follow->acked &&
               follow->spec.cursor.length > 0) {
        status = client_fail_locked(client, &follow->end);
    }
    pthread_mutex_unlock(&client->lock);
    return status;
}

int kt_follow_info(struct kt_follow *follow, struct kt_follow_info *info)
{
    if (follow == NULL || info == NULL)
        return KT_E_INVALID;
    int status = client_check(follow->client);
    if (status != KT_OK)
        return status;
    pthread_mutex_lock(&follow->client->lock);
    client_copy_out(info, &follow->info, sizeof follow->info);
    pthread_mutex_unlock(&follow->client->lock);
    return KT_OK;
}

static void unlink_follow(struct kt_client *client, struct kt_follow *follow)
{
    struct kt_follow **at = &client->follows;
    while (*at != follow)
        at = &(*at)->next;
    *at = follow->next;
}

int kt_unfollow(struct kt_follow *follow, int timeout_ms)
{
    if (follow == NULL)
        return KT_E_INVALID;
    struct kt_client *client = follow->client;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    status = kt_ack_wait(follow, timeout_ms);
    pthread_mutex_lock(&client->lock);
    follow->is_leaving = !follow->is_over || follow->is_listened_to;
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    pthread_mutex_lock(&client->lock);
    struct timespec for_ever = client_deadline(-1);
    while (!follow->is_over || follow->is_leaving)
        client_wait(client, &for_ever);
    unlink_follow(client, follow);
    client_set_ready(client);
    bool is_held = follow->holders > 0;
    follow->is_gone = true;
    pthread_mutex_unlock(&client->lock);
    if (!is_held)
        follow_free(follow);
    return status;
}

/* ---- gets ------------------------------------------------------------------------------------ */

static void unlink_get(struct kt_client *client, struct get *get)
{
    struct get **at = &client->gets;
    while (*at != get)
        at = &(*at)->next;
    *at = get->next;
}

int kt_get(struct kt_client *client, uint64_t seq, int timeout_ms, struct kt_message **message)
{
    int status = client_check(client);
    if (status != KT_OK || message == NULL)
        return status != KT_OK ? status : KT_E_INVALID;
    struct get get = {.seq = seq};
    struct timespec deadline = client_deadline(timeout_ms);
    *message = NULL;
    pthread_mutex_lock(&client->lock);
    get.token = ++client->ids;
    get.next = client->gets;
    client->gets = &get;
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    pthread_mutex_lock(&client->lock);
    while (!get.is_done && client_wait(client, &deadline)) {
    }
    if (!get.is_done) {
        get.is_cancelled = true;
        snprintf(get.error.text, sizeof get.error.text, "the broker did not answer in time");
        memcpy(get.error.code, "TIMEOUT", sizeof "TIMEOUT");
        get.error.status = KT_E_TIMEOUT;
        get.error.is_retryable = 1;
        struct timespec for_ever = client_deadline(-1);
        pthread_mutex_unlock(&client->lock);
        client_wake(client);
        pthread_mutex_lock(&client->lock);
        while (!get.is_done)
            client_wait(client, &for_ever);
    }
    unlink_get(client, &get);
    *message = get.message;
    status = get.message != NULL ? KT_OK : client_fail_locked(client, &get.error);
    pthread_mutex_unlock(&client->lock);
    return status;
}

/* ---- messages -------------------------------------------------------------------------------- */

int kt_message_info(const struct kt_message *message, struct kt_info *info)
{
    if (message == NULL || info == NULL)
        return KT_E_INVALID;
    struct kt_info whole = {.size = sizeof whole,
                            .kind = message->kind,
                            .seq = message->record.seq,
                            .first = message->first,
                            .last = message->last,
                            .recorded_ms = message->facts.recorded_ms,
                            .is_replay = message->record.is_replay,
                            .is_personal_withheld = message->facts.is_personal_withheld,
                            .is_personal_erased = message->facts.is_personal_erased,
                            .source =
                                message->kind == KT_LOST ? message->reason : message->facts.agency,
                            .event = message->facts.event.data,
                            .event_bytes = message->facts.event.length,
                            .personal = message->facts.personal.data,
                            .personal_bytes = message->facts.personal.length};
    client_copy_out(info, &whole, sizeof whole);
    return KT_OK;
}

void kt_message_free(struct kt_message *message)
{
    free(message);
}

static int print_record(struct json_record record, char **json, size_t *json_bytes)
{
    struct json_text text = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    record.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (!json_record_print(&text, &record)) {
        json_text_deinit(&text);
        return KT_E_INVALID;
    }
    *json = text.data;
    *json_bytes = text.length;
    return KT_OK;
}

int kt_message_to_json(const struct kt_message *message, char **json, size_t *json_bytes)
{
    if (message == NULL || message->kind != KT_EVENT || json == NULL || json_bytes == NULL)
        return KT_E_INVALID;
    return print_record(message->record, json, json_bytes);
}

int kt_record_to_json(const void *record, size_t record_bytes, const void *personal,
                      size_t personal_bytes, char **json, size_t *json_bytes)
{
    struct json_record_facts facts;
    struct json_record whole = {.record = bytes_of(record, record_bytes),
                                .personal = bytes_of(personal, personal_bytes),
                                .is_replay = true};
    if (record == NULL || json == NULL || json_bytes == NULL || !json_record_read(&whole, &facts))
        return KT_E_INVALID;
    whole.seq = facts.seq;
    return print_record(whole, json, json_bytes);
}

/* ---- callbacks ------------------------------------------------------------------------------- */

int kt_on_message(struct kt_follow *follow,
                  void (*call)(void *context, const struct kt_message *message), void *context)
{
    if (follow == NULL)
        return KT_E_INVALID;
    int status = client_check(follow->client);
    if (status != KT_OK)
        return status;
    pthread_mutex_lock(&follow->client->lock);
    follow->call = call;
    follow->context = context;
    pthread_mutex_unlock(&follow->client->lock);
    return KT_OK;
}

int kt_on_receipt(struct kt_client *client,
                  void (*call)(void *context, const struct kt_receipt *receipt), void *context)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    pthread_mutex_lock(&client->lock);
    client->receipt_call = call;
    client->receipt_context = context;
    pthread_mutex_unlock(&client->lock);
    return KT_OK;
}
