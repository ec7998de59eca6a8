/* wire_private.h - what the files of the wire share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_NET_WIRE_PRIVATE_H
#define BROKER_NET_WIRE_PRIVATE_H

#include "broker/net/wire.h"
#include "broker/net/wire_arena.h"
#include "kentongan/v1/record.pb-c.h"
#include "kentongan/v1/wire.pb-c.h"

enum {
    CATEGORIES_MAX = 256,
    RESUME_BYTES = 1 + 8 + 8 + 32,
    INCOMING_BYTES = 1024 * 1024, /* what one control frame, or one Personal, may become */
    OUTGOING_BYTES = 2 * 1024 * 1024
};

struct wire {
    struct wire_options options;
    char *site_name;
    struct wire_arena incoming; /* of the last decode */
    struct wire_arena outgoing; /* of the encode that runs */
    struct publish_item *items; /* PRESCAN_ITEMS_MAX of each of the three */
    uint8_t (*window_keys)[ID_BYTES];
    uint64_t *digests;
    struct bytes filters[FILTERS_MAX];
    struct bytes incidents[INCIDENTS_MAX];
    uint16_t categories[CATEGORIES_MAX];
    uint8_t producers[HELLO_PRODUCERS_MAX][PRODUCER_BYTES];
};

/* No fault has the code NULL. */
static inline struct scan_fault wire_fault(const char *code, const char *field, const char *reason)
{
    return (struct scan_fault){.code = code, .field = field, .reason = reason};
}

static inline struct scan_fault wire_no_fault(void)
{
    return (struct scan_fault){0};
}

/* UTC milliseconds of a timestamp within years 1 to 9999; false: it is none. */
bool wire_time_ms(const Google__Protobuf__Timestamp *time, int64_t *time_ms);

/* A set of modes as bits 1u << mode. Who names none means ACTUAL: who does not ask for drills never
 * gets one (P8). */
struct scan_fault wire_take_modes(const Kentongan__V1__Mode__Value *modes, size_t count,
                                  const char *field, uint32_t *bits);

/* Reads the body of a follow into request->of.follow. `agency` is for its resume token. */
struct scan_fault wire_decode_follow(struct wire *wire, const Kentongan__V1__Follow *follow,
                                     struct bytes agency, struct request *request);

/* Steps through the second frame of a publish into request->of.publish. */
struct scan_fault wire_decode_publish(struct wire *wire, struct blob *frame, struct bytes agency,
                                      struct request *request);

/* What a resume token is bound to, besides the log: the agency, and everything that selects
 * events. The core hands it back with the answer. */
void wire_resume_selection(const struct follow_request *follow, struct bytes agency,
                           uint8_t selection[SELECTION_BYTES]);

/* Writes a token that only this log's broker could have written. */
void wire_resume_seal(const struct wire *wire, const struct following_answer *following,
                      uint8_t token[RESUME_BYTES]);

/* Reads what the token says; false: it is not one of this log and this selection. */
bool wire_resume_open(const struct wire *wire, struct bytes token, struct follow_request *follow);

/* The second frame of a delivery or of a single event. MEMORY. */
enum status wire_batch_of_delivery(const struct deliver_answer *deliver,
                                   struct blob **batch) STATUS_MUST_CHECK;
enum status wire_batch_of_event(const struct page *page, uint32_t index, bool with_personal,
                                struct blob **batch) STATUS_MUST_CHECK;

#endif
