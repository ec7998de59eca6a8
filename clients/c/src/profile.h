/* profile.h - the one file that an agency's client needs (proto/README.md, "The connection").
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_PROFILE_H
#define CLIENTS_C_SRC_PROFILE_H

#include "clients/c/src/json_read.h"
#include "clients/c/src/link_zmq.h"
#include "proto/c/facts.h"

struct profile {
    char agency[65];
    char site[128];
    struct link_zmq_options net;
    uint8_t secret[32];
    uint8_t key_id[KEY_ID_BYTES]; /* of the public key; zero on a plain connection */
};

/* Reads and checks a profile. False: fault (code PROFILE_INVALID) names the field. */
bool profile_read(const char *path, struct profile *profile, struct json_fault *fault);

#endif
