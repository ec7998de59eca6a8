/* client.c - what all calls of a handle share: checks, errors, waits, readiness.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Of this process: raised in every child, so that no lock of a parent is ever waited for. */
static unsigned forks;

static void count_fork(void)
{
    forks++;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

int client_check(const struct kt_client *client)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    if (client == NULL)
        return KT_E_INVALID;
    return client->forks == forks ? KT_OK : KT_E_FORK;
}

unsigned client_forks(void)
{
    static const struct kt_client none;
    (void)client_check(&none);
    return forks;
}

static void copy_view(char *to, size_t room, struct bytes from)
{
    size_t length = from.length < room ? from.length : room - 1;
    if (length > 0)
        memcpy(to, from.data, length);
    to[length] = '\0';
}

void error_from_refusal(struct kt_error *error, int status, const struct link_refusal *refusal)
{
    *error = (struct kt_error){.size = sizeof *error,
                               .status = status,
                               .is_retryable = refusal->is_retryable,
                               .retry_after_ms = refusal->retry_after_ms};
    copy_view(error->code, sizeof error->code, refusal->code);
    copy_view(error->field, sizeof error->field, refusal->field);
    copy_view(error->text, sizeof error->text, refusal->reason);
}

int client_fail_locked(struct kt_client *client, const struct kt_error *error)
{
    client->error = *error;
    return error->status;
}

int client_fail(struct kt_client *client, int status, const char *code, const char *field,
                const char *text)
{
    struct kt_error error = {.size = sizeof error, .status = status};
    bool is_retryable = strcmp(code, "BUSY") == 0 || strcmp(code, "OUTBOX_FULL") == 0;
    error.is_retryable = is_retryable;
    error.retry_after_ms = is_retryable ? 100 : 0;
    snprintf(error.code, sizeof error.code, "%s", code);
    snprintf(error.field, sizeof error.field, "%s", field);
    snprintf(error.text, sizeof error.text, "%s", text);
    pthread_mutex_lock(&client->lock);
    client_fail_locked(client, &error);
    pthread_mutex_unlock(&client->lock);
    return status;
}

int client_fail_fault(struct kt_client *client, const struct json_fault *fault)
{
    char text[256];
    if (fault->line > 0)
        snprintf(text, sizeof text, "line %d, column %d: %s", fault->line, fault->column,
                 fault->reason);
    else
        snprintf(text, sizeof text, "%s", fault->reason);
    return client_fail(client, KT_E_REFUSED, fault->code, fault->field, text);
}

void client_wake(struct kt_client *client)
{
    const uint64_t one = 1;
    /* Full means that it was told already. */
    while (write(client->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

struct timespec client_deadline(int timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    if (timeout_ms < 0) {
        at.tv_sec = INT32_MAX;
        return at;
    }
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* A caller that will not wait is not put to sleep to find that out. */
bool client_wait(struct kt_client *client, const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    bool is_over = now.tv_sec > deadline->tv_sec ||
                   (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
    if (is_over)
        return false;
    return pthread_cond_timedwait(&client->changed, &client->lock, deadline) != ETIMEDOUT;
}

static bool has_something(const struct kt_client *client)
{
    if (client->receipts.first != NULL)
        return true;
    for (const struct kt_follow *follow = client->follows; follow != NULL; follow = follow->next)
        if (follow->messages != NULL)
            return true;
    return false;
}

/* One byte stands in the socket as long as something waits; a host that reads it gets a new one
 * at the next change. */
void client_set_ready(struct kt_client *client)
{
    char bytes[64];
    bool has = has_something(client);
    if (!has && client->is_ready) {
        while (recv(client->ready[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        }
    }
    if (has && (!client->is_ready ||
                recv(client->ready[0], bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK) <= 0)) {
        while (send(client->ready[1], "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR) {
        }
    }
    client->is_ready = has;
}

void client_copy_out(void *to, const void *from, size_t from_bytes)
{
    uint32_t size;
    if (to == NULL)
        return;
    memcpy(&size, to, sizeof size);
    size_t length = size < from_bytes ? size : from_bytes;
    if (length <= sizeof size)
        return;
    memcpy((uint8_t *)to + sizeof size, (const uint8_t *)from + sizeof size, length - sizeof size);
}

void tickets_push(struct ticket_list *list, struct ticket *ticket)
{
    ticket->next = NULL;
    ticket->before = list->last;
    if (list->last != NULL)
        list->last->next = ticket;
    else
        list->first = ticket;
    list->last = ticket;
}

void tickets_remove(struct ticket_list *list, struct ticket *ticket)
{
    if (ticket->before != NULL)
        ticket->before->next = ticket->next;
    else
        list->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->before = ticket->before;
    else
        list->last = ticket->before;
}

struct ticket *tickets_pop(struct ticket_list *list)
{
    struct ticket *ticket = list->first;
    if (ticket != NULL)
        tickets_remove(list, ticket);
    return ticket;
}

void ticket_free(struct ticket *ticket)
{
    if (ticket == NULL)
        return;
    free(ticket->event.block);
    free(ticket);
}

int kt_error(struct kt_client *client, struct kt_error *error)
{
    int status = client_check(client);
    if (status != KT_OK || error == NULL)
        return status != KT_OK ? status : KT_E_INVALID;
    pthread_mutex_lock(&client->lock);
    client_copy_out(error, &client->error, sizeof client->error);
    pthread_mutex_unlock(&client->lock);
    return KT_OK;
}

int kt_status(struct kt_client *client, struct kt_status *status)
{
    int checked = client_check(client);
    if (checked != KT_OK || status == NULL)
        return checked != KT_OK ? checked : KT_E_INVALID;
    pthread_mutex_lock(&client->lock);
    client_copy_out(status, &client->status, sizeof client->status);
    pthread_mutex_unlock(&client->lock);
    return KT_OK;
}

const char *kt_version(void)
{
    return KENTONGAN_VERSION;
}

void kt_free(void *memory)
{
    free(memory);
}
