/* curve_pair.h - CURVE key pairs and the other secrets of a profile.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_CLI_CURVE_PAIR_H
#define CLIENTS_CLI_CURVE_PAIR_H

#include <stdbool.h>

enum { CURVE_TEXT_BYTES = 41, SECRET_TEXT_BYTES = 65 };

/* Both halves in Z85, 40 characters and a NUL. */
struct curve_pair {
    char public_key[CURVE_TEXT_BYTES];
    char secret_key[CURVE_TEXT_BYTES];
};

/* Makes a new pair. False: libzmq was built without CURVE. */
bool curve_pair_make(struct curve_pair *pair);

/* Whether `text` is a key of 40 characters of Z85. */
bool curve_pair_is_key(const char *text);

/* 32 bytes that nobody can guess, as 64 hexadecimal digits and a NUL. */
void curve_pair_make_secret(char text[SECRET_TEXT_BYTES]);

/* Overwrites what must not stay in memory. */
void curve_pair_forget(void *secret, unsigned long length);

#endif
