/* json_event.c - events in and out of JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/json_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "clients/c/src/json_print.h"
#include "clients/c/src/json_value.h"
#include "kentongan/v1/event.pb-c.h"
#include "proto/c/digest.h"
#include "proto/c/prescan.h"

enum { EVENT_ARENA_BYTES = 8 * 1024 * 1024, EVENT_BLOCK_BYTES_MAX = 256 * 1024 };

/* Made by the broker, or by whoever prints: so that a line that was received can be sent again. */
static const char *const not_ours[] = {
    "seq",     "recordedAt", "replay",           "completeness",
    "expired", "keyId",      "senderSkewed",     "clockJumped",
    "sentAt",  "agency",     "personalWithheld", "personalErased",
    NULL};

static void make_id(char id[37])
{
    uint8_t bytes[16];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        memset(bytes, 0, sizeof bytes); /* cannot be after boot, for so few bytes */
    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    bytes[6] = (uint8_t)(0x70 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    size_t at = 0;
    for (int i = 0; i < 16; i++) {
        at += (size_t)snprintf(id + at, 37 - at, "%s%02x",
                               i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    }
}

/* «kept as UTC plus utcOffsetMinutes (taken from the offset given)» */
static void take_offset(const json_t *object, Kentongan__V1__Event *event)
{
    int64_t seconds;
    int32_t nanos, offset;
    if (json_object_get(object, "utcOffsetMinutes") == NULL &&
        json_object_get(object, "utc_offset_minutes") == NULL &&
        json_get_time(json_object_get(object, "occurredAt"), &seconds, &nanos, &offset) == NULL)
        event->utc_offset_minutes = offset;
}

/* Everything that the bytes need: copied into one block, the digest computed. */
static bool finish(struct bytes bytes, struct bytes block, const struct json_author *author,
                   struct json_event *event, struct json_fault *fault)
{
    struct event_facts facts;
    struct scan_fault scan;
    if (!prescan_event(bytes, &facts, &scan))
        return json_refuse(fault, scan.code, scan.field, scan.reason);
    if (facts.source.length > 0 && !bytes_are_equal(facts.source, author->agency))
        return json_refuse(fault, "SOURCE_MISMATCH", "source", "source must be your own agency");
    if (block.length > EVENT_BLOCK_BYTES_MAX)
        return json_refuse(fault, "TOO_LARGE", "personal", "the personal block is too large");
    uint8_t *copy = malloc(SALT_BYTES + DIGEST_BYTES + bytes.length + block.length);
    if (copy == NULL)
        return json_refuse(fault, "BUSY", "", "there is no memory");
    uint8_t *salt = copy, *digest = copy + SALT_BYTES, *body = digest + DIGEST_BYTES;
    memcpy(body, bytes.data, bytes.length);
    *event = (struct json_event){.block = copy, .priority = facts.priority};
    event->event.event = bytes_of(body, bytes.length);
    /* Field 1 of an accepted event: a lower-case UUID. */
    size_t at = 0;
    for (int i = 0; i < ID_BYTES; i++)
        at += (size_t)snprintf(event->id + at, sizeof event->id - at, "%s%02x",
                               i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", facts.id[i]);
    if (block.length == 0)
        return true;
    memcpy(body + bytes.length, block.data, block.length);
    event->event.block = bytes_of(body + bytes.length, block.length);
    digest_salt(facts.id, author->secret, salt);
    event->event.salt = bytes_of(salt, SALT_BYTES);
    digest_personal(event->event.salt, event->event.block, digest);
    event->event.digest = bytes_of(digest, DIGEST_BYTES);
    return true;
}

static bool pack(struct arena *arena, const ProtobufCMessage *message, struct bytes *bytes)
{
    uint8_t *out = arena_take(arena, protobuf_c_message_get_packed_size(message) + 1);
    if (out == NULL)
        return false;
    *bytes = bytes_of(out, protobuf_c_message_pack(message, out));
    return true;
}

static bool read_object(json_t *object, const struct json_author *author, struct arena *arena,
                        struct json_event *event, struct json_fault *fault)
{
    ProtobufCMessage *message;
    char id[37];
    for (const char *const *name = not_ours; *name != NULL; name++)
        json_object_del(object, *name);
    if (!json_read_message(object, &kentongan__v1__event__descriptor, arena, &message, fault))
        return false;
    Kentongan__V1__Event *whole = (Kentongan__V1__Event *)message;
    take_offset(object, whole);
    if (whole->id[0] == '\0') {
        make_id(id);
        whole->id = id;
    }
    if (whole->mode == KENTONGAN__V1__MODE__VALUE__UNSPECIFIED)
        whole->mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    if (whole->source[0] == '\0')
        whole->source = arena_text(arena, author->agency);
    struct bytes bytes, block = {0};
    bool is_packed = whole->source != NULL &&
                     (whole->personal == NULL || pack(arena, &whole->personal->base, &block));
    whole->personal = NULL;
    if (!is_packed || !pack(arena, &whole->base, &bytes))
        return json_refuse(fault, "TOO_LARGE", "", "the event is too large");
    return finish(bytes, block, author, event, fault);
}

bool json_event_read(struct bytes text, const struct json_author *author, struct json_event *event,
                     struct json_fault *fault)
{
    struct arena arena;
    json_t *object = json_parse_object(text, fault);
    if (object == NULL)
        return false;
    arena_init(&arena, EVENT_ARENA_BYTES);
    bool is_read = read_object(object, author, &arena, event, fault);
    arena_deinit(&arena);
    json_decref(object);
    return is_read;
}

bool json_event_take(struct bytes bytes, struct bytes block, const struct json_author *author,
                     struct json_event *event, struct json_fault *fault)
{
    return finish(bytes, block, author, event, fault);
}

bool json_event_print(struct json_text *text, struct bytes event)
{
    struct arena arena;
    arena_init(&arena, EVENT_ARENA_BYTES);
    Kentongan__V1__Event *whole =
        kentongan__v1__event__unpack(&arena.allocator, event.length, event.data);
    bool is_printed = whole != NULL && json_print_message(text, &whole->base);
    arena_deinit(&arena);
    return is_printed;
}
