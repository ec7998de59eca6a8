/* ingest_world.h - a log, a store and a network for ingest alone: everything in memory, in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_INGEST_WORLD_H
#define TESTS_UNIT_INGEST_WORLD_H

#include "broker/core/ingest.h"

enum {
    WORLD_EVENTS_MAX = 60000,
    WORLD_PARTS_MAX = 512,
    WORLD_QUEUE_MAX = 4096,
    WORLD_FRAMES_MAX = 1024
};

/* The content of an event: what a frame carries here in place of protobuf. */
struct content {
    uint8_t producer[PRODUCER_BYTES];
    uint64_t number, after;
    uint64_t id, digest;
    char agency; /* 'a' and on: a name of one letter */
    uint8_t priority;
    bool is_system, is_foreign, is_faulty;
    char topic; /* 'x': not granted; '$' */
};

/* One stored event. */
struct stored {
    struct content content;
    uint64_t chunk_first, chunk_last;
    int64_t recorded_at_ms;
    bool sender_skewed, clock_jumped;
};

struct part {
    char name[32];
    uint8_t *value;
    size_t length;
};

/* A write on its way: an append (count > 0) or a part. */
struct write {
    uint64_t first;
    uint32_t count;
    struct stored *events;
    struct part part;
};

typedef void world_receipts(void *context, const struct answer *answer);

struct world {
    struct core_limits limits;
    struct ingest *ingest;
    struct effects fx;
    uint64_t now_ms;
    int64_t wall_ms;
    struct stored *log; /* of sequence s at s */
    uint64_t last;
    struct part parts[WORLD_PARTS_MAX];
    uint32_t part_count;
    struct write queue[WORLD_QUEUE_MAX];
    uint32_t queue_count;
    uint64_t read_seq, read_token;
    bool is_reading;
    uint64_t room_bytes;
    uint64_t damaged_first, damaged_last; /* 0: none */
    uint64_t log_first;
    uint64_t incarnation;
    struct blob *frames[WORLD_FRAMES_MAX];
    uint32_t frame_count;
    uint32_t pages_read, parts_written, appends;
    bool has_fenced; /* judge_producer refuses */
    uint64_t closed_peer;
    world_receipts *on_receipts;
    void *context;
};

/* An empty log, with a broker that is ready. */
void world_open(struct world *world, const struct core_limits *limits);
void world_close(struct world *world);

/* One request with these items. Whether it was refused as a whole. */
bool world_publish(struct world *world, uint64_t peer, uint64_t number,
                   const struct content *contents, uint32_t count);

/* Lets the core say what it owes, once. */
void world_continue(struct world *world);

/* The oldest write is done: durable, and answered if it is an append. With `is_full` an append and
 * all after it are refused. False: there is none. */
bool world_complete_write(struct world *world, bool is_full);

/* The read in flight is done, or the store was busy. False: there is none. */
bool world_complete_read(struct world *world, bool is_busy);

/* Time goes by; then the core says what it owes. */
void world_wait(struct world *world, uint64_t ms);

/* Everything that can be done without waiting for the next checkpoint is done. */
void world_drain(struct world *world);

/* The process dies; of the writes on their way the first `kept` survive. A new one starts. */
void world_crash(struct world *world, uint32_t kept);

/* The part of that name; NULL: none. */
struct part *world_find_part(struct world *world, const char *name);

/* Forgets a part, as a lost disk page would. */
void world_lose_part(struct world *world, struct part *part);

#endif
