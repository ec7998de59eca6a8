/* test_blocks.c - pieces never overlap, and what is given back joins again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/blocks.h"

#include "tests/unit/check.h"

enum { PIECES = 300, STEPS = 50000 };

/* Takes largest pieces until there is none; all must come back to as many as at the start. */
static uint32_t largest_pieces(struct blocks *blocks)
{
    void *taken[64];
    uint32_t count = 0;
    while (count < COUNT_OF(taken) && (taken[count] = blocks_take(blocks, BLOCKS_PIECE_MAX))) {
        count++;
    }
    for (uint32_t index = 0; index < count; index++) {
        blocks_give(blocks, taken[index]);
    }
    return count;
}

static void memory_is_rounded_up_to_whole_largest_pieces(void **state)
{
    (void)state;
    struct blocks blocks;
    assert_int_equal(blocks_init(&blocks, 1), STATUS_OK);
    assert_int_equal(largest_pieces(&blocks), 1);
    blocks_deinit(&blocks);
    assert_int_equal(blocks_init(&blocks, BLOCKS_PIECE_MAX * 2 + 1), STATUS_OK);
    assert_int_equal(largest_pieces(&blocks), 3);
    blocks_deinit(&blocks);
    blocks_deinit(&blocks);
}

static void a_full_run_gives_nothing_and_recovers(void **state)
{
    (void)state;
    struct blocks blocks;
    assert_int_equal(blocks_init(&blocks, BLOCKS_PIECE_MAX), STATUS_OK);
    void *large = blocks_take(&blocks, BLOCKS_PIECE_MAX / 2 + 1);
    assert_non_null(large);
    assert_null(blocks_take(&blocks, 1));
    assert_int_equal(blocks.used_bytes, BLOCKS_PIECE_MAX);
    blocks_give(&blocks, large);
    blocks_give(&blocks, NULL);
    assert_int_equal(blocks.used_bytes, 0);
    void *small = blocks_take(&blocks, 1);
    assert_non_null(small);
    assert_null(blocks_take(&blocks, BLOCKS_PIECE_MAX));
    blocks_give(&blocks, small);
    assert_int_equal(largest_pieces(&blocks), 1);
    blocks_deinit(&blocks);
}

struct piece {
    uint8_t *data;
    size_t bytes;
    uint8_t mark;
};

static void check_mark(const struct piece *piece)
{
    for (size_t at = 0; at < piece->bytes; at++) {
        assert_int_equal(piece->data[at], piece->mark);
    }
}

static void pieces_never_overlap_in_any_series(void **state)
{
    (void)state;
    struct blocks blocks;
    struct piece pieces[PIECES] = {{0}};
    uint64_t seed = 5;
    uint32_t refused = 0;
    assert_int_equal(blocks_init(&blocks, BLOCKS_PIECE_MAX), STATUS_OK);
    for (int step = 0; step < STEPS; step++) {
        struct piece *piece = &pieces[chance_below(&seed, PIECES)];
        if (piece->data != NULL) {
            check_mark(piece);
            blocks_give(&blocks, piece->data);
            piece->data = NULL;
            continue;
        }
        piece->bytes = 1 + chance_below(&seed, 1u << (1 + chance_below(&seed, 12)));
        piece->mark = (uint8_t)step;
        piece->data = blocks_take(&blocks, piece->bytes);
        refused += piece->data == NULL;
        if (piece->data != NULL) {
            assert_int_equal((uintptr_t)piece->data % BLOCKS_UNIT_BYTES, 0);
            memset(piece->data, piece->mark, piece->bytes);
        }
    }
    for (uint32_t index = 0; index < PIECES; index++) {
        blocks_give(&blocks, pieces[index].data);
    }
    assert_true(refused > 0);
    assert_int_equal(blocks.used_bytes, 0);
    assert_int_equal(largest_pieces(&blocks), 1);
    blocks_deinit(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_rounded_up_to_whole_largest_pieces),
        cmocka_unit_test(a_full_run_gives_nothing_and_recovers),
        cmocka_unit_test(pieces_never_overlap_in_any_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
