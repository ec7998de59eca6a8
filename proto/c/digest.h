/* digest.h - the hashes that the protocol names (docs/decisions/0002).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_C_DIGEST_H
#define PROTO_C_DIGEST_H

#include "proto/c/facts.h"

/* BLAKE2b-256 over salt and block: `Sent.personal_digest`. Thread-safe. */
void digest_personal(struct bytes salt, struct bytes block, uint8_t out[DIGEST_BYTES]);

/* The id window's digest: XXH3-64 over length(event), 8 bytes big-endian, event, digest. */
uint64_t digest_content(struct bytes event, struct bytes personal_digest);

/* BLAKE2b-128 of the event's id keyed with the profile's secret (32 bytes): the salt of its
 * Personal. */
void digest_salt(const uint8_t id[ID_BYTES], struct bytes secret, uint8_t out[SALT_BYTES]);

/* First 8 bytes of BLAKE2b-256 over a CURVE public key (32 bytes): `Stamp.key_id`. */
void digest_key_id(const uint8_t public_key[32], uint8_t out[KEY_ID_BYTES]);

#endif
