/* init.c - kentong init: everything that a broker needs to start.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/cli.h"
#include "clients/cli/curve_pair.h"
#include "clients/cli/document.h"
#include "clients/cli/site.h"
#include "proto/c/text.h"

struct asked {
    const char *name, *region, *advertise;
    const char *listen;
};

static const char site_file[] = "kentongan.yaml";

static bool refuse(const struct say *say, const char *option, const char *reason)
{
    say_wrong_use(say, "%s: %s", option, reason);
    return false;
}

static bool judge_name(const struct say *say, const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= SITE_NAME_BYTES) {
        return refuse(say, "--name", say_text(say, "1 to 128 bytes", "1 sampai 128 byte"));
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7F) {
            return refuse(say, "--name",
                          say_text(say, "no control characters", "tanpa karakter kendali"));
        }
    }
    return true;
}

static bool judge(const struct say *say, const struct asked *asked)
{
    char endpoint[SITE_ENDPOINT_BYTES + 8];
    size_t digits = strspn(asked->region, "0123456789.");
    if (!judge_name(say, asked->name)) {
        return false;
    }
    if (digits < 2 || digits > 15 || asked->region[digits] != '\0') {
        return refuse(say, "--region",
                      say_text(say, "a region's code such as 62.71", "kode wilayah seperti 62.71"));
    }
    if (!site_is_endpoint(asked->listen)) {
        return refuse(say, "--listen",
                      say_text(say, "expected tcp://ADDRESS:PORT", "harus tcp://ALAMAT:PORT"));
    }
    (void)snprintf(endpoint, sizeof endpoint, "tcp://%s",
                   asked->advertise == NULL ? "host:1" : asked->advertise);
    if (!site_is_endpoint(endpoint) || site_is_wildcard(endpoint) || site_port(endpoint) == 0) {
        return refuse(say, "--advertise",
                      say_text(say, "expected HOST:PORT that clients can reach",
                               "harus HOST:PORT yang dapat dicapai klien"));
    }
    return true;
}

/* The configuration is written last: a directory without it is no site yet. */
static bool write_configuration(const struct say *say, const struct site *site,
                                const struct asked *asked)
{
    char path[FILE_PATH_BYTES];
    char *name = document_quote(asked->name), *text = NULL;
    int length = asprintf(
        &text,
        "# What may stand here: docs/configuration.md. kentongd --check tests it.\n"
        "name: %s\nregion: '%s'\nlisten:\n  - '%s'\n%s%s%s",
        name, asked->region, asked->listen, asked->advertise == NULL ? "" : "advertise: '",
        asked->advertise == NULL ? "" : asked->advertise, asked->advertise == NULL ? "" : "'\n");
    if (length < 0) {
        abort();
    }
    bool is_written = file_join(say, site->directory, site_file, path) &&
                      file_create(say, path, 0644, text, &site->owner);
    free(name);
    free(text);
    return is_written;
}

static bool write_key(const struct say *say, const struct site *site, const char *name, mode_t mode,
                      const char *key)
{
    char path[FILE_PATH_BYTES], line[CURVE_TEXT_BYTES + 2];
    (void)snprintf(line, sizeof line, "%s\n", key);
    bool is_written = file_join(say, site->directory, name, path) &&
                      file_create(say, path, mode, line, &site->owner);
    curve_pair_forget(line, sizeof line);
    return is_written;
}

static bool write_keys(const struct say *say, const struct site *site)
{
    struct curve_pair pair;
    if (!curve_pair_make(&pair)) {
        say_fault(say, "libzmq: %s", strerror(errno));
        return false;
    }
    bool is_written = write_key(say, site, "keys/broker.secret", 0600, pair.secret_key) &&
                      write_key(say, site, "keys/broker.public", 0644, pair.public_key);
    curve_pair_forget(&pair, sizeof pair);
    return is_written;
}

static bool is_site(const struct say *say, const char *directory)
{
    char path[FILE_PATH_BYTES];
    return file_join(say, directory, site_file, path) && access(path, F_OK) == 0;
}

static bool make_folders(const struct say *say, struct site *site)
{
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = {
        {"keys",     0700},
        {"agencies", 0755}
    };
    char path[FILE_PATH_BYTES];
    if (!file_make_directory(say, site->directory, 0755, NULL)) {
        return false;
    }
    if (stat(site->directory, &site->owner) != 0 || !S_ISDIR(site->owner.st_mode)) {
        say_fault(say, "%s: %s", site->directory, strerror(ENOTDIR));
        return false;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (!file_join(say, site->directory, folders[i].name, path) ||
            !file_make_directory(say, path, folders[i].mode, &site->owner)) {
            return false;
        }
    }
    return true;
}

static enum exit_code tell(const struct say *say, const char *directory, const struct asked *asked)
{
    if (say->is_json) {
        return say_object(json_pack("{s:s, s:s, s:s, s:s, s:s?}", "site", directory, "name",
                                    asked->name, "region", asked->region, "listen", asked->listen,
                                    "advertise", asked->advertise))
                   ? EXIT_DONE
                   : EXIT_FAILED;
    }
    (void)printf(say_text(say, "%s is ready in %s.\nNext: kentongd %s\n",
                          "%s siap di %s.\nBerikutnya: kentongd %s\n"),
                 asked->name, directory, directory);
    if (site_is_wildcard(asked->listen) && asked->advertise == NULL) {
        say_note(say,
                 say_text(say,
                          "profiles will need an address: put 'advertise: HOST:PORT' into %s/%s",
                          "profil perlu alamat: isi 'advertise: HOST:PORT' di %s/%s"),
                 directory, site_file);
    }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Open to the network only when it was said how the network finds it. */
static const char *listen_default(const struct asked *asked, char endpoint[SITE_ENDPOINT_BYTES])
{
    if (asked->advertise == NULL) {
        return "tcp://127.0.0.1:7112";
    }
    (void)snprintf(endpoint, SITE_ENDPOINT_BYTES, "tcp://0.0.0.0:%d", site_port(asked->advertise));
    return endpoint;
}

enum exit_code verb_init(struct cli *cli, int count, char **arguments)
{
    const struct say *say = &cli->say;
    struct asked asked = {0};
    char endpoint[SITE_ENDPOINT_BYTES];
    /* clang-format off */
    const struct option options[] = {
        {"name", '\0', OPTION_TEXT, &asked.name, "NAME", "the site's name, for people",
         "nama situs, untuk orang"},
        {"region", '\0', OPTION_TEXT, &asked.region, "CODE", "its region (Kemendagri code): 62.71",
         "wilayahnya (kode Kemendagri): 62.71"},
        {"listen", '\0', OPTION_TEXT, &asked.listen, "ENDPOINT",
         "where to listen: tcp://0.0.0.0:7112 (loopback without --advertise)",
         "tempat mendengar: tcp://0.0.0.0:7112 (loopback tanpa --advertise)"},
        {"advertise", '\0', OPTION_TEXT, &asked.advertise, "HOST:PORT",
         "how clients reach it, for profiles", "alamat bagi klien, untuk profil"},
        {NULL, '\0', OPTION_FLAG, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    struct words words = cli_read(cli, options, count, arguments, (const int[]){1, 1});
    if (!words.is_ready) {
        return words.exit;
    }
    if (asked.name == NULL || asked.region == NULL) {
        say_wrong_use(
            say, "%s",
            say_text(say, "--name and --region are required", "--name dan --region wajib diisi"));
        return EXIT_USAGE;
    }
    asked.listen = asked.listen == NULL ? listen_default(&asked, endpoint) : asked.listen;
    if (!judge(say, &asked)) {
        return EXIT_USAGE;
    }
    struct site site = {.directory = words.items[0]};
    if (is_site(say, site.directory)) {
        say_fault(say, say_text(say, "%s is a site already", "%s sudah menjadi situs"),
                  site.directory);
        return EXIT_FAILED;
    }
    bool is_made = make_folders(say, &site) && write_keys(say, &site) &&
                   write_configuration(say, &site, &asked);
    return is_made ? tell(say, site.directory, &asked) : EXIT_FAILED;
}
