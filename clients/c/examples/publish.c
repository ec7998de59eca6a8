/* publish.c - "Tell everybody that something has happened, and know that it is kept."
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: KENTONG_PROFILE=damkar.agency publish 'SUMMARY'
 */
#include <kentong/kentong.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static int publish(struct kt_client *client, const char *summary)
{
    char json[1024], now[32];
    time_t seconds = time(NULL);
    struct kt_receipt receipt = {.size = sizeof receipt};
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
    snprintf(
        json, sizeof json,
        "{\"topic\":\"62/71/incident/fire\",\"incidentId\":\"EXAMPLE-1\",\"occurredAt\":\"%s\","
        "\"mode\":\"TEST\",\"report\":{\"category\":\"FIRE_STRUCTURE\",\"summary\":\"%s\"}}",
        now, summary);
    int status = kt_publish_json(client, json, strlen(json), KT_STORED, 10000, &receipt);
    if (status == KT_OK)
        printf("stored as %llu\n", (unsigned long long)receipt.seq);
    else if (receipt.state == KT_SPOOLED)
        printf("spooled: it is safe on this host and will be sent later\n");
    return status;
}

int main(int count, char **words)
{
    struct kt_client *client;
    struct kt_error error = {.size = sizeof error};
    if (kt_open(NULL, &client, &error) != KT_OK) {
        fprintf(stderr, "%s %s: %s\n", error.code, error.field, error.text);
        return 2;
    }
    int status = publish(client, count > 1 ? words[1] : "Rumah terbakar di Jl. Tilung");
    if (status == KT_E_REFUSED && kt_error(client, &error) == KT_OK)
        fprintf(stderr, "refused: %s %s: %s\n", error.code, error.field, error.text);
    kt_close(client, 0, NULL);
    return status == KT_OK ? 0 : 1;
}
