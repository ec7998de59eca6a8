/* outbox_scan.c - all records of a slot, oldest first.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox_scan.h"

#include <stdlib.h>

static enum outbox_status scan_segment(const struct outbox_slot *slot, uint32_t index,
                                       outbox_take *take, void *context, struct bytes file,
                                       uint64_t *good_bytes)
{
    struct slot_segment *segment = &slot->segments[index];
    struct outbox_record record;
    size_t offset = 0;
    bool is_bad;
    while (outbox_record_next(file, segment->number, &offset, &record, &is_bad)) {
        enum outbox_status status = OUTBOX_DAMAGED;
        /* Every segment begins with its head, and has but one. */
        if ((record.type == OUTBOX_HEAD) == (record.offset == 0))
            status = take(context, segment, &record);
        if (status != OUTBOX_OK)
            return status;
        *good_bytes = offset;
    }
    bool is_last = index + 1 == slot->count;
    if (is_bad && (!is_last || outbox_was_flushed(file, segment->number, (size_t)*good_bytes)))
        return OUTBOX_DAMAGED;
    return OUTBOX_OK;
}

enum outbox_status outbox_scan(const struct outbox_slot *slot, outbox_take *take, void *context,
                               uint64_t *good_bytes)
{
    *good_bytes = 0;
    for (uint32_t index = 0; index < slot->count; index++) {
        struct bytes file;
        enum outbox_status status = slot_read(slot, index, &file);
        if (status != OUTBOX_OK)
            return status;
        *good_bytes = 0;
        status = scan_segment(slot, index, take, context, file, good_bytes);
        free((void *)(uintptr_t)file.data);
        if (status != OUTBOX_OK)
            return status;
    }
    return OUTBOX_OK;
}
