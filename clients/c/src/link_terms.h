/* link_terms.h - what the client machine is given, what can happen to it, what it asks for.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_LINK_TERMS_H
#define CLIENTS_C_SRC_LINK_TERMS_H

#include "clients/c/src/link_message.h"

/* Lanes of one outbox slot: an alarm never waits behind bulk. */
enum link_lane { LINK_LANE_URGENT, LINK_LANE_REST, LINK_LANES };

enum { LINK_URGENT_PRIORITY = 8 };

/* Defaults in parentheses, filled in by link_options_default(). */
struct link_options {
    uint64_t seed;                                 /* of the jitter */
    struct bytes client;                           /* for hello; borrowed for ever */
    uint8_t producers[LINK_LANES][PRODUCER_BYTES]; /* of the outbox slot */
    uint64_t numbers[LINK_LANES]; /* the highest number that each ever gave; 0: none */
    struct link_log log;          /* the log that the outbox last spoke to */
    uint32_t window_events;       /* of a lane, offered and unanswered (256) */
    uint32_t follows;             /* at a time (64) */
    uint32_t gets;                /* at a time (16) */
    uint32_t credit_events;       /* of one follow, delivered and not consumed (1,024) */
    uint64_t credit_bytes;        /* the same in bytes (4 MiB) */
    uint32_t connect_ms;          /* for connecting and for welcome, each (10,000) */
    uint32_t answer_ms;           /* an event unanswered for so long ends the session (30,000) */
    uint32_t backoff_ms, backoff_ms_max; /* (250), (30,000) */
};

enum link_input_kind {
    LINK_IN_CONNECTED, /* the connection asked for is there */
    LINK_IN_LOST,      /* it is gone, or could not be made */
    LINK_IN_HEARD,     /* a message came */
    LINK_IN_EVENT,     /* publish this; only while link_room() > 0 */
    LINK_IN_PRODUCER,  /* answers FX_RETIRED: a new producer for a lane */
    LINK_IN_FOLLOW,
    LINK_IN_UNFOLLOW,
    LINK_IN_CONSUMED, /* the application took delivered records: their room is free again */
    LINK_IN_ACK,      /* it has processed everything up to here */
    LINK_IN_GET,
    LINK_IN_CANCEL, /* a get is no longer wanted */
    LINK_IN_CLOSE,  /* say bye; nothing is sent after */
    LINK_IN_TICK
};

struct link_input {
    enum link_input_kind kind;
    uint64_t now_ms; /* monotonic, never falls */
    int64_t wall_ms; /* UTC; only written into what is sent */
    union {
        struct {
            bool is_auth;        /* the broker refused the key */
            struct bytes reason; /* for a person; may be empty */
        } lost;
        const struct link_heard *heard;
        struct {
            enum link_lane lane;
            uint64_t token;                 /* the shell's name for it */
            uint64_t number;                /* as written in the outbox */
            const struct link_event *event; /* kept by the shell until FX_ANSWERED or FX_REWIND */
            bool is_more; /* another input follows at once: nothing is sent before it */
        } event;
        struct {
            enum link_lane lane;
            uint8_t producer[PRODUCER_BYTES];
        } producer;
        struct {
            uint64_t id; /* chosen by the shell, not 0, never used again */
            const struct link_follow_spec *spec;
        } follow;
        struct {
            uint64_t id;
        } unfollow;
        struct {
            uint64_t id, events, bytes; /* as told in FX_DELIVER */
        } consumed;
        struct {
            uint64_t id, through;
        } ack;
        struct {
            uint64_t token, seq;
            uint32_t modes; /* bits 1u << enum mode; 0: ACTUAL */
        } get;
        struct {
            uint64_t token;
        } cancel;
    } of;
};

enum link_effect_kind {
    LINK_FX_CONNECT,    /* make a new connection; answered by IN_CONNECTED or IN_LOST */
    LINK_FX_DISCONNECT, /* close it; needs no answer, and none may come after */
    LINK_FX_SEND,
    LINK_FX_RENUMBER, /* write this event's new number and flush it before the next send */
    LINK_FX_ANSWERED, /* stored, or refused for good: final */
    LINK_FX_REWIND,  /* the log was restored: offer again, in order, all of the lane above `mark` */
    LINK_FX_RETIRED, /* the lane's producer was retired: make another, then IN_PRODUCER */
    LINK_FX_LOG,     /* remember this log's identity */
    LINK_FX_STATE,   /* the session changed */
    LINK_FX_FOLLOWING, /* a follow began, or went on after a lost connection */
    LINK_FX_DELIVER,
    LINK_FX_ACKED,
    LINK_FX_ENDED, /* a follow is over; its spec is no longer used. See `is_listened_to` */
    LINK_FX_GOT    /* the answer to a get */
};

enum link_state { LINK_DOWN, LINK_UP };

struct link_effect {
    enum link_effect_kind kind;
    union {
        struct link_said send;
        struct {
            uint64_t token;
            enum link_lane lane;
            uint64_t from, number;
        } renumber;
        struct {
            uint64_t token;
            enum link_lane lane;
            uint64_t number;
            bool is_stored;
            uint64_t seq;
            bool is_duplicate;
            struct link_refusal refusal;
        } answered;
        struct {
            enum link_lane lane;
            uint64_t mark;
        } rewind;
        struct {
            enum link_lane lane;
        } retired;
        struct link_log log;
        struct {
            enum link_state state;
            struct link_refusal refusal; /* of DOWN: why; code empty when none is known */
            struct bytes agency, site;
        } state;
        struct {
            uint64_t id;
            const struct link_heard *heard; /* LINK_HEARD_FOLLOWING */
        } following;
        struct {
            uint64_t id;
            uint64_t first, last, replay_through;
            const struct link_record *records; /* without what was delivered before */
            uint32_t count;
            const struct link_lost *lost;
            uint32_t lost_count;
        } deliver;
        struct {
            uint64_t id, through;
        } acked;
        struct {
            uint64_t id, first, last;
            struct link_refusal refusal; /* code END: its end was reached */
            bool is_listened_to;         /* acks are still taken; END is told again when no more */
            uint64_t theirs, ours;
        } ended;
        struct {
            uint64_t token;
            bool is_found;
            struct link_record record;
            struct link_refusal refusal;
        } got;
    } of;
};

/* Taken once, big enough for any step of the link it was made for. */
struct link_effects {
    struct link_effect *list;
    uint32_t count, room;
    struct link_item *items; /* what FX_SEND of a publish points to */
    uint32_t item_count, item_room;
};

#endif
