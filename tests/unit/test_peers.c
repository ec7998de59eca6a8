/* test_peers.c - sessions: limits, silence, fencing, and being checked against a new policy.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/peers.h"

#include "tests/unit/check.h"

enum { SESSIONS = 6, SESSIONS_AGENCY = 3, SILENCE_MS = 15000 };

static struct peers *open_house(void)
{
    struct core_limits limits;
    core_limits_default(&limits);
    limits.sessions = SESSIONS;
    limits.sessions_agency = SESSIONS_AGENCY;
    struct peers *peers = peers_new(&limits);
    assert_non_null(peers);
    return peers;
}

/* A hello of one producer; `producer` 0: of none. */
static const struct refusal *hello(struct peers *peers, uint64_t handle, const char *agency,
                                   uint8_t producer, uint64_t now_ms)
{
    uint8_t producers[1][PRODUCER_BYTES];
    struct peer *peer = NULL;
    memset(producers, producer, sizeof producers);
    struct request request = {.kind = REQUEST_HELLO, .peer = handle};
    request.of.hello.version_min = 1;
    request.of.hello.version_max = 3;
    request.of.hello.agency = bytes_of_text(agency);
    request.of.hello.producers = (const uint8_t(*)[PRODUCER_BYTES])producers;
    request.of.hello.producer_count = producer > 0;
    const struct refusal *refusal = peers_open(peers, &request, now_ms, &peer);
    if (refusal == NULL) {
        assert_int_equal(peer->handle, handle);
        assert_int_equal(peer->version, PROTOCOL_VERSION_MAX);
        assert_bytes_equal(peer_agency_name(peer), bytes_of_text(agency));
    }
    return refusal;
}

static bool may_publish(const struct peers *peers, uint64_t handle, uint8_t producer)
{
    uint8_t id[PRODUCER_BYTES];
    memset(id, producer, sizeof id);
    return peers_judge_producer(peers, peers_find(peers, handle), id) == NULL;
}

static void sessions_are_found_by_their_handle(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    assert_null(peers_find(peers, 7));
    assert_null(hello(peers, 7, "damkar", 0, 100));
    assert_int_equal(peers_find(peers, 7)->handle, 7);
    assert_int_equal(peers_count(peers), 1);
    assert_null(hello(peers, 7, "damkar", 1, 200));
    assert_int_equal(peers_count(peers), 1);
    uint32_t slot = peers_find(peers, 7)->slot;
    assert_ptr_equal(peers_at(peers, slot), peers_find(peers, 7));
    peers_close(peers, peers_find(peers, 7));
    assert_null(peers_find(peers, 7));
    assert_null(peers_at(peers, slot));
    assert_int_equal(peers_count(peers), 0);
    peers_free(peers);
}

static void limits_bind_an_agency_and_all(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    for (uint64_t handle = 1; handle <= SESSIONS_AGENCY; handle++) {
        assert_null(hello(peers, handle, "damkar", 0, 0));
    }
    assert_string_equal(hello(peers, 4, "damkar", 0, 0)->code, "SESSION_LIMIT");
    assert_null(hello(peers, 3, "damkar", 0, 0));
    for (uint64_t handle = 4; handle <= SESSIONS; handle++) {
        assert_null(hello(peers, handle, "polisi", 0, 0));
    }
    const struct refusal *refusal = hello(peers, 9, "bpbd", 0, 0);
    assert_string_equal(refusal->code, "SESSION_LIMIT");
    assert_true(refusal->is_retryable);
    peers_close(peers, peers_find(peers, 2));
    assert_null(hello(peers, 9, "damkar", 0, 0));
    peers_free(peers);
}

static void no_common_version_is_refused(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    struct peer *peer = NULL;
    struct request request = {.kind = REQUEST_HELLO, .peer = 1};
    request.of.hello.agency = bytes_of_text("damkar");
    request.of.hello.version_min = PROTOCOL_VERSION_MAX + 1;
    request.of.hello.version_max = PROTOCOL_VERSION_MAX + 4;
    assert_string_equal(peers_open(peers, &request, 0, &peer)->code, "VERSION");
    request.of.hello.version_min = 0;
    request.of.hello.version_max = 0;
    assert_string_equal(peers_open(peers, &request, 0, &peer)->code, "VERSION");
    request.of.hello.version_max = 9;
    request.of.hello.producer_count = HELLO_PRODUCERS_MAX + 1;
    assert_string_equal(peers_open(peers, &request, 0, &peer)->code, "BAD_FRAME");
    assert_int_equal(peers_count(peers), 0);
    peers_free(peers);
}

static void a_newer_session_fences_the_older(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    assert_null(hello(peers, 1, "damkar", 7, 0));
    assert_true(may_publish(peers, 1, 7));
    assert_false(may_publish(peers, 1, 8));
    assert_null(hello(peers, 2, "damkar", 7, 0));
    assert_false(may_publish(peers, 1, 7));
    assert_true(may_publish(peers, 2, 7));
    /* The same bytes of another agency are another producer. */
    assert_null(hello(peers, 3, "polisi", 7, 0));
    assert_true(may_publish(peers, 2, 7));
    assert_true(may_publish(peers, 3, 7));
    /* The fenced one leaves, the holder stays; the holder leaves, the fenced one does not inherit.
     * */
    peers_close(peers, peers_find(peers, 1));
    assert_true(may_publish(peers, 2, 7));
    assert_null(hello(peers, 4, "damkar", 7, 0));
    peers_close(peers, peers_find(peers, 4));
    assert_false(may_publish(peers, 2, 7));
    assert_null(hello(peers, 2, "damkar", 7, 0));
    assert_true(may_publish(peers, 2, 7));
    peers_free(peers);
}

static void fencing_keeps_the_events(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    static const uint8_t producer[PRODUCER_BYTES] = {1};
    assert_null(hello(peers, 1, "damkar", 0, 0));
    const struct refusal *refusal = peers_judge_producer(peers, peers_find(peers, 1), producer);
    assert_string_equal(refusal->code, "FENCED");
    assert_true(refusal->is_retryable);
    peers_free(peers);
}

static void silence_ends_the_oldest_first(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    assert_true(peers_deadline_ms(peers) == UINT64_MAX);
    assert_null(peers_first_silent(peers, UINT64_MAX - 1));
    assert_null(hello(peers, 1, "damkar", 0, 1000));
    assert_null(hello(peers, 2, "damkar", 0, 2000));
    peers_hear(peers, peers_find(peers, 1), 3000);
    assert_int_equal(peers_deadline_ms(peers), 2000 + SILENCE_MS);
    assert_null(peers_first_silent(peers, 2000 + SILENCE_MS - 1));
    assert_int_equal(peers_first_silent(peers, 2000 + SILENCE_MS)->handle, 2);
    peers_close(peers, peers_first_silent(peers, 2000 + SILENCE_MS));
    assert_null(peers_first_silent(peers, 2000 + SILENCE_MS));
    assert_int_equal(peers_deadline_ms(peers), 3000 + SILENCE_MS);
    peers_free(peers);
}

static void every_session_is_checked_in_steps(void **state)
{
    (void)state;
    struct peers *peers = open_house();
    for (uint64_t handle = 1; handle <= 3; handle++) {
        assert_null(hello(peers, handle, "damkar", 0, 0));
    }
    uint32_t found = 0, steps = 0;
    while (!peers_are_checked(peers, 5)) {
        uint32_t budget = 2;
        struct peer *peer = peers_next_unchecked(peers, 5, &budget);
        if (peer != NULL && peer->handle == 2) {
            peers_close(peers, peer);
            found++;
        } else if (peer != NULL) {
            peer->policy_version = 5;
            found++;
        }
        assert_true(++steps < 20);
    }
    assert_int_equal(found, 3);
    assert_false(peers_are_checked(peers, 6));
    peers_free(peers);
}

/* Sessions come and go by chance; counts and lists stay whole. */
static void chance_does_not_wear_it_out(void **state)
{
    (void)state;
    static const char *const agencies[] = {"a", "b", "c", "d"};
    struct peers *peers = open_house();
    uint64_t chance = 3, now_ms = 0;
    for (int step = 0; step < 50000; step++) {
        uint64_t handle = 1 + chance_below(&chance, 12);
        struct peer *peer = peers_find(peers, handle);
        now_ms += chance_below(&chance, 3000);
        if (peer != NULL && chance_below(&chance, 2) == 0) {
            peers_hear(peers, peer, now_ms);
        } else if (peer != NULL) {
            peers_close(peers, peer);
        } else {
            (void)hello(peers, handle, agencies[handle % 4], (uint8_t)chance_below(&chance, 5),
                        now_ms);
        }
        while ((peer = peers_first_silent(peers, now_ms)) != NULL) {
            assert_true(now_ms - peer->heard_ms >= SILENCE_MS);
            peers_close(peers, peer);
        }
        assert_true(peers_count(peers) <= SESSIONS);
    }
    for (uint32_t slot = 0; slot < SESSIONS; slot++) {
        if (peers_at(peers, slot) != NULL) {
            peers_close(peers, peers_at(peers, slot));
        }
    }
    assert_int_equal(peers_count(peers), 0);
    assert_true(peers_deadline_ms(peers) == UINT64_MAX);
    peers_free(peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_found_by_their_handle),
        cmocka_unit_test(limits_bind_an_agency_and_all),
        cmocka_unit_test(no_common_version_is_refused),
        cmocka_unit_test(a_newer_session_fences_the_older),
        cmocka_unit_test(fencing_keeps_the_events),
        cmocka_unit_test(silence_ends_the_oldest_first),
        cmocka_unit_test(every_session_is_checked_in_steps),
        cmocka_unit_test(chance_does_not_wear_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
