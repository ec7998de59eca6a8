/* test_blob.c - blobs are freed once, by the last of any number of holders, on any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/blob.h"

#include <pthread.h>

#include "tests/unit/check.h"

static void a_new_blob_is_a_copy(void **state)
{
    (void)state;
    char text[] = "kentongan";
    struct blob *blob = blob_new(bytes_of_text(text));
    assert_non_null(blob);
    text[0] = 'K';
    assert_bytes_equal(blob_bytes(blob), bytes_of_text("kentongan"));
    blob_drop(blob);
}

static void an_empty_blob_is_filled_through_its_room(void **state)
{
    (void)state;
    struct blob *blob = blob_new_empty(3);
    assert_non_null(blob);
    memcpy(blob_room(blob), "abc", 3);
    assert_bytes_equal(blob_bytes(blob), bytes_of_text("abc"));
    blob_drop(blob);
}

static void nothing_can_be_held_and_dropped(void **state)
{
    (void)state;
    struct blob *blob = blob_new(bytes_of(NULL, 0));
    assert_non_null(blob);
    assert_int_equal(blob_bytes(blob).length, 0);
    blob_drop(blob);
    blob_drop(NULL);
}

static void too_much_is_no_memory(void **state)
{
    (void)state;
    assert_null(blob_new_empty(SIZE_MAX));
    assert_null(blob_new_empty(SIZE_MAX - 8));
}

static void count_release(void *context)
{
    ++*(int *)context;
}

static void a_wrapped_blob_is_released_by_the_last_drop(void **state)
{
    (void)state;
    int releases = 0;
    struct blob *blob = blob_wrap(bytes_of_text("foreign"), count_release, &releases);
    assert_non_null(blob);
    assert_ptr_equal(blob_keep(blob), blob);
    blob_drop(blob);
    assert_int_equal(releases, 0);
    assert_bytes_equal(blob_bytes(blob), bytes_of_text("foreign"));
    blob_drop(blob);
    assert_int_equal(releases, 1);
}

enum { ROUNDS = 20000, THREADS = 4 };

static void *keep_and_drop(void *shared)
{
    struct blob *blob = shared;
    for (int round = 0; round < ROUNDS; round++) {
        blob_drop(blob_keep(blob));
    }
    blob_drop(blob);
    return NULL;
}

static void holders_on_many_threads_release_once(void **state)
{
    (void)state;
    int releases = 0;
    pthread_t threads[THREADS];
    struct blob *blob = blob_wrap(bytes_of_text("shared"), count_release, &releases);
    assert_non_null(blob);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, keep_and_drop, blob_keep(blob)), 0);
    }
    blob_drop(blob);
    for (int index = 0; index < THREADS; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
    }
    assert_int_equal(releases, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_blob_is_a_copy),
        cmocka_unit_test(an_empty_blob_is_filled_through_its_room),
        cmocka_unit_test(nothing_can_be_held_and_dropped),
        cmocka_unit_test(too_much_is_no_memory),
        cmocka_unit_test(a_wrapped_blob_is_released_by_the_last_drop),
        cmocka_unit_test(holders_on_many_threads_release_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
