/* cast.c - the tables of who plays.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/cast.h"

enum { FIRE, POLICE, MEDIC, CITY, TRAINING, WATCH };

const char *const cast_agencies[CAST_AGENCIES] = {"fire", "police",   "medic",
                                                  "city", "training", "watch"};

/* Some agencies may replay all that they see, some only a part, some nothing. */
const struct cast_line cast_lines[CAST_LINES] = {
    {FIRE,     RIGHT_PUBLISH,   "63/+/incident/fire"   },
    {FIRE,     RIGHT_PUBLISH,   "63/+/unit/engine"     },
    {FIRE,     RIGHT_SUBSCRIBE, "63/+/incident/fire"   },
    {FIRE,     RIGHT_SUBSCRIBE, "63/+/unit/#"          },
    {FIRE,     RIGHT_REPLAY,    "63/+/incident/fire"   },
    {POLICE,   RIGHT_PUBLISH,   "63/+/incident/crime"  },
    {POLICE,   RIGHT_PUBLISH,   "63/71/incident/fire"  },
    {POLICE,   RIGHT_SUBSCRIBE, "63/+/incident/#"      },
    {POLICE,   RIGHT_SUBSCRIBE, "63/71/#"              },
    {MEDIC,    RIGHT_PUBLISH,   "63/+/incident/medical"},
    {MEDIC,    RIGHT_PUBLISH,   "63/+/unit/ambulance"  },
    {MEDIC,    RIGHT_SUBSCRIBE, "63/71/#"              },
    {MEDIC,    RIGHT_SUBSCRIBE, "63/72/incident/+"     },
    {MEDIC,    RIGHT_PERSONAL,  "63/+/incident/medical"},
    {CITY,     RIGHT_PUBLISH,   "63/+/asset/lights"    },
    {CITY,     RIGHT_SUBSCRIBE, "#"                    },
    {CITY,     RIGHT_REPLAY,    "#"                    },
    {CITY,     RIGHT_PERSONAL,  "63/71/#"              },
    {TRAINING, RIGHT_SUBSCRIBE, "#"                    },
    {TRAINING, RIGHT_REPLAY,    "63/+/incident/#"      },
    {WATCH,    RIGHT_SUBSCRIBE, "63/72/#"              },
    {WATCH,    RIGHT_SUBSCRIBE, "63/71/asset/#"        },
    {WATCH,    RIGHT_REPLAY,    "63/72/#"              },
    {WATCH,    RIGHT_PERSONAL,  "63/72/incident/fire"  },
};

/* Two houses of the fire department share an agency: ids meet across producers. */
const struct cast_publisher cast_publishers[CAST_PUBLISHERS] = {
    {"fire-1",   FIRE  },
    {"fire-2",   FIRE  },
    {"police-1", POLICE},
    {"medic-1",  MEDIC },
};

#define ACTUAL (1u << MODE_ACTUAL)
#define EXERCISE (1u << MODE_EXERCISE)
#define TEST (1u << MODE_TEST)

static const char *const all[] = {"#", NULL};
static const char *const all_below_63[] = {"63/#", NULL};
static const char *const all_incidents[] = {"63/+/incident/#", NULL};
static const char *const desk_filters[] = {"63/+/incident/#", "63/71/unit/#", NULL};
static const char *const desk_filters_later[] = {"63/+/incident/fire", "63/+/unit/+", "63/71/#",
                                                 NULL};
static const char *const map_filters[] = {"63/71/#", "63/72/incident/#", NULL};
static const char *const engine_filters[] = {"63/+/unit/#", "63/+/incident/fire", NULL};

/* clang-format off */
const struct cast_follower cast_followers[CAST_FOLLOWERS] = {
    {.name = "archive", .agency = CITY, .cursor = "archive",
     .filters = all, .modes = ACTUAL | TEST, .from_start = true},
    {.name = "desk", .agency = POLICE, .cursor = "desk",
     .filters = desk_filters, .filters_later = desk_filters_later, .modes = ACTUAL},
    {.name = "map", .agency = MEDIC,
     .filters = map_filters, .modes = ACTUAL},
    {.name = "drill", .agency = TRAINING, .cursor = "drill",
     .filters = all, .modes = EXERCISE, .from_start = true},
    {.name = "engines", .agency = FIRE, .cursor = "engines",
     .filters = engine_filters, .modes = ACTUAL, .kind = 46},
    {.name = "alarm", .agency = WATCH,
     .filters = all, .modes = ACTUAL, .min_priority = 5},
    {.name = "case", .agency = POLICE, .cursor = "case",
     .filters = all_incidents, .modes = ACTUAL | EXERCISE, .incident = "incident-1",
     .from_start = true},
    {.name = "auditor", .agency = CITY,
     .filters = all_below_63, .modes = ACTUAL | EXERCISE | TEST, .category = 1,
     .from_start = true, .is_reader = true},
};
/* clang-format on */

void cast_key_id(uint32_t agency, uint8_t key_id[KEY_ID_BYTES])
{
    memset(key_id, (int)(0xa0 + agency), KEY_ID_BYTES);
}

void cast_policy_init(struct cast_policy *policy)
{
    *policy = (struct cast_policy){.version = 1};
    for (uint32_t line = 0; line < CAST_LINES; line++)
        policy->has_line[line] = true;
    for (uint32_t agency = 0; agency < CAST_AGENCIES; agency++)
        policy->has_key[agency] = true;
}

void cast_policy_tell(const struct cast_policy *policy, struct cast_policy_input *room,
                      struct input *input)
{
    uint32_t used = 0;
    const uint8_t(*keys)[KEY_ID_BYTES] = (const uint8_t(*)[KEY_ID_BYTES])room->key_ids;
    for (uint32_t agency = 0; agency < CAST_AGENCIES; agency++) {
        uint32_t first = used;
        for (uint32_t line = 0; line < CAST_LINES; line++)
            if (cast_lines[line].agency == agency && policy->has_line[line])
                room->lines[used++] = (struct policy_line){
                    .right = cast_lines[line].right,
                    .filter = bytes_of_text(cast_lines[line].filter),
                };
        cast_key_id(agency, room->key_ids[agency]);
        room->agencies[agency] = (struct policy_agency){
            .name = bytes_of_text(cast_agencies[agency]),
            .lines = &room->lines[first],
            .line_count = used - first,
            .key_ids = &keys[agency],
            .key_count = policy->has_key[agency] ? 1 : 0,
        };
    }
    input->of.policy.agencies = room->agencies;
    input->of.policy.agency_count = CAST_AGENCIES;
    input->of.policy.version = policy->version;
}
