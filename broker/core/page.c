/* page.c - the count of a page's holders.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/page.h"

#include <assert.h>
#include <stdatomic.h>

struct page *page_keep(struct page *page)
{
    /* Whoever keeps already holds one, so nothing needs to be ordered by this. */
    uint32_t before = atomic_fetch_add_explicit(&page->holders, 1, memory_order_relaxed);
    assert(before > 0 && before < UINT32_MAX);
    return page;
}

void page_drop(struct page *page)
{
    if (page == NULL) {
        return;
    }
    /* Every other holder's reads must be over before the last one releases. */
    uint32_t before = atomic_fetch_sub_explicit(&page->holders, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1) {
        assert(page->release != NULL);
        page->release(page);
    }
}
