/* model_state.h - what the model keeps; for its own files only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_MODEL_STATE_H
#define TESTS_SIM_MODEL_STATE_H

#include "tests/sim/model.h"

enum {
    MODEL_LANES = CAST_PUBLISHERS * CAST_LANES,
    MODEL_PRODUCERS = 64,
    MODEL_FILTERS = 2 * CAST_FILTERS_MAX,
    MODEL_RESUME_BYTES = 512,
    MODEL_HASH_BYTES = 32
};

/* Something that is known to lie between two sequences: where the broker could not yet have told
 * anybody, a crash may have moved it. */
struct model_span {
    uint64_t low, high;
};

/* A bulletin's fate. */
struct model_fate {
    uint64_t seq;   /* in the log; 0: not there */
    uint64_t acked; /* as told to its publisher; 0: not told */
    uint64_t order; /* when it was put into an outbox, first and only if `spools` is 1 */
    uint64_t floor; /* the highest sequence acknowledged to anybody before it was first sent */
    uint32_t lane;
    uint32_t spools;
    uint32_t copies; /* in the log; more than one only where the id window had forgotten it */
    bool is_sent, is_promised, is_refused, is_repeated;
    bool was_granted, was_denied; /* its agency's right to publish it, when it reached the broker */
};

struct model_record {
    uint32_t bulletin;
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
};

struct model_rights {
    struct cast_policy policy;
    struct model_span since[CAST_LINES];
    uint64_t asked; /* the last append asked for when it came in force */
};

struct model_filter {
    const char *text;
    struct model_span since;
};

struct model_cursor {
    bool is_made;            /* the broker told so */
    bool is_asked;           /* a request for it reached the broker */
    struct model_span start; /* where it began */
    struct model_filter filters[MODEL_FILTERS];
    uint32_t filter_count;
    uint64_t acked_asked, acked_told, origin;
};

/* One follow of one session, or the request for it. */
struct model_follow {
    uint64_t peer, follow, request;
    uint32_t who;
    bool is_live, is_over, is_resumed, is_replay, has_cursor;
    bool from_start;
    uint64_t from_seq;
    const char *const *filters;
    struct model_filter own[CAST_FILTERS_MAX]; /* without a cursor */
    uint64_t head;                             /* when the request came */
    uint64_t next;                             /* the sequence that the next delivery starts at */
    uint64_t origin;
    uint64_t acked;  /* durable when the follow began */
    uint32_t rights; /* which were in force when it was last told of */
    int64_t credit_events, credit_bytes;
};

/* A publish that is not answered whole. */
struct model_publish {
    uint64_t peer, request;
    uint32_t items;
};

/* A lookup that is not answered. */
struct model_get {
    uint64_t peer, request, seq;
    uint64_t head;   /* when it was asked */
    uint32_t rights; /* which were in force then */
    uint32_t agency, modes;
};

/* What a token to go on with stands for. */
struct model_token {
    uint32_t who;
    uint32_t length;
    uint8_t bytes[MODEL_RESUME_BYTES];
    uint64_t origin;
    struct model_filter filters[CAST_FILTERS_MAX];
};

struct model_session {
    uint64_t peer;
    uint32_t agency;
};

/* What the application of a follower was told. */
struct model_application {
    bool has_begun;   /* in this process */
    bool was_begun;   /* in any */
    uint64_t covered; /* in this process */
    uint64_t processed;
    uint8_t *shown; /* by sequence: what the broker last decided */
    uint64_t shown_room;
};

enum model_decision { DECISION_NONE, DECISION_HIDDEN, DECISION_SHOWN };

#define MODEL_LIST(type)                                                                           \
    struct {                                                                                       \
        type *list;                                                                                \
        uint32_t count, room;                                                                      \
    }

struct model {
    const struct fake_disk *disk;
    const struct bulletins *bulletins;
    struct tally *tally;
    uint64_t id_window;
    uint8_t chain[MODEL_HASH_BYTES]; /* of the last chunk that was read */
    char fault[MODEL_FAULT_BYTES];
    bool has_fault, is_up;
    MODEL_LIST(struct model_fate) fates;     /* by index of the bulletin */
    MODEL_LIST(struct model_record) records; /* sequence 1 first */
    MODEL_LIST(struct model_session) sessions;
    MODEL_LIST(struct model_follow) follows;
    MODEL_LIST(struct model_publish) publishes;
    MODEL_LIST(struct model_get) gets;
    MODEL_LIST(struct model_token) tokens;
    MODEL_LIST(struct model_rights) rights; /* all that ever were; the last is in force */
    uint32_t rights_kept;                   /* from this one on, each may be the one on disk */
    struct model_cursor cursors[CAST_FOLLOWERS];
    struct model_application applications[CAST_FOLLOWERS];
    uint64_t head;  /* as the broker was told */
    uint64_t asked; /* the last append asked for */
    uint64_t acked; /* the highest that any publisher was told */
    uint64_t orders;
    uint64_t lane_orders[MODEL_LANES];
    struct {
        uint8_t producer[PRODUCER_BYTES];
        uint64_t number;
    } producers[MODEL_PRODUCERS];
    uint32_t producer_count;
    struct model_span line_since, filter_since; /* of the last event that was judged */
    char missing[MODEL_FAULT_BYTES];
};

/* One more element at the end of a list, zeroed. */
void *model_grow(void *list, uint32_t *count, uint32_t *room, size_t size);

#define MODEL_ADD(of)                                                                              \
    ((of).list = model_grow((of).list, &(of).count, &(of).room, sizeof *(of).list),                \
     (of).list + (of).count - 1)

/* Takes the element at `index` out by putting the last in its place. */
#define MODEL_REMOVE(of, index) ((of).list[index] = (of).list[--(of).count])

/* The fate of a bulletin. */
struct model_fate *model_fate_of(struct model *model, uint32_t bulletin);

/* The bulletin of exactly these bytes, or NULL. */
const struct bulletin *model_find_bulletin(const struct model *model, uint32_t agency,
                                           struct bytes event);

/* Reads what was flushed since it last looked. */
void model_read_log(struct model *model);

/* Whether the policy in force grants a right on a topic. */
bool model_grants(const struct model *model, uint32_t agency, enum right right, const char *topic);

/* Whether those of a certain time did. */
bool model_granted(const struct model_rights *rights, uint32_t agency, enum right right,
                   const char *topic);

/* What a follower must, may or must not be shown of a stored event. */
enum model_verdict { VERDICT_MUST, VERDICT_MAY, VERDICT_NEVER, VERDICT_DRILL };

enum model_verdict model_judge(struct model *model, struct model_follow *follow, uint64_t seq);

/* Of the last event that was judged, for people: the sequences after which line and filter hold. */
void model_tell_since(const struct model *model, char *room, size_t room_bytes);

bool model_matches(const char *filter, const char *topic);

/* The filter of a follow at `index`, with its since. */
struct model_filter *model_filter_of(struct model *model, struct model_follow *follow,
                                     uint32_t index);

/* The follow of that id in a session, or NULL. */
struct model_follow *model_find_follow(struct model *model, uint64_t peer, uint64_t follow);

#endif
