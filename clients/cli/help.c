/* help.c - kentong help, and kentong version.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "clients/cli/cli.h"

static enum exit_code help_all(const struct say *say)
{
    (void)printf("%s: kentong [-p FILE] VERB ...\n\n", say_text(say, "usage", "pemakaian"));
    for (const struct verb *verb = verb_table(); verb->word != NULL; verb++) {
        (void)printf("  %-8s %s\n", verb->word, say_text(say, verb->help, verb->help_id));
    }
    (void)printf("\n%s\n", say_text(say,
                                    "kentong help VERB: its options. Exit: 0 done, 1 failed, "
                                    "2 typed wrongly, 3 refused, 4 not stored in time.",
                                    "kentong help PERINTAH: opsinya. Keluar: 0 selesai, 1 gagal, "
                                    "2 salah ketik, 3 ditolak, 4 belum tersimpan pada waktunya."));
    return EXIT_DONE;
}

static enum exit_code help_json(void)
{
    for (const struct verb *verb = verb_table(); verb->word != NULL; verb++) {
        if (!say_object(json_pack("{s:s, s:s, s:s}", "verb", verb->word, "usage", verb->usage,
                                  "help", verb->help))) {
            return EXIT_FAILED;
        }
    }
    return EXIT_DONE;
}

enum exit_code verb_help(struct cli *cli, int count, char **arguments)
{
    char help_option[] = "--help";
    struct words words = {.is_ready = true};
    if (cli->verb != NULL) {
        words = cli_read(cli, NULL, count, arguments, (const int[]){0, 1});
    }
    if (!words.is_ready) {
        return words.exit;
    }
    if (words.count == 0) {
        return cli->say.is_json ? help_json() : help_all(&cli->say);
    }
    cli->verb = verb_find(words.items[0]);
    if (cli->verb == NULL) {
        say_wrong_use(&cli->say,
                      say_text(&cli->say, "there is no verb '%s'", "tidak ada perintah '%s'"),
                      words.items[0]);
        return EXIT_USAGE;
    }
    return cli->verb->run(cli, 1, (char *[]){help_option});
}

enum exit_code verb_version(struct cli *cli, int count, char **arguments)
{
    struct words words = cli_read(cli, NULL, count, arguments, (const int[]){0, 0});
    if (!words.is_ready) {
        return words.exit;
    }
    if (cli->say.is_json) {
        return say_object(json_pack("{s:s}", "version", KENTONGAN_VERSION)) ? EXIT_DONE
                                                                            : EXIT_FAILED;
    }
    (void)printf("kentong %s\n", KENTONGAN_VERSION);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
