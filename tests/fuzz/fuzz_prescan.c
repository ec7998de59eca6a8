/* fuzz_prescan.c - whatever the bytes are, the scan ends within them; what it lets pass, unpacks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "kentongan/v1/event.pb-c.h"
#include "proto/c/facts_read.h"
#include "proto/c/prescan.h"
#include "proto/c/prescan_message.h"
#include "proto/c/wire_shapes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan_event(struct bytes input)
{
    struct event_facts facts;
    struct scan_fault fault;
    if (!prescan_event(input, &facts, &fault)) {
        assert(fault.code != NULL && fault.field != NULL && fault.reason != NULL);
        return;
    }
    Kentongan__V1__Event *event = kentongan__v1__event__unpack(NULL, input.length, input.data);
    assert(event != NULL);
    assert(bytes_are_equal(facts.topic, bytes_of_text(event->topic)));
    assert(bytes_are_equal(facts.incident, bytes_of_text(event->incident_id)));
    assert(facts.kind == event->body_case && facts.mode == event->mode);
    assert(facts.priority == event->priority);
    kentongan__v1__event__free_unpacked(event, NULL);
}

static void scan_publish(struct bytes input)
{
    struct publish_item item;
    struct scan_fault fault;
    size_t offset = 0;
    while (prescan_publish_next(input, &offset, &item, &fault)) {
        struct sent_facts stored;
        if (item.fault.code == NULL) {
            /* What was let pass can be read again once it is stored, and says the same. */
            bool is_read = facts_read_stored(item.sent, &stored);
            assert(is_read && memcmp(stored.event.id, item.facts.event.id, ID_BYTES) == 0);
            assert(stored.number == item.facts.number);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct prescan_bounds control = {.fields = 512, .depth = 4, .is_strict = true};
    struct bytes input = bytes_of(data, size);
    struct sent_facts sent;
    struct scan_fault fault;
    scan_event(input);
    scan_publish(input);
    (void)prescan_sent(input, &sent, &fault);
    (void)prescan_message(input, wire_to_broker_shape(), &control, &fault);
    (void)prescan_message(input, wire_from_broker_shape(), &control, &fault);
    return 0;
}
