/* limits.h - everything that bounds the core; an operator can read and set each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Listed for people in docs/configuration.md.
 */
#ifndef BROKER_CORE_LIMITS_H
#define BROKER_CORE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct core_limits {
    uint32_t sessions;          /* 10,000 */
    uint32_t sessions_agency;   /* 256 */
    uint32_t agencies;          /* 1,024 */
    uint32_t policy_lines;      /* 16,384 */
    uint32_t follows;           /* 100,000 */
    uint32_t follows_session;   /* 1,000 */
    size_t filter_bytes;        /* 16 MiB */
    uint32_t cursors_agency;    /* 1,000 */
    uint32_t producers;         /* 65,536 */
    uint32_t producers_agency;  /* 1,024 */
    uint32_t rings;             /* producers with a ring at a time: 1,024 */
    uint32_t window_events;     /* events of a producer in flight, and length of a ring: 512 */
    uint32_t id_window_events;  /* 1,000,000 */
    uint64_t id_window_ms;      /* 7 days */
    uint32_t pending_events;    /* accepted, not yet durable: 65,536 */
    size_t pending_bytes;       /* 32 MiB; a tenth is kept for priority >= 8 */
    size_t page_bytes;          /* 64 MiB of pages in memory */
    uint32_t pages;             /* 1,024 */
    uint32_t reads;             /* reads in flight: 64 */
    uint32_t match_entries;     /* room to sort one page's matches: 65,536 */
    uint32_t chunk_bytes;       /* 512 KiB at most a chunk */
    uint32_t checkpoint_events; /* 65,536 */
    uint64_t checkpoint_ms;     /* 30,000 */
    uint64_t silence_ms;        /* 15,000 */
    uint64_t bookmark_ms;       /* 1,000: an idle follow hears how far it is covered */
    uint64_t skew_ms;           /* 300,000 */
    uint32_t event_bytes;       /* 64 KiB */
    uint32_t batch_bytes;       /* 1 MiB */
};

/* Fills in the defaults named above. */
void core_limits_default(struct core_limits *limits);

#endif
