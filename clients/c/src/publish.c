/* publish.c - calls that publish: tickets from the caller to the thread, receipts back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/c/src/client.h"

enum { SPOOL_WAIT_MS = 30000 /* for the disk, once the caller's time is over */ };

static struct json_author author_of(const struct kt_client *client)
{
    return (struct json_author){bytes_of_text(client->profile.agency),
                                bytes_of(client->profile.secret, sizeof client->profile.secret)};
}

/* A ticket for encoded bytes or, with `json`, for a text. NULL: `*status`. */
static struct ticket *ticket_new(struct kt_client *client, struct bytes event,
                                 struct bytes personal, bool is_json, int *status)
{
    struct json_fault fault;
    struct json_author author = author_of(client);
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL) {
        *status = client_fail(client, KT_E_SYSTEM, "BUSY", "", "there is no memory");
        return NULL;
    }
    bool is_read = is_json ? json_event_read(event, &author, &ticket->event, &fault)
                           : json_event_take(event, personal, &author, &ticket->event, &fault);
    if (!is_read) {
        free(ticket);
        *status = client_fail_fault(client, &fault);
        return NULL;
    }
    ticket->receipt.size = sizeof ticket->receipt;
    memcpy(ticket->receipt.id, ticket->event.id, sizeof ticket->event.id);
    return ticket;
}

static size_t ticket_bytes(const struct ticket *ticket)
{
    return ticket->event.event.event.length + ticket->event.event.block.length;
}

/* Hands a ticket to the thread. False: too many are on their way. */
static bool ticket_hand_over(struct kt_client *client, struct ticket *ticket)
{
    pthread_mutex_lock(&client->lock);
    bool has_room = client->tickets < CLIENT_TICKETS_MAX &&
                    client->pending_bytes + ticket_bytes(ticket) <= CLIENT_PENDING_BYTES_MAX &&
                    !client->is_closing;
    if (has_room) {
        client->tickets++;
        client->pending_bytes += ticket_bytes(ticket);
        tickets_push(&client->inbox, ticket);
    }
    pthread_mutex_unlock(&client->lock);
    if (has_room)
        client_wake(client);
    return has_room;
}

static int busy(struct kt_client *client, struct ticket *ticket)
{
    ticket_free(ticket);
    return client_fail(client, KT_E_REFUSED, "BUSY", "",
                       "too many events are unanswered or their receipts unread");
}

static int fail_refused(struct kt_client *client, const struct kt_receipt *receipt)
{
    struct kt_error error = {.size = sizeof error,
                             .status = KT_E_REFUSED,
                             .is_retryable = receipt->is_retryable,
                             .retry_after_ms = receipt->retry_after_ms};
    memcpy(error.code, receipt->code, sizeof error.code);
    memcpy(error.field, receipt->field, sizeof error.field);
    memcpy(error.text, receipt->text, sizeof error.text);
    return client_fail_locked(client, &error);
}

static int fail_timeout(struct kt_client *client, const char *text)
{
    struct kt_error error = {
        .size = sizeof error, .status = KT_E_TIMEOUT, .is_retryable = 1, .code = "TIMEOUT"};
    snprintf(error.text, sizeof error.text, "%s", text);
    return client_fail_locked(client, &error);
}

/* With the lock held: waits until the ticket is at least `state`. */
static bool ticket_wait(struct kt_client *client, const struct ticket *ticket,
                        enum ticket_state state, int timeout_ms)
{
    struct timespec deadline = client_deadline(timeout_ms);
    while (ticket->state < state)
        if (!client_wait(client, &deadline))
            break;
    return ticket->state >= state;
}

/* The caller's time is over: what it may rely on is that the event is durable here. */
static int ticket_spool(struct kt_client *client, struct ticket *ticket, bool was_wanted)
{
    ticket->wants_spool = true;
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    pthread_mutex_lock(&client->lock);
    if (!ticket_wait(client, ticket, TICKET_SPOOLED, SPOOL_WAIT_MS)) {
        struct kt_error error = {.size = sizeof error, .status = KT_E_SYSTEM, .code = "TIMEOUT"};
        snprintf(error.text, sizeof error.text, "the disk of the outbox does not answer");
        return client_fail_locked(client, &error);
    }
    if (ticket->state == TICKET_DONE)
        return ticket->receipt.state == KT_STORED ? KT_OK : fail_refused(client, &ticket->receipt);
    ticket->receipt.state = KT_SPOOLED;
    return was_wanted ? KT_OK : fail_timeout(client, "the event is SPOOLED and will be sent later");
}

static int publish(struct kt_client *client, struct ticket *ticket, int state, int timeout_ms,
                   struct kt_receipt *receipt)
{
    ticket->is_sync = true;
    ticket->wants_spool = state == KT_SPOOLED;
    if (!ticket_hand_over(client, ticket))
        return busy(client, ticket);
    pthread_mutex_lock(&client->lock);
    enum ticket_state wanted = state == KT_SPOOLED ? TICKET_SPOOLED : TICKET_DONE;
    int status;
    if (ticket_wait(client, ticket, wanted, timeout_ms) && ticket->state == TICKET_DONE)
        status =
            ticket->receipt.state == KT_STORED ? KT_OK : fail_refused(client, &ticket->receipt);
    else
        status = ticket_spool(client, ticket, state == KT_SPOOLED);
    client_copy_out(receipt, &ticket->receipt, sizeof ticket->receipt);
    if (ticket->state == TICKET_DONE) {
        client->tickets--;
        pthread_mutex_unlock(&client->lock);
        ticket_free(ticket);
        return status;
    }
    ticket->is_left = true;
    pthread_mutex_unlock(&client->lock);
    return status;
}

static int check_publish(struct kt_client *client, const void *bytes, int state)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    if (bytes == NULL || (state != KT_STORED && state != KT_SPOOLED))
        return client_fail(client, KT_E_INVALID, "FIELD_INVALID", "",
                           "an event and KT_STORED or KT_SPOOLED are needed");
    return KT_OK;
}

/* NOLINTNEXTLINE(readability-function-size): the fields of one call that bindings make */
int kt_publish(struct kt_client *client, const void *event, size_t event_bytes,
               const void *personal, size_t personal_bytes, int state, int timeout_ms,
               struct kt_receipt *receipt)
{
    int status = check_publish(client, event, state);
    if (status != KT_OK)
        return status;
    struct ticket *ticket = ticket_new(client, bytes_of(event, event_bytes),
                                       bytes_of(personal, personal_bytes), false, &status);
    return ticket == NULL ? status : publish(client, ticket, state, timeout_ms, receipt);
}

int kt_publish_json(struct kt_client *client, const char *json, size_t json_bytes, int state,
                    int timeout_ms, struct kt_receipt *receipt)
{
    int status = check_publish(client, json, state);
    if (status != KT_OK)
        return status;
    struct ticket *ticket =
        ticket_new(client, bytes_of(json, json_bytes), (struct bytes){0}, true, &status);
    return ticket == NULL ? status : publish(client, ticket, state, timeout_ms, receipt);
}

static int submit(struct kt_client *client, struct ticket *ticket, uint64_t tag)
{
    ticket->receipt.tag = tag;
    return ticket_hand_over(client, ticket) ? KT_OK : busy(client, ticket);
}

int kt_submit(struct kt_client *client, const void *event, size_t event_bytes, const void *personal,
              size_t personal_bytes, uint64_t tag)
{
    int status = check_publish(client, event, KT_STORED);
    if (status != KT_OK)
        return status;
    struct ticket *ticket = ticket_new(client, bytes_of(event, event_bytes),
                                       bytes_of(personal, personal_bytes), false, &status);
    return ticket == NULL ? status : submit(client, ticket, tag);
}

int kt_submit_json(struct kt_client *client, const char *json, size_t json_bytes, uint64_t tag)
{
    int status = check_publish(client, json, KT_STORED);
    if (status != KT_OK)
        return status;
    struct ticket *ticket =
        ticket_new(client, bytes_of(json, json_bytes), (struct bytes){0}, true, &status);
    return ticket == NULL ? status : submit(client, ticket, tag);
}

int kt_receipt_next(struct kt_client *client, int timeout_ms, struct kt_receipt *receipt)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct timespec deadline = client_deadline(timeout_ms);
    pthread_mutex_lock(&client->lock);
    unsigned wakeups = client->wakeups;
    while (client->receipts.first == NULL && wakeups == client->wakeups)
        if (!client_wait(client, &deadline))
            break;
    struct ticket *ticket = tickets_pop(&client->receipts);
    if (ticket != NULL) {
        client_copy_out(receipt, &ticket->receipt, sizeof ticket->receipt);
        client->tickets--;
        client_set_ready(client);
    } else {
        status = wakeups != client->wakeups ? KT_E_WOKEN
                                            : fail_timeout(client, "no receipt came in time");
    }
    pthread_mutex_unlock(&client->lock);
    ticket_free(ticket);
    return status;
}

int kt_drain(struct kt_client *client, int timeout_ms)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct timespec deadline = client_deadline(timeout_ms);
    pthread_mutex_lock(&client->lock);
    while (client->inbox.first != NULL || client->status.waiting > 0)
        if (!client_wait(client, &deadline))
            break;
    if (client->inbox.first != NULL || client->status.waiting > 0)
        status = fail_timeout(client, "events wait in the outbox and will be sent later");
    pthread_mutex_unlock(&client->lock);
    return status;
}

/* NOLINTNEXTLINE(readability-function-size): as above */
int kt_event_from_json(struct kt_client *client, const char *json, size_t json_bytes, void **event,
                       size_t *event_bytes, void **personal, size_t *personal_bytes)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct json_event read;
    struct json_fault fault;
    struct json_author author = author_of(client);
    if (!json_event_read(bytes_of(json, json_bytes), &author, &read, &fault))
        return client_fail_fault(client, &fault);
    struct bytes bytes = read.event.event, block = read.event.block;
    *event = malloc(bytes.length + 1);
    *personal = block.length > 0 ? malloc(block.length) : NULL;
    if (*event == NULL || (block.length > 0 && *personal == NULL)) {
        free(*event);
        free(*personal);
        free(read.block);
        return client_fail(client, KT_E_SYSTEM, "BUSY", "", "there is no memory");
    }
    memcpy(*event, bytes.data, bytes.length);
    if (block.length > 0)
        memcpy(*personal, block.data, block.length);
    *event_bytes = bytes.length;
    *personal_bytes = block.length;
    free(read.block);
    return KT_OK;
}

int kt_event_to_json(const void *event, size_t event_bytes, char **json, size_t *json_bytes)
{
    struct json_text text = {0};
    if (event == NULL || !json_event_print(&text, bytes_of(event, event_bytes))) {
        json_text_deinit(&text);
        return KT_E_INVALID;
    }
    *json = text.data;
    *json_bytes = text.length;
    return KT_OK;
}
