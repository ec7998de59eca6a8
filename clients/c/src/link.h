/* link.h - the client as a pure state machine: sessions, publishing exactly once, following without
 * a gap.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No clock, socket, file or thread inside; all memory is taken by link_new(). The shell feeds one
 * input at a time, performs the effects in order before the next, and ticks at link_deadline_ms().
 *
 * Publishing. The shell keeps each event in its outbox: it takes a number with link_number_next(),
 * writes event and number, and offers the lane's events in that order (IN_EVENT) while link_room()
 * is above 0. Each ends with one FX_ANSWERED, or comes back with FX_REWIND.
 */
#ifndef CLIENTS_C_SRC_LINK_H
#define CLIENTS_C_SRC_LINK_H

#include "clients/c/src/link_terms.h"

struct link;

/* Fills in the defaults named in link_terms.h. */
void link_options_default(struct link_options *options);

/* NULL: no memory. Options are copied. The first tick asks for a connection. */
struct link *link_new(const struct link_options *options);
void link_free(struct link *link);

/* False: no memory. */
bool link_effects_init(struct link_effects *fx, const struct link *link);
void link_effects_deinit(struct link_effects *fx);

/* Takes one input, fills `fx` (cleared first). Cannot fail. What effects point to lives until
 * the next step; views of a heard message as long as that message. */
void link_step(struct link *link, const struct link_input *input, struct link_effects *fx);

/* When to send IN_TICK, in now_ms; UINT64_MAX: never. */
uint64_t link_deadline_ms(const struct link *link);

/* How many events of a lane may be offered now. */
uint32_t link_room(const struct link *link, enum link_lane lane);

/* A number for a new event: above the mark and above everything given before. */
uint64_t link_number_next(struct link *link, enum link_lane lane);

/* Whether the session is up. */
bool link_is_up(const struct link *link);

/* The bytes that a record counts against a follow's credit. */
uint64_t link_record_bytes(const struct link_record *record);

#endif
