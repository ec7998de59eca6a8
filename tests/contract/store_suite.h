/* store_suite.h - what every engine behind store.h must do, as one list of named checks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CONTRACT_STORE_SUITE_H
#define TESTS_CONTRACT_STORE_SUITE_H

#include "tests/contract/suite_world.h"

/* Runs every check; returns the number of failures. */
int store_suite_run(const struct suite_engine *engine);

#endif
