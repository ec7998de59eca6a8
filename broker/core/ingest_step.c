/* ingest_step.c - the life of ingest: inputs in, and what is owed out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/ingest_state.h"

#include <assert.h>
#include <stdlib.h>

enum { LOOKUPS_MAX = 4096 };

static bool take_memory(struct ingest *ingest)
{
    const struct core_limits *limits = &ingest->limits;
    uint32_t lookups = limits->pending_events < LOOKUPS_MAX ? limits->pending_events : LOOKUPS_MAX;
    return window_init(&ingest->window, limits->id_window_events, limits->pending_events,
                       limits->id_window_ms) == STATUS_OK &&
           producers_init(&ingest->producers, limits->producers, limits->producers_agency,
                          limits->rings, limits->window_events) == STATUS_OK &&
           pending_init(&ingest->pending, limits->pending_events) == STATUS_OK &&
           receipts_init(&ingest->receipts, limits->pending_events + 2 * PRESCAN_ITEMS_MAX) ==
               STATUS_OK &&
           lookups_init(&ingest->lookups, lookups) == STATUS_OK &&
           checkpoint_init(&ingest->checkpoint, limits) == STATUS_OK;
}

struct ingest *ingest_new(const struct core_limits *limits)
{
    struct ingest *ingest = calloc(1, sizeof *ingest);
    if (ingest == NULL) {
        return NULL;
    }
    ingest->limits = *limits;
    ingest->room_ms = UINT64_MAX;
    clock_init(&ingest->clock, limits->skew_ms);
    if (!take_memory(ingest)) {
        ingest_free(ingest);
        return NULL;
    }
    return ingest;
}

void ingest_free(struct ingest *ingest)
{
    if (ingest == NULL) {
        return;
    }
    window_deinit(&ingest->window);
    producers_deinit(&ingest->producers);
    pending_deinit(&ingest->pending);
    receipts_deinit(&ingest->receipts);
    lookups_deinit(&ingest->lookups);
    checkpoint_deinit(&ingest->checkpoint);
    free(ingest);
}

void ingest_note(struct ingest *ingest, enum trace_level level, const char *text, uint64_t value)
{
    if (ingest->trace_count < TRACES_MAX) {
        ingest->traces[ingest->trace_count++] = (struct ingest_trace){level, text, value};
    }
}

void ingest_room(struct ingest *ingest, uint64_t room_bytes)
{
    ingest->room_bytes = room_bytes;
    ingest->room_ms = UINT64_MAX;
    if (room_bytes / 10 > ingest->reserve_bytes) {
        ingest->reserve_bytes = room_bytes / 10;
    }
}

void ingest_tick(struct ingest *ingest, const struct input *tick)
{
    if (tick->of.tick.room_bytes > 0) {
        ingest_room(ingest, tick->of.tick.room_bytes);
    } else if (ingest->room_ms <= tick->now_ms) {
        ingest->room_ms = tick->now_ms + ROOM_RETRY_MS;
    }
}

bool ingest_is_ready(const struct ingest *ingest)
{
    return ingest->phase == PHASE_READY;
}

void ingest_appended(struct ingest *ingest, const struct input *appended)
{
    assert(ingest->phase == PHASE_READY);
    ingest_room(ingest, appended->of.appended.room_bytes);
    if (pending_take_stale(&ingest->pending)) {
        assert(appended->of.appended.status != STATUS_OK);
    } else if (appended->of.appended.status == STATUS_OK) {
        assert(appended->of.appended.first == ingest->pending.durable + 1);
        pending_advance(&ingest->pending, appended->of.appended.last);
        ingest->checkpoint.chunks++;
        ingest_settle(ingest);
    } else {
        ingest_note(ingest, TRACE_ALARM, "the store is full: nothing more is stored",
                    ingest->pending.durable);
        pending_fail(&ingest->pending);
        ingest_undo(ingest);
    }
}

void ingest_page(struct ingest *ingest, const struct input *page)
{
    bool is_answered = true;
    if (ingest->phase == PHASE_RECOVERING) {
        is_answered = ingest_recover_page(ingest, page);
    } else {
        is_answered = lookups_page(&ingest->lookups, &ingest->producers, page, ingest->log_first);
    }
    if (!is_answered) {
        ingest->retry_ms = page->now_ms + READ_RETRY_MS;
    }
    struct lookup_end end;
    while (lookups_take_ended(&ingest->lookups, &end)) {
        ingest_end_lookup(ingest, &end);
        ingest_forget_if_unused(ingest, end.lookup.producer);
    }
}

static void emit_traces(struct ingest *ingest, struct effects *fx)
{
    while (ingest->trace_count > 0) {
        struct effect *effect = effects_add(fx, FX_TRACE);
        if (effect == NULL) {
            return;
        }
        const struct ingest_trace *trace = &ingest->traces[0];
        effect->of.trace.level = trace->level;
        effect->of.trace.text = trace->text;
        effect->of.trace.value = trace->value;
        ingest->trace_count--;
        memmove(ingest->traces, ingest->traces + 1, ingest->trace_count * sizeof *trace);
    }
}

void ingest_continue(struct ingest *ingest, uint64_t now_ms, bool may_append,
                     ingest_peer_is_open *is_open, void *context, struct effects *fx)
{
    ingest->now_ms = now_ms;
    emit_traces(ingest, fx);
    if (ingest->phase == PHASE_RECOVERING && now_ms >= ingest->retry_ms) {
        ingest_recover_read(ingest, fx);
    }
    if (ingest->phase != PHASE_READY) {
        return;
    }
    receipts_answer(&ingest->receipts, is_open, context, fx);
    ingest->may_append = may_append;
    if (may_append) {
        pending_append(&ingest->pending, ingest_append_max(ingest), ingest->limits.chunk_bytes, fx);
    }
    if (now_ms >= ingest->retry_ms) {
        lookups_read(&ingest->lookups, fx);
    }
    ingest_write_checkpoint(ingest, now_ms, fx);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t ingest_deadline_ms(const struct ingest *ingest)
{
    bool owes_now =
        ingest->trace_count > 0 || receipts_are_ready(&ingest->receipts) ||
        (ingest->may_append && pending_owes_append(&ingest->pending, ingest_append_max(ingest)));
    if (owes_now) {
        return 0;
    }
    uint64_t deadline_ms = UINT64_MAX;
    bool owes_read = ingest->phase == PHASE_RECOVERING ? !ingest->is_reading
                                                       : lookups_owe_read(&ingest->lookups);
    if (owes_read) {
        deadline_ms = ingest->retry_ms;
    }
    if (ingest->phase == PHASE_READY) {
        deadline_ms = earlier(deadline_ms, ingest_checkpoint_deadline_ms(ingest));
    }
    return earlier(deadline_ms, ingest->room_ms);
}

uint64_t ingest_head(const struct ingest *ingest)
{
    return ingest->pending.durable;
}

uint64_t ingest_mark(const struct ingest *ingest, struct bytes agency,
                     const uint8_t producer[PRODUCER_BYTES])
{
    struct producer_key key = producers_key(agency, producer);
    uint32_t slot = producers_find(&ingest->producers, &key);
    return slot == PRODUCER_NONE ? 0 : ingest->producers.list[slot].mark;
}

void ingest_statistics(const struct ingest *ingest, struct ingest_statistics *statistics)
{
    *statistics = ingest->statistics;
    statistics->pending_events = pending_events(&ingest->pending);
    statistics->pending_bytes = ingest->receipts.frame_bytes;
    statistics->producers = ingest->producers.count;
    statistics->lookups = ingest->lookups.count;
    statistics->id_window_events = (uint32_t)(ingest->window.next - ingest->window.low);
    statistics->checkpoint_seq = ingest->checkpoint.seq;
}
