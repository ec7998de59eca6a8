/* link_session.h - the inside of the client machine, shared by link.c and the parts of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_LINK_SESSION_H
#define CLIENTS_C_SRC_LINK_SESSION_H

#include "clients/c/src/link_follow.h"
#include "clients/c/src/link_lane.h"
#include "clients/c/src/link_terms.h"

enum link_phase {
    LINK_PHASE_REST,    /* until retry_ms */
    LINK_PHASE_CONNECT, /* asked the shell for a connection */
    LINK_PHASE_HELLO,   /* said hello */
    LINK_PHASE_UP,
    LINK_PHASE_CLOSED
};

/* A question for one event by its sequence. */
struct link_get {
    bool is_used;
    uint64_t token, seq;
    uint32_t modes;
    uint64_t request; /* 0: not sent in this session */
};

struct link {
    struct link_options options;
    enum link_phase phase;
    uint64_t now_ms;
    uint64_t random;
    uint64_t requests; /* the last request number given */
    uint64_t hello_request;
    uint64_t phase_ms; /* when the phase was entered */
    uint64_t retry_ms; /* REST: when to connect */
    uint32_t failures; /* sessions that failed one after the other */
    bool has_stored;   /* something was answered STORED in this session */
    uint64_t heard_ms, said_ms;
    uint32_t heartbeat_ms;
    uint32_t batch_bytes;
    struct link_log log;
    struct lane lanes[LINK_LANES];
    struct follow *follows;
    struct link_get *gets;
    uint8_t producers[LINK_LANES][PRODUCER_BYTES]; /* of the last hello */
};

/* The next free effect, zeroed; there is always room (link_effects_init). */
struct link_effect *link_fx(struct link_effects *fx, enum link_effect_kind kind);

/* Sends one message, which counts as a heartbeat. */
void link_say(struct link *link, struct link_effects *fx, const struct link_said *said);

/* Ends the session and sets the time of the next. `refusal` (code may be empty) is told in
 * FX_STATE. */
void link_down(struct link *link, struct link_effects *fx, const struct link_refusal *refusal);

/* The same, for a reason of our own: a static code and sentence. */
void link_break(struct link *link, struct link_effects *fx, const char *code, const char *reason);

/* Asks for a connection. */
void link_connect(struct link *link, struct link_effects *fx);

/* The connection is there: says hello. */
void link_connected(struct link *link, struct link_effects *fx);

/* The connection is gone. */
void link_lost(struct link *link, const struct link_input *input, struct link_effects *fx);

/* Takes one message of the broker. */
void link_hear(struct link *link, const struct link_heard *heard, struct link_effects *fx);

/* The slot of a follow, or NULL. */
struct follow *link_follow_find(struct link *link, uint64_t id);

/* Ends a follow towards the shell. */
void link_follow_end(struct follow *follow, struct link_effects *fx,
                     const struct link_refusal *refusal, uint64_t first, uint64_t last);

/* Tells END, the second time for a follow that has ended, and frees its slot. */
void link_follow_release(struct follow *follow, struct link_effects *fx);

#endif
