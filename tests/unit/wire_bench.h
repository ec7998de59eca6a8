/* wire_bench.h - a wire of a site, and one message put through it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_WIRE_BENCH_H
#define TESTS_UNIT_WIRE_BENCH_H

#include "broker/net/wire.h"

enum { BENCH_PEER = 77, BENCH_NUMBER = 5 };

/* The site that the wire speaks for. */
extern const struct wire_options bench_site;

/* The wire, and what it read last. */
extern struct wire *bench_wire;
extern struct request bench_request;

/* cmocka's setup and teardown: makes and frees the wire. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Reads one message of the agency `damkar`; `second` without data: one frame. Frames live until
 * the next one. */
void bench_decode(struct bytes first, struct bytes second);

/* The last message was refused so. */
void bench_assert_bad(const char *code, const char *field);

#endif
