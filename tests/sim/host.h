/* host.h - a broker without a world of its own: the real engine with core, codec and chunks, on a
 * fake store and a fake net, turned by hand.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_HOST_H
#define TESTS_SIM_HOST_H

#include "broker/core/limits.h"
#include "tests/sim/plant.h"
#include "tests/sim/around.h"
#include "tests/sim/store_fake.h"

struct host_options {
    struct core_limits limits;
    uint32_t heartbeat_ms;
    uint64_t flush_ms_max, read_ms_max; /* how long the disk takes */
    uint32_t page_busy;                 /* reads answered BUSY, in a million */
    enum plant_kind plant;
};

struct host;

/* What is borrowed must outlive it. Never NULL; not running. */
struct host *host_new(const struct host_options *options, struct fake_disk *disk,
                      const struct around *around, struct prng *prng);
void host_free(struct host *host);

bool host_is_up(const struct host *host);

/* Another policy may be told: the broker is ready, or is not there at all. */
bool host_takes_policy(const struct host *host);

/* The limits that the next start will have. */
struct core_limits *host_limits(struct host *host);

/* Starts on what the disk has. */
void host_start(struct host *host, uint64_t now_ms, const struct cast_policy *policy);

/* Dies at once. What was being flushed is on the disk wholly or not at all. */
void host_crash(struct host *host);

/* Another policy is in force from now on. */
void host_policy(struct host *host, uint64_t now_ms, const struct cast_policy *policy);

/* Does what is due. */
void host_turn(struct host *host, uint64_t now_ms);

/* When host_turn() has something to do; UINT64_MAX: never. */
uint64_t host_due_ms(const struct host *host);

/* The next flush fails, on disk or not: nobody knows, and the engine stops. */
void host_fail_flush(struct host *host, bool is_kept);

/* The engine has stopped because a flush failed. */
bool host_has_stopped(const struct host *host);

/* While it is slow, the disk does nothing. */
void host_set_slow(struct host *host, bool is_slow);

/* From now on the disk is quick and always ready. */
void host_heal(struct host *host);

/* UTC at a moment of the run. */
int64_t host_wall_ms(uint64_t now_ms);

#endif
