/* core_parts.h - the core from inside: its organs, and what the core_*.c files do for each other.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only core.c and core_*.c include this.
 */
#ifndef BROKER_CORE_CORE_PARTS_H
#define BROKER_CORE_CORE_PARTS_H

#include "broker/core/cursors.h"
#include "broker/core/follows.h"
#include "broker/core/gets.h"
#include "broker/core/ingest.h"
#include "broker/core/pages.h"
#include "broker/core/peers.h"
#include "broker/core/policy.h"
#include "broker/core/routes.h"
#include "broker/core/seek.h"
#include "broker/core/select.h"

enum {
    GETS_ROOM = 1024,     /* lookups at a time */
    PERMITS_ROOM = 4096,  /* remembered answers of the policy; a power of two */
    STEP_RECORDS = 16384, /* looked at in one step for followers behind */
    STEP_SWEEP = 1024,    /* follows checked against a new policy in one step */
    STEP_ROUND = 1024,    /* follows told of their cover in one step */
    NARROWED_MAX = 256    /* filters in a Following */
};

/* What the policy said of an agency and a record's topic. */
struct permit_memo {
    uint64_t version, seq;
    uint32_t agency;
    struct permit permit;
};

/* One record that a live follow may get; linked in sequence. */
struct match_entry {
    uint32_t record, next;
};

/* The matches of one page for one follow. */
struct match_follow {
    uint64_t page_first;  /* of the page that the rest is about */
    uint32_t first, last; /* entries */
    uint32_t next;        /* follow that was matched */
    bool is_cut;          /* not all of them found room */
};

/* Matching a page just committed for all live follows. */
struct match {
    struct match_entry *entries;
    uint32_t count, room;
    struct match_follow *follows;
    uint32_t first, last; /* follows that were matched */
};

struct core {
    struct core_limits limits;
    struct policy *policy;
    struct peers *peers;
    struct ingest *ingest;
    struct routes *routes;
    struct pages *pages;
    struct cursors *cursors;
    struct follows *follows;
    struct gets *gets;
    struct blocks blocks; /* of terms and keys of cursors */
    struct seek *seeks;   /* one a follow */
    struct permit_memo *permits;
    struct match match;
    uint64_t log_first, head, incarnation;
    uint64_t steps;
    uint64_t now_ms;
    int64_t wall_ms;
    struct effects *fx;           /* of this step */
    const struct page *committed; /* in this step, not yet matched */
    uint64_t round_at_ms;         /* when those in LINE_ROUND are told */
    uint64_t round_head;    /* the head that everybody in LINE_COVERED was told of, or will be */
    uint64_t swept_version; /* of the policy that all follows were checked against */
    uint32_t sweep_at;
    uint32_t bye_at;          /* sessions in slots below it were told bye */
    bool is_started, is_open; /* IN_START was seen; FX_READY was asked for */
    bool is_drained;          /* IN_DRAINED was seen */
};

/* core.c */

/* An answer to fill in, or NULL: no room. */
struct answer *core_answer(struct core *core, enum answer_kind kind, uint64_t peer,
                           uint64_t request);

/* An error as the answer to a request; the list has room for it at the start of a step. */
void core_refuse(struct core *core, uint64_t peer, uint64_t request, const struct refusal *refusal);

/* core_session.c: sessions */
void core_hello(struct core *core, const struct request *request);
void core_publish(struct core *core, struct peer *peer, const struct request *request);

/* The open session of a request's peer, valid under the policy in force; or NULL after an error was
 * answered. It was heard, and what waited for it to speak goes on. */
struct peer *core_session_of(struct core *core, const struct request *request);

/* Whether the session is valid under the policy in force. */
bool core_session_is_valid(struct core *core, struct peer *peer);

/* The session of a follow. */
struct peer *core_session_at(const struct core *core, const struct follow *follow);

/* Ends a session and all that hangs on it. */
void core_session_close(struct core *core, struct peer *peer);

/* Closes sessions that are silent or not valid any more, and says bye when all is done. False: no
 * room for all of them now. */
bool core_sessions_continue(struct core *core);

/* core_permit.c: the policy, asked once a record */
void core_permit(struct core *core, uint32_t agency, const struct record *record,
                 struct permit *permit);

/* Whether `follow` gets `record`, under the policy in force; *permit is then filled in. */
bool core_follow_wants(struct core *core, const struct follow *follow, const struct record *record,
                       struct permit *permit);

/* Whether policy leaves anything of the filters of `terms` under `right`. */
bool core_terms_have(const struct core *core, uint32_t agency, enum right right,
                     const struct terms *terms);

/* core_ask.c: a request to follow */
extern const struct refusal core_log_changed, core_filter_room;
void core_follow(struct core *core, struct peer *peer, const struct request *request);

/* core_open.c: from a request to a follow that is fed */

/* Goes on with an opening as far as it can. */
void core_open_continue(struct core *core, uint32_t index);

/* core_tell.c: tells the outcome of an opening, or of a follow. False: no room now. */
bool core_follow_tell(struct core *core, uint32_t index);

/* core_follow.c: what happens to a follow */
void core_credit(struct core *core, struct peer *peer, const struct request *request);
void core_ack(struct core *core, struct peer *peer, const struct request *request);
void core_unfollow(struct core *core, struct peer *peer, const struct request *request);
void core_unsent(struct core *core, const struct input *input);
void core_cursor_loaded(struct core *core, const struct input *input);
void core_cursor_saved(struct core *core, const struct input *input);
void core_pages_woken(struct core *core);

/* It will be told `refusal` (static) and is then gone. */
void core_follow_end(struct core *core, uint32_t index, const struct refusal *refusal,
                     uint64_t fault_first, uint64_t fault_last);

/* It is gone, untold. */
void core_follow_free(struct core *core, uint32_t index);

/* A follow that was parked has its turn again. */
void core_follow_wake(struct core *core, uint32_t index);

/* It is live and will be told in a round how far it is covered. */
void core_follow_uncover(struct core *core, const struct follow *follow);

/* core_deliver.c: events to followers */

/* The refusal END: a follow whose end was reached is told so. */
const struct refusal *core_end(void);

/* Matches and delivers the page that this step committed. */
void core_match_committed(struct core *core);

/* Feeds a follow from the page that holds its position. False: no room in this step. */
bool core_feed(struct core *core, uint32_t index, uint32_t *records_left);

/* Tells a follow that it is covered up to `last` and nothing was there. False: no room, or it was
 * sent something in this step. */
bool core_bookmark(struct core *core, struct follow *follow, uint64_t last);

/* It is at the head: rests there, or is matched from now on. */
void core_follow_rest(struct core *core, uint32_t index);

/* core_get.c: lookups of one event */
void core_get(struct core *core, struct peer *peer, const struct request *request);
void core_get_woken(struct core *core, uint32_t index, enum status status);

/* Answers it, or waits for its page. False: no room now. */
bool core_get_continue(struct core *core, uint32_t index);

/* core_turns.c: whose turn it is */

/* Does the work that is owed, as far as there is room. */
void core_turns(struct core *core);

/* When core_turns() has something to do. */
uint64_t core_turns_deadline_ms(const struct core *core);

#endif
