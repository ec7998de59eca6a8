/* store_lmdb_place.c - where a log may live, and that it has one owner.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Magic numbers as in statfs(2). Trusted: local, with a shared page cache for read() and mmap(),
 * and an fsync that reaches the disk. */
static const struct {
    uint32_t magic;
    bool is_trusted;
    const char *name;
} filesystems[] = {
    {0x0000ef53, true,  "ext4"    },
    {0x58465342, true,  "xfs"     },
    {0x9123683e, true,  "btrfs"   },
    {0xf2f52010, true,  "f2fs"    },
    {0x2fc12fc1, true,  "zfs"     },
    {0xca451a4e, true,  "bcachefs"},
    {0x3153464a, true,  "jfs"     },
    {0x00006969, false, "nfs"     },
    {0xff534d42, false, "cifs"    },
    {0xfe534d42, false, "smb2"    },
    {0x0000517b, false, "smb"     },
    {0x65735546, false, "fuse"    },
    {0x794c7630, false, "overlay" },
    {0x01021994, false, "tmpfs"   },
    {0x858458f6, false, "ramfs"   },
    {0x01021997, false, "9p"      },
    {0x00c36400, false, "ceph"    },
    {0x01161970, false, "gfs2"    },
    {0x7461636f, false, "ocfs2"   },
    {0x5346414f, false, "afs"     },
    {0x0bd00bd0, false, "lustre"  },
    {0x00004d44, false, "vfat"    },
    {0x2011bab0, false, "exfat"   },
    {0x73717368, false, "squashfs"},
};

bool lmdb_place_is_trusted(uint64_t magic, const char **name)
{
    for (size_t index = 0; index < sizeof filesystems / sizeof filesystems[0]; index++) {
        if (filesystems[index].magic == magic) {
            *name = filesystems[index].name;
            return filesystems[index].is_trusted;
        }
    }
    *name = "unknown";
    return false;
}

enum status lmdb_place_check(const char *directory, bool allow_any, struct store_fault *fault)
{
    struct statfs about;
    if (statfs(directory, &about) != 0) {
        return lmdb_fault_of(fault, directory, errno);
    }
    /* f_type is signed and of another width on some machines. */
    uint64_t magic = (uint32_t)about.f_type;
    const char *name = NULL;
    if (lmdb_place_is_trusted(magic, &name) || allow_any) {
        return STATUS_OK;
    }
    lmdb_fault_set(fault,
                   "%.120s is on a file system that cannot be trusted with a log "
                   "(%s, 0x%" PRIx64 "); use a local ext4, xfs or btrfs, or --allow-fs",
                   directory, name, magic);
    return STATUS_DENIED;
}

enum status lmdb_place_lock(const char *directory, int *descriptor, struct store_fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return lmdb_fault_of(fault, directory, errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *descriptor = fd;
        return STATUS_OK;
    }
    int error = errno;
    close(fd);
    if (error == EWOULDBLOCK) {
        lmdb_fault_set(fault, "%.200s is in use by another process", directory);
        return STATUS_BUSY;
    }
    return lmdb_fault_of(fault, directory, error);
}
