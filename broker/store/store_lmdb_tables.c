/* store_lmdb_tables.c - the environment, what is in which table, and what the log says of itself.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Table "meta": "format" u32, "uuid", "secret", "incarnation" u64, "first" and "last" u64, all
 * big-endian. Only "last" changes, with every append.
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "broker/base/codec.h"

static_assert(sizeof(void *) == 8, "the map takes address space of 64 bits");

enum { UNSAFE_FLAGS = MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP };

enum { TABLES = LMDB_SPACES + 2, LOCK_SLOTS = 16, FILE_MODE = 0600 };

static const char *const space_names[LMDB_SPACES] = {"values", "checkpoints"};

void lmdb_seq_encode(uint64_t seq, uint8_t key[LMDB_SEQ_BYTES])
{
    struct codec_writer writer = codec_writer_of(key, LMDB_SEQ_BYTES);
    codec_put_u64(&writer, seq);
    assert(!writer.is_over);
}

uint64_t lmdb_seq_decode(const MDB_val *key)
{
    struct codec_reader reader = codec_reader_of(bytes_of(key->mv_data, key->mv_size));
    uint64_t seq = codec_get_u64(&reader);
    return codec_is_done(&reader) ? seq : 0;
}

static MDB_val value_of_text(const char *text)
{
    return (MDB_val){.mv_data = (void *)(uintptr_t)text, .mv_size = strlen(text)};
}

/* A field of a fixed length; another length is damage. */
static int get_field(const struct lmdb_tables *tables, MDB_txn *txn, const char *name, void *out,
                     size_t length)
{
    MDB_val key = value_of_text(name), value;
    int error = mdb_get(txn, tables->meta, &key, &value);
    if (error != 0) {
        return error;
    }
    if (value.mv_size != length) {
        return MDB_CORRUPTED;
    }
    memcpy(out, value.mv_data, length);
    return 0;
}

static int put_field(const struct lmdb_tables *tables, MDB_txn *txn, const char *name,
                     const void *data, size_t length)
{
    MDB_val key = value_of_text(name);
    MDB_val value = {.mv_data = (void *)(uintptr_t)data, .mv_size = length};
    return mdb_put(txn, tables->meta, &key, &value, 0);
}

static int get_number(const struct lmdb_tables *tables, MDB_txn *txn, const char *name,
                      uint64_t *number)
{
    uint8_t field[LMDB_SEQ_BYTES];
    int error = get_field(tables, txn, name, field, sizeof field);
    if (error == 0) {
        *number = lmdb_seq_decode(&(MDB_val){.mv_data = field, .mv_size = sizeof field});
    }
    return error;
}

static int put_number(const struct lmdb_tables *tables, MDB_txn *txn, const char *name,
                      uint64_t number)
{
    uint8_t field[LMDB_SEQ_BYTES];
    lmdb_seq_encode(number, field);
    return put_field(tables, txn, name, field, sizeof field);
}

int lmdb_tables_read_last(const struct lmdb_tables *tables, MDB_txn *txn, uint64_t *last)
{
    return get_number(tables, txn, "last", last);
}

int lmdb_tables_write_last(const struct lmdb_tables *tables, MDB_txn *txn, uint64_t last)
{
    return put_number(tables, txn, "last", last);
}

static int write_identity(const struct lmdb_tables *tables, MDB_txn *txn,
                          const struct store_tail *tail)
{
    int error = put_number(tables, txn, "format", LMDB_FORMAT);
    error = error != 0 ? error : put_field(tables, txn, "uuid", tail->uuid, sizeof tail->uuid);
    error =
        error != 0 ? error : put_field(tables, txn, "secret", tail->secret, sizeof tail->secret);
    error = error != 0 ? error : put_number(tables, txn, "incarnation", tail->incarnation);
    error = error != 0 ? error : put_number(tables, txn, "first", tail->first);
    return error != 0 ? error : put_number(tables, txn, "last", tail->last);
}

static int read_identity(const struct lmdb_tables *tables, MDB_txn *txn, struct store_tail *tail)
{
    int error = get_field(tables, txn, "uuid", tail->uuid, sizeof tail->uuid);
    error =
        error != 0 ? error : get_field(tables, txn, "secret", tail->secret, sizeof tail->secret);
    error = error != 0 ? error : get_number(tables, txn, "incarnation", &tail->incarnation);
    error = error != 0 ? error : get_number(tables, txn, "first", &tail->first);
    return error != 0 ? error : get_number(tables, txn, "last", &tail->last);
}

/* The last key must be of a chunk that the tail covers; nothing else of the log is looked at. */
static int check_last_key(const struct lmdb_tables *tables, MDB_txn *txn,
                          const struct store_tail *tail)
{
    MDB_cursor *cursor = NULL;
    int error = mdb_cursor_open(txn, tables->chunks, &cursor);
    if (error != 0) {
        return error;
    }
    MDB_val key;
    error = mdb_cursor_get(cursor, &key, NULL, MDB_LAST);
    mdb_cursor_close(cursor);
    if (error == MDB_NOTFOUND) {
        return tail->last + 1 == tail->first ? 0 : MDB_CORRUPTED;
    }
    if (error == 0) {
        uint64_t seq = lmdb_seq_decode(&key);
        error = seq >= tail->first && seq <= tail->last ? 0 : MDB_CORRUPTED;
    }
    return error;
}

static int open_tables(struct lmdb_tables *tables, MDB_txn *txn, unsigned flags)
{
    int error = mdb_dbi_open(txn, "chunks", flags, &tables->chunks);
    for (size_t space = 0; error == 0 && space < LMDB_SPACES; space++) {
        error = mdb_dbi_open(txn, space_names[space], flags, &tables->spaces[space]);
    }
    return error;
}

/* Everything there is to know at opening, in one transaction. *format is 0 when none was read. */
static int read_tables(struct lmdb_tables *tables, struct store_tail *tail, uint64_t *format)
{
    MDB_txn *txn = NULL;
    *format = 0;
    int error = mdb_txn_begin(tables->env, NULL, MDB_RDONLY, &txn);
    if (error != 0) {
        return error;
    }
    error = mdb_dbi_open(txn, "meta", 0, &tables->meta);
    error = error != 0 ? error : get_number(tables, txn, "format", format);
    if (error == 0 && *format == LMDB_FORMAT) {
        error = open_tables(tables, txn, 0);
        error = error != 0 ? error : read_identity(tables, txn, tail);
        error = error != 0 ? error : check_last_key(tables, txn, tail);
    }
    if (error != 0) {
        mdb_txn_abort(txn);
        return error;
    }
    return mdb_txn_commit(txn);
}

/* A map of a file that is shorter than its tables would end in a signal. */
static int check_length(MDB_env *env)
{
    MDB_envinfo info;
    MDB_stat about;
    struct stat file;
    int fd = -1;
    int error = mdb_env_get_fd(env, &fd);
    error = error != 0 ? error : mdb_env_info(env, &info);
    error = error != 0 ? error : mdb_env_stat(env, &about);
    if (error != 0 || fstat(fd, &file) != 0) {
        return error != 0 ? error : MDB_INVALID;
    }
    uint64_t used = ((uint64_t)info.me_last_pgno + 1) * about.ms_psize;
    return (uint64_t)file.st_size >= used ? 0 : MDB_CORRUPTED;
}

/* Nothing but these flags, whatever the environment says: what a commit returns is on disk. */
static int open_environment(const char *directory, uint64_t map_bytes, unsigned flags,
                            MDB_env **out)
{
    MDB_env *env = NULL;
    int error = mdb_env_create(&env);
    if (error != 0) {
        return error;
    }
    error = mdb_env_set_mapsize(env, map_bytes);
    error = error != 0 ? error : mdb_env_set_maxdbs(env, TABLES);
    error = error != 0 ? error : mdb_env_set_maxreaders(env, LOCK_SLOTS);
    error = error != 0 ? error : mdb_env_open(env, directory, flags | MDB_NOTLS, FILE_MODE);
    if (error != 0) {
        mdb_env_close(env);
        return error;
    }
    unsigned actual = UNSAFE_FLAGS;
    error = mdb_env_get_flags(env, &actual);
    assert(error == 0 && (actual & UNSAFE_FLAGS) == 0);
    *out = env;
    return 0;
}

static enum status check_library(struct store_fault *fault)
{
    int major = 0, minor = 0, patch = 0;
    const char *text = mdb_version(&major, &minor, &patch);
    if (major == 0 && minor == 9 && patch >= 24) {
        return STATUS_OK;
    }
    lmdb_fault_set(fault, "LMDB 0.9.24 or later of 0.9 is needed, this is %s", text);
    return STATUS_VERSION;
}

/* LMDB would begin to fill an empty file. A look by name: to open and close it would drop locks. */
static int check_start(const char *directory)
{
    char path[PATH_MAX];
    struct stat file;
    int length = snprintf(path, sizeof path, "%s/data.mdb", directory);
    if (length <= 0 || (size_t)length >= sizeof path) {
        return ENAMETOOLONG;
    }
    if (stat(path, &file) != 0) {
        return errno;
    }
    return file.st_size == 0 ? MDB_INVALID : 0;
}

/* Opens without writing a byte, and reads. */
static enum status open_to_look(const struct store_lmdb_options *options,
                                struct lmdb_tables *tables, struct store_tail *tail,
                                struct store_fault *fault)
{
    *tables = (struct lmdb_tables){.is_read_only = true};
    uint64_t format = 0;
    int error = check_start(options->directory);
    error = error != 0 ? error
                       : open_environment(options->directory, options->map_bytes,
                                          MDB_RDONLY | MDB_NOLOCK, &tables->env);
    error = error != 0 ? error : check_length(tables->env);
    error = error != 0 ? error : read_tables(tables, tail, &format);
    if (error != 0) {
        lmdb_tables_close(tables);
        return lmdb_fault_of(fault, options->directory, error);
    }
    if (format != LMDB_FORMAT) {
        lmdb_tables_close(tables);
        lmdb_fault_set(fault, "%.120s has format %llu, this version reads %d; it was left as it is",
                       options->directory, (unsigned long long)format, LMDB_FORMAT);
        return STATUS_VERSION;
    }
    return STATUS_OK;
}

enum status lmdb_tables_open(const struct store_lmdb_options *options, struct lmdb_tables *tables,
                             struct store_tail *tail, struct store_fault *fault)
{
    enum status status = check_library(fault);
    if (status == STATUS_OK) {
        status = open_to_look(options, tables, tail, fault);
    }
    if (status != STATUS_OK || options->is_read_only) {
        return status;
    }
    lmdb_tables_close(tables);
    *tables = (struct lmdb_tables){0};
    uint64_t format = 0;
    int dead = 0;
    int error = open_environment(options->directory, options->map_bytes, 0, &tables->env);
    /* Slots of a process that was killed would keep old pages from being used again. */
    error = error != 0 ? error : mdb_reader_check(tables->env, &dead);
    error = error != 0 ? error : read_tables(tables, tail, &format);
    if (error != 0) {
        lmdb_tables_close(tables);
        return lmdb_fault_of(fault, options->directory, error);
    }
    return STATUS_OK;
}

static int create_tables(struct lmdb_tables *tables, const struct store_tail *tail)
{
    MDB_txn *txn = NULL;
    int error = mdb_txn_begin(tables->env, NULL, 0, &txn);
    if (error != 0) {
        return error;
    }
    error = mdb_dbi_open(txn, "meta", MDB_CREATE, &tables->meta);
    error = error != 0 ? error : open_tables(tables, txn, MDB_CREATE);
    error = error != 0 ? error : write_identity(tables, txn, tail);
    if (error != 0) {
        mdb_txn_abort(txn);
        return error;
    }
    return mdb_txn_commit(txn);
}

enum status lmdb_tables_create(const struct store_lmdb_options *options, const char *directory,
                               const struct store_tail *tail, struct lmdb_tables *tables,
                               struct store_fault *fault)
{
    *tables = (struct lmdb_tables){0};
    enum status status = check_library(fault);
    if (status != STATUS_OK) {
        return status;
    }
    int error = open_environment(directory, options->map_bytes, 0, &tables->env);
    error = error != 0 ? error : create_tables(tables, tail);
    if (error != 0) {
        lmdb_tables_close(tables);
        return lmdb_fault_of(fault, directory, error);
    }
    return STATUS_OK;
}

void lmdb_tables_close(struct lmdb_tables *tables)
{
    if (tables->env != NULL) {
        mdb_env_close(tables->env);
    }
    tables->env = NULL;
}
