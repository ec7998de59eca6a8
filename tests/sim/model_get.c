/* model_get.c - one event by its sequence: only with the right to replay, only of the modes asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_get.h"

#include <inttypes.h>

#include "tests/sim/model_follow.h"

void model_get_asked(struct model *model, uint64_t peer, uint32_t agency,
                     const Kentongan__V1__ToBroker *said)
{
    struct model_get *get = MODEL_ADD(model->gets);
    *get = (struct model_get){
        .peer = peer,
        .request = said->request,
        .agency = agency,
        .seq = said->query->seq,
        .head = model->head,
        .rights = model->rights.count - 1,
    };
    for (size_t index = 0; index < said->query->n_modes; index++)
        get->modes |= 1u << said->query->modes[index];
    if (get->modes == 0)
        get->modes = 1u << MODE_ACTUAL;
}

static uint32_t find(const struct model *model, uint64_t peer, uint64_t request)
{
    uint32_t index = 0;
    while (index < model->gets.count &&
           (model->gets.list[index].peer != peer || model->gets.list[index].request != request))
        index++;
    return index;
}

void model_get_found(struct model *model, uint64_t peer, const Kentongan__V1__FromBroker *said,
                     struct bytes second)
{
    uint32_t index = find(model, peer, said->request);
    if (index == model->gets.count || said->answer->seq != model->gets.list[index].seq ||
        said->answer->seq > model_head(model)) {
        model_fail(model, "P5", "%" PRIu64 " was answered to whom it was not asked of",
                   said->answer->seq);
        return;
    }
    struct model_get get = model->gets.list[index];
    const struct bulletin *bulletin =
        model->bulletins->list[model->records.list[get.seq - 1].bulletin];
    MODEL_REMOVE(model->gets, index);
    tally_add(model->tally, TALLY_GET_FOUND);
    if ((get.modes & 1u << bulletin->mode) == 0)
        model_fail(model, "P8", "%" PRIu64 " was looked up by %s, which did not ask for its mode",
                   get.seq, cast_agencies[get.agency]);
    if (!model_grants(model, get.agency, RIGHT_REPLAY, bulletin->topic))
        model_fail(model, "P5", "%" PRIu64 " was looked up by %s, which may not replay it", get.seq,
                   cast_agencies[get.agency]);
    Kentongan__V1__Batch *batch = kentongan__v1__batch__unpack(NULL, second.length, second.data);
    if (batch == NULL || batch->n_records != 1 || batch->records[0]->stamp->seq != get.seq)
        model_fail(model, "P2", "the answer to a lookup of %" PRIu64 " is not it", get.seq);
    else
        model_check_record(model, get.agency, cast_agencies[get.agency], batch, 0);
    if (batch != NULL)
        kentongan__v1__batch__free_unpacked(batch, NULL);
}

/* Whether it had to be found, whichever of the policies since was the one that was asked. */
static bool must_be_found(struct model *model, const struct model_get *get)
{
    if (get->seq == 0 || get->seq > get->head)
        return false;
    const struct bulletin *bulletin =
        model->bulletins->list[model->records.list[get->seq - 1].bulletin];
    bool is_granted = (get->modes & 1u << bulletin->mode) != 0;
    for (uint32_t index = get->rights; index < model->rights.count; index++)
        is_granted &=
            model->rights.list[index].policy.has_key[get->agency] &&
            model_granted(&model->rights.list[index], get->agency, RIGHT_REPLAY, bulletin->topic);
    return is_granted;
}

void model_get_refused(struct model *model, uint64_t peer, uint64_t request, const char *code)
{
    uint32_t index = find(model, peer, request);
    if (index == model->gets.count)
        return;
    struct model_get get = model->gets.list[index];
    MODEL_REMOVE(model->gets, index);
    tally_add(model->tally, TALLY_GET_REFUSED);
    if (strcmp(code, "NOT_FOUND") == 0 && must_be_found(model, &get))
        model_fail(model, "P3", "%s did not find %" PRIu64 ", which it may see",
                   cast_agencies[get.agency], get.seq);
}

void model_get_closed(struct model *model, uint64_t peer)
{
    for (uint32_t index = model->gets.count; index > 0; index--)
        if (model->gets.list[index - 1].peer == peer)
            MODEL_REMOVE(model->gets, index - 1);
}
