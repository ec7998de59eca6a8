/* bodies.c - the table of kinds, and look-ups in it and in the shapes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/bodies.h"

#include <assert.h>

/* A planned event counts as an incident: it has a life of its own, and incidents inside it are tied
 * to it. A warning does not: it may come from outside and concern no incident. A body of the
 * agencies' own may be about anything, so it demands nothing. */
static const struct kt_body bodies[] = {
    {32, "report",          KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_NONE,     false},
    {33, "incident",        KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_INCIDENT, true },
    {34, "participation",   KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_ENTITY,   true },
    {35, "dispatch",        KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_ENTITY,   true },
    {36, "ack",             KT_BODY_INCIDENT, true,  false, KT_BODY_KEY_NONE,     false},
    {37, "handover",        KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_ENTITY,   true },
    {38, "resourceRequest", KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_ENTITY,   true },
    {39, "resourceAnswer",  KT_BODY_INCIDENT, true,  false, KT_BODY_KEY_ENTITY,   true },
    {40, "commandTransfer", KT_BODY_INCIDENT, true,  false, KT_BODY_KEY_ENTITY,   true },
    {41, "escalation",      KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_NONE,     false},
    {42, "observation",     KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_NONE,     false},
    {43, "incidentLink",    KT_BODY_INCIDENT, true,  false, KT_BODY_KEY_NONE,     false},
    {44, "plannedEvent",    KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_INCIDENT, true },
    {45, "closingReport",   KT_BODY_INCIDENT, true,  true,  KT_BODY_KEY_NONE,     false},
    {46, "unit",            KT_BODY_STATUS,   false, false, KT_BODY_KEY_ENTITY,   true },
    {47, "facility",        KT_BODY_STATUS,   false, false, KT_BODY_KEY_ENTITY,   true },
    {48, "service",         KT_BODY_STATUS,   false, true,  KT_BODY_KEY_ENTITY,   true },
    {49, "asset",           KT_BODY_STATUS,   false, true,  KT_BODY_KEY_ENTITY,   true },
    {50, "presence",        KT_BODY_STATUS,   false, false, KT_BODY_KEY_ENTITY,   true },
    {51, "spmProgress",     KT_BODY_STATUS,   false, false, KT_BODY_KEY_ENTITY,   true },
    {52, "alert",           KT_BODY_STATUS,   false, true,  KT_BODY_KEY_ENTITY,   true },
    {53, "custom",          KT_BODY_STATUS,   false, true,  KT_BODY_KEY_ENTITY,   true },
};

enum { BODY_COUNT = sizeof bodies / sizeof *bodies };

const struct kt_body *kt_body_at(size_t index)
{
    return index < BODY_COUNT ? &bodies[index] : NULL;
}

const struct kt_body *kt_body_find_number(uint32_t number)
{
    if (number < KT_BODY_NUMBER_MIN || number - KT_BODY_NUMBER_MIN >= BODY_COUNT) {
        return NULL;
    }
    const struct kt_body *body = &bodies[number - KT_BODY_NUMBER_MIN];
    assert(body->number == number);
    return body;
}

const struct kt_body *kt_body_find_kind(struct bytes kind)
{
    for (size_t index = 0; index < BODY_COUNT; index++) {
        if (bytes_are_equal(kind, bytes_of_text(bodies[index].kind))) {
            return &bodies[index];
        }
    }
    return NULL;
}

const struct kt_body_field *kt_body_find_field(const struct kt_body_shape *shape, uint32_t number)
{
    assert(shape != NULL);
    size_t low = 0;
    size_t high = shape->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shape->fields[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < shape->count && shape->fields[low].number == number ? &shape->fields[low] : NULL;
}
