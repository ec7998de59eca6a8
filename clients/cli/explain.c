/* explain.c - kentong explain: the one list of codes, for people.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "clients/cli/cli.h"
#include "proto/c/codes.h"

static const char *class_text(const struct say *say, enum code_class class)
{
    switch (class) {
    case CODE_DEFINITIVE:
        return say_text(say, "final", "final");
    case CODE_RETRYABLE:
        return say_text(say, "retry later", "coba lagi nanti");
    case CODE_PROTOCOL:
        return say_text(say, "part of the dialogue", "bagian dari dialog");
    case CODE_FATAL:
        return say_text(say, "ends the session or follow", "mengakhiri sesi atau ikutan");
    }
    return "";
}

static bool explain_one(const struct say *say, const struct code *code)
{
    const char *meaning = say_text(say, code->meaning, code->meaning_id);
    const char *remedy = say_text(say, code->remedy, code->remedy_id);
    if (say->is_json) {
        return say_object(json_pack("{s:s, s:s, s:s, s:b}", "code", code->name, "meaning", meaning,
                                    "remedy", remedy, "retryable", code->class == CODE_RETRYABLE));
    }
    (void)printf("%s%s%s (%s)\n  %s\n  %s\n", say_colour(say, "1"), code->name,
                 say_colour(say, "0"), class_text(say, code->class), meaning, remedy);
    return fflush(stdout) == 0;
}

static enum exit_code explain_all(const struct say *say)
{
    const struct code *code;
    for (size_t i = 0; (code = code_at(i)) != NULL; i++) {
        if (!explain_one(say, code)) {
            return EXIT_FAILED;
        }
    }
    return EXIT_DONE;
}

static enum exit_code explain_name(const struct say *say, char *name)
{
    for (char *letter = name; *letter != '\0'; letter++) {
        if (*letter >= 'a' && *letter <= 'z') {
            *letter = (char)(*letter - 'a' + 'A');
        }
    }
    const struct code *code = code_find(bytes_of_text(name));
    if (code == NULL) {
        say_fault(say,
                  say_text(say, "there is no code '%s'; kentong explain lists all",
                           "tidak ada kode '%s'; kentong explain menampilkan semua"),
                  name);
        return EXIT_FAILED;
    }
    return explain_one(say, code) ? EXIT_DONE : EXIT_FAILED;
}

enum exit_code verb_explain(struct cli *cli, int count, char **arguments)
{
    struct words words = cli_read(cli, NULL, count, arguments, (const int[]){0, -1});
    if (!words.is_ready) {
        return words.exit;
    }
    enum exit_code exit = words.count == 0 ? explain_all(&cli->say) : EXIT_DONE;
    for (int i = 0; i < words.count && exit == EXIT_DONE; i++) {
        exit = explain_name(&cli->say, words.items[i]);
    }
    return exit;
}
