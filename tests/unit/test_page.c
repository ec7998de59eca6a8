/* test_page.c - a page is released once, by its last holder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/page.h"

#include "tests/unit/check.h"

static int releases;

static void count_release(struct page *page)
{
    assert_int_equal(page->holders, 0);
    releases++;
}

static void the_last_holder_releases(void **state)
{
    (void)state;
    struct page page = {.first = 5, .last = 9, .holders = 1, .release = count_release};
    releases = 0;
    assert_ptr_equal(page_keep(&page), &page);
    page_drop(&page);
    assert_int_equal(releases, 0);
    page_drop(&page);
    assert_int_equal(releases, 1);
    page_drop(NULL);
}

static void a_page_counts_its_range(void **state)
{
    (void)state;
    struct page page = {.first = 5, .last = 9};
    assert_int_equal(page_count(&page), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_holder_releases),
        cmocka_unit_test(a_page_counts_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
