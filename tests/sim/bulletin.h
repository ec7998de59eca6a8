/* bulletin.h - the events that publishers make: the bytes, and beside them what they mean.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_BULLETIN_H
#define TESTS_SIM_BULLETIN_H

#include "proto/c/facts.h"
#include "tests/sim/cast.h"
#include "tests/sim/prng.h"

/* Why a bulletin may never be stored; the broker must say so. */
enum bulletin_flaw {
    BULLETIN_FINE,
    BULLETIN_FOREIGN_SOURCE, /* names another agency as its source */
    BULLETIN_BAD_TOPIC       /* a wildcard where a topic must be */
};

struct bulletin {
    uint32_t index; /* its place in the pool: its name in the model */
    uint32_t agency;
    uint8_t id[ID_BYTES];
    const char *topic;    /* static */
    const char *incident; /* static; "" when none */
    uint16_t category;
    uint8_t mode, kind, priority;
    enum bulletin_flaw flaw;
    struct bytes event;               /* as encoded; the pool's */
    struct bytes digest, salt, block; /* of the personal block; all empty: none */
    uint8_t digest_room[DIGEST_BYTES], salt_room[SALT_BYTES];
};

/* All bulletins of a run; addresses are stable. */
struct bulletins {
    struct bulletin **list;
    uint32_t count, room;
};

void bulletins_deinit(struct bulletins *bulletins);

/* A new event of `agency`, on a topic that is mostly its own. */
struct bulletin *bulletin_make(struct bulletins *bulletins, struct prng *prng, uint32_t agency,
                               int64_t wall_ms);

/* Another event of the same agency under the id of `of`. */
struct bulletin *bulletin_forge(struct bulletins *bulletins, struct prng *prng,
                                const struct bulletin *of, int64_t wall_ms);

#endif
