/* outbox_slot.c - files of one slot of an outbox.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox_slot.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SEGMENT_NAME_BYTES = 16, SLOT_PATH_BYTES = 4096 };

static void segment_name(uint32_t number, char name[SEGMENT_NAME_BYTES])
{
    snprintf(name, SEGMENT_NAME_BYTES, "%08x.seg", number);
}

static bool segment_number(const char *name, uint32_t *number)
{
    char again[SEGMENT_NAME_BYTES];
    *number = (uint32_t)strtoul(name, NULL, 16);
    segment_name(*number, again);
    return strcmp(name, again) == 0;
}

static enum outbox_status status_of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? OUTBOX_FULL : OUTBOX_IO;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum outbox_status slot_add(struct outbox_slot *slot, uint32_t number, uint64_t bytes)
{
    if (slot->count == slot->room) {
        uint32_t room = slot->room > 0 ? slot->room * 2 : 16;
        struct slot_segment *segments =
            room > OUTBOX_SEGMENTS_MAX ? NULL : realloc(slot->segments, room * sizeof *segments);
        if (segments == NULL)
            return OUTBOX_MEMORY;
        slot->segments = segments;
        slot->room = room;
    }
    slot->segments[slot->count++] = (struct slot_segment){.number = number, .bytes = bytes};
    slot->bytes += bytes;
    return OUTBOX_OK;
}

static int compare_segments(const void *a, const void *b)
{
    uint32_t left = ((const struct slot_segment *)a)->number;
    uint32_t right = ((const struct slot_segment *)b)->number;
    return (left > right) - (left < right);
}

static enum outbox_status slot_list(struct outbox_slot *slot)
{
    DIR *folder = fdopendir(openat(slot->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder == NULL)
        return OUTBOX_IO;
    enum outbox_status status = OUTBOX_OK;
    struct dirent *entry;
    while (status == OUTBOX_OK && (entry = readdir(folder)) != NULL) {
        uint32_t number;
        struct stat file;
        if (!segment_number(entry->d_name, &number))
            continue;
        if (fstatat(slot->folder_fd, entry->d_name, &file, 0) != 0)
            status = OUTBOX_IO;
        else
            status = slot_add(slot, number, (uint64_t)file.st_size);
    }
    closedir(folder);
    if (slot->count > 1)
        qsort(slot->segments, slot->count, sizeof *slot->segments, compare_segments);
    return status;
}

static enum outbox_status slot_lock(struct outbox_slot *slot)
{
    slot->lock_fd = openat(slot->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (slot->lock_fd < 0)
        return status_of_errno();
    if (flock(slot->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? OUTBOX_TAKEN : OUTBOX_IO;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Only a hint for people who list the outbox: the lock itself is what counts. */
    if (ftruncate(slot->lock_fd, 0) != 0 || pwrite(slot->lock_fd, text, (size_t)length, 0) < 0)
        return status_of_errno();
    return OUTBOX_OK;
}

/* Continues the last segment, if there is one. */
static enum outbox_status slot_open_last(struct outbox_slot *slot)
{
    if (slot->count == 0)
        return OUTBOX_OK;
    char name[SEGMENT_NAME_BYTES];
    segment_name(slot->segments[slot->count - 1].number, name);
    slot->fd = openat(slot->folder_fd, name, O_RDWR | O_CLOEXEC);
    return slot->fd < 0 ? OUTBOX_IO : OUTBOX_OK;
}

static enum outbox_status slot_open_folder(struct outbox_slot *slot, const char *folder,
                                           unsigned number, bool may_make)
{
    char path[SLOT_PATH_BYTES];
    *slot = (struct outbox_slot){.folder_fd = -1, .lock_fd = -1, .fd = -1};
    int length = snprintf(path, sizeof path, "%s/%02u", folder, number);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return OUTBOX_IO;
    }
    if (may_make && mkdir(path, 0700) != 0 && errno != EEXIST)
        return status_of_errno();
    slot->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slot->folder_fd < 0)
        return errno == ENOENT ? OUTBOX_ABSENT : OUTBOX_IO;
    return OUTBOX_OK;
}

enum outbox_status slot_open(struct outbox_slot *slot, const char *folder, unsigned number,
                             bool may_make)
{
    enum outbox_status status = slot_open_folder(slot, folder, number, may_make);
    if (status == OUTBOX_OK)
        status = slot_lock(slot);
    if (status == OUTBOX_OK)
        status = slot_list(slot);
    if (status == OUTBOX_OK)
        status = slot_open_last(slot);
    if (status != OUTBOX_OK)
        slot_close(slot);
    return status;
}

enum outbox_status slot_peek(struct outbox_slot *slot, const char *folder, unsigned number)
{
    enum outbox_status status = slot_open_folder(slot, folder, number, false);
    if (status == OUTBOX_OK)
        status = slot_list(slot);
    if (status != OUTBOX_OK)
        slot_close(slot);
    return status;
}

void slot_close(struct outbox_slot *slot)
{
    int saved = errno;
    if (slot->fd >= 0)
        close(slot->fd);
    if (slot->lock_fd >= 0)
        close(slot->lock_fd);
    if (slot->folder_fd >= 0)
        close(slot->folder_fd);
    free(slot->segments);
    *slot = (struct outbox_slot){.folder_fd = -1, .lock_fd = -1, .fd = -1};
    errno = saved;
}

int slot_holder(const char *folder, unsigned number)
{
    char path[SLOT_PATH_BYTES];
    char text[32] = "";
    if (snprintf(path, sizeof path, "%s/%02u/lock", folder, number) >= (int)sizeof path)
        return 0;
    int lock = open(path, O_RDONLY | O_CLOEXEC);
    if (lock < 0)
        return 0;
    bool is_held = flock(lock, LOCK_SH | LOCK_NB) != 0;
    ssize_t length = read(lock, text, sizeof text - 1);
    close(lock);
    return is_held && length > 0 ? (int)strtol(text, NULL, 10) : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_whole(int fd, uint8_t *out, size_t bytes, uint64_t offset)
{
    while (bytes > 0) {
        ssize_t got = pread(fd, out, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        out += got;
        bytes -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

enum outbox_status slot_read(const struct outbox_slot *slot, uint32_t index, struct bytes *file)
{
    const struct slot_segment *segment = &slot->segments[index];
    char name[SEGMENT_NAME_BYTES];
    if (segment->bytes > OUTBOX_SEGMENT_MAX + OUTBOX_PAYLOAD_MAX)
        return OUTBOX_DAMAGED;
    uint8_t *block = malloc((size_t)segment->bytes + 1);
    if (block == NULL)
        return OUTBOX_MEMORY;
    segment_name(segment->number, name);
    int fd = openat(slot->folder_fd, name, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read_whole(fd, block, (size_t)segment->bytes, 0);
    if (fd >= 0)
        close(fd);
    if (!is_read) {
        free(block);
        return OUTBOX_IO;
    }
    *file = bytes_of(block, (size_t)segment->bytes);
    return OUTBOX_OK;
}

/* One record of an open segment, checked as when it is scanned: at offset 0 of nothing else. */
static enum outbox_status read_record(int fd, uint64_t token, uint64_t segment_bytes,
                                      enum outbox_type type, uint8_t **block, struct bytes *payload)
{
    uint64_t offset = token & UINT32_MAX;
    size_t room = (size_t)(segment_bytes - offset);
    if (room > OUTBOX_PAYLOAD_MAX + OUTBOX_HEADER_BYTES)
        room = OUTBOX_PAYLOAD_MAX + OUTBOX_HEADER_BYTES;
    uint8_t header[OUTBOX_HEADER_BYTES];
    if (room < sizeof header || !read_whole(fd, header, sizeof header, offset))
        return OUTBOX_DAMAGED;
    size_t length = (size_t)header[4] | (size_t)header[5] << 8 | (size_t)header[6] << 16 |
                    (size_t)header[7] << 24;
    if (length > room - sizeof header)
        return OUTBOX_DAMAGED;
    *block = malloc(length + 1);
    if (*block == NULL)
        return OUTBOX_MEMORY;
    uint8_t expected[OUTBOX_HEADER_BYTES];
    *payload = bytes_of(*block, length);
    bool is_read = read_whole(fd, *block, length, offset + sizeof header);
    if (is_read)
        outbox_record_seal(expected, type, (uint32_t)(token >> 32), offset, *payload);
    if (is_read && memcmp(expected, header, sizeof header) == 0)
        return OUTBOX_OK;
    free(*block);
    *block = NULL;
    return is_read ? OUTBOX_DAMAGED : OUTBOX_IO;
}

enum outbox_status slot_read_record(const struct outbox_slot *slot, uint64_t token,
                                    enum outbox_type type, uint8_t **block, struct bytes *payload)
{
    const struct slot_segment *segment = slot_find(slot, (uint32_t)(token >> 32));
    if (segment == NULL || (token & UINT32_MAX) >= segment->bytes)
        return OUTBOX_DAMAGED;
    if (segment == &slot->segments[slot->count - 1])
        return read_record(slot->fd, token, segment->bytes, type, block, payload);
    char name[SEGMENT_NAME_BYTES];
    segment_name(segment->number, name);
    int fd = openat(slot->folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return OUTBOX_IO;
    enum outbox_status status = read_record(fd, token, segment->bytes, type, block, payload);
    close(fd);
    return status;
}

struct slot_segment *slot_find(const struct outbox_slot *slot, uint32_t number)
{
    /* Numbers rise by one, but a person may have taken a file away. */
    for (uint32_t i = slot->count; i-- > 0;)
        if (slot->segments[i].number == number)
            return &slot->segments[i];
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static struct slot_segment *slot_last(const struct outbox_slot *slot)
{
    assert(slot->count > 0);
    return &slot->segments[slot->count - 1];
}

enum outbox_status slot_append(struct outbox_slot *slot, enum outbox_type type,
                               struct bytes payload, uint64_t *token)
{
    struct slot_segment *last = slot_last(slot);
    uint8_t header[OUTBOX_HEADER_BYTES];
    outbox_record_seal(header, type, last->number, last->bytes, payload);
    struct iovec parts[2] = {
        {header,                          sizeof header },
        {(void *)(uintptr_t)payload.data, payload.length}
    };
    ssize_t want = (ssize_t)(sizeof header + payload.length), done;
    do {
        done = pwritev(slot->fd, parts, 2, (off_t)last->bytes);
    } while (done < 0 && errno == EINTR);
    if (done != want) {
        if (done >= 0)
            errno = ENOSPC;
        enum outbox_status status = status_of_errno();
        /* Half a record would be told from damage anyway; a clean end is simply nicer to read. */
        return ftruncate(slot->fd, (off_t)last->bytes) == 0 ? status : OUTBOX_IO;
    }
    *token = outbox_token(last->number, last->bytes);
    last->bytes += (uint64_t)want;
    slot->bytes += (uint64_t)want;
    return OUTBOX_OK;
}

enum outbox_status slot_flush(struct outbox_slot *slot)
{
    struct slot_segment *last = slot_last(slot);
    if (slot->is_folder_dirty && fsync(slot->folder_fd) != 0)
        return OUTBOX_IO;
    slot->is_folder_dirty = false;
    if (slot->flushed_bytes == last->bytes)
        return OUTBOX_OK;
    if (fdatasync(slot->fd) != 0)
        return status_of_errno();
    uint8_t payload[8];
    uint64_t token;
    for (unsigned i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(last->bytes >> (8 * i));
    enum outbox_status status =
        slot_append(slot, OUTBOX_FLUSHED, bytes_of(payload, sizeof payload), &token);
    slot->flushed_bytes = last->bytes;
    return status == OUTBOX_FULL ? OUTBOX_OK : status; /* the marker only helps to judge damage */
}

enum outbox_status slot_roll(struct outbox_slot *slot, struct bytes head)
{
    uint32_t number = slot->count == 0 ? 1 : slot_last(slot)->number + 1;
    char name[SEGMENT_NAME_BYTES];
    enum outbox_status status = slot->count == 0 ? OUTBOX_OK : slot_flush(slot);
    if (status != OUTBOX_OK)
        return status;
    segment_name(number, name);
    int fd = openat(slot->folder_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return status_of_errno();
    status = slot_add(slot, number, 0);
    if (status != OUTBOX_OK) {
        close(fd);
        return status;
    }
    int before = slot->fd;
    uint64_t token;
    slot->fd = fd;
    status = slot_append(slot, OUTBOX_HEAD, head, &token);
    if (status != OUTBOX_OK) {
        unlinkat(slot->folder_fd, name, 0);
        close(fd);
        slot->fd = before;
        slot->count--;
        return status;
    }
    if (before >= 0)
        close(before);
    slot->flushed_bytes = 0;
    slot->is_folder_dirty = true;
    return OUTBOX_OK;
}

enum outbox_status slot_cut(struct outbox_slot *slot, uint64_t bytes)
{
    struct slot_segment *last = slot_last(slot);
    assert(bytes <= last->bytes);
    if (ftruncate(slot->fd, (off_t)bytes) != 0 || fsync(slot->fd) != 0)
        return OUTBOX_IO;
    slot->bytes -= last->bytes - bytes;
    last->bytes = bytes;
    return OUTBOX_OK;
}

enum outbox_status slot_delete_first(struct outbox_slot *slot)
{
    assert(slot->count >= 2);
    char name[SEGMENT_NAME_BYTES];
    segment_name(slot->segments[0].number, name);
    if (unlinkat(slot->folder_fd, name, 0) != 0 && errno != ENOENT)
        return OUTBOX_IO;
    slot->bytes -= slot->segments[0].bytes;
    slot->count--;
    memmove(slot->segments, slot->segments + 1, slot->count * sizeof *slot->segments);
    return OUTBOX_OK;
}
