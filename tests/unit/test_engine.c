/* test_engine.c - the engine tells nobody before the flush, loses nothing to a full peer, and
 * stops rather than lies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/engine.h"

#include "broker/log/chunk.h"
#include "tests/unit/check.h"
#include "tests/unit/engine_rig.h"

static int setup(void **state)
{
    struct engine_rig *rig = rig_new();
    *state = rig;
    return rig->is_ready ? 0 : -1;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void greet(struct engine_rig *rig, uint64_t peer)
{
    rig_hello(rig, peer);
    rig_run(rig);
    assert_int_equal(strncmp(rig_heard(rig, peer), "welcome ", 8), 0);
}

static void publish(struct engine_rig *rig, uint64_t peer, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++) {
        rig_publish(rig, peer, number, number - 1);
        rig_run(rig);
    }
}

static void stored_is_told_after_the_flush_and_to_followers_too(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    greet(rig, 2);
    rig_follow(rig, 2, 7, 1);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 2), "following 7 from 1 resumable\n");
    rig->is_store_held = true;
    rig_publish(rig, 1, 1, 0);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "");
    assert_string_equal(rig_heard(rig, 2), "");
    assert_true(engine_head(rig->engine) == 0);
    assert_false(engine_is_idle(rig->engine));
    rig->is_store_held = false;
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "receipt 1 stored 1\n");
    assert_string_equal(rig_heard(rig, 2), "deliver 7: 1-1 #1\n");
    assert_true(engine_head(rig->engine) == 1);
}

static void a_full_peer_gets_later_what_did_not_leave(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    greet(rig, 2);
    rig_follow(rig, 2, 7, 1);
    rig_run(rig);
    (void)rig_heard(rig, 2);
    rig->is_busy[2] = true;
    publish(rig, 1, 1, 3);
    assert_string_equal(rig_heard(rig, 2), "");
    assert_false(rig->is_gone[2]);
    rig->is_busy[2] = false;
    rig_ping(rig, 2);
    rig_run(rig);
    rig->now_ms += 2000;
    rig_run(rig);
    const char *heard = rig_heard(rig, 2);
    uint64_t next = 1;
    for (const char *line = strstr(heard, "deliver 7: "); line != NULL;
         line = strstr(line + 1, "deliver 7: ")) {
        char *rest;
        assert_true(strtoull(line + 11, &rest, 10) == next);
        next = strtoull(rest + 1, NULL, 10) + 1;
    }
    assert_true(next == 4);
}

static void a_slow_peer_is_answered_and_never_cut(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    greet(rig, 2);
    rig_follow(rig, 2, 7, 1);
    rig_run(rig);
    (void)rig_heard(rig, 2);
    rig->is_slow[2] = true;
    publish(rig, 1, 1, 3);
    for (int ping = 0; ping < 3; ping++) {
        rig_ping(rig, 2);
        rig_run(rig);
        assert_string_equal(rig_heard(rig, 2), "pong 3\n");
    }
    rig->is_slow[2] = false;
    rig_ping(rig, 2);
    rig_run(rig);
    const char *heard = rig_heard(rig, 2);
    assert_int_equal(strncmp(heard, "pong 3\n", 7), 0);
    assert_non_null(strstr(heard, "deliver 7: 1-1 #1\n"));
    assert_non_null(strstr(heard, "deliver 7: 3-3 #1\n"));
}

static void a_peer_that_takes_no_receipt_is_dropped(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    rig->is_busy[1] = true;
    rig_publish(rig, 1, 1, 0);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "dropped\n");
    assert_true(engine_head(rig->engine) == 1);
    greet(rig, 3);
    rig->is_gone[3] = true;
    publish(rig, 3, 1, 1);
    assert_null(engine_fault(rig->engine));
}

static void what_cannot_be_read_is_answered(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    rig_garbage(rig, 1);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "error BAD_FRAME\n");
    rig_ping(rig, 5);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 5), "error NO_SESSION\n");
    rig_garbage(rig, 7);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 7), "error BAD_FRAME\n");
}

static void a_revoked_key_hears_so_at_once(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 2);
    assert_int_equal(rig_policy(rig, false), STATUS_OK);
    assert_string_equal(rig_heard(rig, 2), "error REVOKED\ndropped\n");
    rig_hello(rig, 4);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 4), "error REVOKED\ndropped\n");
}

static void it_goes_on_where_it_was(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    publish(rig, 1, 1, 5);
    rig_restart(rig);
    assert_true(rig->is_ready);
    assert_true(engine_head(rig->engine) == 5);
    rig_hello(rig, 1);
    rig_publish(rig, 1, 5, 4);
    rig_publish(rig, 1, 6, 5);
    rig_follow(rig, 1, 3, 4);
    rig_run(rig);
    const char *heard = rig_heard(rig, 1);
    assert_non_null(strstr(heard, "welcome 5\nreceipt 5 stored 5\n"));
    assert_non_null(strstr(heard, "receipt 6 stored 6\n"));
    const char *fourth = strstr(heard, "following 3 from 4 resumable\ndeliver 3: 4-4 #1\n");
    const char *fifth = strstr(heard, "deliver 3: 5-5 #1\n");
    const char *sixth = strstr(heard, "deliver 3: 6-6 #1\n");
    assert_true(fourth != NULL && fifth > fourth && sixth > fifth);
}

static bool link_check(struct engine_rig *rig, uint64_t last)
{
    uint8_t previous[CHUNK_HASH_BYTES] = {0};
    uint64_t first = 1, end = 0;
    while (first <= last) {
        struct chunk_header header;
        struct blob *chunk = fake_disk_chunk(rig->disk, first, &first, &end);
        if (chunk == NULL || chunk_verify_link(blob_bytes(chunk), previous, &header) != STATUS_OK) {
            return false;
        }
        memcpy(previous, header.hash, sizeof previous);
        first = end + 1;
    }
    return true;
}

static void the_chain_holds_over_a_restart_and_a_full_disk(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    publish(rig, 1, 1, 3);
    fake_disk_set_room(rig->disk, FAKE_ROOM_RESERVE);
    rig_publish(rig, 1, 4, 3);
    rig_run(rig);
    assert_non_null(strstr(rig_heard(rig, 1), "receipt 4 STORE_FULL\n"));
    assert_true(engine_head(rig->engine) == 3);
    rig_publish(rig, 1, 4, 3);
    rig_run(rig);
    assert_non_null(strstr(rig_heard(rig, 1), "receipt 4 STORE_FULL\n"));
    fake_disk_set_room(rig->disk, FAKE_ROOM_ENOUGH);
    rig->now_ms += 2000;
    rig_run(rig);
    publish(rig, 1, 4, 5);
    assert_true(engine_head(rig->engine) == 5);
    assert_true(link_check(rig, 5));
    rig_restart(rig);
    greet(rig, 1);
    publish(rig, 1, 6, 7);
    assert_true(engine_head(rig->engine) == 7);
    assert_true(link_check(rig, 7));
}

static void a_commit_of_unknown_outcome_stops_it(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    rig->is_store_held = true;
    rig_publish(rig, 1, 1, 0);
    rig_run(rig);
    store_fake_fail_commit(rig->store, true);
    rig->is_store_held = false;
    rig_run(rig);
    assert_non_null(engine_fault(rig->engine));
    assert_string_equal(rig_heard(rig, 1), "");
    rig_ping(rig, 1);
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "");
}

static void behind_a_damaged_last_chunk_nothing_is_stored(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    publish(rig, 1, 1, 3);
    fake_disk_corrupt(rig->disk, 3, 150);
    rig_restart(rig);
    assert_true(rig->is_ready);
    assert_non_null(strstr(rig->traced, "STORE_CORRUPT: the last chunk is damaged"));
    greet(rig, 1);
    rig_follow(rig, 1, 3, 1);
    publish(rig, 1, 4, 4);
    const char *heard = rig_heard(rig, 1);
    assert_non_null(strstr(heard, "deliver 3: 2-2 #1\n"));
    assert_non_null(strstr(heard, "ended 3 STORE_CORRUPT\n"));
    assert_null(strstr(heard, "stored"));
    assert_true(fake_disk_tail(rig->disk)->last == 3);
    assert_null(engine_fault(rig->engine));
}

static void a_damaged_chunk_before_it_is_named_to_who_reads_it(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    publish(rig, 1, 1, 4);
    fake_disk_corrupt(rig->disk, 2, 150);
    rig_restart(rig);
    assert_true(rig->is_ready);
    greet(rig, 1);
    rig_follow(rig, 1, 3, 1);
    publish(rig, 1, 5, 5);
    const char *heard = rig_heard(rig, 1);
    assert_non_null(strstr(heard, "deliver 3: 1-1 #1\n"));
    assert_non_null(strstr(heard, "ended 3 STORE_CORRUPT\n"));
    assert_non_null(strstr(heard, "receipt 5 stored 5\n"));
}

static void a_chunk_that_the_disk_does_not_give_is_damage_like_any_other(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    publish(rig, 1, 1, 4);
    fake_disk_lose(rig->disk, 2);
    rig_restart(rig);
    assert_true(rig->is_ready);
    greet(rig, 1);
    rig_follow(rig, 1, 3, 1);
    publish(rig, 1, 5, 5);
    publish(rig, 1, 2, 2); /* a resend whose first number lies there */
    const char *heard = rig_heard(rig, 1);
    assert_non_null(strstr(heard, "deliver 3: 1-1 #1\n"));
    assert_non_null(strstr(heard, "ended 3 STORE_CORRUPT\n"));
    assert_non_null(strstr(heard, "receipt 5 stored 5\n"));
    assert_non_null(strstr(heard, "receipt 2 STORE_CORRUPT\n"));
    assert_null(engine_fault(rig->engine));
}

static void a_clock_that_is_far_off_is_refused_at_start(void **state)
{
    struct engine_rig *rig = *state;
    const int64_t minute_ms = 60000, day_ms = INT64_C(24) * 60 * minute_ms, stamp_ms = rig->wall_ms;
    greet(rig, 1);
    publish(rig, 1, 1, 1);
    rig->wall_ms = stamp_ms - 4 * minute_ms;
    rig_restart(rig);
    assert_true(rig->is_ready);
    rig->wall_ms = stamp_ms - 6 * minute_ms;
    rig_restart(rig);
    assert_false(rig->is_ready);
    assert_non_null(strstr(engine_fault(rig->engine), "behind the last record"));
    rig->wall_ms = stamp_ms + 31 * day_ms;
    rig_restart(rig);
    assert_false(rig->is_ready);
    rig->accept_clock = true;
    rig_restart(rig);
    assert_true(rig->is_ready);
}

static void a_store_without_room_for_requests_holds_peers_back(void **state)
{
    struct engine_rig *rig = *state;
    rig->queue_writes = 1;
    rig_restart(rig);
    greet(rig, 1);
    rig->is_store_held = true;
    for (uint64_t number = 1; number <= 40; number++) {
        rig_publish(rig, 1, number, number - 1);
    }
    rig_run(rig);
    assert_int_equal(store_fake_writes_waiting(rig->store), 1);
    rig->is_store_held = false;
    rig_run(rig);
    assert_true(engine_head(rig->engine) == 40);
    assert_true(link_check(rig, 40));
}

static void what_was_accepted_is_finished_when_it_drains(void **state)
{
    struct engine_rig *rig = *state;
    greet(rig, 1);
    rig->is_store_held = true;
    rig_publish(rig, 1, 1, 0);
    rig_run(rig);
    engine_drain(rig->engine);
    rig_publish(rig, 1, 2, 1);
    rig_run(rig);
    assert_false(engine_is_idle(rig->engine));
    assert_string_equal(rig_heard(rig, 1), "");
    rig->is_store_held = false;
    rig_run(rig);
    assert_string_equal(rig_heard(rig, 1), "receipt 1 stored 1\nbye\n");
    assert_true(engine_is_idle(rig->engine));
    assert_int_equal(rig->inbox_count, 1);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_RIG(stored_is_told_after_the_flush_and_to_followers_too),
        ON_RIG(a_full_peer_gets_later_what_did_not_leave),
        ON_RIG(a_slow_peer_is_answered_and_never_cut),
        ON_RIG(a_peer_that_takes_no_receipt_is_dropped),
        ON_RIG(what_cannot_be_read_is_answered),
        ON_RIG(a_revoked_key_hears_so_at_once),
        ON_RIG(it_goes_on_where_it_was),
        ON_RIG(the_chain_holds_over_a_restart_and_a_full_disk),
        ON_RIG(a_commit_of_unknown_outcome_stops_it),
        ON_RIG(behind_a_damaged_last_chunk_nothing_is_stored),
        ON_RIG(a_damaged_chunk_before_it_is_named_to_who_reads_it),
        ON_RIG(a_chunk_that_the_disk_does_not_give_is_damage_like_any_other),
        ON_RIG(a_clock_that_is_far_off_is_refused_at_start),
        ON_RIG(a_store_without_room_for_requests_holds_peers_back),
        ON_RIG(what_was_accepted_is_finished_when_it_drains),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
