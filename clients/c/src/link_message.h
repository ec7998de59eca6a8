/* link_message.h - what the client machine says to a broker and hears from it, as plain structs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The meeting point of link.h (which decides) and link_wire.h (which turns these into frames and
 * back). All views are borrowed; each struct says from whom.
 */
#ifndef CLIENTS_C_SRC_LINK_MESSAGE_H
#define CLIENTS_C_SRC_LINK_MESSAGE_H

#include "proto/c/facts.h"

enum {
    LINK_VERSION_MIN = 1,
    LINK_VERSION_MAX = 1,
    LINK_FILTERS_MAX = 64,
    LINK_RESUME_BYTES = 512, /* a resume token is never longer */
    LINK_LOST_MAX = 64,      /* lost ranges of one delivery */

    LINK_FRAME_BYTES_MAX = 256 * 1024,      /* of a first frame */
    LINK_BATCH_BYTES_MAX = 4 * 1024 * 1024, /* of a second frame */
    LINK_RECORDS_MAX = 65536                /* records of one batch */
};

/* Which log a number or a sequence belongs to. */
struct link_log {
    uint8_t uuid[16];
    uint64_t incarnation; /* 0: none known yet */
};

/* Why something was not done. Views live as long as the message that brought them. */
struct link_refusal {
    struct bytes code, field, reason;
    uint32_t retry_after_ms;
    bool is_retryable;
};

/* One event to publish, encoded and hashed by its owner, who keeps it until it is answered. */
struct link_event {
    struct bytes event;  /* an encoded `Event` */
    struct bytes digest; /* of the personal block: 32 bytes, or empty */
    struct bytes salt;   /* 16 bytes, or empty */
    struct bytes block;  /* the personal block, or empty */
};

/* One event in one sending. */
struct link_item {
    const struct link_event *event;
    const uint8_t *producer; /* PRODUCER_BYTES */
    uint64_t number, after;
};

enum link_from {
    LINK_FROM_ABSENT, /* now, or where the cursor stands */
    LINK_FROM_START,
    LINK_FROM_NOW,
    LINK_FROM_SEQ,
    LINK_FROM_TIME, /* value: milliseconds since 1970, UTC */
    LINK_FROM_LAST, /* value: so many matching events back */
    LINK_FROM_AGE   /* value: milliseconds */
};

/* What to follow. Its owner keeps it, and all it points to, until the follow is over. */
struct link_follow_spec {
    struct bytes cursor;         /* empty: none */
    const struct bytes *filters; /* 1 to LINK_FILTERS_MAX */
    const struct bytes *kinds;   /* names of bodies as in JSON */
    const struct bytes *incidents;
    const uint16_t *categories;
    uint32_t filter_count, kind_count, incident_count, category_count;
    uint32_t modes; /* bits 1u << enum mode; 0: ACTUAL */
    uint32_t min_priority;
    enum link_from from;
    uint64_t from_value;
    uint64_t through;        /* 0: no such end */
    int64_t through_time_ms; /* INT64_MAX: no such end */
    bool is_replay, until_end;
};

enum link_said_kind {
    LINK_SAY_HELLO,
    LINK_SAY_PUBLISH,
    LINK_SAY_FOLLOW,
    LINK_SAY_CREDIT,
    LINK_SAY_ACK,
    LINK_SAY_UNFOLLOW,
    LINK_SAY_GET,
    LINK_SAY_PING,
    LINK_SAY_BYE
};

/* One message to the broker. */
struct link_said {
    enum link_said_kind kind;
    uint64_t request; /* 0: no answer is expected */
    union {
        struct {
            struct bytes client; /* program and version */
            uint8_t (*producers)[PRODUCER_BYTES];
            uint32_t producer_count;
        } hello;
        struct {
            const struct link_item *items;
            uint32_t count;
            int64_t sent_at_ms;
        } publish;
        struct {
            uint64_t follow;
            const struct link_follow_spec *spec;
            bool is_resumed;   /* use the next two, not the spec's from and end */
            uint64_t from_seq; /* with a cursor 0: where it stands */
            uint64_t through;
            struct bytes resume;
            uint64_t credit_events, credit_bytes;
        } follow;
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
            uint32_t modes; /* bits 1u << enum mode; 0: ACTUAL */
        } get;
    } of;
};

enum link_heard_kind {
    LINK_HEARD_WELCOME,
    LINK_HEARD_RECEIPTS,
    LINK_HEARD_FOLLOWING,
    LINK_HEARD_DELIVER,
    LINK_HEARD_ACKED,
    LINK_HEARD_ENDED,
    LINK_HEARD_ANSWER,
    LINK_HEARD_PONG,
    LINK_HEARD_BYE,
    LINK_HEARD_ERROR,
    LINK_HEARD_BAD /* bytes that are no message of this protocol */
};

struct link_mark {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
};

enum link_outcome { LINK_STORED, LINK_REFUSED, LINK_GAP, LINK_NUMBER_REUSED, LINK_NUMBER_SKIPPED };

struct link_receipt {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
    enum link_outcome outcome;
    uint64_t seq; /* STORED */
    bool is_duplicate;
    uint64_t mark; /* GAP, NUMBER_REUSED, NUMBER_SKIPPED */
    struct link_refusal refusal;
};

/* One record of a delivery or an answer, as views into the batch frame. */
struct link_record {
    uint64_t seq;
    struct bytes record;   /* an encoded `Record` */
    struct bytes personal; /* the `Personal` after it; empty: none, or withheld */
    size_t frame_bytes;    /* what both take of the batch frame, with their tags and lengths */
};

struct link_lost {
    uint64_t first, last;
    struct bytes reason;
};

/* One message from the broker. Everything lives until the decoder is asked for the next. */
struct link_heard {
    enum link_heard_kind kind;
    uint64_t request;
    union {
        struct {
            uint32_t version;
            struct bytes agency, site;
            struct link_log log;
            uint64_t head;
            const struct link_mark *marks;
            uint32_t mark_count;
            uint32_t event_bytes, batch_bytes, window_events;
            uint32_t heartbeat_ms;
            int64_t now_ms;
        } welcome;
        struct {
            const struct link_receipt *receipts;
            uint32_t count;
            struct link_log log;
        } receipts;
        struct {
            uint64_t follow, first, head, origin, through;
            const struct bytes *filters;
            uint32_t filter_count;
            bool is_narrowed, is_created;
            struct bytes resume;
            struct link_log log;
        } following;
        struct {
            uint64_t follow, first, last, replay_through;
            const struct link_record *records;
            uint32_t count;
            const struct link_lost *lost;
            uint32_t lost_count;
        } deliver;
        struct {
            uint64_t follow, through;
        } acked;
        struct {
            uint64_t follow, first, last;
            struct link_refusal refusal;
        } ended;
        struct {
            struct link_record record;
        } answer;
        struct {
            uint64_t head;
        } pong;
        struct {
            struct link_refusal refusal;
            uint64_t theirs, ours;
            struct link_log log;
        } error;
    } of;
};

#endif
