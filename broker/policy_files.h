/* policy_files.h - the agencies' policy files, read as one set: all of them or none.
 * SPDX-License-Identifier: Apache-2.0
 *
 * DIR/agencies/NAME.yaml, one an agency (docs/configuration.md). A fault in one file refuses the
 * whole set, so that a half-read policy can never open or close a door.
 */
#ifndef BROKER_POLICY_FILES_H
#define BROKER_POLICY_FILES_H

#include "broker/config.h"
#include "broker/keys.h"

enum {
    AGENCY_KEYS_MAX = 256,
    AGENCY_ACTIVE_KEYS_MAX = 15, /* one less than the core holds: a plain endpoint counts as one */
    AGENCY_LINES_MAX = 1024
};

/* One key of one agency, active or revoked. */
struct policy_key {
    struct bytes agency; /* borrowed from the set */
    uint8_t public_key[CURVE_KEY_BYTES];
    uint8_t key_id[KEY_ID_BYTES];
    bool is_revoked;
};

struct policy_set;

/* Reads every *.yaml of DIR/agencies, in order of name. An agency that a plain endpoint of
 * `config` is bound to must exist, and gets the key id of zeros beside those of its active keys.
 * NOT_FOUND, IO, MEMORY, INVALID: `*set` is untouched and the fault says where. The caller
 * frees. */
enum status policy_set_load(const char *directory, const struct config *config,
                            struct policy_set **set, struct yaml_fault *fault) STATUS_MUST_CHECK;

/* NULL is let pass. Ends the life of all that the set gave out. */
void policy_set_free(struct policy_set *set);

/* What the core's IN_POLICY takes. */
const struct policy_agency *policy_set_agencies(const struct policy_set *set, uint32_t *count);

/* All keys of all agencies. */
const struct policy_key *policy_set_keys(const struct policy_set *set, uint32_t *count);

#endif
