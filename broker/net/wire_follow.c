/* wire_follow.c - reads a follow: every name, number and choice in it, within its range.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/net/wire_private.h"
#include "kentongan/v1/category.pb-c.h"
#include "proto/c/bodies.h"
#include "proto/c/prescan.h"
#include "proto/c/topic.h"

enum { PRIORITY_MAX = 10 };

static bool is_cursor_name(struct bytes name)
{
    static const char others[] = "._-";
    if (name.length > CURSOR_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        uint8_t letter = name.data[i];
        bool is_word = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9');
        if (!is_word && (letter == 0 || strchr(others, letter) == NULL)) {
            return false;
        }
    }
    return true;
}

static struct scan_fault take_filters(struct wire *wire, const Kentongan__V1__Follow *follow,
                                      struct follow_request *request)
{
    if (follow->n_filters == 0) {
        return wire_fault("FIELD_REQUIRED", "follow.filters", "At least one filter.");
    }
    if (follow->n_filters > FILTERS_MAX) {
        return wire_fault("TOO_MANY", "follow.filters", "At most 64 filters a follow.");
    }
    for (size_t i = 0; i < follow->n_filters; i++) {
        wire->filters[i] = bytes_of_text(follow->filters[i]);
        const char *wrong = topic_filter_fault(wire->filters[i]);
        if (wrong != NULL) {
            return wire_fault("FILTER_INVALID", "follow.filters", wrong);
        }
    }
    request->filters = wire->filters;
    request->filter_count = (uint32_t)follow->n_filters;
    return wire_no_fault();
}

struct scan_fault wire_take_modes(const Kentongan__V1__Mode__Value *modes, size_t count,
                                  const char *field, uint32_t *bits)
{
    *bits = count == 0 ? UINT32_C(1) << MODE_ACTUAL : 0;
    for (size_t i = 0; i < count; i++) {
        int mode = (int)modes[i];
        if (mode < MODE_ACTUAL || mode > MODE_SYSTEM) {
            return wire_fault("MODE_INVALID", field, "ACTUAL, EXERCISE, TEST or SYSTEM.");
        }
        *bits |= UINT32_C(1) << mode;
    }
    return wire_no_fault();
}

static struct scan_fault take_kinds(const Kentongan__V1__Follow *follow,
                                    struct follow_request *request)
{
    for (size_t i = 0; i < follow->n_kinds; i++) {
        const struct kt_body *body = kt_body_find_kind(bytes_of_text(follow->kinds[i]));
        if (body == NULL) {
            return wire_fault("ENUM_INVALID", "follow.kinds", "There is no such kind of event.");
        }
        request->kinds |= UINT64_C(1) << (body->number - KT_BODY_NUMBER_MIN);
    }
    return wire_no_fault();
}

/* Puts `category` where it belongs in a rising list without repeats; false: no room. */
static bool category_insert(uint16_t *list, uint32_t *count, uint16_t category)
{
    uint32_t place = 0;
    while (place < *count && list[place] < category) {
        place++;
    }
    if (place < *count && list[place] == category) {
        return true;
    }
    if (*count == CATEGORIES_MAX) {
        return false;
    }
    memmove(list + place + 1, list + place, (*count - place) * sizeof *list);
    list[place] = category;
    (*count)++;
    return true;
}

static struct scan_fault take_categories(struct wire *wire, const Kentongan__V1__Follow *follow,
                                         struct follow_request *request)
{
    for (size_t i = 0; i < follow->n_categories; i++) {
        int category = (int)follow->categories[i];
        bool is_known = category > 0 && category <= UINT16_MAX &&
                        protobuf_c_enum_descriptor_get_value(
                            &kentongan__v1__category__value__descriptor, category) != NULL;
        if (!is_known) {
            return wire_fault("ENUM_INVALID", "follow.categories", "There is no such category.");
        }
        if (!category_insert(wire->categories, &request->category_count, (uint16_t)category)) {
            return wire_fault("TOO_MANY", "follow.categories", "At most 256 categories.");
        }
    }
    request->categories = wire->categories;
    return wire_no_fault();
}

static struct scan_fault take_incidents(struct wire *wire, const Kentongan__V1__Follow *follow,
                                        struct follow_request *request)
{
    if (follow->n_incidents > INCIDENTS_MAX) {
        return wire_fault("TOO_MANY", "follow.incidents", "At most 16 incidents.");
    }
    for (size_t i = 0; i < follow->n_incidents; i++) {
        wire->incidents[i] = bytes_of_text(follow->incidents[i]);
        if (wire->incidents[i].length == 0 || wire->incidents[i].length > INCIDENT_BYTES_MAX) {
            return wire_fault("FIELD_INVALID", "follow.incidents", "1 to 64 bytes each.");
        }
    }
    request->incidents = wire->incidents;
    request->incident_count = (uint32_t)follow->n_incidents;
    return wire_no_fault();
}

static bool from_is_number(struct follow_request *request, enum from_kind kind, uint64_t value)
{
    request->from = kind;
    request->from_value = value;
    return value > 0;
}

static bool from_is_time(struct follow_request *request, const Google__Protobuf__Timestamp *time)
{
    int64_t time_ms = 0;
    bool is_time = wire_time_ms(time, &time_ms);
    request->from = FROM_TIME;
    request->from_value = (uint64_t)time_ms;
    return is_time;
}

static bool take_at(const Kentongan__V1__From *from, struct follow_request *request)
{
    switch (from->at_case) {
    case KENTONGAN__V1__FROM__AT_START:
        request->from = FROM_START;
        return from->start;
    case KENTONGAN__V1__FROM__AT_NOW:
        request->from = FROM_NOW;
        return from->now;
    case KENTONGAN__V1__FROM__AT_SEQ:
        return from_is_number(request, FROM_SEQ, from->seq);
    case KENTONGAN__V1__FROM__AT_TIME:
        return from_is_time(request, from->time);
    case KENTONGAN__V1__FROM__AT_LAST:
        return from_is_number(request, FROM_LAST, from->last);
    case KENTONGAN__V1__FROM__AT_AGE_MS:
        return from_is_number(request, FROM_AGE, from->age_ms) && from->age_ms <= INT64_MAX;
    default:
        return false;
    }
}

static struct scan_fault take_ends(const Kentongan__V1__Follow *follow,
                                   struct follow_request *request)
{
    request->from = FROM_ABSENT;
    if (follow->from != NULL && !take_at(follow->from, request)) {
        return wire_fault("FROM_INVALID", "follow.from", "Not a place in the log.");
    }
    request->is_replay = follow->replay;
    request->until_end = follow->until_end;
    request->through = follow->through;
    request->through_time_ms = INT64_MAX;
    if (follow->through_time != NULL &&
        !wire_time_ms(follow->through_time, &request->through_time_ms)) {
        return wire_fault("FIELD_INVALID", "follow.throughTime", "Not a time.");
    }
    return wire_no_fault();
}

static struct scan_fault take_names(const Kentongan__V1__Follow *follow,
                                    struct follow_request *request)
{
    request->follow = follow->follow;
    request->cursor = bytes_of_text(follow->cursor);
    request->credit_events = follow->credit_events;
    request->credit_bytes = follow->credit_bytes;
    if (follow->follow == 0) {
        return wire_fault("FIELD_REQUIRED", "follow.follow", "A follow has a number from 1.");
    }
    if (!is_cursor_name(request->cursor)) {
        return wire_fault("CURSOR_INVALID", "follow.cursor", "1 to 64 of A-Z a-z 0-9 . _ -");
    }
    if (follow->min_priority > PRIORITY_MAX) {
        return wire_fault("FIELD_INVALID", "follow.minPriority", "0 to 10.");
    }
    request->min_priority = (uint8_t)follow->min_priority;
    return wire_no_fault();
}

static struct scan_fault take_resume(const struct wire *wire, const Kentongan__V1__Follow *follow,
                                     struct bytes agency, struct follow_request *request)
{
    struct bytes token = bytes_of(follow->resume.data, follow->resume.len);
    wire_resume_selection(request, agency, request->selection);
    if (token.length == 0) {
        return wire_no_fault();
    }
    if (request->cursor.length > 0 || request->from != FROM_SEQ || request->is_replay) {
        return wire_fault("RESUME_INVALID", "follow.resume",
                          "Only with from.seq, without a cursor, and not for a replay.");
    }
    if (!wire_resume_open(wire, token, request)) {
        return wire_fault("RESUME_INVALID", "follow.resume",
                          "Not of this log, this agency and these filters.");
    }
    return wire_no_fault();
}

struct scan_fault wire_decode_follow(struct wire *wire, const Kentongan__V1__Follow *follow,
                                     struct bytes agency, struct request *request)
{
    struct follow_request *out = &request->of.follow;
    struct scan_fault fault = take_names(follow, out);
    if (fault.code == NULL) {
        fault = take_filters(wire, follow, out);
    }
    if (fault.code == NULL) {
        fault = wire_take_modes(follow->modes, follow->n_modes, "follow.modes", &out->modes);
    }
    if (fault.code == NULL) {
        fault = take_kinds(follow, out);
    }
    if (fault.code == NULL) {
        fault = take_categories(wire, follow, out);
    }
    if (fault.code == NULL) {
        fault = take_incidents(wire, follow, out);
    }
    if (fault.code == NULL) {
        fault = take_ends(follow, out);
    }
    if (fault.code == NULL) {
        fault = take_resume(wire, follow, agency, out);
    }
    request->kind = REQUEST_FOLLOW;
    return fault;
}
