/* signals.c - a signalfd.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
    sigset_t both;
    (void)sigemptyset(&both);
    (void)sigaddset(&both, SIGINT);
    (void)sigaddset(&both, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &both, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &both, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool signals_arrived(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info;
}
