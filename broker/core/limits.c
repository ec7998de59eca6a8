/* limits.c - the defaults of what bounds the core.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/limits.h"

void core_limits_default(struct core_limits *limits)
{
    *limits = (struct core_limits){
        .sessions = 10000,
        .sessions_agency = 256,
        .agencies = 1024,
        .policy_lines = 16384,
        .follows = 100000,
        .follows_session = 1000,
        .filter_bytes = (size_t)16 << 20,
        .cursors_agency = 1000,
        .producers = 65536,
        .producers_agency = 1024,
        .rings = 1024,
        .window_events = 512,
        .id_window_events = 1000000,
        .id_window_ms = UINT64_C(7) * 24 * 3600 * 1000,
        .pending_events = 65536,
        .pending_bytes = (size_t)32 << 20,
        .page_bytes = (size_t)64 << 20,
        .pages = 1024,
        .reads = 64,
        .match_entries = 65536,
        .chunk_bytes = 512 * 1024,
        .checkpoint_events = 65536,
        .checkpoint_ms = 30000,
        .silence_ms = 15000,
        .bookmark_ms = 1000,
        .skew_ms = 300000,
        .event_bytes = 64 * 1024,
        .batch_bytes = 1024 * 1024,
    };
}
