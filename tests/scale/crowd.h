/* crowd.h - thousands of sessions in one thread, each over a socket of its own with CURVE, and a
 * book of what every follow was told.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written on libzmq and the schemas alone, like any client that libkentong is not. What may not
 * happen (a gap, an event twice, one of another topic) ends the program at once.
 */
#ifndef TESTS_SCALE_CROWD_H
#define TESTS_SCALE_CROWD_H

#include "tests/scale/crowd_words.h"

/* Takes the memory for `room` sessions. */
void crowd_init(struct crowd *crowd, uint32_t room);

/* Closes everything. */
void crowd_deinit(struct crowd *crowd);

/* Adds a session of an agency (its name ends with its number) with the keys of its profile; its
 * index. Its cuts are watched if it is told so. */
uint32_t crowd_add(struct crowd *crowd, uint32_t agency, const char *profile, bool follows,
                   bool is_watched);

/* Connects all but those of agency `except` again, as after a crash of the broker: hello, and every
 * follow goes on behind what it has. */
void crowd_reconnect(struct crowd *crowd, int except);

/* Cuts count from now on: many connections at once may have met the handshake's time limit.
 */
void crowd_forget_cuts(struct crowd *crowd);

/* Takes what has come, and pings; waits a little if nothing has. */
void crowd_turn(struct crowd *crowd);

/* Every session but those of agency `except` (-1: none) is open, and its follows have begun. */
bool crowd_is_served(const struct crowd *crowd, int except);

/* Their follows are covered up to `head`. */
bool crowd_is_covered(const struct crowd *crowd, int except, uint64_t head);

/* Follows that lack an event, or have one too many, up to `head`, which they cover. */
uint64_t crowd_count_wrong(const struct crowd *crowd, int except, uint64_t head);

#endif
