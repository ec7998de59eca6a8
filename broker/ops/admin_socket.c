/* admin_socket.c - who comes in, and their lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker/ops/admin_inner.h"

static const char socket_name[] = "admin.sock";

/* By way of the directory's descriptor: the path itself may be longer than a socket's address. */
static bool listener_bind(struct admin *admin)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s",
                   admin->directory, socket_name);
    if (unlinkat(admin->directory, socket_name, 0) != 0 && errno != ENOENT) {
        return false;
    }
    mode_t before = umask(S_IRWXG | S_IRWXO | S_IXUSR);
    int bound = bind(admin->listener, (const struct sockaddr *)&address, sizeof address);
    int reason = errno;
    (void)umask(before);
    errno = reason;
    return bound == 0;
}

/* A broker that root runs leaves the site's files to the site's owner. */
static bool listener_open(struct admin *admin)
{
    struct stat about;
    if (fstat(admin->directory, &about) != 0) {
        return false;
    }
    admin->owner = about.st_uid;
    admin->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (admin->listener < 0 || !listener_bind(admin) ||
        listen(admin->listener, CONNECTIONS_MAX) != 0) {
        return false;
    }
    return about.st_uid == geteuid() ||
           fchownat(admin->directory, socket_name, about.st_uid, about.st_gid, 0) == 0;
}

enum status admin_open(const char *directory, const struct admin_calls *calls, struct admin **admin)
{
    struct admin *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        return STATUS_MEMORY;
    }
    opened->calls = *calls;
    opened->listener = -1;
    (void)pthread_mutex_init(&opened->lock, NULL);
    (void)pthread_cond_init(&opened->answered, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        opened->connections[i].descriptor = -1;
    }
    opened->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    opened->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (opened->directory < 0 || opened->wake < 0 || !listener_open(opened)) {
        int reason = errno;
        admin_close(opened);
        errno = reason;
        return STATUS_IO;
    }
    *admin = opened;
    return STATUS_OK;
}

static void connection_close(struct admin_connection *connection)
{
    if (connection->descriptor >= 0) {
        (void)close(connection->descriptor);
    }
    connection->descriptor = -1;
    connection->used = 0;
}

static void descriptor_close(int descriptor)
{
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
}

void admin_close(struct admin *admin)
{
    if (admin == NULL) {
        return;
    }
    admin_jobs_end(admin);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        connection_close(&admin->connections[i]);
    }
    if (admin->listener >= 0) {
        (void)unlinkat(admin->directory, socket_name, 0);
    }
    descriptor_close(admin->listener);
    descriptor_close(admin->wake);
    descriptor_close(admin->directory);
    (void)pthread_cond_destroy(&admin->answered);
    (void)pthread_mutex_destroy(&admin->lock);
    free(admin);
}

uint32_t admin_descriptors(const struct admin *admin, struct pollfd items[ADMIN_DESCRIPTORS_MAX])
{
    uint32_t count = 0;
    items[count++] = (struct pollfd){.fd = admin->listener, .events = POLLIN};
    items[count++] = (struct pollfd){.fd = admin->wake, .events = POLLIN};
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (admin->connections[i].descriptor >= 0) {
            items[count++] =
                (struct pollfd){.fd = admin->connections[i].descriptor, .events = POLLIN};
        }
    }
    return count;
}

/* ---- connections ---- */

static bool is_welcome(const struct admin *admin, int descriptor)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return false;
    }
    return peer.uid == 0 || peer.uid == admin->owner;
}

static struct admin_connection *connection_free(struct admin *admin)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (admin->connections[i].descriptor < 0) {
            return &admin->connections[i];
        }
    }
    return NULL;
}

static void accept_all(struct admin *admin)
{
    struct admin_connection *connection = connection_free(admin);
    while (connection != NULL) {
        int descriptor = accept4(admin->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            return;
        }
        if (is_welcome(admin, descriptor)) {
            connection->descriptor = descriptor;
        } else {
            (void)close(descriptor);
        }
        connection = connection_free(admin);
    }
}

/* An answer is far smaller than a socket's buffer; whoever does not read it loses it. */
static bool answer_send(int descriptor, const json_t *answer)
{
    char *text = json_dumps(answer, JSON_COMPACT);
    size_t length = text != NULL ? strlen(text) : 0;
    if (text == NULL) {
        return false;
    }
    text[length] = '\n';
    ssize_t sent = send(descriptor, text, length + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(text);
    return sent == (ssize_t)length + 1;
}

static void line_take(struct admin *admin, struct admin_connection *connection, size_t length)
{
    json_t *answer = admin_answer(admin, connection->line, length, connection->descriptor);
    if (answer == NULL) {
        connection->descriptor = -1; /* the job's now */
        connection->used = 0;
        return;
    }
    bool is_sent = answer_send(connection->descriptor, answer);
    json_decref(answer);
    if (!is_sent) {
        connection_close(connection);
        return;
    }
    connection->used -= length + 1;
    memmove(connection->line, connection->line + length + 1, connection->used);
}

static void lines_take(struct admin *admin, struct admin_connection *connection)
{
    char *end = memchr(connection->line, '\n', connection->used);
    while (connection->descriptor >= 0 && end != NULL) {
        line_take(admin, connection, (size_t)(end - connection->line));
        end = memchr(connection->line, '\n', connection->used);
    }
    if (connection->used == LINE_BYTES_MAX) {
        connection_close(connection);
    }
}

static void connection_read(struct admin *admin, struct admin_connection *connection)
{
    ssize_t got = read(connection->descriptor, connection->line + connection->used,
                       LINE_BYTES_MAX - connection->used);
    if (got > 0) {
        connection->used += (size_t)got;
        lines_take(admin, connection);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection_close(connection);
    }
}

void admin_turn(struct admin *admin)
{
    uint64_t wakes;
    ssize_t got = read(admin->wake, &wakes, sizeof wakes);
    (void)got;
    accept_all(admin);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (admin->connections[i].descriptor >= 0) {
            connection_read(admin, &admin->connections[i]);
        }
    }
    admin_jobs_turn(admin);
}
