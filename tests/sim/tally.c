/* tally.c - counters and their words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/tally.h"

#include <inttypes.h>
#include <stddef.h>

static const char *const words[TALLY_KINDS] = {
    [TALLY_STORED] = "stored",
    [TALLY_DUPLICATE] = "answered as a duplicate",
    [TALLY_DUPLICATE_OTHER_PRODUCER] = "duplicate of another producer's",
    [TALLY_GAP] = "GAP",
    [TALLY_REUSED] = "NUMBER_REUSED",
    [TALLY_SKIPPED] = "NUMBER_SKIPPED",
    [TALLY_CONFLICT] = "CONFLICT",
    [TALLY_RIGHTS] = "refused for want of a right",
    [TALLY_INVALID] = "refused for its form",
    [TALLY_BUSY] = "BUSY",
    [TALLY_STORE_FULL] = "STORE_FULL",
    [TALLY_FENCED] = "FENCED",
    [TALLY_BROKER_CRASH] = "broker crashed",
    [TALLY_CRASH_KEPT_WRITES] = "crash that kept writes in flight",
    [TALLY_CRASH_LOST_WRITES] = "crash that lost writes in flight",
    [TALLY_RECONFIGURED] = "broker came back with other limits",
    [TALLY_BROKER_STOOD_STILL] = "broker stood still",
    [TALLY_FLUSH_FAILED] = "flush failed",
    [TALLY_PUBLISHER_CRASH] = "publisher crashed",
    [TALLY_OUTBOX_TAIL_LOST] = "outbox lost its tail",
    [TALLY_OUTBOX_OLD_COPY] = "outbox became an old copy",
    [TALLY_RENUMBERED] = "event given a new number",
    [TALLY_FOLLOWER_CRASH] = "follower crashed",
    [TALLY_CUT] = "connection cut",
    [TALLY_HALF_OPEN] = "connection left half open",
    [TALLY_STALL] = "one way stalled",
    [TALLY_REPEATED_MESSAGE] = "message repeated",
    [TALLY_LATE_MESSAGE] = "message of a connection already given up",
    [TALLY_NETWORK_BUSY] = "peer's queue full",
    [TALLY_UNSENT] = "delivery not sent",
    [TALLY_POLICY_CHANGE] = "policy changed",
    [TALLY_POLICY_CHANGE_STOPPED] = "policy changed while stopped",
    [TALLY_KEY_REVOKED] = "key revoked",
    [TALLY_DELIVERY] = "delivery",
    [TALLY_EMPTY_DELIVERY] = "bookmark",
    [TALLY_RECORD] = "record delivered",
    [TALLY_RECORD_REPEATED] = "record delivered again",
    [TALLY_WITHHELD_PERSONAL] = "personal block withheld",
    [TALLY_RESUMED] = "follow resumed with a token",
    [TALLY_CURSOR_TAKEN] = "CURSOR_TAKEN",
    [TALLY_FOLLOW_ENDED] = "follow ended by the broker",
    [TALLY_FOLLOW_REFUSED] = "follow refused",
    [TALLY_GET_FOUND] = "lookup found",
    [TALLY_GET_REFUSED] = "lookup refused",
    [TALLY_PAGE_READ] = "page read back",
    [TALLY_PAGE_BUSY] = "page read answered BUSY",
    [TALLY_CHECKPOINT] = "part of a checkpoint written",
    [TALLY_CHECKPOINT_READ] = "part of a checkpoint read back",
};

void tally_add(struct tally *tally, enum tally_kind kind)
{
    tally->counts[kind]++;
}

void tally_join(struct tally *tally, const struct tally *other)
{
    for (int kind = 0; kind < TALLY_KINDS; kind++)
        tally->counts[kind] += other->counts[kind];
}

void tally_print(const struct tally *tally, FILE *out)
{
    for (int kind = 0; kind < TALLY_KINDS; kind++)
        fprintf(out, "%10" PRIu64 "  %s\n", tally->counts[kind], words[kind]);
}

const char *tally_missing(const struct tally *tally)
{
    for (int kind = 0; kind < TALLY_KINDS; kind++)
        if (tally->counts[kind] == 0)
            return words[kind];
    return NULL;
}
