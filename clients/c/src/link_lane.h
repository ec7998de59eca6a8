/* link_lane.h - one producer: which of its events are offered, sent, answered, and what goes next.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ of the client machine. The rules are those of the architecture's "Producers": `after` is
 * the last number not definitively refused, what lies at or below the mark is only asked for, a new
 * number is always above the mark.
 */
#ifndef CLIENTS_C_SRC_LINK_LANE_H
#define CLIENTS_C_SRC_LINK_LANE_H

#include "clients/c/src/link_message.h"

/* One event between its offer and its answer. */
struct lane_entry {
    uint64_t token;
    const struct link_event *event;
    uint64_t number, after;
    uint64_t request; /* of its last sending in this session; 0: waiting */
    uint64_t sent_ms;
    bool is_done;      /* answered; leaves when those before it have left */
    bool is_asked;     /* sent at or below the mark: it can only be a duplicate */
    bool needs_number; /* the broker said that its number is another event's */
};

struct lane {
    uint8_t producer[PRODUCER_BYTES];
    struct lane_entry *entries; /* a ring in the order of the outbox */
    uint32_t room, head, count;
    uint32_t in_flight, asking; /* of them: sent; sent at or below the mark */
    uint32_t window;            /* what the broker allows in flight */
    uint64_t mark;              /* the producer's mark as last heard */
    uint64_t chain;             /* `after` of the next event above the mark */
    uint64_t given;             /* the highest number ever given */
    uint64_t paused_until_ms;   /* BUSY or STORE_FULL */
    bool is_retired;
};

/* Takes memory for `room` events; false: none. */
bool lane_init(struct lane *lane, const uint8_t producer[PRODUCER_BYTES], uint64_t given,
               uint32_t room);
void lane_deinit(struct lane *lane);

/* A number for a new event. */
uint64_t lane_number_next(struct lane *lane);

/* Takes an event at the end; the caller has checked that there is room. */
void lane_offer(struct lane *lane, uint64_t token, uint64_t number, const struct link_event *event);

/* A session is up: everything unanswered waits, the chain starts at the mark. */
void lane_begin(struct lane *lane, uint64_t mark, uint32_t window);

/* Forgets the offered events: they will be offered again. */
void lane_clear(struct lane *lane);

/* A new producer id: every event needs a new number. */
void lane_renew(struct lane *lane, const uint8_t producer[PRODUCER_BYTES]);

/* The entry that may be sent now with its `number` and `after` set, or NULL. When the number is
 * a new one, `*is_renumbered`. The caller sends it and calls lane_sent(). */
struct lane_entry *lane_next(struct lane *lane, uint64_t now_ms, bool *is_renumbered);
void lane_sent(struct lane *lane, struct lane_entry *entry, uint64_t request, uint64_t now_ms);

enum lane_verdict {
    LANE_NOTHING, /* the lane dealt with it */
    LANE_STORED,
    LANE_REFUSED,
    LANE_RETIRED, /* the producer is: it needs lane_renew() */
    LANE_FENCED   /* a newer session has taken the producer: this one is over */
};

/* Takes one receipt for `request`. For STORED and REFUSED `*token` names the event, which has
 * left. */
enum lane_verdict lane_receipt(struct lane *lane, uint64_t request,
                               const struct link_receipt *receipt, uint64_t now_ms,
                               uint64_t *token);

/* The whole of `request` was refused: like the same receipt for each of its events. Returns one
 * event after the other that has left (false: no more). With a retryable refusal none leaves. */
bool lane_request_failed(struct lane *lane, uint64_t request, const struct link_refusal *refusal,
                         uint64_t now_ms, uint64_t *token, uint64_t *number);

/* How many messages with its events are on their way. */
uint32_t lane_messages(const struct lane *lane);

/* When something is to be done though nothing is heard; UINT64_MAX: never. */
uint64_t lane_deadline_ms(const struct lane *lane, uint32_t answer_ms);

/* Whether an event has been in flight for `answer_ms`. */
bool lane_is_overdue(const struct lane *lane, uint64_t now_ms, uint32_t answer_ms);

#endif
