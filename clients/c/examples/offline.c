/* offline.c - "The link is down. Keep it safe, and tell me where it is and who will send it."
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: KENTONG_PROFILE=damkar.agency offline < EVENT.json
 */
#include <kentong/kentong.h>

#include <stdio.h>

int main(void)
{
    char json[65536];
    size_t length = fread(json, 1, sizeof json, stdin);
    struct kt_client *client;
    struct kt_error error = {.size = sizeof error};
    struct kt_receipt receipt = {.size = sizeof receipt};
    struct kt_report report = {.size = sizeof report};
    if (kt_open(NULL, &client, &error) != KT_OK) {
        fprintf(stderr, "%s %s: %s\n", error.code, error.field, error.text);
        return 2;
    }
    /* SPOOLED is enough: the event is durable on this host before this returns. */
    int status = kt_publish_json(client, json, length, KT_SPOOLED, 10000, &receipt);
    if (status != KT_OK) {
        kt_error(client, &error);
        fprintf(stderr, "not kept: %s %s: %s\n", error.code, error.field, error.text);
    }
    /* Half a second for a broker that is there after all. */
    if (kt_close(client, 500, &report) == KT_E_TIMEOUT)
        printf("%s is spooled with %llu more in %s; the next program of this profile sends it\n",
               receipt.id, (unsigned long long)(report.spooled - 1), report.outbox);
    else if (status == KT_OK)
        printf("%s is stored\n", receipt.id);
    return status == KT_OK ? 0 : 1;
}
