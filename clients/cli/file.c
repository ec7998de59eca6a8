/* file.c - temporary name, flush, final name, flush of the directory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool file_join(const struct say *say, const char *directory, const char *name,
               char path[FILE_PATH_BYTES])
{
    int length = snprintf(path, FILE_PATH_BYTES, "%s/%s", directory, name);
    if (length < 0 || length >= FILE_PATH_BYTES) {
        say_fault(say, "%s: %s", directory, strerror(ENAMETOOLONG));
        return false;
    }
    return true;
}

static bool fail(const struct say *say, const char *path)
{
    say_fault(say, "%s: %s", path, strerror(errno));
    return false;
}

/* A name is durable once the directory that holds it is flushed. */
static bool sync_directory_of(const char *path)
{
    char copy[FILE_PATH_BYTES];
    (void)snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_flushed = fsync(fd) == 0;
    (void)close(fd);
    return is_flushed;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* Only root may give files away; for anybody else they are the caller's anyway. */
static bool give_to(int fd, const struct stat *owner)
{
    return owner == NULL || geteuid() != 0 || fchown(fd, owner->st_uid, owner->st_gid) == 0;
}

/* A hidden file beside `path` with the content, flushed; its name in `temporary`. */
static bool write_beside(const char *path, mode_t mode, const char *text, size_t length,
                         const struct stat *owner, char temporary[FILE_PATH_BYTES])
{
    char copy[FILE_PATH_BYTES], name[FILE_PATH_BYTES];
    (void)snprintf(copy, sizeof copy, "%s", path);
    (void)snprintf(name, sizeof name, "%s", path);
    int needed =
        snprintf(temporary, FILE_PATH_BYTES, "%s/.%s.XXXXXX", dirname(copy), basename(name));
    if (needed < 0 || needed >= FILE_PATH_BYTES) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_written = write_all(fd, text, length) && fchmod(fd, mode) == 0 && give_to(fd, owner) &&
                      fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 || !is_written) {
        (void)unlink(temporary);
        errno = is_written ? errno : reason;
        return false;
    }
    return true;
}

bool file_create(const struct say *say, const char *path, mode_t mode, const char *text,
                 const struct stat *owner)
{
    char temporary[FILE_PATH_BYTES];
    if (!write_beside(path, mode, text, strlen(text), owner, temporary)) {
        return fail(say, path);
    }
    /* link() never replaces a file, rename() would. */
    bool is_linked = link(temporary, path) == 0;
    int reason = errno;
    (void)unlink(temporary);
    errno = reason;
    return (is_linked && sync_directory_of(path)) || fail(say, path);
}

bool file_replace(const struct say *say, const char *path, const char *text, size_t length)
{
    char temporary[FILE_PATH_BYTES];
    struct stat before;
    if (stat(path, &before) != 0 ||
        !write_beside(path, before.st_mode & 07777, text, length, &before, temporary)) {
        return fail(say, path);
    }
    if (rename(temporary, path) != 0) {
        int reason = errno;
        (void)unlink(temporary);
        errno = reason;
        return fail(say, path);
    }
    return sync_directory_of(path) || fail(say, path);
}

bool file_make_directory(const struct say *say, const char *path, mode_t mode,
                         const struct stat *owner)
{
    if (mkdir(path, mode) != 0) {
        return errno == EEXIST || fail(say, path);
    }
    if (owner != NULL && geteuid() == 0 && chown(path, owner->st_uid, owner->st_gid) != 0) {
        return fail(say, path);
    }
    return sync_directory_of(path) || fail(say, path);
}

bool file_stat_folder(const char *path, struct stat *folder)
{
    char copy[FILE_PATH_BYTES];
    (void)snprintf(copy, sizeof copy, "%s", path);
    return stat(dirname(copy), folder) == 0;
}

void file_remove(const char *path)
{
    (void)unlink(path);
    (void)sync_directory_of(path);
}

char *file_read(const struct say *say, const char *path, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)fail(say, path);
        return NULL;
    }
    char *text = malloc(FILE_BYTES_MAX + 1);
    size_t used = 0;
    ssize_t got = text == NULL ? -1 : 1;
    while (got > 0 && used < FILE_BYTES_MAX) {
        got = read(fd, text + used, FILE_BYTES_MAX - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (got == 0) {
        text[used] = '\0';
        *length = used;
    } else {
        errno = got > 0 ? EFBIG : errno;
        (void)fail(say, path);
        free(text);
        text = NULL;
    }
    (void)close(fd);
    return text;
}
