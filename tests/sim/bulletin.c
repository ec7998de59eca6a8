/* bulletin.c - makes events with the generated code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/bulletin.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "kentongan/v1/event.pb-c.h"
#include "proto/c/digest.h"

enum {
    TOPICS = 8,
    INCIDENTS = 4,
    UUID_TEXT_BYTES = 37,
    WORDS_MAX = 3000,
    KIND_REPORT = 32,
    KIND_UNIT = 46
};

struct topic_row {
    const char *topic;
    uint8_t kind;
};

static const struct topic_row topics[TOPICS] = {
    {"63/71/incident/fire",    KIND_REPORT},
    {"63/72/incident/fire",    KIND_REPORT},
    {"63/71/unit/engine",      KIND_UNIT  },
    {"63/71/incident/crime",   KIND_REPORT},
    {"63/72/incident/crime",   KIND_REPORT},
    {"63/71/incident/medical", KIND_REPORT},
    {"63/72/incident/medical", KIND_REPORT},
    {"63/72/unit/ambulance",   KIND_UNIT  },
};

/* The topics of each agency that publishes: fire, police, medic. */
static const struct {
    uint32_t first, count;
} own_topics[] = {
    {0, 3},
    {3, 2},
    {5, 3},
};

static const char *const incidents[INCIDENTS] = {"incident-1", "incident-2", "incident-3",
                                                 "incident-4"};

static const uint8_t profile_secret[32] = "the secret of every profile here";

void bulletins_deinit(struct bulletins *bulletins)
{
    for (uint32_t index = 0; index < bulletins->count; index++) {
        struct bulletin *bulletin = bulletins->list[index];
        free((void *)(uintptr_t)bulletin->event.data);
        free((void *)(uintptr_t)bulletin->block.data);
        free(bulletin);
    }
    free(bulletins->list);
    *bulletins = (struct bulletins){0};
}

static struct bulletin *bulletins_add(struct bulletins *bulletins)
{
    if (bulletins->count == bulletins->room) {
        bulletins->room = bulletins->room == 0 ? 1024 : bulletins->room * 2;
        bulletins->list = realloc(bulletins->list, bulletins->room * sizeof(struct bulletin *));
        assert(bulletins->list != NULL);
    }
    struct bulletin *bulletin = calloc(1, sizeof *bulletin);
    assert(bulletin != NULL);
    bulletin->index = bulletins->count;
    bulletins->list[bulletins->count++] = bulletin;
    return bulletin;
}

static void write_uuid(const uint8_t id[ID_BYTES], char text[UUID_TEXT_BYTES])
{
    char *at = text;
    for (int index = 0; index < ID_BYTES; index++) {
        at += snprintf(at, 3, "%02x", id[index]);
        if (index == 3 || index == 5 || index == 7 || index == 9)
            *at++ = '-';
    }
    *at = '\0';
}

/* What the envelope says, packed with the body that `of` has. */
static void pack(struct bulletin *bulletin, const Kentongan__V1__Event *of, int64_t wall_ms)
{
    char id[UUID_TEXT_BYTES];
    write_uuid(bulletin->id, id);
    Google__Protobuf__Timestamp occurred = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    occurred.seconds = wall_ms / 1000;
    occurred.nanos = (int32_t)(wall_ms % 1000) * 1000000;
    Kentongan__V1__Event whole = *of, *event = &whole;
    bool has_flaw_source = bulletin->flaw == BULLETIN_FOREIGN_SOURCE;
    bool has_flaw_topic = bulletin->flaw == BULLETIN_BAD_TOPIC;
    event->id = id;
    event->topic = (char *)(uintptr_t)(has_flaw_topic ? "63/+/incident" : bulletin->topic);
    event->mode = (Kentongan__V1__Mode__Value)bulletin->mode;
    event->occurred_at = &occurred;
    event->incident_id = (char *)(uintptr_t)bulletin->incident;
    event->priority = bulletin->priority;
    event->source = (char *)(uintptr_t)(has_flaw_source ? "nobody" : "");
    size_t length = kentongan__v1__event__get_packed_size(event);
    uint8_t *room = malloc(length);
    assert(room != NULL);
    kentongan__v1__event__pack(event, room);
    bulletin->event = bytes_of(room, length);
}

/* `noise` keeps two events of one id apart. */
static void encode(struct bulletin *bulletin, uint64_t noise, int64_t wall_ms)
{
    char words[WORDS_MAX + 1];
    int length = snprintf(words, sizeof words, "%016llx", (unsigned long long)noise);
    memset(words + length, 'x', sizeof words - (size_t)length);
    bool is_long = bulletin->kind == KIND_REPORT && noise % 16 == 0;
    words[is_long ? 16 + noise / 16 % (WORDS_MAX - 16) : (uint64_t)length] = '\0';
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    Kentongan__V1__UnitStatus unit = KENTONGAN__V1__UNIT_STATUS__INIT;
    if (bulletin->kind == KIND_REPORT) {
        report.category = (Kentongan__V1__Category__Value)bulletin->category;
        report.summary = words;
        event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
        event.report = &report;
    } else {
        unit.unit_id = words;
        event.body_case = KENTONGAN__V1__EVENT__BODY_UNIT;
        event.unit = &unit;
    }
    pack(bulletin, &event, wall_ms);
}

static void add_personal(struct bulletin *bulletin, struct prng *prng)
{
    Kentongan__V1__PersonalBlock block = KENTONGAN__V1__PERSONAL_BLOCK__INIT;
    char purpose[40];
    snprintf(purpose, sizeof purpose, "purpose %u", (unsigned)prng_below(prng, 1000000));
    block.purpose = purpose;
    block.legal_basis = 1;
    size_t length = kentongan__v1__personal_block__get_packed_size(&block);
    uint8_t *room = malloc(length);
    assert(room != NULL);
    kentongan__v1__personal_block__pack(&block, room);
    bulletin->block = bytes_of(room, length);
    digest_salt(bulletin->id, bytes_of(profile_secret, sizeof profile_secret), bulletin->salt_room);
    bulletin->salt = bytes_of(bulletin->salt_room, SALT_BYTES);
    digest_personal(bulletin->salt, bulletin->block, bulletin->digest_room);
    bulletin->digest = bytes_of(bulletin->digest_room, DIGEST_BYTES);
}

static void draw(struct bulletin *bulletin, struct prng *prng, int64_t wall_ms)
{
    uint32_t agency = bulletin->agency;
    uint32_t topic =
        own_topics[agency].first + (uint32_t)prng_below(prng, own_topics[agency].count);
    if (prng_chance(prng, 40000))
        topic = (uint32_t)prng_below(prng, TOPICS); /* perhaps another's */
    bulletin->topic = topics[topic].topic;
    bulletin->kind = topics[topic].kind;
    bool is_report = bulletin->kind == KIND_REPORT;
    bulletin->category = is_report ? (uint16_t)prng_between(prng, 1, 3) : 0;
    bulletin->incident = is_report ? incidents[prng_below(prng, INCIDENTS)] : "";
    bulletin->mode = prng_chance(prng, 200000) ? MODE_EXERCISE : MODE_ACTUAL;
    if (prng_chance(prng, 50000))
        bulletin->mode = MODE_TEST;
    bulletin->priority = (uint8_t)prng_below(prng, 11);
    if (prng_chance(prng, 20000))
        bulletin->flaw = prng_chance(prng, 500000) ? BULLETIN_FOREIGN_SOURCE : BULLETIN_BAD_TOPIC;
    if (prng_chance(prng, 150000))
        add_personal(bulletin, prng);
    encode(bulletin, prng_next(prng), wall_ms);
}

struct bulletin *bulletin_make(struct bulletins *bulletins, struct prng *prng, uint32_t agency,
                               int64_t wall_ms)
{
    assert(agency < sizeof own_topics / sizeof *own_topics);
    struct bulletin *bulletin = bulletins_add(bulletins);
    bulletin->agency = agency;
    prng_fill(prng, bulletin->id, ID_BYTES);
    draw(bulletin, prng, wall_ms);
    return bulletin;
}

struct bulletin *bulletin_forge(struct bulletins *bulletins, struct prng *prng,
                                const struct bulletin *of, int64_t wall_ms)
{
    struct bulletin *bulletin = bulletins_add(bulletins);
    bulletin->agency = of->agency;
    memcpy(bulletin->id, of->id, ID_BYTES);
    draw(bulletin, prng, wall_ms);
    return bulletin;
}
