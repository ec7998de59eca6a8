/* text.h - what is a text: UTF-8 without NUL.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_C_TEXT_H
#define PROTO_C_TEXT_H

#include "proto/c/bytes.h"

/* True when `text` is valid UTF-8 without NUL, surrogates or overlong forms (RFC 3629). Pure. */
bool text_is_valid(struct bytes text);

#endif
