/* item_maker.c - events by protobuf-c, so that nothing here agrees with itself by mistake.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/item_maker.h"

#include <stdio.h>

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "proto/c/digest.h"
#include "tests/unit/check.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static const char *const agencies[] = {"damkar", "polisi", "pkm-menteng"};
static const char letters[] =
    "Rumah terbakar di Jl. Tilung, api sudah di lantai dua; hydran kering";

static size_t make_event(const char *id, const char *agency, uint64_t *seed, uint8_t *room)
{
    char summary[sizeof letters];
    Kentongan__V1__Event event = KENTONGAN__V1__EVENT__INIT;
    Google__Protobuf__Timestamp occurred_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Kentongan__V1__Report report = KENTONGAN__V1__REPORT__INIT;
    snprintf(summary, sizeof summary, "%.*s", (int)chance_below(seed, sizeof letters), letters);
    occurred_at.seconds = 1765329300 + chance_below(seed, 1000);
    occurred_at.nanos = (int32_t)chance_below(seed, 1000000000);
    report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    report.summary = summary;
    event.id = TEXT(id);
    event.topic = TEXT("62/71/incident/fire");
    event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    event.occurred_at = &occurred_at;
    event.utc_offset_minutes = 420;
    event.incident_id = TEXT("PKY-2025-0001");
    event.priority = chance_below(seed, 11);
    event.source = TEXT(agency);
    event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    event.report = &report;
    assert_in_range(kentongan__v1__event__get_packed_size(&event), 1, MADE_BYTES_MAX);
    return kentongan__v1__event__pack(&event, room);
}

static void make_personal(struct made_item *made, uint64_t *seed, uint8_t digest[DIGEST_BYTES])
{
    uint8_t salt[SALT_BYTES], block[400];
    size_t block_bytes = 2 + 2 * (size_t)chance_below(seed, sizeof block / 2 - 1);
    Kentongan__V1__Personal personal = KENTONGAN__V1__PERSONAL__INIT;
    for (size_t index = 0; index < sizeof salt; index++) {
        salt[index] = (uint8_t)chance_next(seed);
    }
    memset(block, 'x', sizeof block); /* field 15, again and again: no version knows it */
    personal.salt = (ProtobufCBinaryData){.data = salt, .len = sizeof salt};
    personal.block = (ProtobufCBinaryData){.data = block, .len = block_bytes};
    made->personal_bytes = kentongan__v1__personal__pack(&personal, made->personal);
    digest_personal(bytes_of(salt, sizeof salt), bytes_of(block, block_bytes), digest);
}

static size_t make_sent(struct made_item *made, uint64_t seq, bool has_personal, uint64_t *seed)
{
    uint8_t event[MADE_BYTES_MAX], producer[PRODUCER_BYTES], digest[DIGEST_BYTES];
    Kentongan__V1__Sent sent = KENTONGAN__V1__SENT__INIT;
    Google__Protobuf__Timestamp sent_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    memset(producer, (int)(1 + seq % 3), sizeof producer);
    sent.event.data = event;
    sent.event.len = make_event(made->id, made->agency, seed, event);
    make_personal(made, seed, digest);
    if (has_personal) {
        sent.personal_digest = (ProtobufCBinaryData){.data = digest, .len = sizeof digest};
    }
    sent.producer = (ProtobufCBinaryData){.data = producer, .len = sizeof producer};
    sent.number = seq + 7;
    sent.after = seq + 6;
    sent_at.seconds = 1765329400;
    sent.sent_at = &sent_at;
    assert_in_range(kentongan__v1__sent__get_packed_size(&sent), 1, MADE_BYTES_MAX);
    return kentongan__v1__sent__pack(&sent, made->sent);
}

void item_make(struct made_item *made, uint64_t seq, bool has_personal, uint64_t *seed)
{
    uint64_t low = chance_next(seed) >> 16;
    memset(made, 0, sizeof *made);
    snprintf(made->agency, sizeof made->agency, "%s",
             agencies[chance_below(seed, COUNT_OF(agencies))]);
    snprintf(made->id, sizeof made->id, "0193a5c4-7b1e-7f00-8a9b-%012llx", (unsigned long long)low);
    size_t sent_bytes = make_sent(made, seq, has_personal, seed);
    made->item = (struct append_item){
        .sent = bytes_of(made->sent, sent_bytes),
        .personal = bytes_of(made->personal, has_personal ? made->personal_bytes : 0),
        .agency = bytes_of_text(made->agency),
        .key_id = {1, 2, 3, 4, 5, 6, 7, (uint8_t)seq},
        .seq = seq,
        .recorded_at_ms = INT64_C(1765329500123) + (int64_t)seq,
        .sender_skewed = seq % 5 == 0,
        .clock_jumped = seq % 7 == 0,
    };
}
