/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/allocation_guard.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The names are the linker's: --wrap=malloc makes them.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t bytes);
void __real_free(void *block);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t bytes);
void __wrap_free(void *block);

static bool is_forbidden;

static void check(const char *function)
{
    if (!is_forbidden)
        return;
    is_forbidden = false; /* what prints may allocate */
    fprintf(stderr, "%s was called where the heap is forbidden\n", function);
    abort();
}

void *__wrap_malloc(size_t bytes)
{
    check("malloc");
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    check("calloc");
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *block, size_t bytes)
{
    check("realloc");
    return __real_realloc(block, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    check("aligned_alloc");
    return __real_aligned_alloc(alignment, bytes);
}

char *__wrap_strdup(const char *text)
{
    check("strdup");
    return __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t bytes)
{
    check("strndup");
    return __real_strndup(text, bytes);
}

void __wrap_free(void *block)
{
    check("free");
    __real_free(block);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */

void allocation_guard_forbid(void)
{
    assert(!is_forbidden);
    is_forbidden = true;
}

void allocation_guard_allow(void)
{
    assert(is_forbidden);
    is_forbidden = false;
}
