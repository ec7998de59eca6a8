/* prescan_say.c - says of each event on its input what the scan makes of it; differential.py asks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Input: a length (4 bytes, big-endian) and that many bytes, again and again. Output: a line each,
 * the code of the refusal, or "-" and the facts, texts in hexadecimal.
 */
#include <inttypes.h>
#include <stdio.h>

#include "proto/c/prescan.h"

enum { INPUT_BYTES_MAX = 2 * EVENT_BYTES_MAX };

static void say_hex(struct bytes bytes)
{
    printf(" x");
    for (size_t index = 0; index < bytes.length; index++) {
        printf("%02x", bytes.data[index]);
    }
}

static void say_facts(const struct event_facts *facts)
{
    printf("-");
    say_hex(bytes_of(facts->id, ID_BYTES));
    say_hex(facts->topic);
    say_hex(facts->source);
    say_hex(facts->incident);
    say_hex(facts->entity);
    printf(" %" PRId64 " %" PRId64 " %d %d %d %d %d\n", facts->occurred_at_ms, facts->expires_at_ms,
           facts->category, facts->mode, facts->kind, facts->priority, facts->is_removed);
}

int main(void)
{
    static uint8_t room[INPUT_BYTES_MAX];
    uint8_t head[4];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t length =
            (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (length > sizeof room || fread(room, 1, length, stdin) != length) {
            return 1;
        }
        struct event_facts facts;
        struct scan_fault fault;
        if (prescan_event(bytes_of(room, length), &facts, &fault)) {
            say_facts(&facts);
        } else {
            printf("%s\n", fault.code);
        }
    }
    return 0;
}
