/* model_wire.c - what goes over the wire, read with the stock decoder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_state.h"

#include <assert.h>
#include <inttypes.h>

#include "kentongan/v1/wire.pb-c.h"
#include "kentongan/v1/record.pb-c.h"
#include "tests/sim/model_follow.h"
#include "tests/sim/model_get.h"

static uint32_t session_agency(const struct model *model, uint64_t peer)
{
    for (uint32_t index = 0; index < model->sessions.count; index++)
        if (model->sessions.list[index].peer == peer)
            return model->sessions.list[index].agency;
    return CAST_AGENCIES;
}

void model_closed(struct model *model, uint64_t peer)
{
    for (uint32_t index = model->follows.count; index > 0; index--)
        if (model->follows.list[index - 1].peer == peer)
            MODEL_REMOVE(model->follows, index - 1);
    for (uint32_t index = model->publishes.count; index > 0; index--)
        if (model->publishes.list[index - 1].peer == peer)
            MODEL_REMOVE(model->publishes, index - 1);
    model_get_closed(model, peer);
}

static void see_session(struct model *model, uint64_t peer, uint32_t agency)
{
    if (session_agency(model, peer) != CAST_AGENCIES)
        return;
    struct model_session *session = MODEL_ADD(model->sessions);
    *session = (struct model_session){.peer = peer, .agency = agency};
}

static void answered(struct model *model, uint64_t peer, uint64_t request, uint32_t items)
{
    for (uint32_t index = 0; index < model->publishes.count; index++) {
        struct model_publish *publish = &model->publishes.list[index];
        if (publish->peer != peer || publish->request != request)
            continue;
        publish->items -= items < publish->items ? items : publish->items;
        if (publish->items == 0)
            MODEL_REMOVE(model->publishes, index);
        return;
    }
}

/* -- to the broker -- */

static void see_item(struct model *model, uint32_t agency, const Kentongan__V1__Sent *sent)
{
    const struct bulletin *bulletin =
        model_find_bulletin(model, agency, bytes_of(sent->event.data, sent->event.len));
    if (bulletin == NULL || !model_fate_of(model, bulletin->index)->is_sent) {
        model_fail(model, "P1", "%s sent what it never published", cast_agencies[agency]);
        return;
    }
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    if (model_grants(model, agency, RIGHT_PUBLISH, bulletin->topic))
        fate->was_granted = true;
    else
        fate->was_denied = true;
}

/* The same request may come twice. */
static struct model_publish *publish_of(struct model *model, uint64_t peer, uint64_t request)
{
    for (uint32_t index = 0; index < model->publishes.count; index++) {
        struct model_publish *publish = &model->publishes.list[index];
        if (publish->peer == peer && publish->request == request)
            return publish;
    }
    struct model_publish *publish = MODEL_ADD(model->publishes);
    publish->peer = peer;
    publish->request = request;
    return publish;
}

static void see_publish(struct model *model, uint64_t peer, uint32_t agency, uint64_t request,
                        struct bytes second)
{
    Kentongan__V1__PublishBatch *batch =
        kentongan__v1__publish_batch__unpack(NULL, second.length, second.data);
    if (batch == NULL) {
        model_fail(model, "P1", "%s sent a publish that cannot be read", cast_agencies[agency]);
        return;
    }
    for (size_t index = 0; index < batch->n_items; index++)
        see_item(model, agency, batch->items[index]->sent);
    struct model_publish *publish = publish_of(model, peer, request);
    publish->items += (uint32_t)batch->n_items;
    kentongan__v1__publish_batch__free_unpacked(batch, NULL);
}

void model_repeated(struct model *model, uint32_t agency, struct bytes second)
{
    Kentongan__V1__PublishBatch *batch =
        kentongan__v1__publish_batch__unpack(NULL, second.length, second.data);
    for (size_t index = 0; batch != NULL && index < batch->n_items; index++) {
        const Kentongan__V1__Sent *sent = batch->items[index]->sent;
        const struct bulletin *bulletin =
            model_find_bulletin(model, agency, bytes_of(sent->event.data, sent->event.len));
        if (bulletin != NULL)
            model_fate_of(model, bulletin->index)->is_repeated = true;
    }
    kentongan__v1__publish_batch__free_unpacked(batch, NULL);
}

void model_to_broker(struct model *model, uint64_t peer, uint32_t agency, struct bytes first,
                     struct bytes second)
{
    Kentongan__V1__ToBroker *said =
        kentongan__v1__to_broker__unpack(NULL, first.length, first.data);
    if (said == NULL) {
        model_fail(model, "P1", "%s sent bytes that cannot be read", cast_agencies[agency]);
        return;
    }
    see_session(model, peer, agency);
    if (said->body_case == KENTONGAN__V1__TO_BROKER__BODY_HELLO ||
        said->body_case == KENTONGAN__V1__TO_BROKER__BODY_BYE)
        model_closed(model, peer);
    else if (said->body_case == KENTONGAN__V1__TO_BROKER__BODY_PUBLISH)
        see_publish(model, peer, agency, said->request, second);
    else if (said->body_case == KENTONGAN__V1__TO_BROKER__BODY_QUERY)
        model_get_asked(model, peer, agency, said);
    else
        model_follow_to_broker(model, peer, said);
    kentongan__v1__to_broker__free_unpacked(said, NULL);
}

/* -- from the broker -- */

/* «STORED is sent only after the commit that holds the event was flushed» */
static void see_stored(struct model *model, const Kentongan__V1__Receipt *receipt)
{
    uint64_t seq = receipt->stored->seq;
    if (seq == 0 || seq > model_head(model)) {
        model_fail(model, "P1", "STORED %" PRIu64 " was said, the log on disk ends with %" PRIu32,
                   seq, model->records.count);
        return;
    }
    const struct model_record *record = &model->records.list[seq - 1];
    bool is_it = record->number == receipt->number &&
                 memcmp(record->producer, receipt->producer.data, PRODUCER_BYTES) == 0;
    if (!is_it && !receipt->stored->duplicate)
        model_fail(model, "P1", "STORED %" PRIu64 " was said of what lies elsewhere", seq);
    if (!is_it)
        tally_add(model->tally, TALLY_DUPLICATE_OTHER_PRODUCER);
}

static void see_refused(struct model *model, const Kentongan__V1__Refusal *refusal)
{
    if (refusal->code[0] == '\0' || refusal->reason[0] == '\0')
        model_fail(model, "P6", "a refusal without code or reason");
    if (strcmp(refusal->code, "BUSY") == 0)
        tally_add(model->tally, TALLY_BUSY);
    if (strcmp(refusal->code, "STORE_FULL") == 0)
        tally_add(model->tally, TALLY_STORE_FULL);
    if (strcmp(refusal->code, "FENCED") == 0)
        tally_add(model->tally, TALLY_FENCED);
}

static void see_receipts(struct model *model, uint64_t peer, uint64_t request,
                         const Kentongan__V1__Receipts *receipts)
{
    uint32_t agency = session_agency(model, peer);
    bool has_key = model->rights.list[model->rights.count - 1].policy.has_key[agency];
    for (size_t index = 0; index < receipts->n_receipts; index++) {
        const Kentongan__V1__Receipt *receipt = receipts->receipts[index];
        if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_STORED) {
            if (!has_key)
                model_fail(model, "P5", "%s was answered STORED after its key was revoked",
                           cast_agencies[agency]);
            see_stored(model, receipt);
        } else if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_REFUSED) {
            see_refused(model, receipt->refused);
        } else if (receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_GAP) {
            tally_add(model->tally, TALLY_GAP);
        } else {
            bool is_reused = receipt->outcome_case == KENTONGAN__V1__RECEIPT__OUTCOME_NUMBER_REUSED;
            tally_add(model->tally, is_reused ? TALLY_REUSED : TALLY_SKIPPED);
        }
    }
    answered(model, peer, request, (uint32_t)receipts->n_receipts);
}

static void see_from_broker(struct model *model, uint64_t peer,
                            const Kentongan__V1__FromBroker *said, struct bytes second)
{
    switch ((int)said->body_case) {
    case KENTONGAN__V1__FROM_BROKER__BODY_RECEIPTS:
        see_receipts(model, peer, said->request, said->receipts);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ERROR:
        see_refused(model, said->error->refusal);
        answered(model, peer, said->request, UINT32_MAX);
        model_follow_refused(model, peer, said->request);
        model_get_refused(model, peer, said->request, said->error->refusal->code);
        break;
    case KENTONGAN__V1__FROM_BROKER__BODY_ANSWER:
        model_get_found(model, peer, said, second);
        break;
    default:
        model_follow_from_broker(model, peer, said, second);
    }
}

void model_from_broker(struct model *model, uint64_t peer, struct bytes first, struct bytes second)
{
    Kentongan__V1__FromBroker *said =
        kentongan__v1__from_broker__unpack(NULL, first.length, first.data);
    if (said == NULL || session_agency(model, peer) == CAST_AGENCIES)
        model_fail(model, "P5", "the broker said what cannot be read, or to a stranger");
    else
        see_from_broker(model, peer, said, second);
    if (said != NULL)
        kentongan__v1__from_broker__free_unpacked(said, NULL);
}
