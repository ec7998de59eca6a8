/* follows.h - who follows: where each follow stands, what it may be sent, and whose turn it is.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An organ; pure, one thread. A follow is a position, terms and credit. It is in one of these
 * states and, if it waits for its turn, in one line:
 *
 *   OPENING  its cursor is loaded, its start sought, its cursor made durable
 *   OWING    an answer must leave before anything else: Following, Error or Ended
 *   BEHIND   it is fed from pages: READY in line, or parked until a page, credit or its peer comes
 *   RESTING  at the head, with an end: looks at each new page, as if it were behind
 *   LIVE     at the head: new pages are matched for all live follows at once
 *   ENDED    told so, but with a cursor: what it was given may still be acknowledged
 *
 * Live follows that a commit did not concern hear how far they are covered in rounds: all that are
 * uncovered when a round starts are told one after the other, once bookmark_ms has passed.
 */
#ifndef BROKER_CORE_FOLLOWS_H
#define BROKER_CORE_FOLLOWS_H

#include "broker/base/blocks.h"
#include "broker/core/effect.h"
#include "broker/core/limits.h"
#include "broker/core/terms.h"

#define FOLLOW_NONE UINT32_MAX
#define FOLLOW_NO_END UINT64_MAX

enum follow_state {
    FOLLOW_FREE,
    FOLLOW_OPENING,
    FOLLOW_OWING,
    FOLLOW_BEHIND,
    FOLLOW_RESTING,
    FOLLOW_LIVE,
    FOLLOW_ENDED
};

/* The lines; a follow is in at most one. */
enum follow_line {
    LINE_NONE,
    LINE_OPENING, /* may go on with its opening */
    LINE_OWING,
    LINE_READY,
    LINE_RESTING,
    LINE_COVERED, /* live, told in this round or new */
    LINE_ROUND,   /* live, to be told in this round */
    LINE_COUNT
};

/* What an opening does next. */
enum follow_stage {
    STAGE_CURSOR,       /* waits for its cursor */
    STAGE_FROM,         /* decides on its start, */
    STAGE_SEEK_FROM,    /* and seeks it */
    STAGE_THROUGH,      /* decides on its end, */
    STAGE_SEEK_THROUGH, /* and seeks it by time */
    STAGE_KEEP,         /* makes or changes its cursor, */
    STAGE_KEEPING,      /* and waits until that is durable */
    STAGE_OPEN          /* Following was told */
};

struct follow {
    struct {
        uint64_t peer, id; /* the net's handle; the client's number */
    } key;
    struct terms *terms;
    uint64_t position;       /* the next sequence to look at; live: not kept */
    uint64_t covered;        /* the next range starts here */
    uint64_t origin;         /* as told in following */
    uint64_t since;          /* the head at which its filters were added */
    uint64_t head;           /* when it was asked for */
    uint64_t replay_through; /* as told in deliveries */
    uint64_t through;        /* last sequence; FOLLOW_NO_END */
    int64_t through_time_ms; /* INT64_MAX: none, or turned into `through` */
    uint64_t credit_events;
    int64_t credit_bytes; /* below zero: the last record took more than was left */
    uint64_t told_ms;     /* last delivery or bookmark */
    uint64_t sent_step;   /* the step of the last delivery, what it covered from and cost */
    uint64_t sent_first, sent_events;
    int64_t sent_bytes;
    uint64_t from_value;                   /* of the request, while opening */
    uint64_t request;                      /* its number */
    uint32_t from;                         /* enum from_kind */
    uint8_t selection[SELECTION_BYTES];    /* of the request, for its answer */
    uint32_t cursor;                       /* of cursors; FOLLOW_NONE */
    uint32_t session;                      /* the peer's slot */
    uint32_t next, before;                 /* in line */
    uint32_t session_next, session_before; /* of the same session */
    uint8_t state, line, stage;
    bool is_replay, until_end, is_resumed, is_created, is_routed;
    const struct refusal *refusal;    /* OWING: static; NULL: owes Following */
    uint64_t fault_first, fault_last; /* with it: a damaged range; LOG_CHANGED: theirs, ours */
};

struct follows;

/* Takes all memory; terms are pieces of `blocks`, borrowed. NULL: none. */
struct follows *follows_new(const struct core_limits *limits, struct blocks *blocks);

/* Gives it back; NULL is let pass. */
void follows_free(struct follows *follows);

/* Takes a place for follow `id` of a session, OPENING, in no line. NULL: done, *index is it; else
 * why not: FOLLOW_LIMIT, or FIELD_INVALID (0, or the session has it already). */
const struct refusal *follows_take(struct follows *follows, uint64_t peer, uint32_t session,
                                   uint64_t id, uint32_t *index);

/* Frees the place and drops the terms. What else hangs on it is the composer's. */
void follows_give(struct follows *follows, uint32_t index);

/* The follow in that place, which is taken. */
struct follow *follows_at(const struct follows *follows, uint32_t index);

/* Whether the place is taken: to walk them all. */
bool follows_is_taken(const struct follows *follows, uint32_t index);

/* The session's follow of that number, or FOLLOW_NONE. */
uint32_t follows_find(const struct follows *follows, uint64_t peer, uint64_t id);

/* A follow of the session, or FOLLOW_NONE: the last; `after` FOLLOW_NONE: the first. */
uint32_t follows_of_session(const struct follows *follows, uint32_t session, uint32_t after);

/* Moves the follow to the end of another line, or (to_front) to its start. */
void follows_line(struct follows *follows, uint32_t index, enum follow_line line);
void follows_line_front(struct follows *follows, uint32_t index, enum follow_line line);

/* The first in line, or FOLLOW_NONE. */
uint32_t follows_first(const struct follows *follows, enum follow_line line);

/* Starts a round: who stands in LINE_COVERED now stands in LINE_ROUND, which must be empty. */
void follows_start_round(struct follows *follows);

/* A session whose peer takes nothing now: nothing is delivered until it is unmuted. */
void follows_mute(struct follows *follows, uint32_t session);
bool follows_is_muted(const struct follows *follows, uint32_t session);

/* False: it was not muted. Parked follows of it are the composer's to wake. */
bool follows_unmute(struct follows *follows, uint32_t session);

/* How many places are taken. */
uint32_t follows_count(const struct follows *follows);

#endif
