/* facts_read.c - the envelope's fields by number, and the first three of the body.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/facts_read.h"

#include "proto/c/bodies.h"
#include "proto/c/field.h"

enum { TIME_SECONDS = 1, TIME_NANOS = 2, NANOS_A_MS = 1000000, NANOS_MAX = 999999999 };

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: all that RFC 3339 can say. */
static const int64_t seconds_min = INT64_C(-62135596800);
static const int64_t seconds_max = INT64_C(253402300799);

bool facts_read_timestamp(struct bytes wire_form, struct facts_time *time)
{
    *time = (struct facts_time){.is_present = true};
    while (wire_form.length > 0) {
        struct field field;
        if (!field_take(&wire_form, &field)) {
            return false;
        }
        if (field.number == TIME_SECONDS) {
            time->seconds = (int64_t)field.value;
        } else if (field.number == TIME_NANOS) {
            time->nanos = (int64_t)field.value;
        }
    }
    return true;
}

static bool read_body(struct bytes wire_form, const struct kt_body *kind, struct facts_event *event)
{
    while (wire_form.length > 0) {
        struct field field;
        if (!field_take(&wire_form, &field)) {
            return false;
        }
        if (field.number == KT_BODY_CATEGORY && kind->has_category) {
            event->category = field.value;
        } else if (field.number == KT_BODY_ENTITY && kind->key == KT_BODY_KEY_ENTITY) {
            event->entity = field.bytes;
        } else if (field.number == KT_BODY_REMOVED && kind->has_removed) {
            event->is_removed = field.value != 0;
        }
    }
    return true;
}

/* flat switch */
static bool read_envelope(const struct field *field, struct facts_event *event)
{
    switch (field->number) {
    case 1:
        event->id = field->bytes;
        return true;
    case 2:
        event->topic = field->bytes;
        return true;
    case 3:
        event->mode = field->value;
        return true;
    case 4:
        return facts_read_timestamp(field->bytes, &event->occurred_at);
    case 5:
        event->utc_offset_minutes = field_signed(field->value);
        return true;
    case 6:
        event->incident = field->bytes;
        return true;
    case 7:
        event->priority = field->value;
        return true;
    case 8:
        return facts_read_timestamp(field->bytes, &event->expires_at);
    case 9:
        event->confidentiality = field->value;
        return true;
    case 10:
        event->source = field->bytes;
        return true;
    case 14:
        event->has_personal = true;
        return true;
    default:
        return true;
    }
}

bool facts_read_event(struct bytes wire_form, struct facts_event *event)
{
    *event = (struct facts_event){0};
    while (wire_form.length > 0) {
        struct field field;
        if (!field_take(&wire_form, &field) || !read_envelope(&field, event)) {
            return false;
        }
        const struct kt_body *kind = kt_body_find_number(field.number);
        if (kind == NULL) {
            continue;
        }
        event->kind = kind->number;
        event->bodies++;
        if (!read_body(field.bytes, kind, event)) {
            return false;
        }
    }
    return true;
}

/* flat switch */
static bool read_sending(const struct field *field, struct facts_sent *sent)
{
    switch (field->number) {
    case 1:
        sent->event = field->bytes;
        return true;
    case 2:
        sent->personal_digest = field->bytes;
        return true;
    case 3:
        sent->signature = field->bytes;
        return true;
    case 4:
        sent->producer = field->bytes;
        return true;
    case 5:
        sent->number = field->value;
        return true;
    case 6:
        sent->after = field->value;
        return true;
    case 7:
        return facts_read_timestamp(field->bytes, &sent->sent_at);
    default:
        return true;
    }
}

bool facts_read_sent(struct bytes wire_form, struct facts_sent *sent)
{
    *sent = (struct facts_sent){0};
    while (wire_form.length > 0) {
        struct field field;
        if (!field_take(&wire_form, &field) || !read_sending(&field, sent)) {
            return false;
        }
    }
    return true;
}

bool facts_read_time(const struct facts_time *time, int64_t *ms)
{
    if (time->seconds < seconds_min || time->seconds > seconds_max || time->nanos < 0 ||
        time->nanos > NANOS_MAX) {
        return false;
    }
    *ms = time->seconds * 1000 + time->nanos / NANOS_A_MS;
    return true;
}

/* 1 more than each hexadecimal digit in lower case stands for; 0: no such digit. */
static const uint8_t digits[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

bool facts_read_id(struct bytes text, uint8_t id[ID_BYTES])
{
    static const uint8_t starts[ID_BYTES] = {0,  2,  4,  6,  9,  11, 14, 16,
                                             19, 21, 24, 26, 28, 30, 32, 34};
    if (text.length != ID_TEXT_BYTES || text.data[8] != '-' || text.data[13] != '-' ||
        text.data[18] != '-' || text.data[23] != '-') {
        return false;
    }
    for (size_t index = 0; index < ID_BYTES; index++) {
        uint8_t high = digits[text.data[starts[index]]];
        uint8_t low = digits[text.data[starts[index] + 1]];
        if (high == 0 || low == 0) {
            return false;
        }
        id[index] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

bool facts_narrow(const struct facts_event *event, struct event_facts *facts)
{
    /* Decoders cut an enum to 32 bits; one that is no category of any version counts as none. */
    int32_t category = (int32_t)(uint32_t)event->category;
    *facts = (struct event_facts){
        .topic = event->topic,
        .source = event->source,
        .incident = event->incident,
        .entity = event->entity,
        .category = category >= 0 && category <= UINT16_MAX ? (uint16_t)category : 0,
        .mode = (uint8_t)event->mode,
        .kind = (uint8_t)event->kind,
        .priority = (uint8_t)event->priority,
        .is_removed = event->is_removed,
    };
    bool has_id = facts_read_id(event->id, facts->id);
    bool has_times = facts_read_time(&event->occurred_at, &facts->occurred_at_ms) &&
                     facts_read_time(&event->expires_at, &facts->expires_at_ms);
    return has_id && has_times;
}

bool facts_fill(const struct facts_sent *from, struct sent_facts *sent)
{
    sent->event_bytes = from->event;
    sent->personal_digest = from->personal_digest;
    sent->signature = from->signature;
    sent->number = from->number;
    sent->after = from->after;
    if (from->producer.length == PRODUCER_BYTES) {
        memcpy(sent->producer, from->producer.data, PRODUCER_BYTES);
    }
    bool has_time = facts_read_time(&from->sent_at, &sent->sent_at_ms);
    return has_time && from->producer.length == PRODUCER_BYTES;
}

bool facts_read_stored(struct bytes wire_form, struct sent_facts *sent)
{
    struct facts_sent sending;
    struct facts_event event;
    *sent = (struct sent_facts){0};
    return facts_read_sent(wire_form, &sending) && facts_fill(&sending, sent) &&
           facts_read_event(sending.event, &event) && facts_narrow(&event, &sent->event);
}
