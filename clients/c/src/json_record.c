/* json_record.c - records as one object, the way a follower reads them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "clients/c/src/json_event.h"
#include "clients/c/src/json_print.h"
#include "clients/c/src/link_wire_scan.h"
#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"

enum {
    RECORD_ARENA_BYTES = 8 * 1024 * 1024,
    RECORD_SENT = 1, /* fields of record.proto */
    RECORD_STAMP = 2,
    SENT_EVENT = 1,
    SENT_DIGEST = 2,
    PERSONAL_BLOCK = 3,
    PERSONAL_ERASED = 4
};

static int64_t time_ms(const Google__Protobuf__Timestamp *time)
{
    return time == NULL ? 0 : time->seconds * 1000 + time->nanos / 1000000;
}

/* The last bytes field `number` of a message; empty when there is none. False: no wire form. */
static bool find_bytes(struct bytes message, uint32_t number, struct bytes *found)
{
    struct scan_field field;
    size_t offset = 0;
    bool is_bad;
    *found = (struct bytes){0};
    while (scan_next(message, &offset, &field, &is_bad))
        if (field.number == number && field.wire_type == 2)
            *found = field.bytes;
    return !is_bad;
}

static bool read_personal(const struct json_record *record, struct bytes digest,
                          struct json_record_facts *facts)
{
    struct bytes erased;
    if (record->personal.length == 0) {
        facts->is_personal_withheld = digest.length > 0;
        return true;
    }
    if (!find_bytes(record->personal, PERSONAL_BLOCK, &facts->personal) ||
        !find_bytes(record->personal, PERSONAL_ERASED, &erased))
        return false;
    facts->is_personal_erased = erased.length > 0;
    return true;
}

static bool read_record(const struct json_record *record, struct arena *arena,
                        struct json_record_facts *facts, Kentongan__V1__Stamp **stamp)
{
    struct bytes sent, stamp_bytes, digest;
    *facts = (struct json_record_facts){0};
    if (!find_bytes(record->record, RECORD_SENT, &sent) ||
        !find_bytes(record->record, RECORD_STAMP, &stamp_bytes) ||
        !find_bytes(sent, SENT_EVENT, &facts->event) || !find_bytes(sent, SENT_DIGEST, &digest) ||
        !read_personal(record, digest, facts))
        return false;
    *stamp = kentongan__v1__stamp__unpack(&arena->allocator, stamp_bytes.length, stamp_bytes.data);
    if (*stamp == NULL)
        return false;
    snprintf(facts->agency, sizeof facts->agency, "%s", (*stamp)->agency);
    facts->seq = (*stamp)->seq;
    facts->recorded_ms = time_ms((*stamp)->recorded_at);
    return true;
}

bool json_record_read(const struct json_record *record, struct json_record_facts *facts)
{
    struct arena arena;
    Kentongan__V1__Stamp *stamp;
    arena_init(&arena, RECORD_ARENA_BYTES);
    bool is_read = read_record(record, &arena, facts, &stamp);
    arena_deinit(&arena);
    return is_read;
}

static void put_pair(struct json_text *text, const char *name, const char *value)
{
    json_put_char(text, ',');
    json_put_string(text, bytes_of_text(name));
    json_put_char(text, ':');
    json_put_string(text, bytes_of_text(value));
}

static void put_mode(struct json_text *text, const Kentongan__V1__Event *event)
{
    const ProtobufCEnumValue *mode = protobuf_c_enum_descriptor_get_value(
        &kentongan__v1__mode__value__descriptor, (int)event->mode);
    put_pair(text, "mode", mode != NULL ? mode->name : "UNSPECIFIED");
}

static void put_head(struct json_text *text, const struct json_record *record,
                     const Kentongan__V1__Stamp *stamp, const Kentongan__V1__Event *event)
{
    json_put_text(text, "{\"seq\":");
    json_put_unsigned(text, record->seq);
    if (stamp->recorded_at != NULL) {
        json_put_text(text, ",\"recordedAt\":");
        json_put_time(text, stamp->recorded_at->seconds, stamp->recorded_at->nanos);
    }
    put_pair(text, "id", event->id);
    put_pair(text, "source", event->source[0] != '\0' ? event->source : stamp->agency);
    put_pair(text, "topic", event->topic);
    put_mode(text, event);
    json_put_text(text, record->is_replay ? ",\"replay\":true" : ",\"replay\":false");
}

static bool put_personal(struct json_text *text, struct arena *arena,
                         const struct json_record_facts *facts)
{
    if (facts->is_personal_withheld)
        json_put_text(text, ",\"personalWithheld\":true");
    if (facts->is_personal_erased)
        json_put_text(text, ",\"personalErased\":true");
    if (facts->personal.length == 0)
        return true;
    const Kentongan__V1__PersonalBlock *block = kentongan__v1__personal_block__unpack(
        &arena->allocator, facts->personal.length, facts->personal.data);
    json_put_text(text, ",\"personal\":");
    return block != NULL && json_print_message(text, &block->base);
}

static bool put_stamp(struct json_text *text, const struct json_record *record,
                      const Kentongan__V1__Stamp *stamp, const Kentongan__V1__Event *event)
{
    if (event->expires_at != NULL && time_ms(event->expires_at) <= record->now_ms)
        json_put_text(text, ",\"expired\":true");
    if (stamp->sender_skewed)
        json_put_text(text, ",\"senderSkewed\":true");
    if (stamp->clock_jumped)
        json_put_text(text, ",\"clockJumped\":true");
    if (stamp->completeness == NULL)
        return true;
    json_put_text(text, ",\"completeness\":");
    return json_print_message(text, &stamp->completeness->base);
}

bool json_record_print(struct json_text *text, const struct json_record *record)
{
    static const char *const in_head[] = {"id", "source", "topic", "mode", "personal", NULL};
    struct arena arena;
    struct json_record_facts facts;
    Kentongan__V1__Stamp *stamp;
    bool is_first = false, is_printed = false;
    arena_init(&arena, RECORD_ARENA_BYTES);
    if (read_record(record, &arena, &facts, &stamp)) {
        const Kentongan__V1__Event *event =
            kentongan__v1__event__unpack(&arena.allocator, facts.event.length, facts.event.data);
        if (event != NULL) {
            put_head(text, record, stamp, event);
            is_printed = json_print_members(text, &event->base, &is_first, in_head) &&
                         put_personal(text, &arena, &facts) &&
                         put_stamp(text, record, stamp, event);
            json_put_char(text, '}');
        }
    }
    arena_deinit(&arena);
    return is_printed && !text->is_failed;
}
