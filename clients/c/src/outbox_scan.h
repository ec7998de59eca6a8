/* outbox_scan.h - goes through all records of a slot, and says where they end or what is damaged.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CLIENTS_C_SRC_OUTBOX_SCAN_H
#define CLIENTS_C_SRC_OUTBOX_SCAN_H

#include "clients/c/src/outbox_slot.h"

/* Takes one record of a segment. Anything but OK ends the scan with that status. */
typedef enum outbox_status outbox_take(void *context, struct slot_segment *segment,
                                       const struct outbox_record *record);

/* Hands every record to `take`, oldest first. `*good_bytes`: where the records of the last
 * segment end; what lies behind was never flushed. DAMAGED, IO, MEMORY, or what `take` returned. */
enum outbox_status outbox_scan(const struct outbox_slot *slot, outbox_take *take, void *context,
                               uint64_t *good_bytes) OUTBOX_MUST_CHECK;

#endif
