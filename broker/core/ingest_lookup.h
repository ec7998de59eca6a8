/* ingest_lookup.h - numbers that no ring remembers are looked up in the log, backwards.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of the organ ingest. One scan serves all that wait: the page that holds the highest place to
 * look at is read next, and everybody who stands in it moves on below it. A producer's numbers
 * rise with the sequence, so its record with a lower number ends a look-up: never stored.
 */
#ifndef BROKER_CORE_INGEST_LOOKUP_H
#define BROKER_CORE_INGEST_LOOKUP_H

#include "broker/core/effect.h"
#include "broker/core/ingest_producers.h"

struct lookup {
    uint64_t number, digest;
    uint64_t seq;      /* the next place to look at: nothing above it holds the number */
    uint32_t producer; /* its slot; PRODUCER_NONE: free */
    uint32_t receipt;
    uint32_t next; /* of the same producer, or the next free one */
    uint8_t key[ID_BYTES];
};

enum lookup_result {
    LOOKUP_SAME,    /* stored under `seq`, with this digest */
    LOOKUP_OTHER,   /* the number holds another event */
    LOOKUP_NEVER,   /* never stored */
    LOOKUP_TRIMMED, /* not in what the log still keeps */
    LOOKUP_DAMAGED  /* may be in a damaged range */
};

/* A look-up that ended. */
struct lookup_end {
    struct lookup lookup;
    enum lookup_result result;
    uint64_t seq;
};

struct lookups {
    struct lookup *list;
    struct lookup_end *ended; /* a stack, filled by a page, emptied by its caller */
    uint32_t room, count, touched, free;
    uint32_t ended_count;
    uint64_t token; /* of the read in flight; rises with each */
    uint64_t asked; /* the sequence that it reads */
    bool is_reading;
};

/* Takes the memory for `room` look-ups at a time. MEMORY. */
enum status lookups_init(struct lookups *lookups, uint32_t room) STATUS_MUST_CHECK;
void lookups_deinit(struct lookups *lookups);

/* Adds one for producers' slot `producer`; `seq` is where to begin, below the head. False: no room.
 * */
bool lookups_add(struct lookups *lookups, struct producers *producers, const struct lookup *lookup);

/* Whether a read is to be emitted. */
bool lookups_owe_read(const struct lookups *lookups);

/* Emits the read of the highest place to look at, if none is in flight. */
void lookups_read(struct lookups *lookups, struct effects *fx);

/* The read ended. `log_first` is the first sequence that the log keeps. What ended is to be taken
 * with lookups_take_ended(). False: the store was busy, read again after a while. */
bool lookups_page(struct lookups *lookups, struct producers *producers, const struct input *page,
                  uint64_t log_first);

/* Takes one that ended. False: none is left. */
bool lookups_take_ended(struct lookups *lookups, struct lookup_end *end);

#endif
