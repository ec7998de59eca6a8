/* model.h - what must be true, told by somebody who has only watched.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Naive on purpose: arrays that grow, searched from end to end. It shares no code with the broker's
 * core or the client's machine: it reads frames and chunks with the stock decoder, matches topics
 * by itself, and derives from the policies that were in force who had to be shown what. It sees
 * what the network took from the broker and gave to it, what applications were told, and the disk
 * as flushed. The first thing that is not so is kept in `fault`.
 *
 * P1 durable, P2 ordered, P3 complete, P4 once, P5 private, P6 bounded, P8 drills stay drills.
 */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

#include "tests/sim/bulletin.h"
#include "tests/sim/fake_disk.h"
#include "tests/sim/tally.h"

enum { MODEL_FAULT_BYTES = 256 };

struct model;

/* `disk`, `bulletins` and `tally` are borrowed; an id that comes from another process is known for
 * `id_window` events. Never NULL: tests have memory. */
struct model *model_new(const struct fake_disk *disk, const struct bulletins *bulletins,
                        uint64_t id_window, struct tally *tally);
void model_free(struct model *model);

/* The first promise that was broken, in words; NULL: none yet. */
const char *model_fault(const struct model *model);

/* Somebody else's finding, such as a bound that was passed. */
void model_fail(struct model *model, const char *promise, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -- the broker's side -- */

/* A broker starts on the disk, under `policy`. */
void model_start(struct model *model, const struct cast_policy *policy);

/* It was told of another policy while it ran. */
void model_policy(struct model *model, const struct cast_policy *policy);

/* It asked for an append that ends with `last`; and it was told that what ends so is durable. */
void model_append_asked(struct model *model, uint64_t last);
void model_append_done(struct model *model, uint64_t last);

/* How many events it asked to store that it does not know to be durable. */
uint64_t model_waiting(const struct model *model);

/* It died: the disk is what was flushed. */
void model_crash(struct model *model);

/* A message reached the broker, or was taken by the network from it. */
void model_to_broker(struct model *model, uint64_t peer, uint32_t agency, struct bytes first,
                     struct bytes second);
void model_from_broker(struct model *model, uint64_t peer, struct bytes first, struct bytes second);

/* The network repeats a publish, as ZeroMQ would not: what is stored once may be answered twice,
 * and differently if a right was given in between. */
void model_repeated(struct model *model, uint32_t agency, struct bytes second);

/* The network or the broker gave up a connection. */
void model_closed(struct model *model, uint64_t peer);

/* -- publishers -- */

/* A bulletin was put last into a lane of an outbox; that it will be kept was promised; it left the
 * publisher (every sending). */
void model_spooled(struct model *model, const struct bulletin *bulletin, uint32_t lane);
void model_promised(struct model *model, const struct bulletin *bulletin);
void model_sent(struct model *model, const struct bulletin *bulletin);

/* An old copy of the outbox took its place: no promise about this one holds. */
void model_released(struct model *model, const struct bulletin *bulletin);

void model_stored(struct model *model, const struct bulletin *bulletin, uint64_t seq,
                  bool is_duplicate);
void model_refused(struct model *model, const struct bulletin *bulletin, struct bytes code);

/* -- followers; `who` is the place in the cast -- */

/* The id under which a follower follows: its place, and which of its lives it is. */
uint64_t model_follow_id(uint32_t who, uint32_t life);

/* A new process, which starts a follow of its own. */
void model_follower_starts(struct model *model, uint32_t who);
void model_following(struct model *model, uint32_t who, uint64_t first);
void model_delivered(struct model *model, uint32_t who, uint64_t first, uint64_t last,
                     const uint64_t *seqs, uint32_t count);

/* The application has processed everything up to `through`. */
void model_processed(struct model *model, uint32_t who, uint64_t through);

/* How far the application is covered. */
uint64_t model_covered(const struct model *model, uint32_t who);

/* The last sequence on the disk. */
uint64_t model_head(struct model *model);

/* Whether nothing is left to be done: every promise about a bulletin kept, every follower at the
 * head. Otherwise what is missing, in words. */
const char *model_missing(struct model *model);

/* The end of a run. */
void model_end(struct model *model);

#endif
