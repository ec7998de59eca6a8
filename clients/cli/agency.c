/* agency.c - kentong agency: its words and options.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/agency.h"

#include <string.h>

#include "clients/cli/admin.h"

const char *const agency_right_names[AGENCY_RIGHTS] = {"publish", "subscribe", "replay",
                                                       "personal"};

enum agency_effect agency_reload(const struct agency_request *request)
{
    json_t *answer = NULL;
    switch (admin_ask(request->say, request->site.directory, "reload", &answer)) {
    case ADMIN_STOPPED:
        return AGENCY_NO_BROKER;
    case ADMIN_FAILED:
        return AGENCY_REFUSED;
    case ADMIN_ANSWERED:
        break;
    }
    bool is_done = json_is_true(json_object_get(answer, "ok"));
    if (!is_done) {
        admin_say_refusal(request->say, answer);
    }
    json_decref(answer);
    return is_done ? AGENCY_IN_FORCE : AGENCY_REFUSED;
}

static enum exit_code run(struct agency_request *request, const struct words *words)
{
    const char *word = words->items[0];
    bool is_list = strcmp(word, "ls") == 0;
    request->name = words->count > 1 ? words->items[1] : NULL;
    if (is_list != (request->name == NULL)) {
        say_wrong_use(request->say,
                      is_list ? say_text(request->say, "ls takes no name", "ls tanpa nama")
                              : say_text(request->say, "which agency?", "instansi yang mana?"));
        return EXIT_USAGE;
    }
    if (is_list || strcmp(word, "show") == 0) {
        return agency_list(request);
    }
    return strcmp(word, "add") == 0 ? agency_add(request) : agency_revoke(request);
}

static bool is_known(const char *word)
{
    static const char *const words[] = {"add", "ls", "show", "revoke"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* The options of `kentong agency` write into `request` and `directory`. */
static struct words read_words(struct cli *cli, struct agency_request *request,
                               const char **directory, int count, char **arguments)
{
    /* clang-format off */
    const struct option options[] = {
        {"site", '\0', OPTION_TEXT, directory, "DIR", "the site's directory", "direktori situs"},
        {"publish", '\0', OPTION_LIST, &request->rights[0], "FILTER", "may send to these topics",
         "boleh mengirim ke topik ini"},
        {"subscribe", '\0', OPTION_LIST, &request->rights[1], "FILTER",
         "may follow these from now on", "boleh mengikuti topik ini sejak sekarang"},
        {"replay", '\0', OPTION_LIST, &request->rights[2], "FILTER", "may read their past",
         "boleh membaca yang lampau"},
        {"personal", '\0', OPTION_LIST, &request->rights[3], "FILTER",
         "may see their personal data", "boleh melihat data pribadinya"},
        {"admin", '\0', OPTION_FLAG, &request->is_admin, NULL, "may look after others' cursors",
         "boleh mengurus kursor instansi lain"},
        {"title", '\0', OPTION_TEXT, &request->title, "TEXT", "its full name", "nama lengkapnya"},
        {"out", '\0', OPTION_TEXT, &request->out, "FILE", "the profile to write (NAME.agency)",
         "profil yang ditulis (NAMA.agency)"},
        {"advertise", '\0', OPTION_TEXT, &request->advertise, "HOST:PORT",
         "the address in this profile", "alamat di profil ini"},
        {"key", '\0', OPTION_TEXT, &request->key, "KEY", "revoke this public key only",
         "cabut kunci publik ini saja"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    return cli_read(cli, options, count, arguments, (const int[]){1, 2});
}

enum exit_code verb_agency(struct cli *cli, int count, char **arguments)
{
    struct agency_request request = {.say = &cli->say};
    const char *directory = NULL;
    struct words words = read_words(cli, &request, &directory, count, arguments);
    if (!words.is_ready) {
        return words.exit;
    }
    if (!is_known(words.items[0]) || directory == NULL) {
        say_wrong_use(&cli->say, "%s",
                      directory == NULL
                          ? say_text(&cli->say, "--site DIR is required", "--site DIR wajib diisi")
                          : say_text(&cli->say, "expected add, ls, show or revoke",
                                     "harus add, ls, show atau revoke"));
        return EXIT_USAGE;
    }
    if (!site_open(&cli->say, directory, &request.site)) {
        return EXIT_FAILED;
    }
    return run(&request, &words);
}
