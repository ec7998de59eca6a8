/* prng.c - SplitMix64.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/prng.h"

#include <assert.h>

struct prng prng_of(uint64_t seed)
{
    return (struct prng){.state = seed};
}

uint64_t prng_next(struct prng *prng)
{
    prng->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = prng->state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

struct prng prng_fork(struct prng *prng)
{
    return prng_of(prng_next(prng));
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    assert(bound > 0);
    return prng_next(prng) % bound;
}

uint64_t prng_between(struct prng *prng, uint64_t low, uint64_t high)
{
    assert(low <= high);
    return low + prng_below(prng, high - low + 1);
}

bool prng_chance(struct prng *prng, uint32_t per_million)
{
    return prng_below(prng, 1000000) < per_million;
}

void prng_fill(struct prng *prng, void *data, size_t length)
{
    uint8_t *bytes = data;
    for (size_t index = 0; index < length; index++)
        bytes[index] = (uint8_t)prng_next(prng);
}
