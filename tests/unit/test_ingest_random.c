/* test_ingest_random.c - ingest against the naive model, over chance, crashes and full disks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/ingest_model.h"

#include "broker/core/ingest_state.h"
#include "tests/unit/check.h"

enum { LANES = 9, ITEMS_MAX = 6 };

struct row {
    const char *name;
    uint64_t seed;
    uint32_t steps, crash_every, full_every, rings, window_events;
};

struct run {
    struct row row;
    struct world *world;
    struct model *model;
    uint64_t chance, next_id, next_request;
};

static uint32_t below(struct run *run, uint32_t bound)
{
    return chance_below(&run->chance, bound);
}

static void on_receipts(void *context, const struct answer *answer)
{
    struct run *run = context;
    for (uint32_t index = 0; index < answer->of.receipts.count; index++) {
        model_receive(run->model, answer->peer, answer->number,
                      &answer->of.receipts.receipts[index]);
    }
}

static struct content lane_content(struct run *run, uint32_t lane, uint64_t mark)
{
    struct content content = {.agency = (char)('a' + lane % 3),
                              .number = mark + 1,
                              .after = mark,
                              .id = ++run->next_id,
                              .digest = chance_next(&run->chance),
                              .topic = 't',
                              .priority = (uint8_t)below(run, 11)};
    /* Lanes 0 to 2 are the same 16 bytes in three agencies. */
    memset(content.producer, lane < 3 ? 1 : (int)lane, PRODUCER_BYTES);
    return content;
}

/* A resend: the number, and mostly the content, of something that was accepted. */
static void make_resend(struct run *run, const struct model_lane *lane, struct content *content)
{
    if (lane->count == 0) {
        return;
    }
    uint32_t back = below(run, 4) == 0 ? below(run, lane->count) : below(run, 12) % lane->count;
    const struct model_number *number = &lane->numbers[lane->count - 1 - back];
    content->number = number->number;
    content->after = number->number - 1;
    if (below(run, 5) > 0) {
        content->id = number->id;
        content->digest = number->digest + (below(run, 10) == 0);
    }
}

/* The id of another event, in a new number. */
static void make_known_id(struct run *run, struct content *content)
{
    const struct model *model = run->model;
    if (model->next > 1) {
        uint32_t back = below(run, below(run, 2) == 0 ? 8 : 120);
        uint64_t seq = model->next - 1 > back ? model->next - 1 - back : 1;
        content->agency = model->events[seq].agency;
        content->id = model->events[seq].id;
        content->digest = model->events[seq].digest + (below(run, 6) == 0);
    }
}

static const struct model_lane *find_lane(const struct run *run, const struct content *content)
{
    for (uint32_t lane = 0; lane < run->model->lane_count; lane++) {
        const struct model_lane *here = &run->model->lanes[lane];
        if (here->agency == content->agency &&
            memcmp(here->producer, content->producer, PRODUCER_BYTES) == 0) {
            return here;
        }
    }
    return NULL;
}

static void vary(struct run *run, struct content *content, const struct model_lane *lane)
{
    char agency = content->agency;
    switch (below(run, 16)) {
    case 0:
    case 1:
    case 2:
        if (lane != NULL) {
            make_resend(run, lane, content);
        }
        break;
    case 3:
    case 4:
        make_known_id(run, content);
        content->agency = agency;
        break;
    case 5:
        content->after = below(run, (uint32_t)content->after + 3);
        content->number += 2;
        break;
    case 6:
        content->number += below(run, 3);
        break;
    case 7:
        content->topic = below(run, 2) == 0 ? 'x' : '$';
        break;
    case 8:
        content->is_system = below(run, 2) == 0;
        content->is_foreign = !content->is_system;
        break;
    case 9:
        content->is_faulty = true;
        break;
    case 10:
        content->number = content->number > 3 ? 1 + below(run, (uint32_t)content->number) : 1;
        content->after = content->number - 1;
        break;
    default:
        break;
    }
}

/* Which items the broker refused with BUSY at once, read from its own notes. */
static void peek_busy(const struct run *run, uint64_t request, uint32_t count, bool *is_busy)
{
    const struct receipts *receipts = &run->world->ingest->receipts;
    for (uint32_t ticket = 0; ticket < receipts->tickets_touched; ticket++) {
        uint32_t slot = receipts->tickets[ticket].first;
        if (receipts->tickets[ticket].number != request || slot == RECEIPT_NONE) {
            continue;
        }
        for (uint32_t index = 0; index < count; index++) {
            const struct receipt_slot *here = &receipts->slots[slot];
            is_busy[index] = here->is_known && here->receipt.kind == RECEIPT_REFUSED &&
                             strcmp(here->receipt.refusal.code, "BUSY") == 0;
            slot = here->next;
        }
        return;
    }
    fail_msg("no ticket for request %llu", (unsigned long long)request);
}

static void publish(struct run *run)
{
    struct content contents[ITEMS_MAX];
    bool is_busy[ITEMS_MAX] = {false};
    uint32_t count = 1 + (below(run, 2) == 0 ? below(run, ITEMS_MAX) : 0);
    uint32_t lane = below(run, LANES);
    uint64_t marks[LANES] = {0}, request = ++run->next_request;
    for (uint32_t here = 0; here < LANES; here++) {
        struct content probe = lane_content(run, here, 0);
        const struct model_lane *known = find_lane(run, &probe);
        marks[here] = known == NULL ? 0 : known->mark;
    }
    for (uint32_t index = 0; index < count; index++) {
        if (below(run, 4) == 0) {
            lane = lane % 3 + 3 * below(run, LANES / 3); /* another one of the same agency */
        }
        contents[index] = lane_content(run, lane, marks[lane]);
        vary(run, &contents[index], find_lane(run, &contents[index]));
        marks[lane] = contents[index].number > marks[lane] ? contents[index].number : marks[lane];
    }
    const struct ingest *ingest = run->world->ingest;
    bool is_idle = pending_events(&ingest->pending) == 0 &&
                   ingest->lookups.count + count <= ingest->lookups.room;
    assert_false(world_publish(run->world, 1 + below(run, 3) * 0, request, contents, count));
    peek_busy(run, request, count, is_busy);
    for (uint32_t index = 0; index < count; index++) {
        assert_false(is_busy[index] && is_idle && count == 1);
        model_publish(run->model, 1, request, &contents[index], is_busy[index]);
    }
}

static void complete_write(struct run *run)
{
    struct world *world = run->world;
    uint64_t before = world->last;
    uint32_t events = world->queue_count > 0 ? world->queue[0].count : 0;
    bool is_full = run->row.full_every > 0 && below(run, run->row.full_every) == 0;
    bool is_stale = world->ingest->pending.stale > 0;
    if (!world_complete_write(world, is_full) || events == 0) {
        return;
    }
    if (world->last > before) {
        model_settle(run->model, world->last);
    } else if (!is_stale) {
        model_fail(run->model);
    }
}

/* The broker may remember fewer moves without an event than the model, never other numbers. */
static void crash(struct run *run)
{
    struct world *world = run->world;
    world_crash(world, below(run, world->queue_count + 1));
    model_crash(run->model, world->last);
    for (uint32_t lane = 0; lane < run->model->lane_count; lane++) {
        struct model_lane *here = &run->model->lanes[lane];
        uint64_t mark = ingest_mark(world->ingest, bytes_of(&here->agency, 1), here->producer);
        uint64_t stored = 0;
        assert_true(mark <= here->mark);
        while (here->count > 0 && here->numbers[here->count - 1].number > mark) {
            assert_false(here->numbers[here->count - 1].is_own);
            here->count--;
        }
        for (uint32_t index = 0; index < here->count; index++) {
            stored = here->numbers[index].is_own ? here->numbers[index].number : stored;
        }
        assert_true(mark >= stored);
        here->mark = mark;
        here->settled = mark;
    }
}

/* The promise itself, from the log alone: numbers rise in a lane, no id comes twice in a window. */
static void check_log(const struct run *run)
{
    const struct world *world = run->world;
    for (uint64_t seq = 1; seq <= world->last; seq++) {
        const struct content *content = &world->log[seq].content;
        uint64_t low =
            seq > world->limits.id_window_events ? seq - world->limits.id_window_events : 1;
        for (uint64_t other = low; other < seq; other++) {
            const struct content *earlier = &world->log[other].content;
            if (earlier->agency != content->agency) {
                continue;
            }
            assert_int_not_equal(earlier->id, content->id);
            if (memcmp(earlier->producer, content->producer, PRODUCER_BYTES) == 0) {
                assert_true(earlier->number < content->number);
            }
        }
        assert_true(world->log[seq].recorded_at_ms >= world->log[seq - 1].recorded_at_ms);
        assert_int_equal(content->id, run->model->events[seq].id);
    }
}

static void step(struct run *run)
{
    switch (below(run, 9)) {
    case 0:
    case 1:
    case 2:
        publish(run);
        break;
    case 3:
    case 4:
        complete_write(run);
        break;
    case 5:
    case 6:
        (void)world_complete_read(run->world, below(run, 8) == 0);
        break;
    default:
        world_wait(run->world, below(run, 20));
        break;
    }
    if (run->row.crash_every > 0 && below(run, run->row.crash_every) == 0) {
        crash(run);
    }
}

static void drain(struct run *run)
{
    for (uint32_t round = 0; round < 200000 && run->model->open_count > 0; round++) {
        run->row.full_every = 0;
        complete_write(run);
        (void)world_complete_read(run->world, false);
        world_wait(run->world, 5);
    }
    assert_int_equal(run->model->open_count, 0);
    assert_int_equal(run->world->ingest->receipts.ticket_count, 0);
    assert_int_equal(run->world->ingest->receipts.frame_bytes, 0);
    assert_int_equal(run->world->ingest->lookups.count, 0);
}

static void ingest_agrees_with_the_model(void **state)
{
    struct run run = {.row = *(const struct row *)*state};
    struct core_limits limits;
    core_limits_default(&limits);
    limits.producers = 32;
    limits.rings = run.row.rings;
    limits.window_events = run.row.window_events;
    limits.id_window_events = 90;
    limits.pending_events = 40;
    limits.pending_bytes = (size_t)64 * 1024;
    limits.chunk_bytes = 2048;
    limits.checkpoint_events = 25;
    limits.checkpoint_ms = 300;
    struct model model;
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    model_open(&model, limits.id_window_events);
    world_open(world, &limits);
    world->on_receipts = on_receipts;
    world->context = &run;
    run.world = world;
    run.model = &model;
    run.chance = run.row.seed;
    for (uint32_t count = 0; count < run.row.steps; count++) {
        step(&run);
    }
    drain(&run);
    check_log(&run);
    print_message("%u events in %u appends, %u pages read, %u parts\n", (unsigned)world->last,
                  world->appends, world->pages_read, world->parts_written);
    assert_true(world->last > run.row.steps / 20);
    world_close(world);
    free(world);
    model_close(&model);
}

static const struct row rows[] = {
    {"without a fault",                                              1, 20000, 0,    0,   8, 16},
    {"one ring for all: every older number is looked up in the log", 2, 20000, 0,    0,   1, 4 },
    {"a disk that is full now and then",                             3, 20000, 0,    20,  4, 8 },
    {"a crash every 200 steps",                                      4, 20000, 200,  0,   4, 8 },
    {"a crash every 20 steps",                                       5, 20000, 20,   0,   4, 8 },
    {"crashes and a full disk",                                      6, 20000, 100,  20,  3, 5 },
    {"crashes, a full disk and one ring",                            7, 20000, 60,   15,  1, 3 },
    {"long runs between crashes",                                    8, 40000, 3000, 500, 6, 12},
};

int main(void)
{
    return CHECK_ROWS(rows, ingest_agrees_with_the_model);
}
