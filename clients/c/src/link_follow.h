/* link_follow.h - one follow: where it stands, what it was granted, how it goes on after a lost
 * connection.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ of the client machine. Every delivery must begin where the one before ended; whatever
 * does not is a gap, and the session is made anew rather than anything skipped.
 */
#ifndef CLIENTS_C_SRC_LINK_FOLLOW_H
#define CLIENTS_C_SRC_LINK_FOLLOW_H

#include "clients/c/src/link_message.h"

enum follow_state {
    FOLLOW_FREE,    /* the slot is not used */
    FOLLOW_WAITING, /* to be asked for, at retry_ms */
    FOLLOW_ASKED,   /* waiting for Following */
    FOLLOW_LIVE,
    FOLLOW_ENDED /* its end was told; what was delivered may still be acknowledged */
};

struct follow {
    enum follow_state state;
    uint64_t id;
    const struct link_follow_spec *spec;
    bool has_cursor;
    struct link_log log; /* in which it stands */
    uint64_t request;    /* of its Follow */
    uint64_t retry_ms;
    bool has_begun;       /* Following was heard at least once */
    uint64_t covered;     /* the application's side has everything up to here */
    uint64_t heard;       /* the broker's deliveries of this session end here */
    uint64_t through;     /* its end, as Following said; 0: none */
    uint64_t last_record; /* the last sequence that was delivered, not a bookmark */
    uint8_t resume[LINK_RESUME_BYTES];
    uint32_t resume_bytes;
    uint64_t window_events, window_bytes; /* the whole credit */
    uint64_t held_events, held_bytes;     /* delivered, not consumed */
    uint64_t owed_events, owed_bytes;     /* consumed, not granted again */
    uint64_t acked;                       /* by the application */
    uint64_t acked_sent;                  /* told to the broker in this session */
    uint64_t acked_durable;               /* answered by the broker */
    uint64_t ack_request;                 /* an ack under way; 0: none */
    uint64_t ack_bookmark_ms;             /* when an ack may next follow mere bookmarks */
};

/* A new follow, to be asked for at once. */
void follow_init(struct follow *follow, uint64_t id, const struct link_follow_spec *spec,
                 uint64_t credit_events, uint64_t credit_bytes);

/* The session ended: to be asked for when there is a new one. Not for one that has ended. */
void follow_lost(struct follow *follow);

/* Whether its end was reached, so that it need not be asked for again. */
bool follow_is_complete(const struct follow *follow);

/* Writes the Follow request, as first asked or as resumed. */
void follow_ask(struct follow *follow, uint64_t request, struct link_said *said);

/* Takes Following. False: it starts beyond what is covered, which would skip events. */
bool follow_begun(struct follow *follow, const struct link_heard *heard);

/* Takes a delivery: `*skip` of its first records were delivered before. False: a gap, or not a
 * delivery in sequence; nothing was taken. */
bool follow_delivered(struct follow *follow, const struct link_heard *heard, uint32_t *skip);

/* The application consumed records. */
void follow_consumed(struct follow *follow, uint64_t events, uint64_t bytes);

/* Fills in a top-up of credit, or returns false when none is due. */
bool follow_credit(struct follow *follow, struct link_said *said);

/* The application processed everything up to `through`. */
void follow_acked(struct follow *follow, uint64_t through);

/* Whether acks are still wanted although its end was told: a cursor, and not all acked. */
bool follow_is_listened_to(const struct follow *follow);

/* Fills in an ack, or returns false when none is due. */
bool follow_ack(struct follow *follow, uint64_t request, uint64_t now_ms, struct link_said *said);

/* When a bookmark is to be acked; UINT64_MAX: never. */
uint64_t follow_deadline_ms(const struct follow *follow);

/* What a record counts against the credit: «its bytes of frame 2». */
uint64_t follow_record_bytes(const struct link_record *record);

#endif
