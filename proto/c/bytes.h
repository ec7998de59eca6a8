/* bytes.h - a borrowed view of bytes, the one way both houses pass text and blobs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_C_BYTES_H
#define PROTO_C_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed: valid as long as its owner says; not NUL-terminated. Empty: length 0, data may be NULL.
 * Passed by value. */
struct bytes {
    const uint8_t *data;
    size_t length;
};

/* A view of `length` bytes at `data`. */
static inline struct bytes bytes_of(const void *data, size_t length)
{
    return (struct bytes){.data = data, .length = length};
}

/* A view of a NUL-terminated text, without its NUL. */
static inline struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .length = strlen(text)};
}

/* Same length and same bytes. */
static inline bool bytes_are_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#endif
