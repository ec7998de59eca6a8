/* tally.h - how often each thing happened that a run is meant to meet.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A simulator is as good as what it meets: over many seeds, nothing here may stay at zero.
 */
#ifndef TESTS_SIM_TALLY_H
#define TESTS_SIM_TALLY_H

#include <stdint.h>
#include <stdio.h>

enum tally_kind {
    TALLY_STORED,
    TALLY_DUPLICATE,
    TALLY_DUPLICATE_OTHER_PRODUCER,
    TALLY_GAP,
    TALLY_REUSED,
    TALLY_SKIPPED,
    TALLY_CONFLICT,
    TALLY_RIGHTS,
    TALLY_INVALID,
    TALLY_BUSY,
    TALLY_STORE_FULL,
    TALLY_FENCED,
    TALLY_BROKER_CRASH,
    TALLY_CRASH_KEPT_WRITES,
    TALLY_CRASH_LOST_WRITES,
    TALLY_RECONFIGURED,
    TALLY_BROKER_STOOD_STILL,
    TALLY_FLUSH_FAILED,
    TALLY_PUBLISHER_CRASH,
    TALLY_OUTBOX_TAIL_LOST,
    TALLY_OUTBOX_OLD_COPY,
    TALLY_RENUMBERED,
    TALLY_FOLLOWER_CRASH,
    TALLY_CUT,
    TALLY_HALF_OPEN,
    TALLY_STALL,
    TALLY_REPEATED_MESSAGE,
    TALLY_LATE_MESSAGE,
    TALLY_NETWORK_BUSY,
    TALLY_UNSENT,
    TALLY_POLICY_CHANGE,
    TALLY_POLICY_CHANGE_STOPPED,
    TALLY_KEY_REVOKED,
    TALLY_DELIVERY,
    TALLY_EMPTY_DELIVERY,
    TALLY_RECORD,
    TALLY_RECORD_REPEATED,
    TALLY_WITHHELD_PERSONAL,
    TALLY_RESUMED,
    TALLY_CURSOR_TAKEN,
    TALLY_FOLLOW_ENDED,
    TALLY_FOLLOW_REFUSED,
    TALLY_GET_FOUND,
    TALLY_GET_REFUSED,
    TALLY_PAGE_READ,
    TALLY_PAGE_BUSY,
    TALLY_CHECKPOINT,
    TALLY_CHECKPOINT_READ,
    TALLY_KINDS
};

struct tally {
    uint64_t counts[TALLY_KINDS];
};

void tally_add(struct tally *tally, enum tally_kind kind);

/* Adds all of `other`. */
void tally_join(struct tally *tally, const struct tally *other);

void tally_print(const struct tally *tally, FILE *out);

/* The first kind that never happened, in words; NULL: all did. */
const char *tally_missing(const struct tally *tally);

#endif
