/* main.c - kentongan-sim: runs seeds, and tells the story of the one that fails.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/world.h"

struct options {
    uint64_t from, to;
    enum plant_kind plant;
    bool has_story, has_tally, must_meet_all;
};

static const char usage[] =
    "usage: kentongan-sim [--story] [--tally] [--meet-all] [--plant NAME] SEED[-SEED]\n"
    "  --story     tell everything as it happens\n"
    "  --tally     tell at the end how often what happened\n"
    "  --meet-all  fail if anything that should happen never did\n"
    "  --plant     plant a bug, to see it found\n";

/* For the handler: which seed runs, and how to run it alone. */
static char running[24];
static const char *program;
static bool is_alone;
static struct story story;

static void write_text(const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

/* An assertion failed. Run alone, the seed has a story; among others, it is run again alone. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    if (!is_alone)
        execl(program, program, running, (char *)NULL);
    uint64_t told = story.told;
    for (uint64_t at = told > STORY_LINES ? told - STORY_LINES : 0; at < told; at++) {
        write_text(story.lines[at % STORY_LINES]);
        write_text("\n");
    }
    write_text("an assertion failed in seed ");
    write_text(running);
    write_text("\n");
    _exit(1);
}

static bool parse_seeds(const char *text, struct options *options)
{
    char *end;
    options->from = options->to = strtoull(text, &end, 10);
    if (end != text && *end == '-') {
        text = end + 1;
        options->to = strtoull(text, &end, 10);
    }
    return end != text && *end == '\0' && options->from <= options->to;
}

static bool parse(int count, char **words, struct options *options)
{
    bool has_seeds = false;
    for (int index = 1; index < count; index++) {
        if (strcmp(words[index], "--story") == 0)
            options->has_story = true;
        else if (strcmp(words[index], "--tally") == 0)
            options->has_tally = true;
        else if (strcmp(words[index], "--meet-all") == 0)
            options->must_meet_all = true;
        else if (strcmp(words[index], "--plant") == 0 && index + 1 < count)
            options->plant = plant_find(words[++index]);
        else if (parse_seeds(words[index], options))
            has_seeds = true;
        else
            return false;
    }
    return has_seeds && options->plant != PLANT_KINDS;
}

/* Runs one seed; when it fails, prints it and its story. */
static bool run(uint64_t seed, const struct options *options, struct tally *tally)
{
    struct world_result result;
    snprintf(running, sizeof running, "%" PRIu64, seed);
    world_run(seed, options->plant, &story, tally, &result);
    if (result.fault[0] == '\0')
        return true;
    printf("seed %" PRIu64 ": %s\n", seed, result.fault);
    if (!story.is_on) {
        struct tally ignored = {0};
        story.is_on = true;
        world_run(seed, options->plant, &story, &ignored, &result);
    }
    story_print(&story, stdout);
    printf("seed %" PRIu64 ": %s\n", seed, result.fault);
    return false;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char **words)
{
    struct options options = {0};
    if (!parse(count, words, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    program = words[0];
    is_alone = options.from == options.to;
    signal(SIGABRT, on_abort);
    story.is_on = is_alone || options.has_story;
    story.live = options.has_story ? stdout : NULL;
    struct tally tally = {0};
    double start = seconds();
    for (uint64_t seed = options.from; seed <= options.to; seed++)
        if (!run(seed, &options, &tally))
            return 1;
    double took = seconds() - start;
    uint64_t ran = options.to - options.from + 1;
    if (options.has_tally)
        tally_print(&tally, stdout);
    printf("seeds %" PRIu64 " to %" PRIu64 ": nothing found, %.1f seeds a second\n", options.from,
           options.to, (double)ran / took);
    const char *missing = tally_missing(&tally);
    if (options.must_meet_all && missing != NULL) {
        printf("never met: %s\n", missing);
        return 1;
    }
    return 0;
}
