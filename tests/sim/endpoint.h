/* endpoint.h - one process with the real client machine and its codec, on the simulated net.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_ENDPOINT_H
#define TESTS_SIM_ENDPOINT_H

#include "clients/c/src/link.h"
#include "clients/c/src/link_wire.h"
#include "tests/sim/around.h"

struct endpoint;

/* What a publisher or follower makes of the machine's effects. None of these may step the link. */
struct endpoint_role {
    void (*on_effect)(struct endpoint *endpoint, const struct link_effect *effect);
    /* Does one thing that is due and may step the link; false: nothing is. */
    bool (*work)(struct endpoint *endpoint);
    /* When work() has something to do; UINT64_MAX: never. */
    uint64_t (*due_ms)(const struct endpoint *endpoint);
};

struct endpoint {
    const struct endpoint_role *role;
    struct around around;
    struct prng prng;
    const char *name;
    uint32_t agency;
    struct link *link; /* NULL: the process is not running */
    struct link_effects fx;
    struct link_wire *wire;
    uint64_t connection;
    uint64_t now_ms;
    uint64_t frozen_ms; /* until when the process stands still */
};

/* The process starts; options are completed. */
void endpoint_open(struct endpoint *endpoint, struct link_options *options);

/* It is killed. */
void endpoint_kill(struct endpoint *endpoint);

/* One input of the role's. */
void endpoint_step(struct endpoint *endpoint, struct link_input *input);

/* Does all that is due. */
void endpoint_turn(struct endpoint *endpoint, uint64_t now_ms);

uint64_t endpoint_due_ms(const struct endpoint *endpoint);

#endif
