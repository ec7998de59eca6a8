/* store_lmdb_room.c - the file grows ahead of the writing, in zeros, as far as the disk lets it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    PAGE_HEADER_BYTES = 16,
    /* Of every transaction: the paths to meta, the table of tables, and the list of free pages. */
    TRANSACTION_PAGES = 32,
    /* Pages that a chain of small commits keeps in turn, so that they come back. */
    CIRCULATING_PAGES = 64,
    /* What one growth between transactions writes at most: a commit may have to wait for it. */
    BITE_BYTES = 1024 * 1024
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t round_down(uint64_t bytes, uint64_t unit)
{
    return bytes - bytes % unit;
}

/* A file with holes (a copy made by a careless tool) has less than its length says. */
static uint64_t filled_bytes(int fd, uint64_t used_bytes)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || (uint64_t)file.st_blocks * 512 < (uint64_t)file.st_size ||
        (uint64_t)file.st_size < used_bytes) {
        return used_bytes;
    }
    return (uint64_t)file.st_size;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

void lmdb_room_note_depth(struct lmdb_room *room, const struct lmdb_tables *tables, MDB_txn *txn)
{
    MDB_stat chunks = {0}, values = {0}, checkpoints = {0};
    int error = mdb_stat(txn, tables->chunks, &chunks);
    error = error != 0 ? error : mdb_stat(txn, tables->spaces[SPACE_VALUES], &values);
    error = error != 0 ? error : mdb_stat(txn, tables->spaces[SPACE_CHECKPOINTS], &checkpoints);
    assert(error == 0);
    room->depth = greater(chunks.ms_depth, greater(values.ms_depth, checkpoints.ms_depth));
}

void lmdb_room_observe(struct lmdb_room *room, const struct lmdb_tables *tables)
{
    MDB_envinfo info;
    int error = mdb_env_info(tables->env, &info);
    assert(error == 0);
    room->used_bytes = ((uint64_t)info.me_last_pgno + 1) * room->page_bytes;
    /* By the plan it never is; if a commit did make the file longer, that is filled now. */
    room->filled_bytes =
        room->filled_bytes < room->used_bytes ? room->used_bytes : room->filled_bytes;
}

enum status lmdb_room_init(struct lmdb_room *room, const struct lmdb_tables *tables,
                           const struct store_lmdb_options *options)
{
    MDB_stat about;
    *room = (struct lmdb_room){.fd = -1, .reserve_bytes = options->headroom_bytes};
    MDB_txn *txn = NULL;
    int error = mdb_env_stat(tables->env, &about);
    error = error != 0 ? error : mdb_env_get_fd(tables->env, &room->fd);
    assert(error == 0);
    if (mdb_txn_begin(tables->env, NULL, MDB_RDONLY, &txn) != 0) {
        return STATUS_MEMORY;
    }
    lmdb_room_note_depth(room, tables, txn);
    mdb_txn_abort(txn);
    room->page_bytes = about.ms_psize;
    room->step_bytes = round_down(options->grow_bytes, room->page_bytes);
    assert(room->step_bytes > 0);
    /* LMDB leaves the last page of its map alone. */
    room->map_bytes = round_down(options->map_bytes, room->page_bytes) - room->page_bytes;
    lmdb_room_observe(room, tables);
    room->filled_bytes = filled_bytes(room->fd, room->used_bytes);
    room->zeros = calloc(1, BITE_BYTES);
    return room->zeros == NULL ? STATUS_MEMORY : STATUS_OK;
}

void lmdb_room_deinit(struct lmdb_room *room)
{
    free(room->zeros);
    room->zeros = NULL;
}

uint64_t lmdb_room_bound_bytes(const struct lmdb_room *room)
{
    struct statvfs disk;
    struct rlimit limit;
    uint64_t bound = room->map_bytes;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        bound = least(bound, limit.rlim_cur);
    }
    if (fstatvfs(room->fd, &disk) == 0) {
        bound = least(bound, room->filled_bytes + (uint64_t)disk.f_bavail * disk.f_frsize);
    }
    return round_down(bound, room->page_bytes);
}

/* A chunk is charged like one that just does not fit beside another in a page, twice its length,
 * and a bit for its place in the tree. */
uint64_t lmdb_room_left_bytes(const struct lmdb_room *room)
{
    uint64_t kept_pages = TRANSACTION_PAGES + CIRCULATING_PAGES + 2 * room->depth;
    uint64_t taken = room->used_bytes + room->reserve_bytes + kept_pages * room->page_bytes;
    uint64_t bound = lmdb_room_bound_bytes(room);
    return bound > taken ? (bound - taken) / 32 * 15 : 0;
}

/* The pages of the content; and of the tree: a path that is copied, and splits along it. */
uint64_t lmdb_room_need_bytes(const struct lmdb_room *room, const struct store_request *request)
{
    uint64_t content = blob_bytes(request->bytes).length + PAGE_HEADER_BYTES;
    uint64_t pages = content / room->page_bytes + 1 + 2 * (uint64_t)room->depth + 2;
    return pages * room->page_bytes;
}

static bool is_full_error(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* Zeros up to `until`, on disk when it returns: so that no commit has to flush them, and an
 * error of the disk is reported here and not there. */
static enum status fill(struct lmdb_room *room, uint64_t until)
{
    int error = 0;
    uint64_t from = room->filled_bytes;
    while (error == 0 && room->filled_bytes < until) {
        uint64_t length = least(until - room->filled_bytes, BITE_BYTES);
        ssize_t written = pwrite(room->fd, room->zeros, length, (off_t)room->filled_bytes);
        if (written > 0) {
            room->filled_bytes += (uint64_t)written;
        } else {
            error = written == 0 ? ENOSPC : errno == EINTR ? 0 : errno;
        }
    }
    if (room->filled_bytes > from && fdatasync(room->fd) != 0) {
        error = errno;
        room->filled_bytes = from;
    }
    if (error == 0) {
        return STATUS_OK;
    }
    return is_full_error(error) ? STATUS_FULL : STATUS_IO;
}

static enum status grow(struct lmdb_room *room, uint64_t until)
{
    uint64_t bound = lmdb_room_bound_bytes(room);
    if (room->filled_bytes >= bound) {
        return STATUS_FULL;
    }
    return fill(room, least(until, bound));
}

enum status lmdb_room_make(struct lmdb_room *room, uint64_t need_bytes, bool keeps_reserve)
{
    uint64_t end = room->used_bytes + TRANSACTION_PAGES * room->page_bytes + need_bytes +
                   (keeps_reserve ? room->reserve_bytes : 0);
    if (end <= room->filled_bytes) {
        return STATUS_OK;
    }
    uint64_t lacking = end - room->filled_bytes;
    uint64_t steps = (lacking + room->step_bytes - 1) / room->step_bytes;
    enum status status = grow(room, room->filled_bytes + steps * room->step_bytes);
    if (status == STATUS_IO) {
        return STATUS_IO;
    }
    return end <= room->filled_bytes ? STATUS_OK : STATUS_FULL;
}

bool lmdb_room_is_short(const struct lmdb_room *room, uint32_t steps)
{
    uint64_t wanted = room->used_bytes + room->reserve_bytes + steps * room->step_bytes;
    return room->filled_bytes < least(wanted, room->map_bytes) && !room->is_stuck;
}

enum status lmdb_room_fill_some(struct lmdb_room *room)
{
    enum status status = grow(room, room->filled_bytes + least(room->step_bytes, BITE_BYTES));
    room->is_stuck = status != STATUS_OK;
    return status;
}
