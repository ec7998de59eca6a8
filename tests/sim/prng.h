/* prng.h - chance that can be had again: the same seed gives the same numbers for ever.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_PRNG_H
#define TESTS_SIM_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood, 2014): 64 bits of state, every seed as good as another. */
struct prng {
    uint64_t state;
};

struct prng prng_of(uint64_t seed);

/* Another stream, which does not follow this one. */
struct prng prng_fork(struct prng *prng);

uint64_t prng_next(struct prng *prng);

/* 0 to `bound` - 1; `bound` is not 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

/* `low` to `high`, both included. */
uint64_t prng_between(struct prng *prng, uint64_t low, uint64_t high);

/* True so many times in a million. */
bool prng_chance(struct prng *prng, uint32_t per_million);

void prng_fill(struct prng *prng, void *data, size_t length);

#endif
