/* open.c - handles: opened on a profile, closed with an account of what is left.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clients/c/src/client.h"
#include "clients/c/src/follow_spec.h"
#include "clients/c/src/options.h"

enum { FOLDER_BYTES = 200, WINDOW_MAX = 4096, SEGMENT_BYTES = 4 * 1024 * 1024 };

static int fail(struct kt_error *error, int status, const char *code, const char *field,
                const char *text)
{
    struct kt_error whole = {.size = sizeof whole, .status = status};
    snprintf(whole.code, sizeof whole.code, "%s", code);
    snprintf(whole.field, sizeof whole.field, "%s", field);
    snprintf(whole.text, sizeof whole.text, "%s", text);
    client_copy_out(error, &whole, sizeof whole);
    return status;
}

static int open_profile(const struct kt_options *options, struct profile *profile,
                        struct kt_error *error)
{
    struct json_fault fault;
    const char *path = options_get(options, "profile", 0);
    if (path == NULL)
        path = getenv("KENTONG_PROFILE");
    if (path == NULL)
        return fail(error, KT_E_INVALID, "PROFILE_INVALID", "profile",
                    "name a profile by the option or in KENTONG_PROFILE");
    if (!profile_read(path, profile, &fault))
        return fail(error, KT_E_INVALID, fault.code, fault.field, fault.reason);
    return KT_OK;
}

/* $XDG_STATE_HOME/kentong/AGENCY-KEY: a host's users and agencies never share one. */
static bool default_folder(const struct profile *profile, char folder[FOLDER_BYTES])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char key[2 * KEY_ID_BYTES + 1];
    for (int i = 0; i < KEY_ID_BYTES; i++)
        snprintf(&key[(size_t)2 * (size_t)i], 3, "%02x", profile->key_id[i]);
    int length;
    if (state != NULL && state[0] == '/')
        length = snprintf(folder, FOLDER_BYTES, "%s/kentong/%s-%s", state, profile->agency, key);
    else if (home != NULL && home[0] == '/')
        length = snprintf(folder, FOLDER_BYTES, "%s/.local/state/kentong/%s-%s", home,
                          profile->agency, key);
    else
        return false;
    return length > 0 && length < FOLDER_BYTES;
}

static int outbox_folder(const struct kt_options *options, const struct profile *profile,
                         char folder[FOLDER_BYTES], struct kt_error *error)
{
    const char *named = options_get(options, "outbox.dir", 0);
    bool is_whole = named != NULL ? snprintf(folder, FOLDER_BYTES, "%s", named) < FOLDER_BYTES
                                  : default_folder(profile, folder);
    if (is_whole)
        return KT_OK;
    return fail(error, KT_E_INVALID, "FIELD_INVALID", "outbox.dir",
                "name a folder of at most 199 bytes; there is no HOME to put it in");
}

static int read_outbox_options(struct kt_client *client, const struct kt_options *options,
                               struct kt_error *error)
{
    uint64_t slot = 0;
    const char *slot_text = options_get(options, "outbox.slot", 0);
    if (slot_text != NULL && (!options_read_number(slot_text, &slot) || slot >= OUTBOX_SLOTS))
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "outbox.slot", "slots are 0 to 63");
    int status = outbox_folder(options, &client->profile, client->folder, error);
    if (status != KT_OK)
        return status;
    struct outbox_options *wanted = &client->outbox_options;
    *wanted = (struct outbox_options){.slot = slot_text != NULL ? (int)slot : -1};
    options_read_size(options_get(options, "outbox.max_bytes", 0), &wanted->bytes_max);
    options_read_duration(options_get(options, "outbox.keep", 0), &wanted->keep_ms);
    wanted->segment_bytes =
        wanted->bytes_max / 4 < SEGMENT_BYTES ? (uint32_t)(wanted->bytes_max / 4) : SEGMENT_BYTES;
    return KT_OK;
}

static enum outbox_status open_slot(struct kt_client *client)
{
    client->outbox_options.folder = client->folder;
    enum outbox_status status =
        outbox_open(&client->outbox_options, &client->outbox, &client->status.damaged);
    if (status != OUTBOX_OK)
        return status;
    client->status.slot = (int)outbox_slot_number(client->outbox);
    client->status.waiting = outbox_waiting(client->outbox);
    snprintf(client->status.outbox, sizeof client->status.outbox, "%s/%02d", client->folder,
             client->status.slot);
    return OUTBOX_OK;
}

static int open_outbox(struct kt_client *client, struct kt_error *error)
{
    switch (open_slot(client)) {
    case OUTBOX_OK:
        return KT_OK;
    case OUTBOX_DAMAGED:
        return fail(error, KT_E_SYSTEM, "OUTBOX_DAMAGED", "outbox.slot",
                    "files of this slot are not what was written; nothing was changed");
    case OUTBOX_TAKEN:
        return fail(error, KT_E_SYSTEM, "BUSY", "outbox.slot",
                    "other processes use it, or all 64 slots of this profile");
    case OUTBOX_FULL:
        return fail(error, KT_E_SYSTEM, "OUTBOX_FULL", "outbox.dir", strerror(errno));
    default:
        return fail(error, KT_E_SYSTEM, "OUTBOX_DAMAGED", "outbox.dir", strerror(errno));
    }
}

static int read_wishes(struct kt_client *client, const struct kt_options *options,
                       struct kt_error *error)
{
    const char *receipts = options_get(options, "receipts", 0);
    const char *wrong = follow_spec_read_modes(options, "get.modes", &client->get_modes);
    if (wrong != NULL)
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "get.modes", wrong);
    client->tells_spooled = strcmp(receipts, "all") == 0;
    if (!client->tells_spooled && strcmp(receipts, "final") != 0)
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "receipts", "receipts are final or all");
    return KT_OK;
}

static int read_link_options(struct kt_client *client, const struct kt_options *options,
                             struct kt_error *error)
{
    uint64_t number;
    struct link_options *wanted = &client->link_options;
    link_options_default(wanted);
    snprintf(client->name, sizeof client->name, "%s", options_get(options, "client", 0));
    options_read_number(options_get(options, "window", 0), &number);
    if (number < 1 || number > WINDOW_MAX)
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "window", "the window is 1 to 4096");
    wanted->window_events = (uint32_t)number;
    options_read_number(options_get(options, "follow.events", 0), &number);
    if (number < 1 || number > UINT32_MAX)
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "follow.events", "at least 1");
    wanted->credit_events = (uint32_t)number;
    options_read_size(options_get(options, "follow.bytes", 0), &wanted->credit_bytes);
    options_read_duration(options_get(options, "outbox.spool_after", 0), &client->grace_ms);
    return KT_OK;
}

static int open_link(struct kt_client *client, struct kt_error *error)
{
    struct link_options *wanted = &client->link_options;
    const struct outbox_state *state = outbox_state(client->outbox);
    wanted->client = bytes_of_text(client->name);
    memcpy(wanted->producers, state->producers, sizeof wanted->producers);
    memcpy(wanted->numbers, state->numbers, sizeof wanted->numbers);
    wanted->log = state->log;
    if (getrandom(&wanted->seed, sizeof wanted->seed, 0) != sizeof wanted->seed)
        wanted->seed = (uint64_t)time(NULL);
    client->link = link_new(wanted);
    client->wire = link_wire_new();
    client->net = link_zmq_new(&client->profile.net);
    if (client->link == NULL || client->wire == NULL || client->net == NULL ||
        !link_effects_init(&client->fx, client->link))
        return fail(error, KT_E_SYSTEM, "LIMIT", "", "there is no memory");
    return KT_OK;
}

static bool open_descriptors(struct kt_client *client)
{
    client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return client->wake_fd >= 0 &&
           socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, client->ready) == 0;
}

static bool open_locks(struct kt_client *client)
{
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&client->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0)
        return false;
    bool is_made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                   pthread_cond_init(&client->changed, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    return is_made;
}

/* The thread takes no signals: they are the host's. */
static bool start_thread(struct kt_client *client)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(&client->thread, NULL, client_run, client) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

void client_free(struct kt_client *client)
{
    struct ticket *ticket;
    struct ticket_list *lists[] = {&client->inbox, &client->receipts, &client->open};
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
        while ((ticket = tickets_pop(lists[i])) != NULL)
            ticket_free(ticket);
    while (client->follows != NULL) {
        struct kt_follow *next = client->follows->next;
        follow_free(client->follows);
        client->follows = next;
    }
    link_zmq_free(client->net);
    link_wire_free(client->wire);
    link_effects_deinit(&client->fx);
    link_free(client->link);
    outbox_close(client->outbox);
    if (client->wake_fd >= 0)
        close(client->wake_fd);
    for (int i = 0; i < 2; i++)
        if (client->ready[i] >= 0)
            close(client->ready[i]);
    explicit_bzero(&client->profile, sizeof client->profile);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

static struct kt_client *allocate(void)
{
    struct kt_client *client = calloc(1, sizeof *client);
    if (client == NULL || !open_locks(client)) {
        free(client);
        return NULL;
    }
    client->wake_fd = client->ready[0] = client->ready[1] = -1;
    client->forks = client_forks();
    client->error.size = sizeof client->error;
    client->status.size = sizeof client->status;
    return client;
}

/* Everything behind the options. On failure the handle is still to be freed. */
static int start(struct kt_client *client, struct kt_error *error)
{
    snprintf(client->status.agency, sizeof client->status.agency, "%s", client->profile.agency);
    snprintf(client->status.site, sizeof client->status.site, "%s", client->profile.site);
    int status = open_link(client, error);
    if (status == KT_OK && (!open_descriptors(client) || !start_thread(client)))
        status = fail(error, KT_E_SYSTEM, "LIMIT", "", strerror(errno));
    return status;
}

int kt_open(const struct kt_options *options, struct kt_client **client, struct kt_error *error)
{
    if (client == NULL)
        return fail(error, KT_E_INVALID, "FIELD_INVALID", "client", "a place for it is needed");
    *client = NULL;
    struct kt_client *made = allocate();
    if (made == NULL)
        return fail(error, KT_E_SYSTEM, "LIMIT", "", "there is no memory");
    int status = open_profile(options, &made->profile, error);
    if (status == KT_OK)
        status = read_outbox_options(made, options, error);
    if (status == KT_OK)
        status = read_link_options(made, options, error);
    if (status == KT_OK)
        status = read_wishes(made, options, error);
    if (status == KT_OK)
        status = open_outbox(made, error);
    if (status == KT_OK)
        status = start(made, error);
    if (status != KT_OK) {
        client_free(made);
        return status;
    }
    *client = made;
    return KT_OK;
}

struct kt_client *client_open_orphan(const struct kt_client *client)
{
    struct kt_client *orphan = allocate();
    if (orphan == NULL)
        return NULL;
    orphan->is_orphan = true;
    orphan->profile = client->profile;
    orphan->link_options = client->link_options;
    orphan->outbox_options = client->outbox_options;
    orphan->outbox_options.slot = -1;
    orphan->outbox_options.must_wait = true;
    orphan->grace_ms = client->grace_ms;
    memcpy(orphan->name, client->name, sizeof orphan->name);
    memcpy(orphan->folder, client->folder, sizeof orphan->folder);
    if (open_slot(orphan) == OUTBOX_OK && start(orphan, NULL) == KT_OK)
        return orphan;
    client_free(orphan);
    return NULL;
}

static void fill_report(struct kt_client *client, struct kt_report *report)
{
    *report = (struct kt_report){.size = sizeof *report,
                                 .slot = client->status.slot,
                                 .spooled = outbox_waiting(client->outbox) + client->orphans_left};
    memcpy(report->outbox, client->status.outbox, sizeof report->outbox);
    for (const struct kt_follow *follow = client->follows; follow != NULL; follow = follow->next)
        for (const struct kt_message *at = follow->messages; at != NULL; at = at->next)
            report->unread += at->kind == KT_EVENT;
}

int kt_close(struct kt_client *client, int timeout_ms, struct kt_report *report)
{
    struct kt_report whole;
    int status = client_check(client);
    if (status != KT_OK)
        return status;
    struct timespec deadline = client_deadline(timeout_ms);
    (void)kt_drain(client, timeout_ms);
    pthread_mutex_lock(&client->lock);
    client_wait_acks(client, &deadline);
    client->is_closing = true;
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    pthread_join(client->thread, NULL);
    fill_report(client, &whole);
    client_copy_out(report, &whole, sizeof whole);
    /* Inside one of its own callbacks: the dispatch that runs it frees the handle. */
    client->is_freed_late = client->dispatching > 0;
    if (!client->is_freed_late)
        client_free(client);
    return whole.spooled > 0 ? KT_E_TIMEOUT : KT_OK;
}

int kt_outbox_look(const struct kt_options *options, int slot, struct kt_outbox *outbox)
{
    struct profile profile;
    struct outbox_summary summary;
    char folder[FOLDER_BYTES];
    struct kt_outbox whole = {.size = sizeof whole};
    int status = open_profile(options, &profile, NULL);
    if (status == KT_OK)
        status = outbox_folder(options, &profile, folder, NULL);
    explicit_bzero(&profile, sizeof profile);
    if (status != KT_OK || slot < 0 || slot >= OUTBOX_SLOTS || outbox == NULL)
        return KT_E_INVALID;
    enum outbox_status looked = outbox_summarize(folder, (unsigned)slot, &summary);
    if (looked == OUTBOX_ABSENT)
        return KT_E_END;
    if (looked != OUTBOX_OK)
        return KT_E_SYSTEM;
    whole.process = summary.process;
    whole.waiting = summary.waiting;
    whole.stored = summary.stored;
    whole.refused = summary.refused;
    whole.bytes = summary.bytes;
    whole.oldest_ms = summary.oldest_ms;
    snprintf(whole.code, sizeof whole.code, "%s",
             summary.status == OUTBOX_OK ? "" : "OUTBOX_DAMAGED");
    snprintf(whole.folder, sizeof whole.folder, "%s/%02d", folder, slot);
    client_copy_out(outbox, &whole, sizeof whole);
    return KT_OK;
}
