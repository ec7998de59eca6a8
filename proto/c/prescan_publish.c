/* prescan_publish.c - takes a publish apart into its items, each judged by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan.h"

#include <assert.h>

#include "proto/c/bodies.h"
#include "proto/c/field.h"
#include "proto/c/prescan_message.h"
#include "proto/c/wire_shapes.h"

enum { BATCH_ITEMS = 1, ITEM_SENT = 1, ITEM_PERSONAL = 2 };
enum { PERSONAL_SEQ = 1, PERSONAL_SALT = 2, PERSONAL_BLOCK = 3, PERSONAL_ERASED = 4 };

static const struct prescan_bounds strict_bounds = {
    .fields = PRESCAN_FIELDS_MAX, .depth = PRESCAN_DEPTH_MAX, .is_strict = true};

static const struct prescan_bounds open_bounds = {.fields = PRESCAN_FIELDS_MAX,
                                                  .depth = PRESCAN_DEPTH_MAX};

static bool refuse(struct scan_fault *fault, const char *code, const char *field,
                   const char *reason)
{
    *fault = (struct scan_fault){.code = code, .field = field, .reason = reason};
    return false;
}

static bool take_part(const struct field *field, struct publish_item *item)
{
    if (field->number != ITEM_SENT && field->number != ITEM_PERSONAL) {
        return refuse(&item->fault, "VERSION", "", "There is a field of another version.");
    }
    struct bytes *part = field->number == ITEM_SENT ? &item->sent : &item->personal;
    const char *name = field->number == ITEM_SENT ? "sent" : "personal";
    if (field->type != FIELD_BYTES) {
        return refuse(&item->fault, "MALFORMED", name, "The field has another wire type.");
    }
    if (part->data != NULL) {
        return refuse(&item->fault, "DUPLICATE_FIELD", name, "The field stands twice.");
    }
    *part = field->bytes;
    return true;
}

static bool take_parts(struct bytes rest, struct publish_item *item)
{
    while (rest.length > 0) {
        struct field field;
        if (!field_take(&rest, &field)) {
            return refuse(&item->fault, "MALFORMED", "", "The bytes are not protobuf.");
        }
        if (!take_part(&field, item)) {
            return false;
        }
    }
    return true;
}

/* A Personal as it may be published: salt and block, nothing else. */
static bool scan_personal(struct bytes rest, struct scan_fault *fault)
{
    struct bytes salt = bytes_of(NULL, 0), block = bytes_of(NULL, 0);
    if (!prescan_message(rest, wire_personal_shape(), &strict_bounds, fault)) {
        return false;
    }
    while (rest.length > 0) {
        struct field field;
        bool is_read = field_take(&rest, &field);
        assert(is_read);
        if (field.number == PERSONAL_SEQ || field.number == PERSONAL_ERASED) {
            return refuse(fault, "FIELD_INVALID", "personal", "It holds what the broker writes.");
        }
        *(field.number == PERSONAL_SALT ? &salt : &block) = field.bytes;
    }
    if (salt.length != SALT_BYTES) {
        return refuse(fault, "FIELD_INVALID", "personal", "A salt is 16 bytes.");
    }
    if (block.length == 0) {
        return refuse(fault, "FIELD_REQUIRED", "personal", "There is no block.");
    }
    return block.length <= EVENT_BYTES_MAX
               ? prescan_message(block, kt_body_personal_shape(), &open_bounds, fault)
               : refuse(fault, "TOO_LARGE", "personal", "A block has at most 65,536 bytes.");
}

static void scan_item(struct bytes wire_form, struct publish_item *item)
{
    bool is_whole = take_parts(wire_form, item);
    struct scan_fault fault = item->fault;
    bool is_fine = prescan_sent(item->sent, &item->facts, &item->fault);
    if (!is_whole) {
        item->fault = fault;
        return;
    }
    if (!is_fine) {
        return;
    }
    bool has_digest = item->facts.personal_digest.length > 0;
    if (has_digest != (item->personal.data != NULL)) {
        (void)refuse(&item->fault, "PERSONAL_DIGEST", "personalDigest",
                     "A digest and a block come together.");
    } else if (has_digest) {
        (void)scan_personal(item->personal, &item->fault);
    }
}

bool prescan_publish_next(struct bytes batch, size_t *offset, struct publish_item *item,
                          struct scan_fault *fault)
{
    assert(*offset <= batch.length);
    *fault = (struct scan_fault){.field = "", .reason = ""};
    *item = (struct publish_item){.fault = *fault};
    if (batch.length > BATCH_BYTES_MAX) {
        return refuse(fault, "TOO_LARGE", "", "A batch has at most 1,048,576 bytes.");
    }
    struct bytes rest = bytes_of(batch.data + *offset, batch.length - *offset);
    struct field field;
    if (rest.length == 0) {
        return false;
    }
    if (!field_take(&rest, &field)) {
        return refuse(fault, "MALFORMED", "", "The bytes are not protobuf.");
    }
    if (field.number != BATCH_ITEMS || field.type != FIELD_BYTES) {
        return refuse(fault, "MALFORMED", "items", "A batch holds items, nothing else.");
    }
    *offset = batch.length - rest.length;
    scan_item(field.bytes, item);
    return true;
}
