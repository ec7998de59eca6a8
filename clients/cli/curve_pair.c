/* curve_pair.c - the only place of the command line that asks libzmq for anything.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/curve_pair.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <zmq.h>

bool curve_pair_make(struct curve_pair *pair)
{
    return zmq_curve_keypair(pair->public_key, pair->secret_key) == 0;
}

bool curve_pair_is_key(const char *text)
{
    uint8_t key[32];
    return strlen(text) == CURVE_TEXT_BYTES - 1 && zmq_z85_decode(key, text) != NULL;
}

void curve_pair_make_secret(char text[SECRET_TEXT_BYTES])
{
    uint8_t secret[32];
    int status = sodium_init();
    assert(status >= 0);
    (void)status;
    randombytes_buf(secret, sizeof secret);
    (void)sodium_bin2hex(text, SECRET_TEXT_BYTES, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
}

void curve_pair_forget(void *secret, unsigned long length)
{
    sodium_memzero(secret, length);
}
