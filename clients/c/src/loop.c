/* loop.c - calls for event loops: the descriptor, waits, callbacks on the caller's thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <unistd.h>

#include "clients/c/src/client.h"

int kt_fd(struct kt_client *client)
{
    int status = client_check(client);
    return status != KT_OK ? status : client->ready[0];
}

int kt_fd_dup(struct kt_client *client)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    int fd = fcntl(client->ready[0], F_DUPFD_CLOEXEC, 0);
    return fd >= 0 ? fd : client_fail(client, KT_E_SYSTEM, "LIMIT", "", "no more descriptors");
}

int kt_wakeup(struct kt_client *client)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    pthread_mutex_lock(&client->lock);
    client->wakeups++;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
    return KT_OK;
}

int kt_wait(struct kt_client *client, int timeout_ms)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct timespec deadline = client_deadline(timeout_ms);
    pthread_mutex_lock(&client->lock);
    unsigned wakeups = client->wakeups;
    while (!client->is_ready && wakeups == client->wakeups)
        if (!client_wait(client, &deadline))
            break;
    if (!client->is_ready)
        status = wakeups != client->wakeups ? KT_E_WOKEN : KT_E_TIMEOUT;
    pthread_mutex_unlock(&client->lock);
    return status;
}

/* Runs one receipt's callback. False: there was none to run. */
static bool dispatch_receipt(struct kt_client *client)
{
    pthread_mutex_lock(&client->lock);
    void (*call)(void *context, const struct kt_receipt *receipt) = client->receipt_call;
    void *context = client->receipt_context;
    struct ticket *ticket = call != NULL ? tickets_pop(&client->receipts) : NULL;
    if (ticket != NULL) {
        client->tickets--;
        client_set_ready(client);
    }
    pthread_mutex_unlock(&client->lock);
    if (ticket == NULL)
        return false;
    call(context, &ticket->receipt);
    ticket_free(ticket);
    return true;
}

static struct kt_follow *find_callable(struct kt_client *client)
{
    for (struct kt_follow *follow = client->follows; follow != NULL; follow = follow->next)
        if (follow->call != NULL && follow->messages != NULL)
            return follow;
    return NULL;
}

/* Runs one message's callback. The follow is held meanwhile, so that it may be unfollowed
 * inside. */
static bool dispatch_message(struct kt_client *client)
{
    struct kt_message *message;
    pthread_mutex_lock(&client->lock);
    struct kt_follow *follow = find_callable(client);
    if (follow == NULL) {
        pthread_mutex_unlock(&client->lock);
        return false;
    }
    void (*call)(void *context, const struct kt_message *shown) = follow->call;
    void *context = follow->context;
    follow->holders++;
    pthread_mutex_unlock(&client->lock);
    if (kt_next(follow, 0, &message) == KT_OK) {
        call(context, message);
        kt_message_free(message);
    }
    if (client->is_freed_late)
        return false; /* closed inside: the follow is gone, the handle is kept for us */
    pthread_mutex_lock(&client->lock);
    bool is_last = --follow->holders == 0 && follow->is_gone;
    pthread_mutex_unlock(&client->lock);
    if (is_last)
        follow_free(follow);
    return true;
}

int kt_dispatch(struct kt_client *client, int calls_max)
{
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    int calls = 0;
    pthread_mutex_lock(&client->lock);
    client->dispatching++;
    pthread_mutex_unlock(&client->lock);
    while (calls < calls_max && !client->is_freed_late &&
           (dispatch_receipt(client) || dispatch_message(client)))
        calls++;
    pthread_mutex_lock(&client->lock);
    bool is_last = --client->dispatching == 0 && client->is_freed_late;
    pthread_mutex_unlock(&client->lock);
    if (is_last)
        client_free(client);
    return calls;
}
