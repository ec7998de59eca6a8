/* store_lmdb_fault.c - what LMDB and the system report, as statuses and sentences.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_lmdb_inner.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void lmdb_fault_set(struct store_fault *fault, const char *format, ...)
{
    assert(fault != NULL);
    va_list values;
    va_start(values, format);
    /* Cut to its room: it is for a person. */
    (void)vsnprintf(fault->text, sizeof fault->text, format, values);
    va_end(values);
}

/* flat switch */
static enum status status_of(int error)
{
    switch (error) {
    case 0:
        return STATUS_OK;
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    case ENOMEM:
        return STATUS_MEMORY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case MDB_MAP_FULL:
        return STATUS_FULL;
    case MDB_VERSION_MISMATCH:
        return STATUS_VERSION;
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_NOTFOUND:
    case MDB_INCOMPATIBLE:
        return STATUS_CORRUPT;
    default:
        return STATUS_IO;
    }
}

enum status lmdb_fault_of(struct store_fault *fault, const char *what, int error)
{
    assert(error != 0);
    lmdb_fault_set(fault, "%.160s: %s", what, mdb_strerror(error));
    return status_of(error);
}
