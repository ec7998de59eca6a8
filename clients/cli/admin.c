/* admin.c - one line of JSON asked, one answered.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients/cli/moment.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024, ANSWER_MS_MAX = 60 * 1000 };

/* By way of the directory's descriptor: a path of its own may be too long for a socket's name. */
static int connect_in(int directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/admin.sock",
                   directory);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static int connect_to(const char *directory)
{
    int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        return -1;
    }
    int fd = connect_in(at);
    int reason = errno;
    (void)close(at);
    errno = reason;
    return fd;
}

/* Reads up to the first newline. False: errno says why. */
static bool read_line(int fd, char *line, size_t *length)
{
    uint64_t deadline_ms = moment_tick_ms() + ANSWER_MS_MAX;
    *length = 0;
    while (*length == 0 || line[*length - 1] != '\n') {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        uint64_t now_ms = moment_tick_ms();
        int ready = now_ms >= deadline_ms ? 0 : poll(&waiting, 1, (int)(deadline_ms - now_ms));
        if (ready == 0) {
            errno = ETIMEDOUT;
            return false;
        }
        ssize_t got = ready < 0 ? -1 : read(fd, line + *length, ANSWER_BYTES_MAX - *length);
        if (got == 0) {
            errno = *length == ANSWER_BYTES_MAX ? EMSGSIZE : ECONNRESET;
            return false;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *length += got > 0 ? (size_t)got : 0;
    }
    return true;
}

enum admin_state admin_open(const struct say *say, const char *directory, const char *request,
                            int *fd)
{
    size_t length = strlen(request);
    *fd = connect_to(directory);
    if (*fd < 0 && (errno == ENOENT || errno == ECONNREFUSED)) {
        return ADMIN_STOPPED;
    }
    if (*fd >= 0 && send(*fd, request, length, MSG_NOSIGNAL) == (ssize_t)length) {
        return ADMIN_ANSWERED;
    }
    say_fault(say, "%s/admin.sock: %s", directory, strerror(errno));
    if (*fd >= 0) {
        (void)close(*fd);
    }
    return ADMIN_FAILED;
}

static json_t *read_answer(int fd)
{
    size_t length = 0;
    char *line = malloc(ANSWER_BYTES_MAX);
    if (line == NULL) {
        return NULL;
    }
    bool is_read = read_line(fd, line, &length);
    json_t *answer = is_read ? json_loadb(line, length, 0, NULL) : NULL;
    errno = is_read && answer == NULL ? EPROTO : errno;
    free(line);
    return answer;
}

enum admin_state admin_ask(const struct say *say, const char *directory, const char *verb,
                           json_t **answer)
{
    char request[128];
    int fd = -1;
    (void)snprintf(request, sizeof request, "{\"do\":\"%s\"}\n", verb);
    enum admin_state state = admin_open(say, directory, request, &fd);
    if (state != ADMIN_ANSWERED) {
        return state;
    }
    *answer = read_answer(fd);
    if (*answer == NULL) {
        say_fault(say, "%s/admin.sock: %s", directory, strerror(errno));
    }
    (void)close(fd);
    return *answer == NULL ? ADMIN_FAILED : ADMIN_ANSWERED;
}

void admin_say_refusal(const struct say *say, const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "code"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    if (code == NULL) {
        say_fault(say, "%s", reason == NULL ? "?" : reason);
    } else {
        say_refusal(say, code, json_string_value(json_object_get(answer, "field")), reason);
    }
}
