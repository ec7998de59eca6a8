/* sub.c - kentong sub: follows topics, from now on or from where a cursor stands.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/listen.h"

#include <string.h>

enum exit_code verb_sub(struct cli *cli, int count, char **arguments)
{
    struct listen listen = {.say = &cli->say, .count = UINT64_MAX};
    /* clang-format off */
    const struct option options[] = {
        {"cursor", '\0', OPTION_TEXT, &listen.cursor, "NAME",
         "go on after the last event printed under this name",
         "lanjut setelah peristiwa terakhir yang dicetak dengan nama ini"},
        {"from", '\0', OPTION_TEXT, &listen.from, "PLACE",
         "start, now, SEQ, @TIME, -N or 15m (a new cursor only)",
         "start, now, NOMOR, @WAKTU, -N atau 15m (kursor baru saja)"},
        {"count", '\0', OPTION_NUMBER, &listen.count, "N", "end after N events",
         "berhenti setelah N peristiwa"},
        {"until-end", '\0', OPTION_FLAG, &listen.is_until_end, NULL, "end at the head as it is now",
         "berhenti di ujung log saat ini"},
        {"for", '\0', OPTION_DURATION, &listen.for_ms, "TIME", "end after so long: 10s",
         "berhenti setelah sekian lama: 10s"},
        {"kind", '\0', OPTION_LIST, &listen.kinds, "KIND", "only this body: report, dispatch",
         "hanya isi ini: report, dispatch"},
        {"category", '\0', OPTION_LIST, &listen.categories, "NAME",
         "only this category: FIRE_STRUCTURE", "hanya kategori ini: FIRE_STRUCTURE"},
        {"incident", '\0', OPTION_LIST, &listen.incidents, "ID", "only this incident",
         "hanya insiden ini"},
        {"min-priority", '\0', OPTION_TEXT, &listen.min_priority, "N",
         "only events of at least this priority", "hanya prioritas setinggi ini ke atas"},
        {"modes", '\0', OPTION_TEXT, &listen.modes, "MODES",
         "ACTUAL (standard), EXERCISE, TEST, SYSTEM", "ACTUAL (baku), EXERCISE, TEST, SYSTEM"},
        {"format", '\0', OPTION_TEXT, &listen.format, "FORMAT",
         "%q seq %i id %t topic %s source %k kind %m mode %p priority",
         "%q %i %t %s %k %m %r %o %n %p %x %j"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){1, 64});
    if (!words.is_ready) {
        return words.exit;
    }
    for (int i = 0; i < words.count; i++) {
        listen.filters.items[listen.filters.count++] = words.items[i];
    }
    return listen_judge(&listen) ? listen_run(cli, &listen) : EXIT_USAGE;
}
