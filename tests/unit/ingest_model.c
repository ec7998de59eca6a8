/* ingest_model.c - lists that are walked from the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_model.h"

#include "tests/unit/check.h"

void model_open(struct model *model, uint64_t window_events)
{
    *model = (struct model){.next = 1, .window_events = window_events};
    model->events = calloc(MODEL_EVENTS_MAX, sizeof *model->events);
    model->open = calloc(MODEL_OPEN_MAX, sizeof *model->open);
    assert_non_null(model->events);
    assert_non_null(model->open);
}

void model_close(struct model *model)
{
    for (uint32_t lane = 0; lane < model->lane_count; lane++) {
        free(model->lanes[lane].numbers);
    }
    free(model->events);
    free(model->open);
}

static struct model_lane *lane_of(struct model *model, const struct content *content)
{
    for (uint32_t lane = 0; lane < model->lane_count; lane++) {
        if (model->lanes[lane].agency == content->agency &&
            memcmp(model->lanes[lane].producer, content->producer, PRODUCER_BYTES) == 0) {
            return &model->lanes[lane];
        }
    }
    assert_true(model->lane_count < MODEL_LANES_MAX);
    struct model_lane *lane = &model->lanes[model->lane_count++];
    *lane = (struct model_lane){.agency = content->agency};
    memcpy(lane->producer, content->producer, PRODUCER_BYTES);
    lane->numbers = calloc(MODEL_EVENTS_MAX, sizeof *lane->numbers);
    assert_non_null(lane->numbers);
    return lane;
}

static uint64_t window_low(const struct model *model)
{
    return model->durable >= model->window_events ? model->durable - model->window_events + 1 : 1;
}

uint64_t model_find_id(const struct model *model, char agency, uint64_t id, uint64_t low)
{
    for (uint64_t seq = model->next - 1; seq >= low && seq > 0; seq--) {
        if (model->events[seq].agency == agency && model->events[seq].id == id) {
            return seq;
        }
    }
    return 0;
}

static const struct model_number *find_number(const struct model_lane *lane, uint64_t number)
{
    for (uint32_t index = lane->count; index > 0; index--) {
        if (lane->numbers[index - 1].number == number) {
            return &lane->numbers[index - 1];
        }
    }
    return NULL;
}

static void use_number(struct model_lane *lane, const struct content *content, uint64_t seq,
                       uint64_t barrier, bool is_own)
{
    assert_true(lane->count < MODEL_EVENTS_MAX);
    lane->numbers[lane->count++] =
        (struct model_number){content->number, seq, content->id, content->digest, barrier, is_own};
    lane->mark = content->number;
}

static void judge_used(struct model *model, const struct model_lane *lane,
                       const struct content *content, struct model_answer *answer)
{
    const struct model_number *number = find_number(lane, content->number);
    if (number != NULL && number->is_own) {
        bool is_same = number->id == content->id && number->digest == content->digest;
        answer->kind = is_same ? RECEIPT_STORED : RECEIPT_REUSED;
        answer->seq = is_same ? number->seq : 0;
        answer->is_duplicate = is_same;
        return;
    }
    uint64_t seq = model_find_id(model, content->agency, content->id, window_low(model));
    answer->is_looked_up = true;
    answer->was_used = number != NULL;
    answer->was_in_window = seq != 0;
}

static void judge_next(struct model *model, struct model_lane *lane, const struct content *content,
                       struct model_answer *answer)
{
    uint64_t seq = model_find_id(model, content->agency, content->id, window_low(model));
    if (seq != 0 && model->events[seq].digest != content->digest) {
        answer->kind = RECEIPT_REFUSED;
        answer->code = "CONFLICT";
    } else if (seq != 0) {
        use_number(lane, content, seq, model->next - 1, false);
        answer->seq = seq;
        answer->is_duplicate = true;
        if (model->next == model->durable + 1) {
            lane->settled = lane->mark;
        }
    } else if (content->topic == 'x' || content->topic == '$' || content->is_system) {
        answer->kind = RECEIPT_REFUSED;
        answer->code = "RIGHTS";
    } else if (content->is_foreign) {
        answer->kind = RECEIPT_REFUSED;
        answer->code = "SOURCE_MISMATCH";
    } else {
        assert_true(model->next < MODEL_EVENTS_MAX);
        answer->seq = model->next;
        use_number(lane, content, model->next, model->next, true);
        model->events[model->next++] = *content;
    }
}

void model_publish(struct model *model, uint64_t peer, uint64_t request,
                   const struct content *content, bool is_busy)
{
    struct model_lane *lane = lane_of(model, content);
    assert_true(model->open_count < MODEL_OPEN_MAX);
    struct model_answer *answer = &model->open[model->open_count++];
    *answer = (struct model_answer){.peer = peer,
                                    .request = request,
                                    .number = content->number,
                                    .id = content->id,
                                    .digest = content->digest,
                                    .kind = RECEIPT_STORED,
                                    .lane = (uint32_t)(lane - model->lanes)};
    memcpy(answer->producer, content->producer, PRODUCER_BYTES);
    if (is_busy) {
        answer->kind = RECEIPT_REFUSED;
        answer->code = "BUSY";
    } else if (content->is_faulty) {
        answer->kind = RECEIPT_REFUSED;
        answer->code = "UTF8_INVALID";
    } else if (content->number <= lane->mark) {
        judge_used(model, lane, content, answer);
    } else if (content->after != lane->mark) {
        answer->kind = RECEIPT_GAP;
    } else {
        judge_next(model, lane, content, answer);
    }
    answer->mark = lane->mark;
}

void model_settle(struct model *model, uint64_t last)
{
    assert_true(last > model->durable && last < model->next);
    model->durable = last;
    for (uint32_t lane = 0; lane < model->lane_count; lane++) {
        struct model_lane *here = &model->lanes[lane];
        for (uint32_t index = here->count; index > 0; index--) {
            const struct model_number *number = &here->numbers[index - 1];
            if (number->number <= here->settled) {
                break;
            }
            if (number->barrier <= last) {
                here->settled = number->number;
                break;
            }
        }
    }
}

void model_fail(struct model *model)
{
    for (uint32_t lane = 0; lane < model->lane_count; lane++) {
        struct model_lane *here = &model->lanes[lane];
        while (here->count > 0 && here->numbers[here->count - 1].number > here->settled) {
            here->count--;
        }
        here->mark = here->settled;
    }
    for (uint32_t index = 0; index < model->open_count; index++) {
        struct model_answer *answer = &model->open[index];
        if (answer->kind == RECEIPT_STORED && !answer->is_looked_up &&
            answer->seq > model->durable) {
            answer->kind = RECEIPT_REFUSED;
            answer->code = "STORE_FULL";
        }
    }
    model->next = model->durable + 1;
}

void model_crash(struct model *model, uint64_t last)
{
    assert_true(last >= model->durable && last < model->next);
    if (last > model->durable) {
        model_settle(model, last);
    }
    model_fail(model);
    model->open_count = 0;
}

/* «Never stored» is said of the log and the window as they are when the look-up ends. */
static void check_looked_up(const struct model *model, const struct model_answer *answer,
                            const struct receipt *receipt)
{
    const struct model_lane *lane = &model->lanes[answer->lane];
    uint64_t now = model_find_id(model, lane->agency, answer->id, window_low(model));
    uint64_t ever = model_find_id(model, lane->agency, answer->id, 1);
    if (receipt->kind == RECEIPT_STORED) {
        assert_true(receipt->is_duplicate && ever != 0);
        assert_int_equal(model->events[receipt->seq].id, answer->id);
        assert_int_equal(model->events[receipt->seq].digest, answer->digest);
    } else if (receipt->kind == RECEIPT_REFUSED && strcmp(receipt->refusal.code, "CONFLICT") == 0) {
        assert_true(ever != 0);
    } else if (receipt->kind == RECEIPT_REUSED) {
        /* The number was a duplicate's, and its ring still knew. */
        assert_true(answer->was_used);
    } else if (receipt->kind == RECEIPT_REFUSED) {
        assert_true(strcmp(receipt->refusal.code, "BUSY") == 0 ||
                    strcmp(receipt->refusal.code, "STORE_FULL") == 0);
    } else {
        assert_true(receipt->kind == RECEIPT_SKIPPED || receipt->kind == RECEIPT_GAP);
        assert_false(answer->was_in_window && now != 0);
    }
}

void model_receive(struct model *model, uint64_t peer, uint64_t request,
                   const struct receipt *receipt)
{
    uint32_t index = 0;
    while (index < model->open_count &&
           (model->open[index].peer != peer || model->open[index].request != request)) {
        index++;
    }
    assert_true(index < model->open_count);
    struct model_answer answer = model->open[index];
    model->open_count--;
    memmove(model->open + index, model->open + index + 1,
            (model->open_count - index) * sizeof answer);
    assert_memory_equal(receipt->producer, answer.producer, PRODUCER_BYTES);
    assert_int_equal(receipt->number, answer.number);
    if (answer.is_looked_up) {
        check_looked_up(model, &answer, receipt);
        return;
    }
    assert_int_equal(receipt->kind, answer.kind);
    if (receipt->kind == RECEIPT_STORED) {
        assert_int_equal(receipt->seq, answer.seq);
        assert_int_equal(receipt->is_duplicate, answer.is_duplicate);
        assert_true(receipt->seq <= model->durable);
    } else if (receipt->kind == RECEIPT_REFUSED) {
        assert_string_equal(receipt->refusal.code, answer.code);
    } else if (receipt->kind == RECEIPT_GAP) {
        assert_int_equal(receipt->mark, answer.mark);
    }
}
