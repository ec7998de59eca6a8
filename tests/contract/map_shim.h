/* map_shim.h - counts which pages of a mapped file a test program touches, exactly.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel reads ahead on its own account is not counted.
 */
#ifndef TESTS_CONTRACT_MAP_SHIM_H
#define TESTS_CONTRACT_MAP_SHIM_H

#include <stdbool.h>
#include <stddef.h>

/* False under the thread sanitizer, which must see every map itself. */
bool map_shim_works(void);

/* Watches every file that is mapped from now on with this length, and counts from 0. 0: none. */
void map_shim_watch(size_t length);

/* Pages touched since, each counted once a mapping. */
size_t map_shim_touched(void);

#endif
