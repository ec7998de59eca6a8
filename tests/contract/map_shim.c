/* map_shim.c - maps without rights, and grants them page by page as they are missed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/map_shim.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#define IS_CLANG_TSAN __has_feature(thread_sanitizer)
#else
#define IS_CLANG_TSAN 0
#endif
#if defined(__SANITIZE_THREAD__) || IS_CLANG_TSAN
#define SEES_MAPS 0
#else
#define SEES_MAPS 1
#endif

enum { PAGE_BYTES = 4096 };

static atomic_size_t watched_length, touched;
static atomic_uintptr_t watched_start;

static void grant(int signal, siginfo_t *about, void *context)
{
    (void)signal;
    (void)context;
    uintptr_t address = (uintptr_t)about->si_addr, start = atomic_load(&watched_start);
    if (start == 0 || address < start || address - start >= atomic_load(&watched_length)) {
        abort();
    }
    atomic_fetch_add(&touched, 1);
    void *page = (void *)(address - address % PAGE_BYTES);
    if (mprotect(page, PAGE_BYTES, PROT_READ) != 0) {
        abort();
    }
}

void map_shim_watch(size_t length)
{
    struct sigaction action = {.sa_sigaction = grant, .sa_flags = SA_SIGINFO};
    static struct sigaction before;
    if (length > 0) {
        sigaction(SIGSEGV, &action, &before);
    } else {
        sigaction(SIGSEGV, &before, NULL);
    }
    atomic_store(&watched_start, 0);
    atomic_store(&touched, 0);
    atomic_store(&watched_length, length);
}

size_t map_shim_touched(void)
{
    return atomic_load(&touched);
}

bool map_shim_works(void)
{
    return SEES_MAPS;
}

#if SEES_MAPS
/* The C library names its parameters as only it may.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
__attribute__((visibility("default"))) void *mmap(void *address, size_t length, int rights,
                                                  int flags, int fd, off_t offset)
{
    bool is_watched = fd >= 0 && length != 0 && length == atomic_load(&watched_length);
    void *map = (void *)syscall(SYS_mmap, address, length, is_watched ? PROT_NONE : rights, flags,
                                fd, offset);
    if (is_watched && map != MAP_FAILED) {
        atomic_store(&watched_start, (uintptr_t)map);
    }
    return map;
}
#endif
