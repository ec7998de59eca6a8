/* main.c - kentong: the table of its verbs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/cli.h"

/* clang-format off */
static const struct verb verbs[] = {
    {"pub", verb_pub, "[--topic T] [--wait stored|spooled] [FILE|-]",
     "send events, one JSON object a line", "kirim peristiwa, satu objek JSON per baris"},
    {"sub", verb_sub, "FILTER... [--cursor NAME]",
     "follow topics", "ikuti topik"},
    {"replay", verb_replay, "[FILTER...] [--from PLACE] [--to PLACE]",
     "read the past", "baca yang lampau"},
    {"get", verb_get, "SEQ",
     "show one event", "tampilkan satu peristiwa"},
    {"outbox", verb_outbox, "ls | drain [--follow]",
     "what waits to be sent", "yang menunggu dikirim"},
    {"init", verb_init, "DIR --name NAME --region CODE",
     "make a site", "buat situs"},
    {"agency", verb_agency, "add | ls | show | revoke [NAME] --site DIR",
     "who may do what at a site", "siapa boleh apa di situs"},
    {"log", verb_log, "info | verify | export DIR",
     "look into a site's log", "periksa log situs"},
    {"explain", verb_explain, "CODE",
     "what a code means, and what to do", "arti sebuah kode, dan tindakannya"},
    {"help", verb_help, "[VERB]",
     "this list, or a verb's options", "daftar ini, atau opsi satu perintah"},
    {"version", verb_version, "",
     "the version of this program", "versi program ini"},
    {NULL, NULL, NULL, NULL, NULL},
};
/* clang-format on */

const struct verb *verb_table(void)
{
    return verbs;
}

const struct verb *verb_find(const char *word)
{
    for (const struct verb *verb = verbs; verb->word != NULL; verb++) {
        if (strcmp(verb->word, word) == 0) {
            return verb;
        }
    }
    return NULL;
}

/* A closed stdin, stdout or stderr would be the number of the next socket or outbox that is opened,
 * and what is printed would be written into it. What stands there instead fails when it is used. */
static bool hold_standard_descriptors(void)
{
    static const int fails_when_used[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fails_when_used[fd]) != fd) {
            return false;
        }
    }
    return true;
}

int main(int count, char **arguments)
{
    if (!hold_standard_descriptors()) {
        return EXIT_FAILED;
    }
    struct cli cli = {.say = say_default(), .profile = getenv("KENTONG_PROFILE")};
    /* A reader that went away is an error of the write, not the end of this program. */
    (void)signal(SIGPIPE, SIG_IGN);
    bool is_version = count == 2 && strcmp(arguments[1], "--version") == 0;
    int words = is_version ? 1 : cli_read_common(&cli, count - 1, arguments + 1);
    if (words < 0) {
        return EXIT_USAGE;
    }
    if (words == 0) {
        (void)verb_help(&cli, 0, NULL);
        return cli.wants_help ? EXIT_DONE : EXIT_USAGE;
    }
    cli.verb = verb_find(is_version ? "version" : arguments[1]);
    if (cli.verb == NULL) {
        say_wrong_use(&cli.say,
                      say_text(&cli.say, "there is no verb '%s'; see kentong help",
                               "tidak ada perintah '%s'; lihat kentong help"),
                      arguments[1]);
        return EXIT_USAGE;
    }
    return (int)cli.verb->run(&cli, words - 1, arguments + 2);
}
