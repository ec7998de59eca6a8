/* wire_publish.c - reads a publish: items scanned and hashed, the events' bytes untouched.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/log/chunk.h"
#include "broker/net/wire_private.h"
#include "proto/c/digest.h"
#include "proto/c/field.h"

/* Salt and block of a Personal whose shape was scanned. */
static void personal_read(struct bytes personal, struct bytes *salt, struct bytes *block)
{
    enum { SALT = 2, BLOCK = 3 };
    struct field field;
    *salt = (struct bytes){0};
    *block = (struct bytes){0};
    while (personal.length > 0 && field_take(&personal, &field)) {
        if (field.number == SALT) {
            *salt = field.bytes;
        } else if (field.number == BLOCK) {
            *block = field.bytes;
        }
    }
}

/* The digest is what ties persons to their event, so it is made again from what came. */
static struct scan_fault personal_judge(const struct publish_item *item)
{
    uint8_t digest[DIGEST_BYTES];
    struct bytes salt, block;
    if (item->personal.length == 0) {
        return wire_no_fault();
    }
    personal_read(item->personal, &salt, &block);
    digest_personal(salt, block, digest);
    if (!bytes_are_equal(bytes_of(digest, sizeof digest), item->facts.personal_digest)) {
        return wire_fault("PERSONAL_DIGEST", "personal", "The digest is of another block or salt.");
    }
    return wire_no_fault();
}

static void item_take(struct wire *wire, uint32_t index, struct bytes agency)
{
    struct publish_item *item = &wire->items[index];
    const struct sent_facts *facts = &item->facts;
    if (item->fault.code == NULL && facts->event_bytes.length > wire->options.event_bytes) {
        item->fault = wire_fault("TOO_LARGE", "", "The event is larger than the site allows.");
    }
    if (item->fault.code == NULL) {
        item->fault = personal_judge(item);
    }
    if (item->fault.code == NULL) {
        wire->digests[index] = digest_content(facts->event_bytes, facts->personal_digest);
        page_window_key(wire->options.secret, agency, facts->event.id, wire->window_keys[index]);
    }
}

static struct scan_fault items_take(struct wire *wire, struct bytes batch, struct bytes agency,
                                    uint32_t *count)
{
    struct scan_fault fault = wire_no_fault();
    size_t offset = 0;
    *count = 0;
    while (*count < PRESCAN_ITEMS_MAX &&
           prescan_publish_next(batch, &offset, &wire->items[*count], &fault)) {
        item_take(wire, (*count)++, agency);
    }
    if (fault.code == NULL && offset < batch.length) {
        return wire_fault("TOO_MANY", "items", "At most 4,096 events a publish.");
    }
    return fault;
}

struct scan_fault wire_decode_publish(struct wire *wire, struct blob *frame, struct bytes agency,
                                      struct request *request)
{
    struct bytes batch = blob_bytes(frame);
    struct publish_request *publish = &request->of.publish;
    if (batch.length > wire->options.batch_bytes) {
        return wire_fault("TOO_LARGE", "items", "The batch is larger than the site allows.");
    }
    struct scan_fault fault = items_take(wire, batch, agency, &publish->count);
    if (fault.code != NULL) {
        return fault;
    }
    if (publish->count == 0) {
        return wire_fault("FIELD_REQUIRED", "items", "A publish has at least one event.");
    }
    request->kind = REQUEST_PUBLISH;
    publish->frame = frame;
    publish->items = wire->items;
    publish->window_keys = (const uint8_t(*)[ID_BYTES])wire->window_keys;
    publish->digests = wire->digests;
    return wire_no_fault();
}
