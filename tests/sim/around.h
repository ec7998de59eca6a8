/* around.h - what everybody in a run has in common: the net, and who watches.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_AROUND_H
#define TESTS_SIM_AROUND_H

#include "tests/sim/sim_net.h"

/* All of it is borrowed. */
struct around {
    struct sim_net *net;
    struct model *model;
    struct tally *tally;
    struct story *story;
};

#endif
