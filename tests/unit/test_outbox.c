/* test_outbox.c - the outbox keeps what it said it keeps: over closing, kills, cuts at every byte,
 * damage.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/outbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char folder[64];

static struct outbox_options options_of(int slot)
{
    return (struct outbox_options){.folder = folder,
                                   .slot = slot,
                                   .bytes_max = 1 << 20,
                                   .segment_bytes = 64 * 1024,
                                   .keep_ms = 1000};
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/kentong-outbox-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): a folder of our own making */
}

static struct outbox *open_slot(int slot)
{
    struct outbox_options options = options_of(slot);
    struct outbox *outbox;
    unsigned damaged;
    assert_int_equal(outbox_open(&options, &outbox, &damaged), OUTBOX_OK);
    return outbox;
}

static uint64_t append(struct outbox *outbox, enum link_lane lane, uint64_t number,
                       const char *text)
{
    uint64_t token;
    struct outbox_event event = {
        .lane = lane, .number = number, .time_ms = 1000, .event = {.event = bytes_of_text(text)}};
    assert_int_equal(outbox_append(outbox, &event, NULL, &token), OUTBOX_OK);
    return token;
}

static void answer(struct outbox *outbox, enum link_lane lane, uint64_t token, bool is_stored)
{
    void *owner;
    struct outbox_done done = {.token = token, .is_stored = is_stored, .seq = 9};
    if (!is_stored)
        done.code = bytes_of_text("RIGHTS");
    assert_int_equal(outbox_answer(outbox, lane, &done, 2000, &owner), OUTBOX_OK);
}

static void expect_next(struct outbox *outbox, enum link_lane lane, uint64_t number,
                        const char *text)
{
    uint64_t token, is_number;
    enum outbox_status status;
    const struct link_event *event = outbox_next(outbox, lane, &token, &is_number, &status);
    assert_int_equal(status, OUTBOX_OK);
    if (text == NULL) {
        assert_null(event);
        return;
    }
    assert_non_null(event);
    assert_int_equal(is_number, number);
    assert_bytes_equal(event->event, bytes_of_text(text));
}

static void what_is_unanswered_comes_back_in_order(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    uint8_t producer[PRODUCER_BYTES];
    memcpy(producer, outbox_state(outbox)->producers[0], PRODUCER_BYTES);
    uint64_t first = append(outbox, LINK_LANE_REST, 1, "one");
    append(outbox, LINK_LANE_URGENT, 1, "alarm");
    append(outbox, LINK_LANE_REST, 2, "two");
    uint64_t third = append(outbox, LINK_LANE_REST, 3, "three");
    append(outbox, LINK_LANE_REST, 4, "four");
    expect_next(outbox, LINK_LANE_REST, 1, "one");
    answer(outbox, LINK_LANE_REST, first, true);
    answer(outbox, LINK_LANE_REST, third, false);
    outbox_close(outbox);

    outbox = open_slot(-1);
    assert_int_equal(outbox_slot_number(outbox), 0);
    assert_memory_equal(outbox_state(outbox)->producers[0], producer, PRODUCER_BYTES);
    assert_int_equal(outbox_state(outbox)->numbers[LINK_LANE_REST], 4);
    assert_int_equal(outbox_waiting(outbox), 3);
    expect_next(outbox, LINK_LANE_REST, 2, "two");
    expect_next(outbox, LINK_LANE_REST, 4, "four");
    expect_next(outbox, LINK_LANE_REST, 0, NULL);
    expect_next(outbox, LINK_LANE_URGENT, 1, "alarm");
    outbox_close(outbox);
}

static void a_personal_block_is_kept_whole(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_BYTES] = {1}, salt[SALT_BYTES] = {2};
    struct link_event with = {bytes_of_text("event"), bytes_of(digest, sizeof digest),
                              bytes_of(salt, sizeof salt), bytes_of_text("block")};
    struct outbox *outbox = open_slot(-1);
    uint64_t token, number;
    enum outbox_status status;
    struct outbox_event event = {.lane = LINK_LANE_REST, .number = 1, .event = with};
    assert_int_equal(outbox_append(outbox, &event, NULL, &token), OUTBOX_OK);
    outbox_close(outbox);
    outbox = open_slot(-1);
    const struct link_event *back = outbox_next(outbox, LINK_LANE_REST, &token, &number, &status);
    assert_bytes_equal(back->event, with.event);
    assert_bytes_equal(back->digest, with.digest);
    assert_bytes_equal(back->salt, with.salt);
    assert_bytes_equal(back->block, with.block);
    outbox_close(outbox);
}

static void an_offered_event_stays_where_it_is(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    uint64_t token, number;
    enum outbox_status status;
    append(outbox, LINK_LANE_REST, 1, "one");
    const struct link_event *first = outbox_next(outbox, LINK_LANE_REST, &token, &number, &status);
    assert_non_null(first);
    for (uint64_t more = 2; more < 1000; more++)
        append(outbox, LINK_LANE_REST, more, "more");
    assert_bytes_equal(first->event, bytes_of_text("one"));
    for (uint64_t more = 2; more < 1000; more++)
        expect_next(outbox, LINK_LANE_REST, more, "more");
    expect_next(outbox, LINK_LANE_REST, 0, NULL);
    assert_bytes_equal(first->event, bytes_of_text("one"));
    outbox_close(outbox);
}

static void a_new_number_is_kept(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    uint64_t token = append(outbox, LINK_LANE_REST, 1, "one");
    assert_int_equal(outbox_renumber(outbox, LINK_LANE_REST, token, 12), OUTBOX_OK);
    outbox_close(outbox);
    outbox = open_slot(-1);
    assert_int_equal(outbox_state(outbox)->numbers[LINK_LANE_REST], 12);
    expect_next(outbox, LINK_LANE_REST, 12, "one");
    outbox_close(outbox);
}

static void each_process_has_a_slot_and_the_next_drains_what_is_left(void **state)
{
    (void)state;
    struct outbox *a = open_slot(-1), *b = open_slot(-1);
    assert_int_equal(outbox_slot_number(a), 0);
    assert_int_equal(outbox_slot_number(b), 1);
    append(b, LINK_LANE_REST, 1, "left");
    struct outbox_options options = options_of(0);
    struct outbox *taken;
    unsigned damaged;
    assert_int_equal(outbox_open(&options, &taken, &damaged), OUTBOX_TAKEN);
    outbox_close(a);
    outbox_close(b);
    a = open_slot(-1); /* the one in which something waits, before a lower one that is empty */
    assert_int_equal(outbox_slot_number(a), 1);
    expect_next(a, LINK_LANE_REST, 1, "left");
    outbox_close(a);
}

static void a_restored_log_gets_what_it_lost(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    uint64_t tokens[5];
    for (uint64_t number = 1; number <= 4; number++) {
        char text[8];
        snprintf(text, sizeof text, "e%d", (int)number);
        tokens[number] = append(outbox, LINK_LANE_REST, number, text);
    }
    answer(outbox, LINK_LANE_REST, tokens[1], true);
    answer(outbox, LINK_LANE_REST, tokens[2], true);
    answer(outbox, LINK_LANE_REST, tokens[3], false);
    assert_int_equal(outbox_rewind(outbox, LINK_LANE_REST, 1), OUTBOX_OK);
    expect_next(outbox, LINK_LANE_REST, 2, "e2");
    outbox_close(outbox); /* killed in the middle: the second offering goes on */
    outbox = open_slot(-1);
    expect_next(outbox, LINK_LANE_REST, 2, "e2");
    expect_next(outbox, LINK_LANE_REST, 4, "e4");
    answer(outbox, LINK_LANE_REST, tokens[2], true);
    outbox_close(outbox);
    outbox = open_slot(-1);
    expect_next(outbox, LINK_LANE_REST, 4, "e4");
    outbox_close(outbox);
}

static void a_full_outbox_says_so_and_forgets_only_what_was_answered(void **state)
{
    (void)state;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct outbox_options options = options_of(-1);
    options.bytes_max = UINT64_C(64) * 1024;
    options.segment_bytes = 16 * 1024;
    options.keep_ms = 1u << 30;
    struct outbox *outbox;
    unsigned damaged;
    assert_int_equal(outbox_open(&options, &outbox, &damaged), OUTBOX_OK);
    struct outbox_event event = {
        .lane = LINK_LANE_REST, .number = 1, .event = {.event = bytes_of_text(text)}};
    uint64_t tokens[128] = {0}, token, count = 0;
    while (outbox_append(outbox, &event, NULL, &token) == OUTBOX_OK) {
        tokens[count++] = token;
        event.number++;
    }
    assert_in_range(count, 50, 64);
    assert_int_equal(outbox_waiting(outbox), count);
    for (uint64_t i = 0; i < 40; i++)
        answer(outbox, LINK_LANE_REST, tokens[i], true);
    assert_int_equal(outbox_append(outbox, &event, NULL, &token), OUTBOX_OK);
    outbox_close(outbox);
    assert_int_equal(outbox_open(&options, &outbox, &damaged), OUTBOX_OK);
    expect_next(outbox, LINK_LANE_REST, 41, text);
    assert_int_equal(outbox_waiting(outbox), count - 40 + 1);
    outbox_close(outbox);
}

static char *segment_path(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/00/00000001.seg", folder);
    return path;
}

/* Any cut of the unflushed end loses whole events from the end and nothing else. */
static void a_cut_at_every_byte_loses_only_the_end(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    append(outbox, LINK_LANE_REST, 1, "one");
    assert_int_equal(outbox_flush(outbox), OUTBOX_OK);
    struct stat file;
    assert_int_equal(stat(segment_path(), &file), 0);
    off_t flushed = file.st_size;
    append(outbox, LINK_LANE_REST, 2, "two");
    append(outbox, LINK_LANE_REST, 3, "three");
    outbox_close(outbox);
    assert_int_equal(stat(segment_path(), &file), 0);
    char copy[160];
    snprintf(copy, sizeof copy, "cp '%s' '%s/copy'", segment_path(), folder);
    assert_int_equal(system(copy), 0); /* NOLINT(cert-env33-c) */
    snprintf(copy, sizeof copy, "cp '%s/copy' '%s'", folder, segment_path());
    uint64_t most = 0;
    for (off_t size = flushed; size <= file.st_size; size++) {
        assert_int_equal(system(copy), 0); /* NOLINT(cert-env33-c) */
        assert_int_equal(truncate(segment_path(), size), 0);
        outbox = open_slot(0);
        uint64_t waiting = outbox_waiting(outbox);
        assert_in_range(waiting, most, 3);
        most = waiting > most ? waiting : most;
        expect_next(outbox, LINK_LANE_REST, 1, "one");
        if (waiting > 1)
            expect_next(outbox, LINK_LANE_REST, 2, "two");
        append(outbox, LINK_LANE_REST, 9, "after the cut");
        outbox_close(outbox);
        outbox = open_slot(0);
        assert_int_equal(outbox_waiting(outbox), waiting + 1);
        outbox_close(outbox);
    }
    assert_int_equal(most, 3);
}

/* Any flipped byte of what was flushed is named, and nothing is changed. */
static void damage_of_what_was_flushed_is_named_and_left(void **state)
{
    (void)state;
    struct outbox *outbox = open_slot(-1);
    append(outbox, LINK_LANE_REST, 1, "one");
    append(outbox, LINK_LANE_REST, 2, "two");
    struct stat file;
    assert_int_equal(stat(segment_path(), &file), 0);
    assert_int_equal(outbox_flush(outbox), OUTBOX_OK);
    outbox_close(outbox);
    struct outbox_options options = options_of(0);
    for (off_t at = 0; at < file.st_size; at++) {
        int fd = open(segment_path(), O_RDWR);
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x20;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        struct stat before, after;
        assert_int_equal(fstat(fd, &before), 0);
        unsigned damaged;
        assert_int_equal(outbox_open(&options, &outbox, &damaged), OUTBOX_DAMAGED);
        assert_int_equal(fstat(fd, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
        byte ^= 0x20;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
    }
    struct outbox_summary summary;
    int fd = open(segment_path(), O_RDWR);
    assert_int_equal(pwrite(fd, "\xff", 1, 40), 1);
    close(fd);
    options.slot = -1; /* who only wants to publish takes the next slot */
    unsigned damaged;
    assert_int_equal(outbox_open(&options, &outbox, &damaged), OUTBOX_OK);
    assert_int_equal(damaged, 1);
    assert_int_equal(outbox_slot_number(outbox), 1);
    assert_int_equal(outbox_summarize(folder, 0, &summary), OUTBOX_OK);
    assert_int_equal(summary.status, OUTBOX_DAMAGED);
    assert_int_equal(outbox_summarize(folder, 1, &summary), OUTBOX_OK);
    assert_int_equal(summary.process, getpid());
    outbox_close(outbox);
}

/* Appends until killed; tells each number once it was flushed. */
static void child(int told)
{
    struct outbox *outbox = open_slot(0);
    uint64_t number = outbox_state(outbox)->numbers[LINK_LANE_REST];
    for (;;) {
        char text[32];
        number++;
        snprintf(text, sizeof text, "%d", (int)number);
        append(outbox, LINK_LANE_REST, number, text);
        if (number % 3 == 0) {
            if (outbox_flush(outbox) != OUTBOX_OK ||
                write(told, &number, sizeof number) != sizeof number)
                _exit(1);
        }
    }
}

static void kills_lose_nothing_that_was_flushed(void **state)
{
    (void)state;
    uint64_t told = 0;
    for (int round = 0; round < 12; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t process = fork();
        assert_true(process >= 0);
        if (process == 0) {
            close(pipes[0]);
            child(pipes[1]);
        }
        close(pipes[1]);
        uint64_t number;
        for (int i = 0; i < 5 + round; i++) {
            assert_int_equal(read(pipes[0], &number, sizeof number), sizeof number);
            told = number;
        }
        kill(process, SIGKILL);
        assert_int_equal(waitpid(process, NULL, 0), process);
        while (read(pipes[0], &number, sizeof number) == sizeof number)
            told = number;
        close(pipes[0]);
        struct outbox *outbox = open_slot(0);
        assert_true(outbox_waiting(outbox) >= told);
        for (uint64_t i = 1; i <= told; i++) {
            char text[32];
            snprintf(text, sizeof text, "%d", (int)i);
            expect_next(outbox, LINK_LANE_REST, i, text);
        }
        outbox_close(outbox);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(what_is_unanswered_comes_back_in_order),
        TEST(a_personal_block_is_kept_whole),
        TEST(an_offered_event_stays_where_it_is),
        TEST(a_new_number_is_kept),
        TEST(each_process_has_a_slot_and_the_next_drains_what_is_left),
        TEST(a_restored_log_gets_what_it_lost),
        TEST(a_full_outbox_says_so_and_forgets_only_what_was_answered),
        TEST(a_cut_at_every_byte_loses_only_the_end),
        TEST(damage_of_what_was_flushed_is_named_and_left),
        TEST(kills_lose_nothing_that_was_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
