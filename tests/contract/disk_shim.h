/* disk_shim.h - stands between a test program, LMDB in it, and the disk: sees and fails calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The program's own definitions of these functions come before the C library's, for the shared
 * libraries too. The answers come from the kernel unless the program says otherwise.
 */
#ifndef TESTS_CONTRACT_DISK_SHIM_H
#define TESTS_CONTRACT_DISK_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum disk_call {
    DISK_WRITE, /* pwrite, writev */
    DISK_FDATASYNC,
    DISK_FSYNC,
    DISK_RENAME,
    DISK_MKDIR
};

struct disk_event {
    enum disk_call call;
    int fd;        /* WRITE and the syncs */
    off_t offset;  /* WRITE */
    size_t length; /* WRITE */
    bool is_zeros; /* WRITE: begins with eight zero bytes: no page of LMDB's does */
};

/* Called before each call, on its thread. 0: let it pass; else the errno that it fails with. */
typedef int disk_judge(const struct disk_event *event);

/* Sets who judges; NULL: nobody. Any thread. */
void disk_shim_set(disk_judge *judge);

#endif
