/* event_loop.c - "I have an event loop of my own." One descriptor to poll, callbacks on this
 * thread.
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: KENTONG_PROFILE=polisi.agency event_loop FILTER SECONDS
 */
#include <kentong/kentong.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void on_message(void *context, const struct kt_message *message)
{
    unsigned long *seen = context;
    struct kt_info info = {.size = sizeof info};
    kt_message_info(message, &info);
    if (info.kind == KT_LOST)
        printf("lost: %llu to %llu\n", (unsigned long long)info.first,
               (unsigned long long)info.last);
    else
        printf("%llu from %s\n", (unsigned long long)info.seq, info.source);
    ++*seen;
}

int main(int count, char **words)
{
    unsigned long seen = 0;
    struct kt_client *client;
    struct kt_follow *follow;
    struct kt_options *options = kt_options_new();
    struct kt_error error = {.size = sizeof error};
    if (kt_open(options, &client, &error) != KT_OK) {
        fprintf(stderr, "%s %s: %s\n", error.code, error.field, error.text);
        return 2;
    }
    kt_options_set(options, "filter", count > 1 ? words[1] : "#");
    kt_options_set(options, "modes", "ACTUAL,TEST");
    int status = kt_follow(client, options, &follow);
    kt_options_free(options);
    time_t end = time(NULL) + (count > 2 ? strtol(words[2], NULL, 10) : 10);
    if (status == KT_OK)
        kt_on_message(follow, on_message, &seen);
    while (status == KT_OK && time(NULL) < end) {
        struct pollfd ours = {.fd = kt_fd(client), .events = POLLIN};
        if (poll(&ours, 1, 1000) > 0) /* beside it: every other descriptor of your program */
            kt_dispatch(client, 100);
    }
    kt_close(client, 1000, NULL);
    printf("%lu messages\n", seen);
    return status == KT_OK ? 0 : 1;
}
