/* test_store_lmdb.c - the embedded store keeps the contract.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/lmdb_place.h"

int main(void)
{
    return store_suite_run(&lmdb_engine);
}
