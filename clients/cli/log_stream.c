/* log_stream.c - the command line opens no log itself: one program reads and judges chunks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/cli/admin.h"

/* Beside this program when it is there. */
static void find_program(char path[FILE_PATH_BYTES])
{
    char self[FILE_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        int needed = snprintf(path, FILE_PATH_BYTES, "%s/kentongd", dirname(self));
        if (needed > 0 && needed < FILE_PATH_BYTES && access(path, X_OK) == 0) {
            return;
        }
    }
    (void)snprintf(path, FILE_PATH_BYTES, "kentongd");
}

static int spawn_into(int out, const char *verb, const char *directory, pid_t *child)
{
    char path[FILE_PATH_BYTES];
    posix_spawn_file_actions_t actions;
    char option[] = "--log", *arguments[] = {path, option, (char *)verb, (char *)directory, NULL};
    find_program(path);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    int status = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (status == 0) {
        status = posix_spawnp(child, path, &actions, NULL, arguments, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return status;
}

static bool run_program(const struct say *say, const char *directory, const char *verb,
                        struct log_stream *stream)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        say_fault(say, "%s", strerror(errno));
        return false;
    }
    int status = spawn_into(ends[1], verb, directory, &stream->child);
    (void)close(ends[1]);
    stream->in = status == 0 ? fdopen(ends[0], "r") : NULL;
    if (stream->in == NULL) {
        say_fault(say, "kentongd: %s", strerror(status != 0 ? status : errno));
        (void)close(ends[0]);
        return false;
    }
    return true;
}

bool log_stream_open(const struct say *say, const char *directory, const char *verb,
                     struct log_stream *stream)
{
    char request[128];
    int fd = -1;
    *stream = (struct log_stream){.child = 0};
    (void)snprintf(request, sizeof request, "{\"do\":\"log\",\"verb\":\"%s\"}\n", verb);
    switch (admin_open(say, directory, request, &fd)) {
    case ADMIN_STOPPED:
        return run_program(say, directory, verb, stream);
    case ADMIN_FAILED:
        return false;
    case ADMIN_ANSWERED:
        break;
    }
    stream->in = fdopen(fd, "r");
    if (stream->in == NULL) {
        say_fault(say, "%s", strerror(errno));
        (void)close(fd);
    }
    return stream->in != NULL;
}

bool log_stream_close(struct log_stream *stream)
{
    int status = 0;
    (void)fclose(stream->in);
    if (stream->child != 0) {
        while (waitpid(stream->child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
