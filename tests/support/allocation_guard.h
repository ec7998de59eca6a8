/* allocation_guard.h - aborts a test that allocates where all memory should already be taken.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Linking the target allocation_guard puts a guard before the heap functions that the program's
 * own objects and static libraries call. It does not see what shared libraries
 * allocate for themselves.
 */
#ifndef TESTS_SUPPORT_ALLOCATION_GUARD_H
#define TESTS_SUPPORT_ALLOCATION_GUARD_H

/* From here to allocation_guard_allow(), malloc, calloc, realloc, aligned_alloc, strdup, strndup
 * and free abort the process. Does not nest; one thread. */
void allocation_guard_forbid(void);

/* Ends what allocation_guard_forbid() began. */
void allocation_guard_allow(void);

#endif
