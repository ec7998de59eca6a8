/* cli.c - the options that every verb has.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/cli.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COMMON_COUNT = 5, OPTIONS_MAX = 40 };

/* Fills `options` from `begin` with the common ones and the end of the table. */
static void add_common(struct cli *cli, const char **profile, struct option *options)
{
    /* clang-format off */
    const struct option common[COMMON_COUNT + 1] = {
        {"profile", 'p', OPTION_TEXT, profile, "FILE",
         "the agency's profile (else KENTONG_PROFILE)", "profil instansi (atau KENTONG_PROFILE)"},
        {"json", '\0', OPTION_FLAG, &cli->say.is_json, NULL, "one JSON object a line",
         "satu objek JSON per baris"},
        {"lang", '\0', OPTION_LANGUAGE, &cli->say.language, "en|id", "language", "bahasa"},
        {"verbose", 'v', OPTION_FLAG, &cli->say.is_verbose, NULL, "say more on stderr",
         "keterangan lebih di stderr"},
        {"help", 'h', OPTION_FLAG, &cli->wants_help, NULL, "this text", "teks ini"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    memcpy(options, common, sizeof common);
}

static int read_options(struct cli *cli, const struct option *own, int count, char **arguments,
                        struct option all[OPTIONS_MAX])
{
    int used = 0;
    const char *profile = NULL;
    for (; own != NULL && own->name != NULL; own++) {
        assert(used < OPTIONS_MAX - COMMON_COUNT - 1);
        all[used++] = *own;
    }
    add_common(cli, &profile, all + used);
    /* Only what stands before the verb ends at the first word. */
    int words = options_read(&cli->say, all, arguments, count, cli->verb == NULL);
    if (profile != NULL) {
        cli->profile = profile;
    }
    return words;
}

int cli_read_common(struct cli *cli, int count, char **arguments)
{
    struct option all[OPTIONS_MAX];
    assert(cli->verb == NULL);
    return read_options(cli, NULL, count, arguments, all);
}

static void print_help(const struct cli *cli, const struct option *options)
{
    const struct say *say = &cli->say;
    (void)printf("%s: kentong %s %s\n%s\n\n", say_text(say, "usage", "pemakaian"), cli->verb->word,
                 cli->verb->usage, say_text(say, cli->verb->help, cli->verb->help_id));
    options_print(say, options);
}

struct words cli_read(struct cli *cli, const struct option *options, int count, char **arguments,
                      const int least_and_most[2])
{
    struct option all[OPTIONS_MAX];
    struct words words = {.items = arguments, .exit = EXIT_USAGE};
    words.count = read_options(cli, options, count, arguments, all);
    if (words.count < 0) {
        return words;
    }
    if (cli->wants_help) {
        print_help(cli, all);
        words.exit = EXIT_DONE;
        return words;
    }
    int least = least_and_most[0], most = least_and_most[1];
    words.is_ready = words.count >= least && (most < 0 || words.count <= most);
    if (!words.is_ready) {
        say_wrong_use(&cli->say, "%s: kentong %s %s", say_text(&cli->say, "usage", "pemakaian"),
                      cli->verb->word, cli->verb->usage);
    }
    return words;
}
