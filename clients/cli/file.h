/* file.h - whole files, written durably or not at all.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What fails is said, and false is returned.
 */
#ifndef CLIENTS_CLI_FILE_H
#define CLIENTS_CLI_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "clients/cli/say.h"

enum { FILE_PATH_BYTES = 4096, FILE_BYTES_MAX = 1024 * 1024 };

/* DIR "/" NAME in `path`. False: too long. */
bool file_join(const struct say *say, const char *directory, const char *name,
               char path[FILE_PATH_BYTES]);

/* Writes a file that does not exist yet, whole and flushed, before anybody can see it. `owner` is
 * whom it shall belong to, as far as this process may give files away; NULL: to the caller. */
bool file_create(const struct say *say, const char *path, mode_t mode, const char *text,
                 const struct stat *owner);

/* Puts a new content in place of an old one; mode and owner stay. */
bool file_replace(const struct say *say, const char *path, const char *text, size_t length);

/* Makes a directory that may exist already; `owner` as above. */
bool file_make_directory(const struct say *say, const char *path, mode_t mode,
                         const struct stat *owner);

/* What the folder of `path` is, to make a file there belong to its owner. */
bool file_stat_folder(const char *path, struct stat *folder);

/* Removes a file again and flushes its directory; silent. */
void file_remove(const char *path);

/* The content, ended by a NUL that `*length` does not count; the caller frees. NULL: it said
 * why. */
char *file_read(const struct say *say, const char *path, size_t *length);

#endif
