/* replay.c - runs a fuzz target over the files of a folder: its corpus as a test, any compiler.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_BYTES_MAX = 4096, INPUT_BYTES_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fills a block of exactly the file's size, so that a sanitizer sees a read past its end. */
static uint8_t *read_whole(FILE *file, size_t *bytes)
{
    struct stat info;
    if (fstat(fileno(file), &info) != 0 || info.st_size > INPUT_BYTES_MAX)
        return NULL;
    *bytes = (size_t)info.st_size;
    uint8_t *data = malloc(*bytes == 0 ? 1 : *bytes);
    if (data == NULL || fread(data, 1, *bytes, file) == *bytes)
        return data;
    free(data);
    return NULL;
}

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t bytes = 0;
    uint8_t *data = read_whole(file, &bytes);
    fclose(file);
    if (data == NULL)
        return false;
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    return true;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    unsigned files = 0, unread = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[PATH_BYTES_MAX];
        if (entry->d_name[0] == '.')
            continue;
        int length = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (length >= (int)sizeof path || !replay_file(path))
            unread++;
        files++;
    }
    closedir(folder);
    printf("%u inputs, %u could not be read\n", files, unread);
    return files > 0 && unread == 0 ? 0 : 1;
}
