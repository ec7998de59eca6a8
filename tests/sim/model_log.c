/* model_log.c - the log, the answers to publishers, and what is still owed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/model_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "kentongan/v1/record.pb-c.h"

/* docs/decisions/0002 */
enum { CHUNK_PREVIOUS_OFFSET = 48, CHUNK_HASH_OFFSET = 80, CHUNK_BATCH_OFFSET = 112 };

struct model *model_new(const struct fake_disk *disk, const struct bulletins *bulletins,
                        uint64_t id_window, struct tally *tally)
{
    struct model *model = calloc(1, sizeof *model);
    assert(model != NULL);
    model->disk = disk;
    model->bulletins = bulletins;
    model->tally = tally;
    model->id_window = id_window;
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (uint32_t who = 0; who < CAST_FOLLOWERS; who++)
        free(model->applications[who].shown);
    free(model->fates.list);
    free(model->records.list);
    free(model->sessions.list);
    free(model->follows.list);
    free(model->publishes.list);
    free(model->gets.list);
    free(model->tokens.list);
    free(model->rights.list);
    free(model);
}

const char *model_fault(const struct model *model)
{
    return model->has_fault ? model->fault : NULL;
}

void model_fail(struct model *model, const char *promise, const char *format, ...)
{
    if (model->has_fault)
        return;
    model->has_fault = true;
    int used = snprintf(model->fault, sizeof model->fault, "%s: ", promise);
    va_list words;
    va_start(words, format);
    vsnprintf(model->fault + used, sizeof model->fault - (size_t)used, format, words);
    va_end(words);
}

void *model_grow(void *list, uint32_t *count, uint32_t *room, size_t size)
{
    if (*count == *room) {
        *room = *room == 0 ? 64 : *room * 2;
        list = realloc(list, *room * size);
        assert(list != NULL);
    }
    memset((uint8_t *)list + *count * size, 0, size);
    ++*count;
    return list;
}

struct model_fate *model_fate_of(struct model *model, uint32_t bulletin)
{
    while (model->fates.count <= bulletin)
        (void)MODEL_ADD(model->fates);
    return &model->fates.list[bulletin];
}

const struct bulletin *model_find_bulletin(const struct model *model, uint32_t agency,
                                           struct bytes event)
{
    for (uint32_t index = model->bulletins->count; index > 0; index--) {
        const struct bulletin *bulletin = model->bulletins->list[index - 1];
        if (bulletin->agency == agency && bytes_are_equal(bulletin->event, event))
            return bulletin;
    }
    return NULL;
}

/* -- the log -- */

/* «a producer's events keep their order» */
static void check_producer(struct model *model, const struct model_record *record, uint64_t seq)
{
    uint32_t index = 0;
    while (index < model->producer_count &&
           memcmp(model->producers[index].producer, record->producer, PRODUCER_BYTES) != 0)
        index++;
    if (index == model->producer_count) {
        assert(model->producer_count < MODEL_PRODUCERS);
        memcpy(model->producers[model->producer_count++].producer, record->producer,
               PRODUCER_BYTES);
    }
    if (record->number <= model->producers[index].number)
        model_fail(model, "P2",
                   "sequence %" PRIu64 " holds number %" PRIu64
                   " of a producer, after number "
                   "%" PRIu64 " of the same",
                   seq, record->number, model->producers[index].number);
    model->producers[index].number = record->number;
}

static void check_order(struct model *model, const struct model_fate *fate, uint64_t seq)
{
    if (fate->floor >= seq)
        model_fail(model, "P2",
                   "the event of sequence %" PRIu64 " was sent after %" PRIu64
                   " had been acknowledged",
                   seq, fate->floor);
    if (fate->spools != 1)
        return;
    if (fate->order <= model->lane_orders[fate->lane])
        model_fail(model, "P2", "sequence %" PRIu64 " is out of order in its publisher's lane",
                   seq);
    model->lane_orders[fate->lane] = fate->order;
}

/* «stored once, after any delay» by one producer under one number; «the same id from the same
 * agency, by any process, likewise within a long window», whatever its content */
static void check_once(struct model *model, const struct bulletin *bulletin, uint64_t seq)
{
    for (uint32_t index = 0; index < model->fates.count; index++) {
        const struct bulletin *other = model->bulletins->list[index];
        uint64_t before = model->fates.list[index].seq;
        bool is_resend = other == bulletin && model->fates.list[index].spools == 1;
        bool is_known = is_resend || seq - before <= model->id_window;
        if (before != 0 && is_known && other->agency == bulletin->agency &&
            memcmp(other->id, bulletin->id, ID_BYTES) == 0)
            model_fail(model, "P4",
                       "the event of sequence %" PRIu64 " is stored again under %" PRIu64 "%s",
                       before, seq, other == bulletin ? "" : ", with other content");
    }
}

static void take_record(struct model *model, const Kentongan__V1__Record *decoded)
{
    const Kentongan__V1__Sent *sent = decoded->sent;
    uint64_t seq = model->records.count + 1;
    uint32_t agency = 0;
    while (agency < CAST_AGENCIES && strcmp(cast_agencies[agency], decoded->stamp->agency) != 0)
        agency++;
    const struct bulletin *bulletin =
        model_find_bulletin(model, agency, bytes_of(sent->event.data, sent->event.len));
    struct model_record *record = MODEL_ADD(model->records);
    if (bulletin == NULL || decoded->stamp->seq != seq || sent->producer.len != PRODUCER_BYTES) {
        model_fail(model, "P1", "what is stored under %" PRIu64 " is no event that was published",
                   seq);
        return;
    }
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    record->bulletin = bulletin->index;
    record->number = sent->number;
    memcpy(record->producer, sent->producer.data, PRODUCER_BYTES);
    if (!fate->is_sent || bulletin->flaw != BULLETIN_FINE)
        model_fail(model, "P1", "what is stored under %" PRIu64 " was never sent, or is refused",
                   seq);
    if (!fate->was_granted)
        model_fail(model, "P5", "what is stored under %" PRIu64 " was never allowed", seq);
    check_producer(model, record, seq);
    check_order(model, fate, seq);
    check_once(model, bulletin, seq);
    fate->seq = seq;
    fate->copies++;
}

static void take_chunk(struct model *model, struct bytes chunk)
{
    Kentongan__V1__Batch *batch = NULL;
    if (chunk.length > CHUNK_BATCH_OFFSET)
        batch = kentongan__v1__batch__unpack(NULL, chunk.length - CHUNK_BATCH_OFFSET,
                                             chunk.data + CHUNK_BATCH_OFFSET);
    if (batch == NULL) {
        model_fail(model, "P1", "a chunk cannot be read");
        return;
    }
    if (memcmp(chunk.data + CHUNK_PREVIOUS_OFFSET, model->chain, MODEL_HASH_BYTES) != 0)
        model_fail(model, "P7", "the chunk after %" PRIu32 " does not continue the chain",
                   model->records.count);
    memcpy(model->chain, chunk.data + CHUNK_HASH_OFFSET, MODEL_HASH_BYTES);
    for (size_t index = 0; index < batch->n_records; index++)
        take_record(model, batch->records[index]);
    kentongan__v1__batch__free_unpacked(batch, NULL);
}

void model_read_log(struct model *model)
{
    uint64_t last = fake_disk_tail(model->disk)->last;
    if (last < model->records.count)
        model_fail(model, "P1", "the log ended with %" PRIu32 " and ends with %" PRIu64,
                   model->records.count, last);
    while (!model->has_fault && model->records.count < last) {
        uint64_t chunk_first, chunk_last;
        struct blob *chunk =
            fake_disk_chunk(model->disk, model->records.count + 1, &chunk_first, &chunk_last);
        if (chunk == NULL || chunk_first != model->records.count + 1) {
            model_fail(model, "P2", "sequence %" PRIu32 " is not in the log",
                       model->records.count + 1);
            return;
        }
        take_chunk(model, blob_bytes(chunk));
        if (!model->has_fault && model->records.count != chunk_last)
            model_fail(model, "P2", "a chunk that should end with %" PRIu64 " ends with %" PRIu32,
                       chunk_last, model->records.count);
    }
}

/* The log as it lies there now against what was seen in it before: nothing moves. */
static void check_log_again(struct model *model)
{
    uint32_t count = model->records.count;
    struct model now = {
        .disk = model->disk, .bulletins = model->bulletins, .id_window = model->id_window};
    for (uint32_t index = 0; index < model->fates.count; index++) {
        struct model_fate *fate = model_fate_of(&now, index);
        *fate = model->fates.list[index];
        fate->seq = fate->copies = 0;
    }
    model_read_log(&now);
    if (now.has_fault)
        model_fail(model, "P1", "read again after a crash: %.200s", now.fault);
    for (uint32_t index = 0; index < count && index < now.records.count; index++)
        if (now.records.list[index].bulletin != model->records.list[index].bulletin)
            model_fail(model, "P1", "sequence %" PRIu32 " is another event than before the crash",
                       index + 1);
    free(now.records.list);
    free(now.fates.list);
}

void model_crash(struct model *model)
{
    model->is_up = false;
    model->sessions.count = 0;
    model->follows.count = 0;
    model->publishes.count = 0;
    model->gets.count = 0;
    check_log_again(model);
    model_read_log(model);
    for (uint32_t index = 0; index < model->fates.count; index++) {
        const struct model_fate *fate = &model->fates.list[index];
        if (fate->acked != 0 && fate->acked != fate->seq &&
            model->records.list[fate->acked - 1].bulletin != index)
            model_fail(model, "P1",
                       "an event acknowledged under %" PRIu64 " lies under %" PRIu64
                       " after a crash",
                       fate->acked, fate->seq);
    }
}

uint64_t model_head(struct model *model)
{
    model_read_log(model);
    return model->records.count;
}

/* -- publishers -- */

void model_spooled(struct model *model, const struct bulletin *bulletin, uint32_t lane)
{
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    fate->order = ++model->orders;
    fate->lane = lane;
    fate->spools++;
}

void model_promised(struct model *model, const struct bulletin *bulletin)
{
    model_fate_of(model, bulletin->index)->is_promised = true;
}

void model_released(struct model *model, const struct bulletin *bulletin)
{
    model_fate_of(model, bulletin->index)->is_promised = false;
}

void model_sent(struct model *model, const struct bulletin *bulletin)
{
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    if (!fate->is_sent)
        fate->floor = model->acked;
    fate->is_sent = true;
}

void model_stored(struct model *model, const struct bulletin *bulletin, uint64_t seq,
                  bool is_duplicate)
{
    model_read_log(model);
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    if (seq == 0 || seq > model->records.count)
        model_fail(model, "P1", "%" PRIu64 " was acknowledged and is not on the disk", seq);
    else if (model->records.list[seq - 1].bulletin != bulletin->index)
        model_fail(model, "P1", "another event lies under the acknowledged %" PRIu64, seq);
    if (fate->acked != 0 && fate->acked != seq && fate->copies == 1)
        model_fail(model, "P4", "one event was acknowledged under %" PRIu64 " and %" PRIu64,
                   fate->acked, seq);
    fate->acked = seq;
    if (seq > model->acked)
        model->acked = seq;
    tally_add(model->tally, is_duplicate ? TALLY_DUPLICATE : TALLY_STORED);
}

/* Whether another event of the same agency and id is stored, or may be on its way to the disk. */
static bool has_rival(const struct model *model, const struct bulletin *bulletin)
{
    for (uint32_t index = 0; index < model->fates.count; index++) {
        const struct bulletin *other = model->bulletins->list[index];
        if (other != bulletin && model->fates.list[index].is_sent &&
            other->agency == bulletin->agency && memcmp(other->id, bulletin->id, ID_BYTES) == 0)
            return true;
    }
    return false;
}

void model_refused(struct model *model, const struct bulletin *bulletin, struct bytes code)
{
    model_read_log(model);
    struct model_fate *fate = model_fate_of(model, bulletin->index);
    bool is_conflict = bytes_are_equal(code, bytes_of_text("CONFLICT"));
    bool is_rights = bytes_are_equal(code, bytes_of_text("RIGHTS"));
    fate->is_refused = true;
    tally_add(model->tally, is_conflict ? TALLY_CONFLICT
                            : is_rights ? TALLY_RIGHTS
                                        : TALLY_INVALID);
    if (fate->seq != 0 && fate->spools == 1 && !fate->is_repeated)
        model_fail(model, "P4", "the event stored under %" PRIu64 " was refused (%.*s)", fate->seq,
                   (int)code.length, (const char *)code.data);
    if (is_conflict ? !has_rival(model, bulletin)
        : is_rights ? !fate->was_denied
                    : bulletin->flaw == BULLETIN_FINE)
        model_fail(model, "P5", "a bulletin of %s was refused without reason (%.*s)",
                   cast_agencies[bulletin->agency], (int)code.length, (const char *)code.data);
}

/* -- the end -- */

static const char *missing_bulletin(struct model *model)
{
    for (uint32_t index = 0; index < model->fates.count; index++) {
        const struct model_fate *fate = &model->fates.list[index];
        if (!fate->is_promised || fate->acked != 0 || fate->is_refused)
            continue;
        snprintf(model->missing, sizeof model->missing,
                 "bulletin %" PRIu32 " of %s was promised and is neither stored nor refused", index,
                 cast_agencies[model->bulletins->list[index]->agency]);
        return model->missing;
    }
    return NULL;
}

const char *model_missing(struct model *model)
{
    uint64_t head = model_head(model);
    for (uint32_t who = 0; who < CAST_FOLLOWERS; who++) {
        uint64_t covered = model->applications[who].covered;
        if (covered == head || cast_followers[who].is_reader)
            continue;
        snprintf(model->missing, sizeof model->missing,
                 "%s is covered up to %" PRIu64 ", the log ends with %" PRIu64,
                 cast_followers[who].name, covered, head);
        return model->missing;
    }
    if (model->publishes.count > 0) {
        snprintf(model->missing, sizeof model->missing,
                 "a publish (%" PRIu64 ") of %" PRIu32 " on connection %" PRIu64 " is not answered",
                 model->publishes.list[0].request, model->publishes.list[0].items,
                 model->publishes.list[0].peer);
        return model->missing;
    }
    return missing_bulletin(model);
}

void model_end(struct model *model)
{
    const char *missing = model_missing(model);
    if (missing != NULL)
        model_fail(model, "P3", "after the faults had ended: %s", missing);
    model_crash(model);
}
