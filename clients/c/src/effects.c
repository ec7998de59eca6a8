/* effects.c - what the client machine asks for, done.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clients/c/src/client.h"

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void copy_text(char *to, size_t room, struct bytes from)
{
    size_t length = from.length < room ? from.length : room - 1;
    if (length > 0)
        memcpy(to, from.data, length);
    to[length] = '\0';
}

/* ---- the connection -------------------------------------------------------------------------- */

static void perform_send(struct kt_client *client, const struct link_said *said)
{
    struct bytes first, second;
    if (client->has_net_failed)
        return;
    /* «to be flushed before it is sent»: a new number must outlive what it was sent under. */
    if (client->must_flush)
        client_flush(client);
    bool is_sent = !client->must_flush && link_wire_encode(client->wire, said, &first, &second) &&
                   link_zmq_send(client->net, first, second);
    client->has_net_failed = !is_sent;
}

static void perform_state(struct kt_client *client, const struct link_effect *fx)
{
    const struct link_refusal *refusal = &fx->of.state.refusal;
    pthread_mutex_lock(&client->lock);
    struct kt_status *status = &client->status;
    status->is_connected = fx->of.state.state == LINK_UP;
    copy_text(status->code, sizeof status->code, refusal->code);
    copy_text(status->text, sizeof status->text, refusal->reason);
    if (status->is_connected) {
        copy_text(status->agency, sizeof status->agency, fx->of.state.agency);
        copy_text(status->site, sizeof status->site, fx->of.state.site);
    }
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

/* ---- publishing ------------------------------------------------------------------------------ */

static void fill_receipt(struct kt_receipt *receipt, const struct link_effect *fx)
{
    const struct link_refusal *refusal = &fx->of.answered.refusal;
    receipt->state = fx->of.answered.is_stored ? KT_STORED : KT_REFUSED;
    receipt->seq = fx->of.answered.seq;
    receipt->is_duplicate = fx->of.answered.is_duplicate;
    if (fx->of.answered.is_stored)
        return;
    receipt->is_retryable = refusal->is_retryable;
    receipt->retry_after_ms = refusal->retry_after_ms;
    copy_text(receipt->code, sizeof receipt->code, refusal->code);
    copy_text(receipt->field, sizeof receipt->field, refusal->field);
    copy_text(receipt->text, sizeof receipt->text, refusal->reason);
}

static void perform_answered(struct kt_client *client, const struct link_effect *fx)
{
    struct outbox_done done = {.token = fx->of.answered.token,
                               .is_stored = fx->of.answered.is_stored,
                               .seq = fx->of.answered.seq,
                               .code = fx->of.answered.refusal.code,
                               .reason = fx->of.answered.refusal.reason};
    void *owner;
    /* Not written: the event is sent once more by whoever opens the slot next, and answered the
     * same. */
    (void)!outbox_answer(client->outbox, fx->of.answered.lane, &done, wall_ms(), &owner);
    struct ticket *ticket = owner;
    if (ticket == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    tickets_remove(&client->open, ticket);
    fill_receipt(&ticket->receipt, fx);
    client_ticket_done(client, ticket);
    pthread_mutex_unlock(&client->lock);
}

/* ---- following ------------------------------------------------------------------------------- */

struct kt_message *message_new(const struct link_record *record, bool is_replay)
{
    size_t bytes = record->record.length + record->personal.length;
    struct kt_message *message = calloc(1, sizeof *message + bytes);
    if (message == NULL)
        return NULL;
    message->kind = KT_EVENT;
    message->frame_bytes = link_record_bytes(record);
    message->record.seq = record->seq;
    message->record.is_replay = is_replay;
    message->record.record = bytes_of(message->bytes, record->record.length);
    memcpy(message->bytes, record->record.data, record->record.length);
    if (record->personal.length > 0) {
        uint8_t *personal = message->bytes + record->record.length;
        memcpy(personal, record->personal.data, record->personal.length);
        message->record.personal = bytes_of(personal, record->personal.length);
    }
    if (json_record_read(&message->record, &message->facts))
        return message;
    free(message);
    return NULL;
}

static void follow_push(struct kt_follow *follow, struct kt_message *message)
{
    if (follow->last_message != NULL)
        follow->last_message->next = message;
    else
        follow->messages = message;
    follow->last_message = message;
}

static struct kt_follow *find_follow(struct kt_client *client, uint64_t id)
{
    for (struct kt_follow *follow = client->follows; follow != NULL; follow = follow->next)
        if (follow->id == id)
            return follow;
    return NULL;
}

static bool push_range(struct kt_follow *follow, int kind, uint64_t first, uint64_t last,
                       struct bytes reason)
{
    struct kt_message *message = calloc(1, sizeof *message);
    if (message == NULL)
        return false;
    message->kind = kind;
    message->first = first;
    message->last = last;
    copy_text(message->reason, sizeof message->reason, reason);
    follow_push(follow, message);
    return true;
}

static bool push_records(struct kt_follow *follow, const struct link_effect *fx)
{
    for (uint32_t i = 0; i < fx->of.deliver.count; i++) {
        const struct link_record *record = &fx->of.deliver.records[i];
        struct kt_message *message =
            message_new(record, record->seq <= fx->of.deliver.replay_through);
        if (message == NULL)
            return false;
        message->first = fx->of.deliver.first;
        message->last = fx->of.deliver.last;
        follow_push(follow, message);
    }
    return true;
}

static bool push_delivery(struct kt_follow *follow, const struct link_effect *fx)
{
    for (uint32_t i = 0; i < fx->of.deliver.lost_count; i++) {
        const struct link_lost *lost = &fx->of.deliver.lost[i];
        if (!push_range(follow, KT_LOST, lost->first, lost->last, lost->reason))
            return false;
    }
    if (!push_records(follow, fx))
        return false;
    if (follow->wants_bookmarks && fx->of.deliver.count == 0 && fx->of.deliver.lost_count == 0)
        return push_range(follow, KT_BOOKMARK, fx->of.deliver.first, fx->of.deliver.last,
                          (struct bytes){0});
    return true;
}

static void follow_over(struct kt_client *client, struct kt_follow *follow,
                        const struct kt_error *error, bool is_listened_to)
{
    follow->is_leaving = false;
    follow->is_listened_to = is_listened_to;
    if (follow->is_over)
        return;
    follow->end = *error;
    follow->is_over = true;
    client_set_ready(client);
}

static void perform_deliver(struct kt_client *client, const struct link_effect *fx)
{
    pthread_mutex_lock(&client->lock);
    struct kt_follow *follow = find_follow(client, fx->of.deliver.id);
    if (follow != NULL && !follow->is_over) {
        if (push_delivery(follow, fx)) {
            follow->info.covered = fx->of.deliver.last;
        } else {
            /* Nothing may be skipped: without memory the follow ends here, and can be begun
             * again. */
            struct kt_error error = {
                .size = sizeof error, .status = KT_E_END, .code = "LIMIT", .is_retryable = 1};
            snprintf(error.text, sizeof error.text, "there is no memory for what was delivered");
            follow_over(client, follow, &error, false);
        }
        client_set_ready(client);
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
}

static void fill_filters(char *out, size_t room, const struct link_heard *heard)
{
    size_t used = 0;
    for (uint32_t i = 0; i < heard->of.following.filter_count; i++) {
        struct bytes filter = heard->of.following.filters[i];
        if (used + filter.length + 2 > room)
            break;
        if (used > 0)
            out[used++] = ' ';
        memcpy(out + used, filter.data, filter.length);
        used += filter.length;
    }
    out[used] = '\0';
}

static void perform_following(struct kt_client *client, const struct link_effect *fx)
{
    const struct link_heard *heard = fx->of.following.heard;
    pthread_mutex_lock(&client->lock);
    struct kt_follow *follow = find_follow(client, fx->of.following.id);
    if (follow != NULL) {
        struct kt_follow_info *info = &follow->info;
        if (!info->has_begun) {
            info->first = heard->of.following.first;
            info->covered = heard->of.following.first - 1;
            info->head = heard->of.following.head;
            info->origin = heard->of.following.origin;
            info->through = heard->of.following.through;
            info->is_created = heard->of.following.is_created;
        }
        info->has_begun = 1;
        info->is_narrowed = heard->of.following.is_narrowed;
        fill_filters(info->filters, sizeof info->filters, heard);
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
}

static void perform_acked(struct kt_client *client, const struct link_effect *fx)
{
    pthread_mutex_lock(&client->lock);
    struct kt_follow *follow = find_follow(client, fx->of.acked.id);
    if (follow != NULL) {
        follow->info.acked = fx->of.acked.through;
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
}

static void perform_ended(struct kt_client *client, const struct link_effect *fx)
{
    struct kt_error error;
    error_from_refusal(&error, KT_E_END, &fx->of.ended.refusal);
    size_t used = strlen(error.text);
    if (fx->of.ended.last != 0)
        snprintf(error.text + used, sizeof error.text - used, " (%llu to %llu)",
                 (unsigned long long)fx->of.ended.first, (unsigned long long)fx->of.ended.last);
    else if (fx->of.ended.theirs != 0 || fx->of.ended.ours != 0)
        snprintf(error.text + used, sizeof error.text - used, " (theirs %llu, ours %llu)",
                 (unsigned long long)fx->of.ended.theirs, (unsigned long long)fx->of.ended.ours);
    pthread_mutex_lock(&client->lock);
    struct kt_follow *follow = find_follow(client, fx->of.ended.id);
    if (follow != NULL)
        follow_over(client, follow, &error, fx->of.ended.is_listened_to);
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

static void perform_got(struct kt_client *client, const struct link_effect *fx)
{
    struct kt_message *message = NULL;
    if (fx->of.got.is_found)
        message = message_new(&fx->of.got.record, true);
    pthread_mutex_lock(&client->lock);
    struct get *get = client->gets;
    while (get != NULL && get->token != fx->of.got.token)
        get = get->next;
    if (get != NULL) {
        get->is_done = true;
        get->message = message;
        message = NULL;
        error_from_refusal(&get->error, KT_E_REFUSED, &fx->of.got.refusal);
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
    free(message);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Outbox effects; a disk that fails ends in is_disk_bad, and nobody is told SPOOLED any more. */
static void perform_outbox(struct kt_client *client, const struct link_effect *fx)
{
    enum outbox_status status = OUTBOX_OK;
    switch (fx->kind) {
    case LINK_FX_RENUMBER:
        status = outbox_renumber(client->outbox, fx->of.renumber.lane, fx->of.renumber.token,
                                 fx->of.renumber.number);
        client->must_flush = true;
        break;
    case LINK_FX_REWIND:
        status = outbox_rewind(client->outbox, fx->of.rewind.lane, fx->of.rewind.mark);
        break;
    case LINK_FX_LOG:
        status = outbox_set_log(client->outbox, &fx->of.log);
        break;
    default:
        assert(fx->kind == LINK_FX_RETIRED);
        client->is_retired[fx->of.retired.lane] = true;
        break;
    }
    client->is_disk_bad |= status != OUTBOX_OK;
}

static void perform(struct kt_client *client, const struct link_effect *fx)
{
    switch (fx->kind) {
    case LINK_FX_CONNECT:
        client->has_net_failed = !link_zmq_open(client->net);
        break;
    case LINK_FX_DISCONNECT:
        link_zmq_close(client->net);
        break;
    case LINK_FX_SEND:
        perform_send(client, &fx->of.send);
        break;
    case LINK_FX_RENUMBER:
    case LINK_FX_REWIND:
    case LINK_FX_RETIRED:
    case LINK_FX_LOG:
        perform_outbox(client, fx);
        break;
    case LINK_FX_ANSWERED:
        perform_answered(client, fx);
        break;
    case LINK_FX_STATE:
        perform_state(client, fx);
        break;
    case LINK_FX_FOLLOWING:
        perform_following(client, fx);
        break;
    case LINK_FX_DELIVER:
        perform_deliver(client, fx);
        break;
    case LINK_FX_ACKED:
        perform_acked(client, fx);
        break;
    case LINK_FX_ENDED:
        perform_ended(client, fx);
        break;
    case LINK_FX_GOT:
        perform_got(client, fx);
        break;
    }
}

void client_perform(struct kt_client *client)
{
    for (uint32_t i = 0; i < client->fx.count; i++)
        perform(client, &client->fx.list[i]);
}
