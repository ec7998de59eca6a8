/* digest.c - BLAKE2b by libsodium where somebody might forge, XXH3 where only equality is asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/digest.h"

#include <assert.h>

#include <sodium.h>

#define XXH_STATIC_LINKING_ONLY /* for a state on the stack */
#include <xxhash.h>

enum { SECRET_BYTES = 32, PUBLIC_KEY_BYTES = 32 };

void digest_personal(struct bytes salt, struct bytes block, uint8_t out[DIGEST_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, DIGEST_BYTES);
    crypto_generichash_update(&hash, salt.data, salt.length);
    crypto_generichash_update(&hash, block.data, block.length);
    crypto_generichash_final(&hash, out, DIGEST_BYTES);
}

uint64_t digest_content(struct bytes event, struct bytes personal_digest)
{
    /* The length in front keeps the border between event and digest from moving. */
    uint8_t length[8];
    for (size_t index = 0; index < sizeof length; index++) {
        length[index] = (uint8_t)((uint64_t)event.length >> (56 - 8 * index));
    }
    XXH3_state_t hash;
    XXH3_64bits_reset(&hash);
    XXH3_64bits_update(&hash, length, sizeof length);
    XXH3_64bits_update(&hash, event.data, event.length);
    XXH3_64bits_update(&hash, personal_digest.data, personal_digest.length);
    return XXH3_64bits_digest(&hash);
}

void digest_salt(const uint8_t id[ID_BYTES], struct bytes secret, uint8_t out[SALT_BYTES])
{
    assert(secret.length == SECRET_BYTES);
    crypto_generichash(out, SALT_BYTES, id, ID_BYTES, secret.data, secret.length);
}

void digest_key_id(const uint8_t public_key[32], uint8_t out[KEY_ID_BYTES])
{
    uint8_t whole[DIGEST_BYTES];
    crypto_generichash(whole, sizeof whole, public_key, PUBLIC_KEY_BYTES, NULL, 0);
    memcpy(out, whole, KEY_ID_BYTES);
}
