/* client.h - the inside of a handle: what calls and the library's thread share, and what only the
 * thread has.
 * SPDX-License-Identifier: Apache-2.0
 *
 * `lock` guards everything in struct kt_client that is not said to be the thread's. It is never
 * held while the disk, the network or a user's code is at work.
 */
#ifndef CLIENTS_C_SRC_CLIENT_H
#define CLIENTS_C_SRC_CLIENT_H

#include <pthread.h>

#include "clients/c/include/kentong/kentong.h"
#include "clients/c/src/json_event.h"
#include "clients/c/src/link.h"
#include "clients/c/src/link_wire.h"
#include "clients/c/src/link_zmq.h"
#include "clients/c/src/outbox.h"
#include "clients/c/src/profile.h"

enum { CLIENT_TICKETS_MAX = 65536, CLIENT_PENDING_BYTES_MAX = 32 * 1024 * 1024 };

enum ticket_state {
    TICKET_NEW,     /* waits for the thread */
    TICKET_WRITTEN, /* in the outbox, not flushed */
    TICKET_SPOOLED, /* flushed */
    TICKET_DONE     /* stored or refused: the receipt is final */
};

/* One publish on its way. */
struct ticket {
    struct ticket *next, *before; /* in the list that it is in */
    struct json_event event;      /* until it is written */
    enum ticket_state state;
    bool is_sync;     /* a caller waits for it */
    bool is_left;     /* the caller has gone: free it when it is done */
    bool wants_spool; /* flush as soon as possible */
    struct kt_receipt receipt;
};

struct ticket_list {
    struct ticket *first, *last;
};

struct kt_message {
    struct kt_message *next;
    int kind;
    struct json_record record; /* views into `bytes` */
    uint64_t first, last;
    uint64_t frame_bytes; /* what it counts against the credit */
    char reason[128];     /* of LOST */
    struct json_record_facts facts;
    uint8_t bytes[];
};

struct kt_follow {
    struct kt_follow *next;
    struct kt_client *client;
    uint64_t id;
    void *spec_block; /* owns what `spec` points to */
    struct link_follow_spec spec;
    struct kt_message *messages, *last_message;
    bool wants_bookmarks;
    struct kt_follow_info info;
    uint64_t acked;      /* by the application */
    uint64_t acked_told; /* to the thread */
    bool is_listened_to; /* over, but what was delivered may still be acknowledged */
    uint64_t consumed_events, consumed_bytes; /* not told to the thread yet */
    bool is_new;                              /* the thread has not started it */
    bool is_leaving;                          /* kt_unfollow() waits for the thread */
    bool is_over;
    struct kt_error end; /* why it is over */
    unsigned holders;    /* callbacks that run on it */
    bool is_gone;        /* unfollowed inside a callback: freed after it */
    void (*call)(void *context, const struct kt_message *message);
    void *context;
};

/* A question for one event, on the caller's stack. */
struct get {
    struct get *next;
    uint64_t token, seq;
    bool is_sent, is_cancelled, is_done;
    struct kt_message *message;
    struct kt_error error;
};

struct kt_client {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* broadcast whenever anything below changed */
    pthread_t thread;
    unsigned forks; /* of the process when it was opened */
    struct profile profile;
    struct outbox_options outbox_options; /* without its folder, which is: */
    char folder[200];                     /* of all slots */
    char name[64];                        /* of the program, for hello */
    struct link_options link_options;
    int wake_fd;   /* eventfd: the thread is to look */
    int ready[2];  /* socketpair: [0] is the user's */
    bool is_ready; /* a byte was written to ready[1] */

    struct ticket_list inbox;    /* tickets for the thread */
    struct ticket_list receipts; /* done, for kt_receipt_next() */
    uint32_t tickets;            /* all that exist */
    size_t pending_bytes;        /* of events that wait for the thread */
    struct kt_follow *follows;
    struct get *gets;
    uint64_t ids; /* last follow or get token given */
    struct kt_error error;
    struct kt_status status;
    bool tells_spooled;   /* option "receipts" is "all" */
    uint32_t get_modes;   /* bits 1u << enum mode */
    unsigned wakeups;     /* counts kt_wakeup() */
    unsigned dispatching; /* kt_dispatch() calls that run */
    bool is_closing, is_stopped, is_freed_late;
    void (*receipt_call)(void *context, const struct kt_receipt *receipt);
    void *receipt_context;

    /* The thread's alone. */
    struct link *link;
    struct link_effects fx;
    struct link_wire *wire;
    struct link_zmq *net;
    struct outbox *outbox;
    struct ticket_list open;           /* written or spooled, not done */
    uint64_t grace_ms, dirty_since_ms; /* dirty: 0 = all flushed */
    bool must_flush;                   /* before the next message leaves */
    bool has_net_failed;               /* something could not be sent or connected */
    bool is_retired[LINK_LANES];
    struct kt_client *orphan; /* sends what another process left: orphans.c */
    uint64_t orphans_look_ms, orphans_left;
    bool is_orphan;   /* is such a handle itself */
    bool is_disk_bad; /* the outbox could not be written or read */
};

/* ---- for the calls (client.c) ---------------------------------------------------------------- */

/* KT_OK, or FORK when the handle is the parent's, INVALID when it is NULL. Before any lock. */
int client_check(const struct kt_client *client);

/* How often this process was forked before: what a new handle remembers. */
unsigned client_forks(void);

/* Keeps an error in the handle and returns `status`. */
int client_fail(struct kt_client *client, int status, const char *code, const char *field,
                const char *text);
int client_fail_fault(struct kt_client *client, const struct json_fault *fault);

/* With the lock held: the same, and errors that are already whole. */
int client_fail_locked(struct kt_client *client, const struct kt_error *error);

/* Tells the thread to look. */
void client_wake(struct kt_client *client);

/* A deadline for waits: now + `timeout_ms`, for ever when negative. */
struct timespec client_deadline(int timeout_ms);

/* Waits, with the lock held, for a change. False: the deadline has passed. */
bool client_wait(struct kt_client *client, const struct timespec *deadline);

/* With the lock held: waits until the acks of all follows are durable, or the deadline. */
void client_wait_acks(struct kt_client *client, const struct timespec *deadline);

/* With the lock held: the descriptor is readable as long as something waits. */
void client_set_ready(struct kt_client *client);

/* Fills a struct of the caller's that begins with its size: as much as it has room for. */
void client_copy_out(void *to, const void *from, size_t from_bytes);

/* ---- lists of tickets ------------------------------------------------------------------------ */

void tickets_push(struct ticket_list *list, struct ticket *ticket);
void tickets_remove(struct ticket_list *list, struct ticket *ticket);
struct ticket *tickets_pop(struct ticket_list *list);
void ticket_free(struct ticket *ticket);

/* ---- for the thread -------------------------------------------------------------------------- */

/* The thread's main (thread.c). */
void *client_run(void *argument);

/* Performs all effects of the last step, in order (effects.c). */
void client_perform(struct kt_client *client);

/* Everything in the outbox is durable, and its tickets know (thread.c). */
void client_flush(struct kt_client *client);

/* Ends a ticket with its final receipt. With the lock held. */
void client_ticket_done(struct kt_client *client, struct ticket *ticket);

/* Looks after slots that nobody holds (orphans.c). Returns how many events wait in one of them. */
uint64_t client_orphans_serve(struct kt_client *client, uint64_t now_ms);
void client_orphans_close(struct kt_client *client);

/* A handle on a slot that nobody holds and in which something waits; NULL: there is none
 * (open.c). */
struct kt_client *client_open_orphan(const struct kt_client *client);

/* Frees the handle: its thread has ended. */
void client_free(struct kt_client *client);

/* Frees a follow and its messages; it is in no list any more. */
void follow_free(struct kt_follow *follow);

/* A message from a record, or NULL: no memory, or it is none. */
struct kt_message *message_new(const struct link_record *record, bool is_replay);

/* An error from a refusal. */
void error_from_refusal(struct kt_error *error, int status, const struct link_refusal *refusal);

#endif
