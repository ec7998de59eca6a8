/* prescan.c - the rules that an event and its sending keep, in the order in which they are told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan.h"

#include <assert.h>

#include "proto/c/bodies.h"
#include "proto/c/facts_read.h"
#include "proto/c/prescan_message.h"
#include "proto/c/topic.h"
#include "proto/c/wire_shapes.h"

enum {
    MODE_LAST = MODE_SYSTEM,
    CONFIDENTIALITY_LAST = 5, /* SECRET */
    PRIORITY_MAX = 10,
    UTC_OFFSET_MINUTES_MAX = 18 * 60
};

static const struct prescan_bounds event_bounds = {.fields = PRESCAN_FIELDS_MAX,
                                                   .depth = PRESCAN_DEPTH_MAX,
                                                   .is_strict = true,
                                                   .open_from = KT_BODY_NUMBER_MIN};

static const struct prescan_bounds strict_bounds = {
    .fields = PRESCAN_FIELDS_MAX, .depth = PRESCAN_DEPTH_MAX, .is_strict = true};

static bool refuse(struct scan_fault *fault, const char *code, const char *field,
                   const char *reason)
{
    *fault = (struct scan_fault){.code = code, .field = field, .reason = reason};
    return false;
}

static bool judge_length(struct bytes text, size_t most, const char *field,
                         struct scan_fault *fault)
{
    return text.length <= most ||
           refuse(fault, "FIELD_TOO_LONG", field, "The text is longer than 64 bytes.");
}

static bool judge_id(struct bytes id, struct scan_fault *fault)
{
    uint8_t unused[ID_BYTES];
    if (id.length == 0) {
        return refuse(fault, "FIELD_REQUIRED", "id", "An event has an id.");
    }
    return facts_read_id(id, unused) ||
           refuse(fault, "FIELD_INVALID", "id", "An id is a UUID of 36 lower-case characters.");
}

static bool judge_topic(struct bytes topic, struct scan_fault *fault)
{
    if (topic.length == 0) {
        return refuse(fault, "FIELD_REQUIRED", "topic", "An event has a topic.");
    }
    const char *wrong = topic_fault(topic);
    return wrong == NULL || refuse(fault, "TOPIC_INVALID", "topic", wrong);
}

static bool judge_times(const struct facts_event *event, struct scan_fault *fault)
{
    int64_t unused;
    if (!event->occurred_at.is_present) {
        return refuse(fault, "FIELD_REQUIRED", "occurredAt", "An event says when it happened.");
    }
    if (!facts_read_time(&event->occurred_at, &unused)) {
        return refuse(fault, "FIELD_INVALID", "occurredAt", "The time is not in years 1 to 9999.");
    }
    if (!facts_read_time(&event->expires_at, &unused)) {
        return refuse(fault, "FIELD_INVALID", "expiresAt", "The time is not in years 1 to 9999.");
    }
    if (event->utc_offset_minutes < -UTC_OFFSET_MINUTES_MAX ||
        event->utc_offset_minutes > UTC_OFFSET_MINUTES_MAX) {
        return refuse(fault, "FIELD_INVALID", "utcOffsetMinutes",
                      "The offset is not within 18 hours.");
    }
    return true;
}

static bool judge_choices(const struct facts_event *event, struct scan_fault *fault)
{
    if (event->mode == MODE_NONE || event->mode > MODE_LAST) {
        return refuse(fault, "MODE_INVALID", "mode", "The mode is missing or not known.");
    }
    if (event->priority > PRIORITY_MAX) {
        return refuse(fault, "FIELD_INVALID", "priority", "A priority is 0 to 10.");
    }
    if (event->confidentiality > CONFIDENTIALITY_LAST) {
        return refuse(fault, "VERSION", "confidentiality", "This choice is of another version.");
    }
    return judge_length(event->source, SOURCE_BYTES_MAX, "source", fault);
}

/* The name that the body of `kind` has for what it is about. */
static const char *entity_name(uint32_t kind)
{
    const struct kt_body_field *body = kt_body_find_field(kt_body_event_shape(), kind);
    assert(body != NULL);
    const struct kt_body_field *entity = kt_body_find_field(body->shape, KT_BODY_ENTITY);
    return entity == NULL ? "" : entity->name;
}

static bool judge_body(const struct facts_event *event, struct scan_fault *fault)
{
    if (event->has_personal) {
        return refuse(fault, "PERSONAL_INLINE", "personal", "Persons travel beside the event.");
    }
    if (event->bodies != 1) {
        return refuse(fault, "BODY_REQUIRED", "", "An event has exactly one body.");
    }
    if (kt_body_find_number(event->kind)->needs_incident && event->incident.length == 0) {
        return refuse(fault, "FIELD_REQUIRED", "incidentId", "This body belongs to an incident.");
    }
    return judge_length(event->incident, INCIDENT_BYTES_MAX, "incidentId", fault) &&
           judge_length(event->entity, ENTITY_BYTES_MAX, entity_name(event->kind), fault);
}

bool prescan_event(struct bytes event, struct event_facts *facts, struct scan_fault *fault)
{
    struct facts_event read;
    *facts = (struct event_facts){0};
    if (event.length > EVENT_BYTES_MAX) {
        return refuse(fault, "TOO_LARGE", "", "An event has at most 65,536 bytes.");
    }
    if (!prescan_message(event, kt_body_event_shape(), &event_bounds, fault)) {
        return false;
    }
    bool is_read = facts_read_event(event, &read);
    assert(is_read);
    if (!(judge_id(read.id, fault) && judge_topic(read.topic, fault) &&
          judge_choices(&read, fault) && judge_times(&read, fault) && judge_body(&read, fault))) {
        return false;
    }
    return facts_narrow(&read, facts);
}

static bool judge_sending(const struct facts_sent *sent, struct scan_fault *fault)
{
    int64_t unused;
    if (sent->producer.length != PRODUCER_BYTES) {
        return refuse(fault, "FIELD_INVALID", "producer", "A producer is 16 bytes.");
    }
    if (sent->number == 0) {
        return refuse(fault, "FIELD_REQUIRED", "number", "A producer counts from 1.");
    }
    if (sent->after >= sent->number) {
        return refuse(fault, "FIELD_INVALID", "after", "It is not below the number.");
    }
    if (sent->personal_digest.length != 0 && sent->personal_digest.length != DIGEST_BYTES) {
        return refuse(fault, "PERSONAL_DIGEST", "personalDigest", "A digest is 32 bytes.");
    }
    if (sent->signature.length != 0) {
        return refuse(fault, "SIGNATURE_UNSUPPORTED", "signature", "This version takes none.");
    }
    if (!facts_read_time(&sent->sent_at, &unused)) {
        return refuse(fault, "FIELD_INVALID", "sentAt", "The time is not in years 1 to 9999.");
    }
    return true;
}

bool prescan_sent(struct bytes sent, struct sent_facts *facts, struct scan_fault *fault)
{
    struct facts_sent read;
    *facts = (struct sent_facts){0};
    /* Read before it is judged: a refusal is answered by producer and number. */
    if (facts_read_sent(sent, &read)) {
        (void)facts_fill(&read, facts);
    }
    return prescan_message(sent, wire_sent_shape(), &strict_bounds, fault) &&
           judge_sending(&read, fault) && prescan_event(read.event, &facts->event, fault);
}
