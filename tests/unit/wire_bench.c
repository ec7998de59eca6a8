/* wire_bench.c - one wire at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/wire_bench.h"

#include "tests/unit/check.h"

const struct wire_options bench_site = {
    .site_name = {(const uint8_t *)"Kota", 4},
    .uuid = { 1,                      2, 3},
    .incarnation = 1,
    .secret = { 9,                      9, 9},
    .heartbeat_ms = 5000,
    .event_bytes = 60000,
    .batch_bytes = 1024 * 1024,
    .window_events = 512,
    .follows = 1000,
    .filters = 64,
};

struct wire *bench_wire;
struct request bench_request;
static struct net_message message;

int bench_setup(void **state)
{
    (void)state;
    bench_wire = wire_new(&bench_site);
    return bench_wire != NULL ? 0 : -1;
}

static void frames_drop(void)
{
    blob_drop(message.frames[0]);
    blob_drop(message.frames[1]);
    message = (struct net_message){.peer = BENCH_PEER};
}

int bench_teardown(void **state)
{
    (void)state;
    frames_drop();
    wire_free(bench_wire);
    bench_wire = NULL;
    return 0;
}

void bench_decode(struct bytes first, struct bytes second)
{
    frames_drop();
    message.agency = bytes_of_text("damkar");
    memset(message.key_id, 8, KEY_ID_BYTES);
    message.frames[0] = blob_new(first);
    message.frame_count = 1;
    if (second.data != NULL) {
        message.frames[1] = blob_new(second);
        message.frame_count = 2;
    }
    memset(&bench_request, 0xee, sizeof bench_request);
    wire_decode(bench_wire, &message, &bench_request);
    assert_true(bench_request.peer == BENCH_PEER);
}

void bench_assert_bad(const char *code, const char *field)
{
    assert_int_equal(bench_request.kind, REQUEST_BAD);
    assert_string_equal(bench_request.of.bad.code, code);
    assert_string_equal(bench_request.of.bad.field, field);
    assert_true(strlen(bench_request.of.bad.reason) > 0);
}
