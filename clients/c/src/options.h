/* options.h - options as texts: the list of them, their values, and how values are read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_OPTIONS_H
#define CLIENTS_C_SRC_OPTIONS_H

#include "proto/c/bytes.h"

enum { OPTIONS_MAX = 256, OPTION_VALUE_BYTES_MAX = 4096 };

struct kt_options;

/* Value number `nth` (from 0) of an option, else its standard value for the first; NULL: none. */
const char *options_get(const struct kt_options *options, const char *name, unsigned nth);

/* "250ms", "10s", "15m", "24h", "7d" to milliseconds. */
bool options_read_duration(const char *text, uint64_t *duration_ms);

/* "4096", "64K", "256M", "1G" to bytes. */
bool options_read_size(const char *text, uint64_t *size_bytes);

/* A whole number of digits alone. */
bool options_read_number(const char *text, uint64_t *number);

/* "yes" or "no". */
bool options_read_bool(const char *text, bool *value);

#endif
