/* wire_shapes.h - the shapes of the messages that stand around events, for prescan_message().
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written by proto/shapes.py from the schemas. Static and constant: any thread. The event inside a
 * `Sent` and the block inside a `Personal` are plain bytes here; their own shapes are in bodies.h.
 */
#ifndef PROTO_C_WIRE_SHAPES_H
#define PROTO_C_WIRE_SHAPES_H

#include "proto/c/bodies.h"

const struct kt_body_shape *wire_sent_shape(void);
const struct kt_body_shape *wire_personal_shape(void);
const struct kt_body_shape *wire_to_broker_shape(void);
const struct kt_body_shape *wire_from_broker_shape(void);

#endif
