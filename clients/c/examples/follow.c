/* follow.c - "Show me everything from now on, and go on where I stopped when I am started again."
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: KENTONG_PROFILE=polisi.agency follow FILTER COUNT
 */
#include <kentong/kentong.h>

#include <stdio.h>
#include <stdlib.h>

static void show(const struct kt_message *message)
{
    char *json;
    size_t length;
    if (kt_message_to_json(message, &json, &length) == KT_OK) {
        puts(json);
        kt_free(json);
    }
}

int main(int count, char **words)
{
    struct kt_client *client;
    struct kt_follow *follow;
    struct kt_message *message;
    struct kt_options *options = kt_options_new();
    struct kt_error error = {.size = sizeof error};
    long wanted = count > 2 ? strtol(words[2], NULL, 10) : -1;
    if (kt_open(options, &client, &error) != KT_OK) {
        fprintf(stderr, "%s %s: %s\n", error.code, error.field, error.text);
        return 2;
    }
    kt_options_set(options, "filter", count > 1 ? words[1] : "#");
    kt_options_set(options, "modes", "ACTUAL,TEST");
    kt_options_set(options, "cursor", "example");
    int status = kt_follow(client, options, &follow);
    kt_options_free(options);
    while (status == KT_OK && wanted != 0 && (status = kt_next(follow, -1, &message)) == KT_OK) {
        struct kt_info info = {.size = sizeof info};
        kt_message_info(message, &info);
        show(message);
        fflush(stdout);
        kt_ack(follow, info.seq); /* only now: what we have not shown comes again */
        kt_message_free(message);
        wanted -= wanted > 0;
    }
    if (status != KT_OK && kt_error(client, &error) == KT_OK)
        fprintf(stderr, "%s: %s\n", error.code, error.text);
    kt_close(client, 5000, NULL);
    return status == KT_OK ? 0 : 1;
}
