/* test_prescan.c - one good event, and each way in which it can be spoilt.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan.h"

#include "kentongan/v1/event.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "proto/c/codes.h"
#include "tests/unit/check.h"

/* protobuf-c would free texts, so it wants them writable; nothing here does either. */
#define TEXT(text) ((char *)(uintptr_t)(text))

/* An event and, for what no encoder writes, raw bytes behind its own. */
struct sample {
    Kentongan__V1__Event event;
    Google__Protobuf__Timestamp occurred_at, expires_at;
    Kentongan__V1__Report report;
    Kentongan__V1__Location location;
    Kentongan__V1__UnitStatus unit;
    Kentongan__V1__PersonalBlock personal;
    const char *more;
    size_t more_bytes;
    uint8_t room[2 * EVENT_BYTES_MAX];
};

static void sample_init(struct sample *sample)
{
    memset(sample, 0, sizeof *sample);
    kentongan__v1__event__init(&sample->event);
    google__protobuf__timestamp__init(&sample->occurred_at);
    google__protobuf__timestamp__init(&sample->expires_at);
    kentongan__v1__report__init(&sample->report);
    kentongan__v1__location__init(&sample->location);
    kentongan__v1__unit_status__init(&sample->unit);
    kentongan__v1__personal_block__init(&sample->personal);
    sample->occurred_at.seconds = 1765329300;
    sample->occurred_at.nanos = 250000000;
    sample->event.id = TEXT("0193a5c4-7b1e-7f00-8a9b-0123456789ab");
    sample->event.topic = TEXT("62/71/incident/fire");
    sample->event.mode = KENTONGAN__V1__MODE__VALUE__ACTUAL;
    sample->event.occurred_at = &sample->occurred_at;
    sample->event.utc_offset_minutes = 420;
    sample->event.incident_id = TEXT("PKY-2025-0001");
    sample->event.priority = 8;
    sample->event.source = TEXT("damkar");
    sample->event.body_case = KENTONGAN__V1__EVENT__BODY_REPORT;
    sample->event.report = &sample->report;
    sample->report.category = KENTONGAN__V1__CATEGORY__VALUE__FIRE_STRUCTURE;
    sample->report.summary = TEXT("Rumah terbakar di Jl. Tilung");
    sample->report.location = &sample->location;
    sample->location.address = TEXT("Jl. Tilung");
}

static struct bytes sample_pack(struct sample *sample)
{
    size_t length = kentongan__v1__event__get_packed_size(&sample->event);
    assert_true(length + sample->more_bytes <= sizeof sample->room);
    kentongan__v1__event__pack(&sample->event, sample->room);
    if (sample->more_bytes > 0) {
        memcpy(sample->room + length, sample->more, sample->more_bytes);
    }
    return bytes_of(sample->room, length + sample->more_bytes);
}

static void be_unit(struct sample *sample)
{
    sample->event.incident_id = TEXT("");
    sample->event.body_case = KENTONGAN__V1__EVENT__BODY_UNIT;
    sample->event.unit = &sample->unit;
    sample->unit.unit_id = TEXT("damkar-03");
    sample->unit.removed = true;
}

static void a_good_event_gives_its_facts(void **state)
{
    (void)state;
    static const uint8_t id[ID_BYTES] = {0x01, 0x93, 0xa5, 0xc4, 0x7b, 0x1e, 0x7f, 0x00,
                                         0x8a, 0x9b, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab};
    struct sample sample;
    struct event_facts facts;
    struct scan_fault fault;
    sample_init(&sample);
    sample.expires_at.seconds = 1765332900;
    sample.event.expires_at = &sample.expires_at;
    assert_true(prescan_event(sample_pack(&sample), &facts, &fault));
    assert_null(fault.code);
    assert_memory_equal(facts.id, id, ID_BYTES);
    assert_bytes_equal(facts.topic, bytes_of_text("62/71/incident/fire"));
    assert_bytes_equal(facts.source, bytes_of_text("damkar"));
    assert_bytes_equal(facts.incident, bytes_of_text("PKY-2025-0001"));
    assert_int_equal(facts.entity.length, 0);
    assert_true(facts.occurred_at_ms == INT64_C(1765329300250));
    assert_true(facts.expires_at_ms == INT64_C(1765332900000));
    assert_int_equal(facts.category, 1);
    assert_int_equal(facts.mode, MODE_ACTUAL);
    assert_int_equal(facts.kind, 32);
    assert_int_equal(facts.priority, 8);
    assert_false(facts.is_removed);
}

static void a_state_gives_what_it_is_about(void **state)
{
    (void)state;
    struct sample sample;
    struct event_facts facts;
    struct scan_fault fault;
    sample_init(&sample);
    be_unit(&sample);
    assert_true(prescan_event(sample_pack(&sample), &facts, &fault));
    assert_bytes_equal(facts.entity, bytes_of_text("damkar-03"));
    assert_true(facts.is_removed);
    assert_int_equal(facts.kind, 46);
    assert_int_equal(facts.category, 0);
    assert_int_equal(facts.incident.length, 0);
}

#define LETTERS_65 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg"
#define MORE(sample, bytes) ((sample)->more = (bytes), (sample)->more_bytes = sizeof(bytes) - 1)

static void no_change(struct sample *sample)
{
    (void)sample;
}
static void no_id(struct sample *sample)
{
    sample->event.id = TEXT("");
}
static void upper_case_id(struct sample *sample)
{
    sample->event.id = TEXT("0193A5C4-7b1e-7f00-8a9b-0123456789ab");
}
static void short_id(struct sample *sample)
{
    sample->event.id = TEXT("0193a5c4-7b1e-7f00-8a9b-0123456789a");
}
static void dashless_id(struct sample *sample)
{
    sample->event.id = TEXT("0193a5c4x7b1e-7f00-8a9b-0123456789ab");
}
static void no_topic(struct sample *sample)
{
    sample->event.topic = TEXT("");
}
static void wild_topic(struct sample *sample)
{
    sample->event.topic = TEXT("62/+/incident");
}
static void broker_topic(struct sample *sample)
{
    sample->event.topic = TEXT("$site/presence");
}
static void no_mode(struct sample *sample)
{
    sample->event.mode = KENTONGAN__V1__MODE__VALUE__UNSPECIFIED;
}
static void unknown_mode(struct sample *sample)
{
    sample->event.mode = 5;
}
static void negative_mode(struct sample *sample)
{
    sample->event.mode = -1;
}
static void no_time(struct sample *sample)
{
    sample->event.occurred_at = NULL;
}
static void first_instant(struct sample *sample)
{
    sample->occurred_at.seconds = -62135596800;
    sample->occurred_at.nanos = 0;
}
static void before_first_instant(struct sample *sample)
{
    sample->occurred_at.seconds = -62135596801;
}
static void last_instant(struct sample *sample)
{
    sample->occurred_at.seconds = 253402300799;
    sample->occurred_at.nanos = 999999999;
}
static void after_last_instant(struct sample *sample)
{
    sample->occurred_at.seconds = 253402300800;
}
static void endless_time(struct sample *sample)
{
    sample->occurred_at.seconds = INT64_MAX;
}
static void negative_nanos(struct sample *sample)
{
    sample->occurred_at.nanos = -1;
}
static void too_many_nanos(struct sample *sample)
{
    sample->occurred_at.nanos = 1000000000;
}
static void bad_expiry(struct sample *sample)
{
    sample->expires_at.seconds = INT64_MIN;
    sample->event.expires_at = &sample->expires_at;
}
static void widest_offset(struct sample *sample)
{
    sample->event.utc_offset_minutes = -1080;
}
static void wider_offset(struct sample *sample)
{
    sample->event.utc_offset_minutes = -1081;
}
static void no_incident(struct sample *sample)
{
    sample->event.incident_id = TEXT("");
}
static void long_incident(struct sample *sample)
{
    sample->event.incident_id = TEXT(LETTERS_65);
}
static void long_source(struct sample *sample)
{
    sample->event.source = TEXT(LETTERS_65);
}
static void long_entity(struct sample *sample)
{
    be_unit(sample);
    sample->unit.unit_id = TEXT(LETTERS_65);
}
static void priority_eleven(struct sample *sample)
{
    sample->event.priority = 11;
}
static void priority_beyond_32_bits(struct sample *sample)
{
    sample->event.priority = 0;
    MORE(sample, "\x38\x81\x80\x80\x80\x10");
}
static void unknown_confidentiality(struct sample *sample)
{
    sample->event.confidentiality = 6;
}
static void no_body(struct sample *sample)
{
    sample->event.body_case = KENTONGAN__V1__EVENT__BODY__NOT_SET;
}
static void second_body(struct sample *sample)
{
    MORE(sample, "\xf2\x02\x00");
}
static void same_body_twice(struct sample *sample)
{
    MORE(sample, "\x82\x02\x00");
}
static void topic_twice(struct sample *sample)
{
    MORE(sample, "\x12\x01x");
}
static void time_with_seconds_twice(struct sample *sample)
{
    MORE(sample, "\x42\x04\x08\x01\x08\x02");
}
static void unknown_field(struct sample *sample)
{
    MORE(sample, "\xf8\x01\x01");
}
static void unknown_field_in_body(struct sample *sample)
{
    sample->event.body_case = KENTONGAN__V1__EVENT__BODY__NOT_SET;
    MORE(sample, "\x82\x02\x07\xfa\x3e\x04\x00\xff\x00\xff");
}
static void unknown_category(struct sample *sample)
{
    sample->report.category = 4711;
}
static void persons_inside(struct sample *sample)
{
    sample->event.personal = &sample->personal;
}
static void bad_text(struct sample *sample)
{
    sample->event.source = TEXT("dam\xffkar");
}
static void bad_text_in_body(struct sample *sample)
{
    sample->report.summary = TEXT("\xed\xa0\x80");
}
static void bad_text_deep_in_body(struct sample *sample)
{
    sample->location.address = TEXT("Jl.\xc0\xafTilung");
}
static void nul_in_topic(struct sample *sample)
{
    sample->event.topic = TEXT("");
    MORE(sample,
         "\x12\x07"
         "fire\0xy");
}
static void nul_in_body(struct sample *sample)
{
    sample->event.body_case = KENTONGAN__V1__EVENT__BODY__NOT_SET;
    MORE(sample,
         "\x82\x02\x05\x2a\x03"
         "a\0b");
}
static void topic_as_number(struct sample *sample)
{
    sample->event.topic = TEXT("");
    MORE(sample, "\x10\x01");
}
static void number_as_text(struct sample *sample)
{
    MORE(sample, "\x4a\x01\x01");
}
static void group_in_event(struct sample *sample)
{
    MORE(sample, "\x0b\x0c");
}
static void field_zero(struct sample *sample)
{
    MORE(sample, "\x02\x00");
}
static void cut_short(struct sample *sample)
{
    MORE(sample, "\x4a\x05x");
}
static void endless_number(struct sample *sample)
{
    MORE(sample, "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
}

static const struct spoilt_row {
    const char *name;
    void (*spoil)(struct sample *sample);
    const char *code; /* NULL: accepted all the same */
    const char *field;
} spoilt_rows[] = {
    {"nothing changed",            no_change,               NULL,              NULL              },
    {"no id",                      no_id,                   "FIELD_REQUIRED",  "id"              },
    {"an id in upper case",        upper_case_id,           "FIELD_INVALID",   "id"              },
    {"a short id",                 short_id,                "FIELD_INVALID",   "id"              },
    {"an id without its dashes",   dashless_id,             "FIELD_INVALID",   "id"              },
    {"no topic",                   no_topic,                "FIELD_REQUIRED",  "topic"           },
    {"a wildcard in the topic",    wild_topic,              "TOPIC_INVALID",   "topic"           },
    {"a topic of the broker's",    broker_topic,            "TOPIC_INVALID",   "topic"           },
    {"no mode",                    no_mode,                 "MODE_INVALID",    "mode"            },
    {"an unknown mode",            unknown_mode,            "MODE_INVALID",    "mode"            },
    {"a negative mode",            negative_mode,           "MODE_INVALID",    "mode"            },
    {"no time",                    no_time,                 "FIELD_REQUIRED",  "occurredAt"      },
    {"the first instant of all",   first_instant,           NULL,              NULL              },
    {"an instant before year 1",   before_first_instant,    "FIELD_INVALID",   "occurredAt"      },
    {"the last instant of all",    last_instant,            NULL,              NULL              },
    {"an instant after year 9999", after_last_instant,      "FIELD_INVALID",   "occurredAt"      },
    {"an endless time",            endless_time,            "FIELD_INVALID",   "occurredAt"      },
    {"negative nanoseconds",       negative_nanos,          "FIELD_INVALID",   "occurredAt"      },
    {"a second of nanoseconds",    too_many_nanos,          "FIELD_INVALID",   "occurredAt"      },
    {"an endless expiry",          bad_expiry,              "FIELD_INVALID",   "expiresAt"       },
    {"18 hours of offset",         widest_offset,           NULL,              NULL              },
    {"over 18 hours of offset",    wider_offset,            "FIELD_INVALID",   "utcOffsetMinutes"},
    {"a report of no incident",    no_incident,             "FIELD_REQUIRED",  "incidentId"      },
    {"a state without incident",   be_unit,                 NULL,              NULL              },
    {"an incident of 65 bytes",    long_incident,           "FIELD_TOO_LONG",  "incidentId"      },
    {"a source of 65 bytes",       long_source,             "FIELD_TOO_LONG",  "source"          },
    {"an entity of 65 bytes",      long_entity,             "FIELD_TOO_LONG",  "unitId"          },
    {"priority 11",                priority_eleven,         "FIELD_INVALID",   "priority"        },
    {"a priority beyond 32 bits",  priority_beyond_32_bits, "FIELD_INVALID",   "priority"        },
    {"unknown confidentiality",    unknown_confidentiality, "VERSION",         "confidentiality" },
    {"no body",                    no_body,                 "BODY_REQUIRED",   ""                },
    {"two bodies",                 second_body,             "BODY_REQUIRED",   ""                },
    {"the same body twice",        same_body_twice,         "DUPLICATE_FIELD", "report"          },
    {"the topic twice",            topic_twice,             "DUPLICATE_FIELD", "topic"           },
    {"a time's seconds twice",     time_with_seconds_twice, "DUPLICATE_FIELD", "seconds"         },
    {"an unknown field",           unknown_field,           "VERSION",         ""                },
    {"an unknown field inside",    unknown_field_in_body,   NULL,              NULL              },
    {"an unknown category",        unknown_category,        NULL,              NULL              },
    {"persons inside the event",   persons_inside,          "PERSONAL_INLINE", "personal"        },
    {"bad UTF-8 in a source",      bad_text,                "UTF8_INVALID",    "source"          },
    {"a surrogate in the body",    bad_text_in_body,        "UTF8_INVALID",    "summary"         },
    {"an overlong form inside",    bad_text_deep_in_body,   "UTF8_INVALID",    "address"         },
    {"a NUL in the topic",         nul_in_topic,            "NUL_IN_TEXT",     "topic"           },
    {"a NUL in the body",          nul_in_body,             "NUL_IN_TEXT",     "summary"         },
    {"a topic that is a number",   topic_as_number,         "MALFORMED",       "topic"           },
    {"a number that is a text",    number_as_text,          "MALFORMED",       "confidentiality" },
    {"a group",                    group_in_event,          "MALFORMED",       ""                },
    {"field number 0",             field_zero,              "MALFORMED",       ""                },
    {"a length past the end",      cut_short,               "MALFORMED",       ""                },
    {"a number of over 64 bits",   endless_number,          "MALFORMED",       ""                },
};

static void a_spoilt_event_is_named(void **state)
{
    const struct spoilt_row *row = *state;
    struct sample sample;
    struct event_facts facts;
    struct scan_fault fault;
    sample_init(&sample);
    row->spoil(&sample);
    bool is_fine = prescan_event(sample_pack(&sample), &facts, &fault);
    assert_int_equal(is_fine, row->code == NULL);
    if (is_fine) {
        assert_null(fault.code);
        return;
    }
    assert_string_equal(fault.code, row->code);
    assert_string_equal(fault.field, row->field);
    assert_non_null(code_find(bytes_of_text(fault.code)));
    assert_int_equal(fault.reason[strlen(fault.reason) - 1], '.');
}

static void an_event_has_at_most_64_kib(void **state)
{
    (void)state;
    static char text[EVENT_BYTES_MAX];
    struct sample sample;
    struct event_facts facts;
    struct scan_fault fault;
    sample_init(&sample);
    memset(text, 'a', sizeof text - 1);
    sample.report.summary = text;
    assert_false(prescan_event(sample_pack(&sample), &facts, &fault));
    assert_string_equal(fault.code, "TOO_LARGE");
    text[EVENT_BYTES_MAX - 512] = 0;
    assert_true(prescan_event(sample_pack(&sample), &facts, &fault));
}

/* Every prefix of a good event is refused or, cut between fields, judged; none is read past. */
static void no_prefix_is_read_past_its_end(void **state)
{
    (void)state;
    struct sample sample;
    sample_init(&sample);
    struct bytes whole = sample_pack(&sample);
    for (size_t length = 0; length < whole.length; length++) {
        struct event_facts facts;
        struct scan_fault fault;
        uint8_t *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, whole.data, length);
        assert_false(prescan_event(bytes_of(copy, length), &facts, &fault));
        assert_non_null(fault.code);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_event_gives_its_facts),
        cmocka_unit_test(a_state_gives_what_it_is_about),
        cmocka_unit_test(an_event_has_at_most_64_kib),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return CHECK_ROWS(spoilt_rows, a_spoilt_event_is_named) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
