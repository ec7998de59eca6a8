/* prescan.h - reads and judges the wire form of events before any decoder touches it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure: no allocation, no clock. Refuses (docs/decisions/0003): malformed wire, nesting over 8,
 * more than `PRESCAN_FIELDS_MAX` fields, NUL or bad UTF-8 in any string of the envelope or of any
 * body (bodies are walked by the table in bodies.h), a singular envelope field given twice, an
 * envelope field or enum value that this version does not know (code VERSION), a `personal` inside
 * the event, a missing required field, values out of range. Unknown fields and enums inside a body
 * are let pass.
 */
#ifndef PROTO_C_PRESCAN_H
#define PROTO_C_PRESCAN_H

#include "proto/c/facts.h"
#include "proto/c/text.h"

enum {
    PRESCAN_FIELDS_MAX = 4096, /* all fields of one event, at every depth */
    EVENT_BYTES_MAX = 64 * 1024,
    BATCH_BYTES_MAX = 1024 * 1024,
    ENTITY_BYTES_MAX = 64,
    INCIDENT_BYTES_MAX = 64,
    SOURCE_BYTES_MAX = 64,
    PRESCAN_ITEMS_MAX = 4096 /* items of one publish */
};

/* One item of a PublishBatch. */
struct publish_item {
    struct bytes sent;       /* the bytes of `Sent`, for the record */
    struct bytes personal;   /* the bytes of the `Personal` beside it; empty: none */
    struct sent_facts facts; /* whole only while fault.code is NULL */
    struct scan_fault fault; /* code NULL: accepted. producer and number are read even when refused,
                                as long as the wire form of `Sent` allows */
};

/* Scans the bytes of one `Event`. True: `facts` is whole; false: `fault` says why. */
bool prescan_event(struct bytes event, struct event_facts *facts, struct scan_fault *fault);

/* Scans the bytes of one `Sent` with the event in it; checks sizes of digest, producer, number >
 * after. */
bool prescan_sent(struct bytes sent, struct sent_facts *facts, struct scan_fault *fault);

/* Steps through a PublishBatch. `*offset` starts at 0; each call fills `item` and moves it on.
 * False: the end (fault->code NULL) or a batch that cannot be stepped through at all (fault->code
 * set). Refusals of single items are in item->fault. Checks each Personal's shape, not its digest
 * (that takes hashing: digest.h). */
bool prescan_publish_next(struct bytes batch, size_t *offset, struct publish_item *item,
                          struct scan_fault *fault);

#endif
