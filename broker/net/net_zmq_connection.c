/* net_zmq_connection.c - tells a connection of ours from whatever else a descriptor may have
 * become.
 * SPDX-License-Identifier: Apache-2.0
 *
 * libzmq names descriptors in its messages and monitors, and closes them in its own threads: by
 * the time a number is read here it may stand for a file, for another program's socket, even for
 * the listener itself. So nothing is cut that is not a connection through a door, with the inode
 * that was heard.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "broker/net/net_zmq_private.h"

static bool is_listener(int descriptor)
{
    int is_listening = 0;
    socklen_t length = sizeof is_listening;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) != 0 ||
           is_listening != 0;
}

static bool is_port_of(const struct net_door *door, in_port_t port)
{
    const char *colon = strrchr(door->bound, ':');
    return strncmp(door->bound, "tcp://", 6) == 0 && colon != NULL &&
           strtoul(colon + 1, NULL, 10) == ntohs(port);
}

/* ZeroMQ writes an abstract name with @ in place of its zero. */
static bool is_path_of(const struct net_door *door, const struct sockaddr_un *address,
                       socklen_t length)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    size_t begin = offsetof(struct sockaddr_un, sun_path);
    size_t path_length = strlen(door->bound);
    if (strncmp(door->bound, "ipc://", 6) != 0 || path_length - 6 >= sizeof own.sun_path) {
        return false;
    }
    memcpy(own.sun_path, door->bound + 6, path_length - 6);
    if (own.sun_path[0] == '@') {
        own.sun_path[0] = '\0';
    }
    return length >= begin + path_length - 6 &&
           memcmp(address->sun_path, own.sun_path, path_length - 6) == 0;
}

static bool is_at_door(const struct net_door *door, const struct sockaddr_storage *address,
                       socklen_t length)
{
    switch (address->ss_family) {
    case AF_INET:
        return is_port_of(door, ((const struct sockaddr_in *)address)->sin_port);
    case AF_INET6:
        return is_port_of(door, ((const struct sockaddr_in6 *)address)->sin6_port);
    case AF_UNIX:
        return is_path_of(door, (const struct sockaddr_un *)address, length);
    default:
        return false;
    }
}

ino_t net_connection_inode(const struct net_zmq *net, int descriptor)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    struct stat about;
    if (descriptor < 0 || fstat(descriptor, &about) != 0 || !S_ISSOCK(about.st_mode) ||
        is_listener(descriptor) ||
        getsockname(descriptor, (struct sockaddr *)&address, &length) != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < net->door_count; i++) {
        if (is_at_door(&net->doors[i], &address, length)) {
            return about.st_ino;
        }
    }
    return 0;
}

void net_connection_cut(const struct net_zmq *net, int descriptor, ino_t inode)
{
    if (inode != 0 && net_connection_inode(net, descriptor) == inode) {
        (void)shutdown(descriptor, SHUT_RDWR);
    }
}
