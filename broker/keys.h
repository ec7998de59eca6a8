/* keys.h - the broker's own CURVE pair, and keys as people write them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_KEYS_H
#define BROKER_KEYS_H

#include "broker/base/status.h"
#include "proto/c/bytes.h"

enum { CURVE_KEY_BYTES = 32, CURVE_KEY_TEXT_BYTES = 40 };

struct key_pair {
    uint8_t public_key[CURVE_KEY_BYTES];
    uint8_t secret_key[CURVE_KEY_BYTES];
};

/* Reads a key of 40 characters of Z85. INVALID: it is none. */
enum status keys_read_text(struct bytes text, uint8_t key[CURVE_KEY_BYTES]) STATUS_MUST_CHECK;

/* Reads the secret key from `path` (one line of Z85, mode 0600 or less) and works out its public
 * half. The pair is locked in memory until keys_forget(). NOT_FOUND, DENIED (others may read it),
 * INVALID, IO. */
enum status keys_load(const char *path, struct key_pair *pair) STATUS_MUST_CHECK;

/* Zeroes and unlocks the pair. */
void keys_forget(struct key_pair *pair);

#endif
