/* store_lmdb_create.c - a new log is there whole and durable, or not at all.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It is made in NAME.new beside NAME. Whatever moment the power fails, either NAME is a whole log,
 * or there is no NAME and the next attempt removes what was left of NAME.new.
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 0700 };

static const char *const file_names[] = {"data.mdb", "lock.mdb"};

enum { FILES = sizeof file_names / sizeof file_names[0] };

/* The paths of one creation, and what is open of it. */
struct creation {
    char fresh[PATH_MAX]; /* NAME.new */
    char parent[PATH_MAX];
    int parent_fd;
    int fresh_fd; /* holds the lock */
    struct lmdb_tables tables;
};

static bool set_paths(struct creation *creation, const char *directory)
{
    int length = snprintf(creation->fresh, sizeof creation->fresh, "%s.new", directory);
    if (length <= 0 || (size_t)length >= sizeof creation->fresh) {
        return false;
    }
    const char *slash = strrchr(directory, '/');
    length = slash == NULL        ? snprintf(creation->parent, sizeof creation->parent, ".")
             : slash == directory ? snprintf(creation->parent, sizeof creation->parent, "/")
                                  : snprintf(creation->parent, sizeof creation->parent, "%.*s",
                                             (int)(slash - directory), directory);
    return length > 0 && slash != NULL ? slash[1] != '\0' : directory[0] != '\0';
}

static void remove_files(int fresh_fd)
{
    for (size_t index = 0; index < FILES; index++) {
        /* Absent is as good as removed; anything else shows when it is made again. */
        (void)unlinkat(fresh_fd, file_names[index], 0);
    }
}

/* An empty NAME.new that is ours alone, also where an earlier attempt died. */
static enum status make_fresh(struct creation *creation, struct store_fault *fault)
{
    if (mkdir(creation->fresh, DIRECTORY_MODE) != 0 && errno != EEXIST) {
        return lmdb_fault_of(fault, creation->fresh, errno);
    }
    enum status status = lmdb_place_lock(creation->fresh, &creation->fresh_fd, fault);
    if (status == STATUS_OK) {
        remove_files(creation->fresh_fd);
    }
    return status;
}

/* What root makes in somebody's directory is theirs. */
static int give_to_owner(const struct creation *creation)
{
    struct stat parent;
    if (geteuid() != 0 || fstat(creation->parent_fd, &parent) != 0) {
        return 0;
    }
    for (size_t index = 0; index < FILES; index++) {
        if (fchownat(creation->fresh_fd, file_names[index], parent.st_uid, parent.st_gid, 0) != 0) {
            return errno;
        }
    }
    return fchown(creation->fresh_fd, parent.st_uid, parent.st_gid) == 0 ? 0 : errno;
}

static int flush_file(const struct lmdb_tables *tables)
{
    int fd = -1;
    int error = mdb_env_get_fd(tables->env, &fd);
    assert(error == 0);
    return fsync(fd) == 0 ? 0 : errno;
}

/* The reserve is filled here, so that opening need not wait for it. */
static enum status fill_reserve(const struct store_lmdb_options *options,
                                const struct lmdb_tables *tables, struct store_fault *fault)
{
    struct lmdb_room room;
    enum status status = lmdb_room_init(&room, tables, options);
    if (status == STATUS_OK) {
        status = lmdb_room_make(&room, room.step_bytes, true);
    }
    if (status != STATUS_OK) {
        lmdb_fault_set(fault, "%.160s: no room for an empty log and its reserve",
                       options->directory);
    }
    lmdb_room_deinit(&room);
    return status;
}

static enum status write_log(const struct store_lmdb_options *options, struct creation *creation,
                             const struct store_tail *tail, struct store_fault *fault)
{
    enum status status =
        lmdb_tables_create(options, creation->fresh, tail, &creation->tables, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = fill_reserve(options, &creation->tables, fault);
    int error = status == STATUS_OK ? give_to_owner(creation) : 0;
    error = status == STATUS_OK && error == 0 ? flush_file(&creation->tables) : error;
    lmdb_tables_close(&creation->tables);
    if (status == STATUS_OK && error == 0 && fsync(creation->fresh_fd) != 0) {
        error = errno;
    }
    return error != 0 ? lmdb_fault_of(fault, creation->fresh, error) : status;
}

/* From here on it exists. */
static enum status give_name(const struct creation *creation, const char *directory,
                             struct store_fault *fault)
{
    if (renameat2(AT_FDCWD, creation->fresh, AT_FDCWD, directory, RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) {
            lmdb_fault_set(fault, "%.200s exists already", directory);
            return STATUS_BUSY;
        }
        return lmdb_fault_of(fault, directory, errno);
    }
    return STATUS_OK;
}

static enum status create(const struct store_lmdb_options *options, struct creation *creation,
                          const struct store_tail *tail, struct store_fault *fault)
{
    creation->parent_fd = open(creation->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (creation->parent_fd < 0) {
        return lmdb_fault_of(fault, creation->parent, errno);
    }
    if (faccessat(AT_FDCWD, options->directory, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        lmdb_fault_set(fault, "%.200s exists already", options->directory);
        return STATUS_BUSY;
    }
    enum status status = lmdb_place_check(creation->parent, options->allow_any_filesystem, fault);
    if (status == STATUS_OK) {
        status = make_fresh(creation, fault);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = write_log(options, creation, tail, fault);
    if (status == STATUS_OK) {
        status = give_name(creation, options->directory, fault);
    }
    if (status != STATUS_OK) {
        remove_files(creation->fresh_fd);
        (void)rmdir(creation->fresh);
    } else if (fsync(creation->parent_fd) != 0) {
        status = lmdb_fault_of(fault, creation->parent, errno);
    }
    return status;
}

enum status store_lmdb_create(const struct store_lmdb_options *options, const uint8_t uuid[16],
                              const uint8_t secret[32], struct store_fault *fault)
{
    struct creation creation = {.parent_fd = -1, .fresh_fd = -1};
    struct store_tail tail = {.first = 1, .last = 0, .incarnation = options->incarnation};
    memcpy(tail.uuid, uuid, sizeof tail.uuid);
    memcpy(tail.secret, secret, sizeof tail.secret);
    assert(options->incarnation > 0);
    if (!set_paths(&creation, options->directory)) {
        lmdb_fault_set(fault, "the log's directory has no usable name");
        return STATUS_INVALID;
    }
    enum status status = create(options, &creation, &tail, fault);
    if (creation.fresh_fd >= 0) {
        close(creation.fresh_fd);
    }
    if (creation.parent_fd >= 0) {
        close(creation.parent_fd);
    }
    return status;
}
