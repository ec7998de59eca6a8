/* disk_shim.c - asks the judge, then the kernel.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/disk_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

static _Atomic(disk_judge *) judge_now;

void disk_shim_set(disk_judge *judge)
{
    atomic_store(&judge_now, judge);
}

static bool is_refused(struct disk_event event)
{
    disk_judge *judge = atomic_load(&judge_now);
    int error = judge == NULL ? 0 : judge(&event);
    if (error != 0) {
        errno = error;
    }
    return error != 0;
}

static bool is_zeros(const void *data, size_t length)
{
    static const uint8_t zeros[8];
    return length >= sizeof zeros && memcmp(data, zeros, sizeof zeros) == 0;
}

/* The C library names its parameters as only it may.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
SEEN_BY_LIBRARIES ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    struct disk_event event = {DISK_WRITE, fd, offset, length, is_zeros(data, length)};
    return is_refused(event) ? -1 : syscall(SYS_pwrite64, fd, data, length, offset);
}

SEEN_BY_LIBRARIES ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct disk_event event = {.call = DISK_WRITE, .fd = fd, .offset = lseek(fd, 0, SEEK_CUR)};
    for (int index = 0; index < count; index++) {
        event.length += parts[index].iov_len;
    }
    event.is_zeros = count > 0 && is_zeros(parts[0].iov_base, parts[0].iov_len);
    return is_refused(event) ? -1 : syscall(SYS_writev, fd, parts, count);
}

SEEN_BY_LIBRARIES int fdatasync(int fd)
{
    struct disk_event event = {.call = DISK_FDATASYNC, .fd = fd};
    return is_refused(event) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SEEN_BY_LIBRARIES int fsync(int fd)
{
    struct disk_event event = {.call = DISK_FSYNC, .fd = fd};
    return is_refused(event) ? -1 : (int)syscall(SYS_fsync, fd);
}

SEEN_BY_LIBRARIES int renameat2(int old_fd, const char *old_path, int new_fd, const char *new_path,
                                unsigned flags)
{
    struct disk_event event = {.call = DISK_RENAME, .fd = -1};
    return is_refused(event)
               ? -1
               : (int)syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags);
}

SEEN_BY_LIBRARIES int mkdir(const char *path, mode_t mode)
{
    struct disk_event event = {.call = DISK_MKDIR, .fd = -1};
    return is_refused(event) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
