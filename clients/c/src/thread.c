/* thread.c - the library's one thread: takes what calls hand over, drives the machine, the outbox
 * and the socket.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clients/c/src/client.h"

enum { MESSAGES_A_TURN = 64, WAIT_MS_MAX = 60000, BYE_LINGER_MS = 500, ORPHAN_WAIT_MS = 20 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void step(struct kt_client *client, struct link_input *input)
{
    input->now_ms = now_ms();
    input->wall_ms = wall_ms();
    link_step(client->link, input, &client->fx);
    client_perform(client);
}

/* What performing effects brought up: it becomes input, and that may bring up more. */
static void step_consequences(struct kt_client *client)
{
    for (int lane = 0; lane < LINK_LANES; lane++) {
        if (!client->is_retired[lane])
            continue;
        client->is_retired[lane] = false;
        if (outbox_renew(client->outbox, (enum link_lane)lane) != OUTBOX_OK) {
            client->is_disk_bad = true;
            continue;
        }
        struct link_input input = {.kind = LINK_IN_PRODUCER};
        input.of.producer.lane = (enum link_lane)lane;
        memcpy(input.of.producer.producer, outbox_state(client->outbox)->producers[lane],
               PRODUCER_BYTES);
        step(client, &input);
    }
    if (client->has_net_failed) {
        client->has_net_failed = false;
        struct link_input input = {.kind = LINK_IN_LOST};
        input.of.lost.reason = bytes_of_text("nothing can be sent");
        step(client, &input);
    }
}

static void step_all(struct kt_client *client, struct link_input *input)
{
    step(client, input);
    step_consequences(client);
}

/* Offers what waits in the outbox as long as the machine has room; what is offered in one go is
 * sent in one message. */
static void offer(struct kt_client *client)
{
    struct link_input tick = {.kind = LINK_IN_TICK};
    bool is_any = false;
    for (int lane = 0; lane < LINK_LANES; lane++) {
        while (!client->is_disk_bad && link_room(client->link, (enum link_lane)lane) > 0) {
            struct link_input input = {.kind = LINK_IN_EVENT};
            enum outbox_status status;
            input.of.event.lane = (enum link_lane)lane;
            input.of.event.event =
                outbox_next(client->outbox, (enum link_lane)lane, &input.of.event.token,
                            &input.of.event.number, &status);
            client->is_disk_bad |= status != OUTBOX_OK;
            if (input.of.event.event == NULL)
                break;
            input.of.event.is_more = true;
            step(client, &input);
            is_any = true;
        }
    }
    if (is_any)
        step_all(client, &tick);
}

/* ---- tickets --------------------------------------------------------------------------------- */

void client_ticket_done(struct kt_client *client, struct ticket *ticket)
{
    ticket->state = TICKET_DONE;
    pthread_cond_broadcast(&client->changed);
    if (ticket->is_left) {
        client->tickets--;
        ticket_free(ticket);
    } else if (!ticket->is_sync) {
        tickets_push(&client->receipts, ticket);
        client_set_ready(client);
    }
}

static void ticket_refuse(struct kt_client *client, struct ticket *ticket,
                          enum outbox_status status)
{
    bool is_full = status == OUTBOX_FULL;
    ticket->receipt.state = KT_REFUSED;
    ticket->receipt.is_retryable = 1;
    ticket->receipt.retry_after_ms = 1000;
    snprintf(ticket->receipt.code, sizeof ticket->receipt.code, "%s",
             is_full ? "OUTBOX_FULL" : "OUTBOX_DAMAGED");
    snprintf(ticket->receipt.text, sizeof ticket->receipt.text, "%s",
             is_full ? "the outbox has no room: the broker must be reached first"
                     : "the outbox could not be written");
    client_ticket_done(client, ticket);
}

static void ticket_write(struct kt_client *client, struct ticket *ticket)
{
    enum link_lane lane =
        ticket->event.priority >= LINK_URGENT_PRIORITY ? LINK_LANE_URGENT : LINK_LANE_REST;
    struct outbox_event event = {.lane = lane,
                                 .number = link_number_next(client->link, lane),
                                 .time_ms = wall_ms(),
                                 .event = ticket->event.event};
    uint64_t token;
    enum outbox_status status = outbox_append(client->outbox, &event, ticket, &token);
    pthread_mutex_lock(&client->lock);
    client->pending_bytes -= ticket->event.event.event.length + ticket->event.event.block.length;
    free(ticket->event.block);
    ticket->event = (struct json_event){0};
    if (status != OUTBOX_OK) {
        ticket_refuse(client, ticket, status);
    } else {
        ticket->state = TICKET_WRITTEN;
        tickets_push(&client->open, ticket);
        if (client->dirty_since_ms == 0)
            client->dirty_since_ms = now_ms();
    }
    pthread_mutex_unlock(&client->lock);
}

/* A receipt beside the ticket, whose own comes later. Without memory for it the final one is all
 * that is told. */
static void tell_spooled(struct kt_client *client, const struct ticket *ticket)
{
    struct ticket *told = ticket->is_sync ? NULL : calloc(1, sizeof *told);
    if (told == NULL)
        return;
    told->state = TICKET_DONE;
    told->receipt = ticket->receipt;
    told->receipt.state = KT_SPOOLED;
    client->tickets++;
    tickets_push(&client->receipts, told);
    client_set_ready(client);
}

void client_flush(struct kt_client *client)
{
    client->must_flush = false;
    if (outbox_flush(client->outbox) != OUTBOX_OK) {
        client->is_disk_bad = true; /* nobody may be told SPOOLED */
        return;
    }
    client->dirty_since_ms = 0;
    pthread_mutex_lock(&client->lock);
    /* From the newest back: everything before the first spooled one was spooled then. */
    struct ticket *ticket = client->open.last, *first = NULL;
    for (; ticket != NULL && ticket->state != TICKET_SPOOLED; ticket = ticket->before)
        first = ticket;
    for (; first != NULL; first = first->next) {
        first->state = TICKET_SPOOLED;
        if (client->tells_spooled)
            tell_spooled(client, first);
    }
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

/* Writes what was handed over. Returns whether somebody waits for it to be flushed. */
static bool take_tickets(struct kt_client *client)
{
    bool wants_flush = false;
    pthread_mutex_lock(&client->lock);
    struct ticket_list inbox = client->inbox;
    pthread_mutex_unlock(&client->lock);
    if (inbox.first == NULL)
        return false;
    for (;;) {
        pthread_mutex_lock(&client->lock);
        struct ticket *ticket = tickets_pop(&client->inbox);
        wants_flush |= ticket != NULL && ticket->wants_spool;
        pthread_mutex_unlock(&client->lock);
        if (ticket == NULL)
            return wants_flush;
        ticket_write(client, ticket);
    }
}

static bool is_spool_wanted(struct kt_client *client)
{
    bool is_wanted = false;
    pthread_mutex_lock(&client->lock);
    for (struct ticket *ticket = client->open.last; ticket != NULL; ticket = ticket->before) {
        if (ticket->state == TICKET_SPOOLED)
            break;
        is_wanted |= ticket->wants_spool;
    }
    pthread_mutex_unlock(&client->lock);
    return is_wanted;
}

/* «only a flushed event may be told as SPOOLED»; what is answered soon needs no flush. */
static void flush_if_due(struct kt_client *client)
{
    if (client->dirty_since_ms == 0 || client->is_disk_bad)
        return;
    if (outbox_waiting(client->outbox) == 0) {
        client->dirty_since_ms = 0;
        return;
    }
    bool is_late = now_ms() >= client->dirty_since_ms + client->grace_ms;
    if (is_late || is_spool_wanted(client))
        client_flush(client);
}

/* ---- follows and gets ------------------------------------------------------------------------ */

/* What one follow wants of the machine, taken under the lock. */
struct follow_wish {
    bool is_new, is_leaving;
    uint64_t ack, events, bytes;
};

static struct follow_wish follow_take_wish(struct kt_follow *follow)
{
    struct follow_wish wish = {.is_new = follow->is_new,
                               .is_leaving = follow->is_leaving,
                               .events = follow->consumed_events,
                               .bytes = follow->consumed_bytes};
    if (follow->acked > follow->acked_told)
        wish.ack = follow->acked_told = follow->acked;
    follow->is_new = false;
    follow->consumed_events = 0;
    follow->consumed_bytes = 0;
    return wish;
}

/* After an UNFOLLOW its caller frees the follow: nothing of it is touched behind that step. */
static void follow_tell(struct kt_client *client, struct kt_follow *follow,
                        const struct follow_wish *wish)
{
    uint64_t id = follow->id;
    if (wish->is_new) {
        struct link_input input = {.kind = LINK_IN_FOLLOW};
        input.of.follow.id = id;
        input.of.follow.spec = &follow->spec;
        step_all(client, &input);
    }
    if (wish->events > 0) {
        struct link_input input = {.kind = LINK_IN_CONSUMED};
        input.of.consumed.id = id;
        input.of.consumed.events = wish->events;
        input.of.consumed.bytes = wish->bytes;
        step_all(client, &input);
    }
    if (wish->ack > 0) {
        struct link_input input = {.kind = LINK_IN_ACK};
        input.of.ack.id = id;
        input.of.ack.through = wish->ack;
        step_all(client, &input);
    }
    if (wish->is_leaving) {
        struct link_input input = {.kind = LINK_IN_UNFOLLOW};
        input.of.unfollow.id = id;
        step_all(client, &input);
    }
}

/* A follow is freed only after the thread has let it go (`is_leaving`), so that it may be used
 * here without the lock; the list is read again each time because it may have changed. */
static void take_follows(struct kt_client *client)
{
    uint64_t done = 0;
    for (;;) {
        struct follow_wish wish = {0};
        struct kt_follow *follow;
        pthread_mutex_lock(&client->lock);
        /* Newest first in the list: the lowest id above `done`. */
        struct kt_follow *lowest = NULL;
        for (follow = client->follows; follow != NULL; follow = follow->next)
            if (follow->id > done && (!follow->is_over || follow->is_listened_to) &&
                (lowest == NULL || follow->id < lowest->id))
                lowest = follow;
        if (lowest != NULL)
            wish = follow_take_wish(lowest);
        pthread_mutex_unlock(&client->lock);
        if (lowest == NULL)
            return;
        done = lowest->id;
        follow_tell(client, lowest, &wish);
    }
}

static void take_gets(struct kt_client *client)
{
    for (;;) {
        struct link_input input = {.kind = LINK_IN_TICK};
        pthread_mutex_lock(&client->lock);
        for (struct get *get = client->gets; get != NULL; get = get->next) {
            if (!get->is_sent) {
                get->is_sent = true;
                input.kind = LINK_IN_GET;
                input.of.get.token = get->token;
                input.of.get.seq = get->seq;
                input.of.get.modes = client->get_modes;
                break;
            }
            if (get->is_cancelled && !get->is_done) {
                get->is_done = true;
                input.kind = LINK_IN_CANCEL;
                input.of.cancel.token = get->token;
                break;
            }
        }
        pthread_cond_broadcast(&client->changed);
        pthread_mutex_unlock(&client->lock);
        if (input.kind == LINK_IN_TICK)
            return;
        step_all(client, &input);
    }
}

/* ---- the network ----------------------------------------------------------------------------- */

static void take_message(struct kt_client *client, struct bytes first, struct bytes second)
{
    struct link_heard heard;
    struct link_input input = {.kind = LINK_IN_HEARD};
    if (!link_wire_decode(client->wire, first, second, &heard)) {
        client->has_net_failed = true; /* no memory: better a new session than a lost message */
        step_consequences(client);
        return;
    }
    input.of.heard = &heard;
    step_all(client, &input);
}

static void take_network(struct kt_client *client)
{
    struct bytes first, second;
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        struct link_input input = {.kind = LINK_IN_LOST};
        switch (link_zmq_next(client->net, &first, &second)) {
        case LINK_ZMQ_NOTHING:
            return;
        case LINK_ZMQ_CONNECTED:
            input.kind = LINK_IN_CONNECTED;
            break;
        case LINK_ZMQ_LOST:
            input.of.lost.reason = bytes_of_text("there is no connection to the broker");
            break;
        case LINK_ZMQ_AUTH_FAILED:
            input.of.lost.is_auth = true;
            input.of.lost.reason = bytes_of_text("the broker does not accept this key");
            break;
        case LINK_ZMQ_MESSAGE:
            take_message(client, first, second);
            continue;
        case LINK_ZMQ_BAD:
            take_message(client, (struct bytes){0}, (struct bytes){0});
            continue;
        }
        step_all(client, &input);
    }
    client_wake(client); /* there may be more */
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int wait_ms(const struct kt_client *client)
{
    uint64_t now = now_ms(), deadline = link_deadline_ms(client->link);
    if (client->dirty_since_ms != 0 && client->dirty_since_ms + client->grace_ms < deadline)
        deadline = client->dirty_since_ms + client->grace_ms;
    if (client->orphan != NULL && now + ORPHAN_WAIT_MS < deadline)
        deadline = now + ORPHAN_WAIT_MS;
    if (deadline <= now)
        return 0;
    return deadline - now < WAIT_MS_MAX ? (int)(deadline - now) : WAIT_MS_MAX;
}

static void publish_status(struct kt_client *client)
{
    uint64_t waiting = outbox_waiting(client->outbox) + client_orphans_serve(client, now_ms());
    pthread_mutex_lock(&client->lock);
    if (client->status.waiting != waiting) {
        client->status.waiting = waiting;
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
}

static void end_session(struct kt_client *client)
{
    struct link_input input = {.kind = LINK_IN_CLOSE};
    if (outbox_waiting(client->outbox) > 0)
        client_flush(client);
    link_zmq_linger(client->net, BYE_LINGER_MS);
    step(client, &input);
    pthread_mutex_lock(&client->lock);
    client->is_stopped = true;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

static bool is_closing(struct kt_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool is = client->is_closing;
    pthread_mutex_unlock(&client->lock);
    return is;
}

void *client_run(void *argument)
{
    struct kt_client *client = argument;
    uint64_t count;
    while (!is_closing(client)) {
        struct link_input tick = {.kind = LINK_IN_TICK};
        bool wants_flush = take_tickets(client);
        offer(client);
        take_follows(client);
        take_gets(client);
        if (wants_flush && !client->is_disk_bad)
            client_flush(client);
        if (now_ms() >= link_deadline_ms(client->link))
            step_all(client, &tick);
        take_network(client);
        offer(client);
        flush_if_due(client);
        publish_status(client);
        link_zmq_wait(client->net, client->wake_fd, wait_ms(client));
        while (read(client->wake_fd, &count, sizeof count) < 0 && errno == EINTR) {
        }
    }
    take_tickets(client);
    client_orphans_close(client);
    end_session(client);
    return NULL;
}
