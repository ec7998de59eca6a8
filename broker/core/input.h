/* input.h - everything that can happen to the core.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whatever an input points to is borrowed until core_step() returns, unless it says «counted»: the
 * core keeps what it needs with blob_keep() and page_keep().
 */
#ifndef BROKER_CORE_INPUT_H
#define BROKER_CORE_INPUT_H

#include "broker/base/status.h"
#include "broker/core/page.h"
#include "proto/c/prescan.h"

enum {
    AGENCY_BYTES_MAX = 64,
    CURSOR_BYTES_MAX = 64,
    INCIDENTS_MAX = 16,
    FILTERS_MAX = 64,
    HELLO_PRODUCERS_MAX = 8,
    SELECTION_BYTES = 16,
    VALUE_KEY_BYTES_MAX = 200,
    VALUE_BYTES_MAX = 64 * 1024
};

enum input_kind {
    IN_START,      /* first of all: the log's identity and tail */
    IN_CHECKPOINT, /* a part of the last checkpoint, in order of name, after IN_START */
    IN_RECOVER,    /* no more parts: read what follows, then be ready */
    IN_POLICY,     /* the whole policy, at start and at every reload */
    IN_REQUEST,    /* a peer asks */
    IN_CLOSED,     /* a peer is gone */
    IN_APPENDED,   /* an append ended */
    IN_PAGE,       /* a read ended */
    IN_SAVED,      /* a save ended */
    IN_LOADED,     /* a load ended */
    IN_UNSENT,     /* a delivery could not be handed to the network; comes before anything else */
    IN_DRAINED,    /* everything that was accepted is finished, and nothing more is: say bye */
    IN_TICK
};

/* What a policy line grants. */
enum right {
    RIGHT_PUBLISH,
    RIGHT_SUBSCRIBE,
    RIGHT_REPLAY,
    RIGHT_PERSONAL,
    RIGHT_ADMIN,
    RIGHT_COUNT
};

struct policy_line {
    enum right right;
    struct bytes filter; /* well formed; empty for RIGHT_ADMIN */
};

struct policy_agency {
    struct bytes name; /* [a-z0-9-], 1 to 64 bytes */
    const struct policy_line *lines;
    uint32_t line_count;
    const uint8_t (*key_ids)[KEY_ID_BYTES]; /* keys that may hold sessions */
    uint32_t key_count;
};

enum request_kind {
    REQUEST_HELLO,
    REQUEST_PUBLISH,
    REQUEST_FOLLOW,
    REQUEST_CREDIT,
    REQUEST_ACK,
    REQUEST_UNFOLLOW,
    REQUEST_GET,
    REQUEST_PING,
    REQUEST_BYE,
    REQUEST_BAD /* the frames could not be read: answered with an error */
};

enum from_kind { FROM_ABSENT, FROM_START, FROM_NOW, FROM_SEQ, FROM_TIME, FROM_LAST, FROM_AGE };

/* What ended up in a Publish: the frame, and each item as scanned and hashed by the shell. */
struct publish_request {
    struct blob *frame; /* counted; the items' views point into it */
    const struct publish_item *items;
    const uint8_t (*window_keys)[ID_BYTES]; /* one an item */
    const uint64_t *digests;                /* one an item */
    uint32_t count;
};

struct follow_request {
    uint64_t follow;
    struct bytes cursor;
    const struct bytes *filters; /* well formed, 1 to FILTERS_MAX */
    uint32_t filter_count;
    enum from_kind from;
    uint64_t from_value;        /* sequence, count, milliseconds, or time in ms as int64 */
    uint32_t modes;             /* bits 1u << mode; never 0 */
    uint64_t kinds;             /* bits 1u << (kind - 32); 0: all */
    const uint16_t *categories; /* sorted; none: all */
    uint32_t category_count;
    const struct bytes *incidents;
    uint32_t incident_count;
    uint8_t min_priority;
    uint64_t credit_events;
    uint64_t credit_bytes;
    bool is_replay;
    bool until_end;
    uint64_t through;        /* 0: none */
    int64_t through_time_ms; /* INT64_MAX: none */
    bool is_resumed;         /* a resume token was verified by the shell: */
    uint64_t resume_since;   /* the head at which its filters were first granted */
    uint64_t resume_origin;
    uint8_t
        selection[SELECTION_BYTES]; /* the shell's own; goes back to it in the following_answer */
};

struct request {
    enum request_kind kind;
    uint64_t peer;   /* the net's handle: never reused in a run */
    uint64_t number; /* the client's request number */
    union {
        struct {
            uint32_t version_min, version_max;
            struct bytes agency; /* from the key alone */
            uint8_t key_id[KEY_ID_BYTES];
            const uint8_t (*producers)[PRODUCER_BYTES];
            uint32_t producer_count;
        } hello;
        struct publish_request publish;
        struct follow_request follow;
        struct {
            uint64_t follow, events, bytes;
        } credit;
        struct {
            uint64_t follow, through;
        } ack;
        struct {
            uint64_t follow;
        } unfollow;
        struct {
            uint64_t seq;
            uint32_t modes; /* bits 1u << mode; 0: ACTUAL only */
        } get;
        struct scan_fault bad;
    } of;
};

struct input {
    enum input_kind kind;
    uint64_t now_ms; /* monotonic, never falls */
    int64_t wall_ms; /* UTC, may jump */
    union {
        struct {
            uint64_t first, last; /* of the log; first = last + 1 when empty */
            uint64_t incarnation;
            uint8_t uuid[16];
            int64_t recorded_at_ms; /* stamp of the last record; INT64_MIN when empty */
            uint64_t room_bytes;    /* as in `appended` */
            bool is_tail_damaged;   /* the last chunk is not sound: nothing can be appended */
        } start;
        struct {
            struct bytes name, value;
        } checkpoint;
        struct {
            const struct policy_agency *agencies;
            uint32_t agency_count;
            uint64_t version; /* rises with every policy */
        } policy;
        struct request request;
        struct {
            uint64_t peer;
        } closed;
        struct {
            enum status status; /* OK, FULL (nothing stored). Others stop the engine before the core
                                   hears */
            uint64_t first, last;
            struct page *page;   /* counted; NULL unless OK */
            uint64_t room_bytes; /* what may still be appended before the store is full */
        } appended;
        struct {
            uint64_t token;
            enum status status; /* OK, NOT_FOUND (beyond the ends), CORRUPT, BUSY (try again) */
            struct page *page;  /* counted */
            uint64_t corrupt_first, corrupt_last;
        } page;
        struct {
            uint64_t token;
            enum status status; /* OK, FULL */
        } saved;
        struct {
            uint64_t token;
            enum status status; /* OK, NOT_FOUND, CORRUPT */
            struct bytes value;
        } loaded;
        struct {
            uint64_t peer, follow;
            uint64_t first; /* of the delivery that did not leave */
        } unsent;
        struct {
            uint64_t room_bytes; /* as in `appended`; 0: not told */
        } tick;
    } of;
};

#endif
