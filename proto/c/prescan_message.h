/* prescan_message.h - walks the wire form of any message by the table of its shape.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The one walker behind prescan.h; control frames are walked by it too. Iterative, with a stack of
 * PRESCAN_DEPTH_MAX. Every known field must have its wire type, every text be UTF-8 without NUL.
 */
#ifndef PROTO_C_PRESCAN_MESSAGE_H
#define PROTO_C_PRESCAN_MESSAGE_H

#include "proto/c/bodies.h"
#include "proto/c/facts.h"

enum { PRESCAN_DEPTH_MAX = 8 };

struct prescan_bounds {
    uint32_t fields; /* at every depth, elements of packed lists included */
    uint32_t depth;  /* 1 to PRESCAN_DEPTH_MAX; the outermost message is 1 */
    bool
        is_strict; /* refuse fields that the shape does not know, and singular fields given twice */
    uint32_t open_from; /* messages in fields of this number and above of the outermost message, and
                           all below them, are not held to is_strict; 0: none */
};

/* False: `fault` says why, with the JSON name of the field at fault. Codes: MALFORMED, TOO_DEEP,
 * TOO_MANY, UTF8_INVALID, NUL_IN_TEXT, DUPLICATE_FIELD, VERSION (unknown field). Values are not
 * judged, nor enums, nor how many members of a oneof there are. */
bool prescan_message(struct bytes wire_form, const struct kt_body_shape *shape,
                     const struct prescan_bounds *bounds, struct scan_fault *fault);

#endif
