/* kentong.h - the client of the Kentongan bus: publish events durably, follow them without a gap.
 * SPDX-License-Identifier: Apache-2.0
 *
 * This header is the manual. It is plain C without macros in prototypes, so that bindings can read
 * it.
 *
 * Handles. `struct kt_client` is one agency's connection, from any number of threads. It connects
 * by itself, for ever, and sends what is waiting; no call waits for a connection unless it says so.
 * One thread of the library does the protocol; no code of yours ever runs on it.
 *
 * Statuses. Every function returns KT_OK (0) or a negative status. What went wrong is kept in the
 * handle: kt_error() has code, text, field, whether the same again may succeed, and when.
 *
 * Publishing. A publish ends as STORED (sequence; durable at the broker), SPOOLED (durable in this
 * host's outbox, sent later by this handle or by the next process of the profile) or REFUSED.
 * Nothing else counts.
 *
 * Memory. What you pull you release; what a callback shows is borrowed until it returns. Structs
 * that you hand in begin with `size`: set it to sizeof before the call.
 *
 * Fork. A child must not use its parent's handles: every call answers KT_E_FORK there. Open a new
 * one.
 */
#ifndef KENTONG_KENTONG_H
#define KENTONG_KENTONG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
    KT_OK = 0,
    KT_E_TIMEOUT = -1, /* not in time; see the function for what that means */
    KT_E_INVALID = -2, /* an argument, option or profile is wrong: code and field tell */
    KT_E_REFUSED = -3, /* refused by a rule of the bus, here or at the broker */
    KT_E_END = -4,     /* the follow is over; the handle's error says why (END: its end) */
    KT_E_SYSTEM = -5,  /* the operating system failed: memory, disk, descriptors */
    KT_E_FORK = -6,    /* the handle belongs to the parent process */
    KT_E_WOKEN = -7    /* kt_wakeup() was called */
};

enum { KT_STORED = 1, KT_SPOOLED = 2, KT_REFUSED = 3 };                 /* state of a receipt */
enum { KT_EVENT = 1, KT_BOOKMARK = 2, KT_LOST = 3 };                    /* kind of a message */
enum { KT_CODE_BYTES = 32, KT_FIELD_BYTES = 128, KT_TEXT_BYTES = 256 }; /* with their NUL */

struct kt_client;
struct kt_options;
struct kt_follow;
struct kt_message;

struct kt_error {
    uint32_t size;
    int32_t status;          /* the KT_E_ of the call; 0: none yet */
    int32_t is_retryable;    /* the same again may succeed */
    uint32_t retry_after_ms; /* not before */
    char code[32];           /* stable: "RIGHTS"; `kentong explain CODE` says more */
    char field[128];         /* path in the event's JSON, or the option; "" when none */
    char text[256];          /* one sentence in English */
};

struct kt_receipt {
    uint32_t size;
    int32_t state;        /* KT_STORED, KT_SPOOLED, KT_REFUSED */
    uint64_t tag;         /* of kt_submit() */
    uint64_t seq;         /* STORED; 0 with is_duplicate: below what the log still keeps */
    int32_t is_duplicate; /* STORED: it was there before, this is its first sequence */
    int32_t is_retryable; /* REFUSED: nothing happened, the same again may succeed */
    uint32_t retry_after_ms;
    char id[40];   /* of the event */
    char code[32]; /* REFUSED */
    char field[128];
    char text[256];
};

struct kt_status {
    uint32_t size;
    int32_t is_connected;
    uint64_t waiting; /* events in this handle's outbox slot that are not answered */
    int32_t slot;     /* of the outbox */
    uint32_t damaged; /* slots passed over because they are damaged (OUTBOX_DAMAGED) */
    char agency[72];  /* who the broker says that you are; before: as in the profile */
    char site[128];
    char code[32]; /* why there is no connection: UNREACHABLE, AUTH_FAILED, …; "" when unknown */
    char text[256];
    char outbox[256]; /* the slot's folder */
};

struct kt_report {
    uint32_t size;
    int32_t slot;
    uint64_t
        spooled; /* events that stay in the outbox; the next process of the profile sends them */
    uint64_t unread;  /* messages that were received and not pulled; they come again */
    char outbox[256]; /* the slot's folder, where they are */
};

/* What a message is. Views live as long as the message. */
struct kt_info {
    uint32_t size;
    int32_t kind; /* KT_EVENT; KT_LOST: `first` to `last` are gone; KT_BOOKMARK */
    uint64_t seq; /* EVENT */
    uint64_t first,
        last;            /* LOST, BOOKMARK: the range; EVENT: what the delivery around it covered */
    int64_t recorded_ms; /* when the broker took it, UTC */
    int32_t is_replay;
    int32_t is_personal_withheld; /* it has persons that you may not see */
    int32_t is_personal_erased;
    uint32_t reserved;
    const char *source; /* the agency; of LOST: the reason */
    const void *event;  /* an encoded kentongan.v1.Event */
    size_t event_bytes;
    const void *personal; /* an encoded PersonalBlock, or NULL */
    size_t personal_bytes;
};

struct kt_follow_info {
    uint32_t size;
    int32_t has_begun;   /* the broker has answered; the rest is 0 before */
    int32_t is_narrowed; /* by rights, to what `filters` names */
    int32_t is_created;  /* the cursor is new */
    uint64_t first;      /* the first sequence covered */
    uint64_t head;       /* of the log when the follow began */
    uint64_t origin;     /* events up to here are replay */
    uint64_t through;    /* its end; 0: none */
    uint64_t covered;    /* everything up to here was received */
    uint64_t acked;      /* durable at the broker */
    char filters[1024];  /* separated by blanks; cut at the end if longer */
};

struct kt_outbox {
    uint32_t size;
    int32_t process; /* that uses the slot; 0: none */
    uint64_t waiting, stored, refused, bytes;
    int64_t oldest_ms; /* of what waits, UTC; 0: nothing does */
    char code[32];     /* OUTBOX_DAMAGED, or "" */
    char folder[256];
};

/* ---- options ------------------------------------------------------------------------------- */

/* Options are texts; kt_options_describe() lists them. NULL: no memory. */
struct kt_options *kt_options_new(void);
void kt_options_free(struct kt_options *options);

/* Sets one. "filter", "kind", "category" and "incident" may be set again to add more. INVALID:
 * no such name, or a value that it does not take. */
int kt_options_set(struct kt_options *options, const char *name, const char *value);

/* Option `index` from 0: its name, standard value and meaning (static). INVALID past the end. */
int kt_options_describe(int index, const char **name, const char **standard, const char **meaning);

/* ---- the handle ---------------------------------------------------------------------------- */

/* Opens a handle on a profile (option "profile", else the environment's KENTONG_PROFILE), takes
 * a slot of its outbox and starts to connect. Options may be freed after. On failure `error`
 * (may be NULL) says why. */
int kt_open(const struct kt_options *options, struct kt_client **client, struct kt_error *error);

/* Waits until everything is answered, at most `timeout_ms`, makes durable what is left, and
 * frees the handle with its follows; messages stay yours. TIMEOUT: something stays in the
 * outbox, `report` (may be NULL) says how much and where. No callback runs after. */
int kt_close(struct kt_client *client, int timeout_ms, struct kt_report *report);

/* The last error of any call on this handle. */
int kt_error(struct kt_client *client, struct kt_error *error);

int kt_status(struct kt_client *client, struct kt_status *status);

/* ---- publishing ---------------------------------------------------------------------------- */

/* Publishes one event: `event` encodes kentongan.v1.Event, `personal` (NULL: none) a
 * PersonalBlock. Waits for `state` (KT_STORED or KT_SPOOLED). OK: `receipt` (may be NULL) is at
 * least that. TIMEOUT: it is SPOOLED. REFUSED, SYSTEM: it is not kept. */
int kt_publish(struct kt_client *client, const void *event, size_t event_bytes,
               const void *personal, size_t personal_bytes, int state, int timeout_ms,
               struct kt_receipt *receipt);

/* The same for one event as JSON (docs/events.md). id, mode and source have defaults; persons are
 * split off; what brokers add (seq, recordedAt, …) is passed over. */
int kt_publish_json(struct kt_client *client, const char *json, size_t json_bytes, int state,
                    int timeout_ms, struct kt_receipt *receipt);

/* Publishes without waiting. Its final receipt (STORED, REFUSED), with `tag`, comes from
 * kt_receipt_next() or the callback of kt_on_receipt(); with the option "receipts" = "all" one of
 * SPOOLED before it, if the outbox has it durably first. REFUSED with BUSY: too many are
 * unanswered or unread. */
int kt_submit(struct kt_client *client, const void *event, size_t event_bytes, const void *personal,
              size_t personal_bytes, uint64_t tag);
int kt_submit_json(struct kt_client *client, const char *json, size_t json_bytes, uint64_t tag);

/* The next receipt of a submit. `timeout_ms` 0: only if there is one; -1: for ever. TIMEOUT,
 * WOKEN. */
int kt_receipt_next(struct kt_client *client, int timeout_ms, struct kt_receipt *receipt);

/* Waits until nothing in the outbox slot is unanswered. TIMEOUT. */
int kt_drain(struct kt_client *client, int timeout_ms);

/* ---- following ----------------------------------------------------------------------------- */

/* Starts a follow as `options` say ("filter", "cursor", "from", …). Does not wait: a refusal
 * ends the follow, which kt_next() tells. The follow belongs to the client. INVALID. */
int kt_follow(struct kt_client *client, const struct kt_options *options,
              struct kt_follow **follow);

/* The next message, to be released with kt_message_free(). END: none will come any more.
 * TIMEOUT, WOKEN. */
int kt_next(struct kt_follow *follow, int timeout_ms, struct kt_message **message);

/* The same into a buffer of yours: the event's bytes (nothing of LOST and BOOKMARK). `info` may
 * be NULL; its views are NULL but for `event`. INVALID with `*event_bytes` set: the buffer is
 * too small, the message stays. */
int kt_next_into(struct kt_follow *follow, int timeout_ms, void *buffer, size_t buffer_bytes,
                 size_t *event_bytes, struct kt_info *info);

/* Everything up to `through` is processed. Only a follow with a cursor remembers it. Does not
 * wait. */
int kt_ack(struct kt_follow *follow, uint64_t through);

/* Waits until all that was acknowledged is durable at the broker. TIMEOUT, END. */
int kt_ack_wait(struct kt_follow *follow, int timeout_ms);

int kt_follow_info(struct kt_follow *follow, struct kt_follow_info *info);

/* Ends the follow and frees it, after waiting at most `timeout_ms` for its acks. TIMEOUT: the
 * last acks may be lost, so that their events come again. */
int kt_unfollow(struct kt_follow *follow, int timeout_ms);

/* One event by its sequence (right `replay`). TIMEOUT, REFUSED (NOT_FOUND, RIGHTS). */
int kt_get(struct kt_client *client, uint64_t seq, int timeout_ms, struct kt_message **message);

/* ---- messages ------------------------------------------------------------------------------ */

int kt_message_info(const struct kt_message *message, struct kt_info *info);
void kt_message_free(struct kt_message *message);

/* An EVENT as one JSON object: seq, recordedAt, id, source, topic, mode, replay, then the
 * event's own. To be released with kt_free(). */
int kt_message_to_json(const struct kt_message *message, char **json, size_t *json_bytes);

/* ---- event loops --------------------------------------------------------------------------- */

/* A descriptor that is readable as long as a receipt or message waits; poll it, never write to
 * it. You may read from it, you need not. Valid until kt_close(). kt_fd_dup() gives one that you
 * close yourself. */
int kt_fd(struct kt_client *client);
int kt_fd_dup(struct kt_client *client);

/* Waits until a receipt or message waits. TIMEOUT, WOKEN. */
int kt_wait(struct kt_client *client, int timeout_ms);

/* Wakes all calls that wait on this handle. From any thread. */
int kt_wakeup(struct kt_client *client);

/* Callbacks for kt_dispatch(); NULL takes one away. Every call on the handle is legal inside. */
int kt_on_receipt(struct kt_client *client,
                  void (*call)(void *context, const struct kt_receipt *receipt), void *context);
int kt_on_message(struct kt_follow *follow,
                  void (*call)(void *context, const struct kt_message *message), void *context);

/* Runs callbacks for what waits, on this thread, at most `calls_max`. Returns how many ran, or a
 * status. */
int kt_dispatch(struct kt_client *client, int calls_max);

/* ---- JSON and the outbox ------------------------------------------------------------------- */

/* JSON to bytes as kt_publish() takes them; `*personal` is NULL without persons. Release with
 * kt_free(). */
int kt_event_from_json(struct kt_client *client, const char *json, size_t json_bytes, void **event,
                       size_t *event_bytes, void **personal, size_t *personal_bytes);

/* The bytes of an event to JSON. INVALID: they are none. Release with kt_free(). */
int kt_event_to_json(const void *event, size_t event_bytes, char **json, size_t *json_bytes);

/* An encoded kentongan.v1.Record of an exported log, with the Personal after it (NULL: none), as
 * kt_message_to_json() prints an event of the past. INVALID: it is none. Release with kt_free(). */
int kt_record_to_json(const void *record, size_t record_bytes, const void *personal,
                      size_t personal_bytes, char **json, size_t *json_bytes);
void kt_free(void *memory);

/* Slot `slot` (0 to 63) of the outbox that `options` name, without taking it. END: there is no
 * such slot. To drain one, open a handle with the option "outbox.slot" and call kt_drain(). */
int kt_outbox_look(const struct kt_options *options, int slot, struct kt_outbox *outbox);

/* "0.1.0" */
const char *kt_version(void);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
