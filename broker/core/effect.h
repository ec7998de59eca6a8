/* effect.h - everything that the core can ask for, in a list of fixed room.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Performed by the engine in order, before the next step. What an effect points to belongs to the
 * core and lives until the next core_step().
 */
#ifndef BROKER_CORE_EFFECT_H
#define BROKER_CORE_EFFECT_H

#include "broker/core/input.h"

enum effect_kind {
    FX_SEND,       /* answer a peer */
    FX_APPEND,     /* store these records as one chunk; answered by IN_APPENDED, in order */
    FX_READ,       /* read the page that holds `seq`; answered by IN_PAGE */
    FX_SAVE,       /* keep a small value for ever; answered by IN_SAVED when durable */
    FX_LOAD,       /* read one back; answered by IN_LOADED */
    FX_CHECKPOINT, /* keep (or, with an empty value, forget) a disposable part; no answer, kept in
                      order */
    FX_DROP,       /* cut a peer's connection; it needs no IN_CLOSED */
    FX_READY,      /* recovered: open the doors */
    FX_TRACE       /* something an operator may want to know */
};

enum answer_kind {
    ANSWER_WELCOME,
    ANSWER_RECEIPTS,
    ANSWER_FOLLOWING,
    ANSWER_DELIVER,
    ANSWER_ACKED,
    ANSWER_ENDED,
    ANSWER_EVENT, /* to a get */
    ANSWER_PONG,
    ANSWER_BYE,
    ANSWER_ERROR
};

struct refusal {
    const char *code;   /* codes.h, static */
    const char *field;  /* static, or "" */
    const char *reason; /* static, one sentence */
    uint32_t retry_after_ms;
    bool is_retryable;
};

enum receipt_kind { RECEIPT_STORED, RECEIPT_REFUSED, RECEIPT_GAP, RECEIPT_REUSED, RECEIPT_SKIPPED };

struct receipt {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
    enum receipt_kind kind;
    uint64_t seq;  /* STORED */
    uint64_t mark; /* GAP, REUSED, SKIPPED */
    bool is_duplicate;
    struct refusal refusal; /* REFUSED */
};

struct mark {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number;
};

/* Records of one page for one follow. */
struct deliver_answer {
    uint64_t follow;
    uint64_t first, last; /* the range covered */
    uint64_t replay_through;
    const struct page *page; /* NULL: an empty range */
    const uint32_t *indexes; /* of the page's records, rising */
    const uint8_t *personal; /* one an index: 1 = its Personal goes along */
    uint32_t count;
    bool is_whole; /* all records and all Personals of the page: the batch as it is */
};

struct following_answer {
    uint64_t follow, first, head, origin, through;
    const struct bytes *filters; /* as narrowed */
    uint32_t filter_count;
    bool is_narrowed, is_created, is_resumable;
    uint64_t since;                     /* for the resume token */
    uint8_t selection[SELECTION_BYTES]; /* as in the request */
};

struct answer {
    enum answer_kind kind;
    uint64_t peer;
    uint64_t number; /* of the request; 0: nobody asked */
    union {
        struct {
            uint32_t version;
            struct bytes agency;
            uint64_t head;
            const struct mark *marks;
            uint32_t mark_count;
        } welcome;
        struct {
            const struct receipt *receipts;
            uint32_t count;
        } receipts;
        struct following_answer following;
        struct deliver_answer deliver;
        struct {
            uint64_t follow, through;
        } acked;
        struct {
            uint64_t follow;
            struct refusal refusal; /* code END: reached its end */
            uint64_t first, last;
        } ended;
        struct {
            uint64_t seq;
            const struct page *page;
            uint32_t index;
            bool with_personal;
        } event;
        struct {
            uint64_t head;
        } pong;
        struct {
            struct refusal refusal;
            uint64_t theirs, ours;
        } error;
    } of;
};

/* One event to store: the bytes as received, and the stamp. */
struct append_item {
    struct bytes sent;
    struct bytes personal; /* as received, without seq; empty: none */
    struct bytes agency;
    uint8_t key_id[KEY_ID_BYTES];
    uint64_t seq;
    int64_t recorded_at_ms;
    bool sender_skewed;
    bool clock_jumped;
};

enum trace_level { TRACE_DEBUG, TRACE_INFO, TRACE_WARNING, TRACE_ALARM };

struct effect {
    enum effect_kind kind;
    union {
        struct answer send;
        struct {
            uint64_t first;
            const struct append_item *items;
            uint32_t count;
        } append;
        struct {
            uint64_t token, seq;
        } read;
        struct {
            uint64_t token;
            struct bytes key, value; /* empty value: remove */
        } save;
        struct {
            uint64_t token;
            struct bytes key;
        } load;
        struct {
            struct bytes name, value;
        } checkpoint;
        struct {
            uint64_t peer;
            const char *reason;
        } drop;
        struct {
            enum trace_level level;
            const char *text; /* static */
            struct bytes subject;
            uint64_t value;
        } trace;
    } of;
};

/* Who asked for a read, load or save: the top byte of its token. The rest is that organ's. */
enum token_owner { TOKEN_POLICY = 1, TOKEN_INGEST, TOKEN_CURSORS, TOKEN_PAGES };

static inline uint64_t token_of(enum token_owner owner, uint64_t value)
{
    return (uint64_t)owner << 56 | (value & UINT64_MAX >> 8);
}

static inline enum token_owner token_owner_of(uint64_t token)
{
    return (enum token_owner)(token >> 56);
}

/* Room taken once by effects_init; filled by one step, emptied by the next. */
struct effects {
    struct effect *list;
    uint32_t count, room;
    uint8_t *scratch; /* what answers point to: receipts, indexes, filters, values */
    size_t scratch_used, scratch_room;
};

/* Takes the memory; STATUS_MEMORY when there is none. */
enum status effects_init(struct effects *fx, uint32_t room, size_t scratch_bytes) STATUS_MUST_CHECK;
void effects_deinit(struct effects *fx);

/* Forgets everything asked for; the core does so at the start of a step. */
void effects_clear(struct effects *fx);

/* The next free effect, zeroed, or NULL when the list is full. */
struct effect *effects_add(struct effects *fx, enum effect_kind kind);

/* Aligned scratch that lives as long as the effects, or NULL when there is no room. */
void *effects_scratch(struct effects *fx, size_t bytes);

#endif
