/* replay.c - kentong replay: reads the past, as fast as it comes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/listen.h"

enum exit_code verb_replay(struct cli *cli, int count, char **arguments)
{
    struct listen listen = {.say = &cli->say,
                            .count = UINT64_MAX,
                            .is_replay = true,
                            .is_until_end = true,
                            .connect_ms = 10000};
    /* clang-format off */
    const struct option options[] = {
        {"from", '\0', OPTION_TEXT, &listen.from, "PLACE",
         "start (standard), SEQ, @TIME, -N or 15m", "start (baku), NOMOR, @WAKTU, -N atau 15m"},
        {"to", '\0', OPTION_TEXT, &listen.to, "PLACE", "the last one: now (standard), SEQ or @TIME",
         "yang terakhir: now (baku), NOMOR atau @WAKTU"},
        {"incident", '\0', OPTION_LIST, &listen.incidents, "ID", "only this incident",
         "hanya insiden ini"},
        {"count", '\0', OPTION_NUMBER, &listen.count, "N", "end after N events",
         "berhenti setelah N peristiwa"},
        {"kind", '\0', OPTION_LIST, &listen.kinds, "KIND", "only this body: report, dispatch",
         "hanya isi ini: report, dispatch"},
        {"category", '\0', OPTION_LIST, &listen.categories, "NAME",
         "only this category: FIRE_STRUCTURE", "hanya kategori ini: FIRE_STRUCTURE"},
        {"min-priority", '\0', OPTION_TEXT, &listen.min_priority, "N",
         "only events of at least this priority", "hanya prioritas setinggi ini ke atas"},
        {"modes", '\0', OPTION_TEXT, &listen.modes, "MODES",
         "ACTUAL (standard), EXERCISE, TEST, SYSTEM", "ACTUAL (baku), EXERCISE, TEST, SYSTEM"},
        {"timeout", '\0', OPTION_DURATION, &listen.connect_ms, "TIME",
         "how long to wait for a connection: 10s", "lama menunggu sambungan: 10s"},
        {"format", '\0', OPTION_TEXT, &listen.format, "FORMAT", "as in kentong sub",
         "seperti kentong sub"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){0, 64});
    if (!words.is_ready) {
        return words.exit;
    }
    for (int i = 0; i < words.count; i++) {
        listen.filters.items[listen.filters.count++] = words.items[i];
    }
    listen.has_no_filter = words.count == 0;
    if (listen.has_no_filter) {
        listen.filters.items[listen.filters.count++] = "#";
    }
    listen.from = listen.from == NULL ? "start" : listen.from;
    return listen_judge(&listen) ? listen_run(cli, &listen) : EXIT_USAGE;
}
