/* orphans.c - what killed processes left in other slots of the outbox is sent too, by a handle
 * inside the handle.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Another slot is other producers: it gets a session of its own, one slot after the other, and is
 * let go once it is empty.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clients/c/src/client.h"

enum { ORPHANS_LOOK_MS = 300000 /* a look reads all free slots */ };

static uint64_t orphan_waiting(struct kt_client *orphan)
{
    pthread_mutex_lock(&orphan->lock);
    uint64_t waiting = orphan->status.waiting;
    pthread_mutex_unlock(&orphan->lock);
    return waiting;
}

uint64_t client_orphans_serve(struct kt_client *client, uint64_t now_ms)
{
    if (client->is_orphan)
        return 0;
    if (client->orphan != NULL) {
        uint64_t waiting = orphan_waiting(client->orphan);
        if (waiting > 0)
            return waiting;
        kt_close(client->orphan, 0, NULL);
        client->orphan = NULL;
        client->orphans_look_ms = now_ms;
    }
    if (now_ms < client->orphans_look_ms)
        return 0;
    client->orphans_look_ms = now_ms + ORPHANS_LOOK_MS;
    client->orphan = client_open_orphan(client);
    return client->orphan != NULL ? orphan_waiting(client->orphan) : 0;
}

void client_orphans_close(struct kt_client *client)
{
    if (client->orphan == NULL)
        return;
    struct kt_report report = {.size = sizeof report};
    kt_close(client->orphan, 0, &report);
    client->orphan = NULL;
    client->orphans_left = report.spooled;
}
