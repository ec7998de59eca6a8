/* crowd_words.h - what a session of the crowd says, and what it makes of what it hears.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SCALE_CROWD_WORDS_H
#define TESTS_SCALE_CROWD_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/c/bytes.h"

enum {
    CROWD_FOLLOWS = 50, /* of a session: one a topic, "62/71/kelas/0" to "…/49" */
    CROWD_EVENTS_MAX = 65536,
    CROWD_AGENCIES_MAX = 16,
    RESUME_BYTES_MAX = 160
};

struct crowd_follow {
    uint64_t next; /* the sequence that the next delivery must start with */
    uint64_t first;
    uint64_t events;
    uint8_t resume[RESUME_BYTES_MAX];
    uint8_t resume_bytes;
    bool has_begun;
};

struct crowd_session {
    void *socket, *monitor; /* the monitor: only where cuts are watched */
    uint32_t agency, producer;
    char profile[256];
    bool is_watched; /* its cut and refusals are expected */
    bool is_open;
    uint32_t begun;     /* follows */
    uint64_t newest;    /* sequence that was delivered */
    double cut_s;       /* when the connection was cut; 0: it was not */
    bool was_let_in;    /* again, after it was cut */
    uint64_t published; /* the last number */
    uint64_t stored;    /* the last number that was answered STORED */
    uint64_t stored_seq;
    bool is_refused;              /* the last answer was a refusal or an error */
    struct crowd_follow *follows; /* NULL: it only publishes */
};

struct crowd {
    void *context;
    struct crowd_session *sessions;
    uint32_t count, room;
    uint8_t topic_of[CROWD_EVENTS_MAX]; /* by sequence: 1 + topic; 0: not heard of */
    uint64_t head;                      /* the highest sequence heard of */
    uint64_t
        source_newest[CROWD_AGENCIES_MAX]; /* by agency: the highest sequence of an event of its */
    uint64_t messages, records;
    double longest_turn_s, turned_s;
    uint32_t ping_next;
};

void crowd_say_hello(struct crowd_session *session);
void crowd_say_ping(struct crowd_session *session);

/* Takes one message of one or two frames (the second may be empty). */
void crowd_hear(struct crowd *crowd, struct crowd_session *session, struct bytes first,
                struct bytes second);

/* Publishes the session's next event without waiting; which one it is depends on its number alone.
 * False: the socket does not take it. */
bool crowd_publish(struct crowd *crowd, uint32_t session);

#endif
