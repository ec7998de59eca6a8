/* agency_add.c - a new agency: its key pair, its policy file, its profile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/admin.h"
#include "clients/cli/agency.h"
#include "clients/cli/curve_pair.h"
#include "clients/cli/document.h"
#include "clients/cli/moment.h"
#include "proto/c/text.h"
#include "proto/c/topic.h"

/* Everything that is written for one agency. */
struct enrolment {
    const struct agency_request *request;
    char policy_path[FILE_PATH_BYTES], profile_path[FILE_PATH_BYTES];
    char endpoint[SITE_ENDPOINT_BYTES + 8];
    char broker_key[CURVE_TEXT_BYTES];
    struct curve_pair pair;
};

static bool wrong(const struct say *say, const char *what, const char *reason)
{
    say_wrong_use(say, "%s: %s", what, reason);
    return false;
}

/* ---- what was typed ---- */

static bool judge_filters(const struct say *say, const char *right,
                          const struct option_list *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        const char *fault = topic_filter_fault(bytes_of_text(filters->items[i]));
        if (fault != NULL) {
            say_refusal(say, "FILTER_INVALID", right, fault);
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(filters->items[k], filters->items[i]) == 0) {
                return wrong(say, filters->items[i],
                             say_text(say, "is given twice", "diberikan dua kali"));
            }
        }
    }
    return true;
}

static bool judge_title(const struct say *say, const char *title)
{
    struct bytes text = bytes_of_text(title);
    bool is_plain = text.length > 0 && text.length <= 128 && text_is_valid(text);
    for (size_t i = 0; is_plain && i < text.length; i++) {
        is_plain = text.data[i] >= ' ' && text.data[i] != 0x7F;
    }
    return is_plain ||
           wrong(say, "--title", say_text(say, "1 to 128 bytes of text", "teks 1 sampai 128 byte"));
}

static enum exit_code judge(const struct agency_request *request)
{
    const struct say *say = request->say;
    if (!site_is_agency_name(request->name)) {
        say_wrong_use(say, "%s: %s", request->name,
                      say_text(say, "a name is 1 to 64 of a-z, 0-9, -, and not kentongan",
                               "nama: 1 sampai 64 dari a-z, 0-9, -, dan bukan kentongan"));
        return EXIT_USAGE;
    }
    if (request->title != NULL && !judge_title(say, request->title)) {
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < AGENCY_RIGHTS; i++) {
        if (!judge_filters(say, agency_right_names[i], &request->rights[i])) {
            return EXIT_REFUSED;
        }
    }
    return EXIT_DONE;
}

/* ---- where clients find the broker ---- */

/* With port 0 only the running broker knows. */
static bool ask_endpoint(const struct agency_request *request, char *endpoint, size_t bytes)
{
    const struct say *say = request->say;
    json_t *answer = NULL;
    if (admin_ask(say, request->site.directory, "info", &answer) != ADMIN_ANSWERED) {
        return wrong(say, request->site.listen,
                     say_text(say, "port 0 is known only while the broker runs; start it first",
                              "port 0 hanya diketahui saat broker berjalan; jalankan dahulu"));
    }
    const char *found = json_string_value(json_array_get(json_object_get(answer, "endpoints"), 0));
    bool is_found = found != NULL && site_is_endpoint(found) && strlen(found) < bytes;
    if (is_found) {
        (void)snprintf(endpoint, bytes, "%s", found);
    } else {
        say_fault(say, "%s",
                  say_text(say, "the broker told no endpoint", "broker tidak menyebut alamatnya"));
    }
    json_decref(answer);
    return is_found;
}

static bool find_endpoint(struct enrolment *enrolment)
{
    const struct agency_request *request = enrolment->request;
    const struct say *say = request->say;
    const struct site *site = &request->site;
    const char *advertise = request->advertise != NULL ? request->advertise : site->advertise;
    char *endpoint = enrolment->endpoint;
    if (advertise[0] != '\0') {
        (void)snprintf(endpoint, sizeof enrolment->endpoint, "tcp://%s", advertise);
    } else if (site->listen[0] == '\0') {
        return wrong(say, "kentongan.yaml",
                     say_text(say, "names no listen endpoint", "tidak menyebut alamat listen"));
    } else if (site_port(site->listen) == 0) {
        if (!ask_endpoint(request, endpoint, sizeof enrolment->endpoint)) {
            return false;
        }
    } else {
        (void)snprintf(endpoint, sizeof enrolment->endpoint, "%s", site->listen);
    }
    if (!site_is_endpoint(endpoint) || site_port(endpoint) == 0) {
        return wrong(say, endpoint,
                     say_text(say, "expected HOST:PORT that clients can reach",
                              "harus HOST:PORT yang dapat dicapai klien"));
    }
    return !site_is_wildcard(endpoint) ||
           wrong(say, endpoint,
                 say_text(say,
                          "clients cannot connect to a wildcard address; put 'advertise: "
                          "HOST:PORT' into kentongan.yaml or give --advertise HOST:PORT",
                          "klien tidak dapat menyambung ke alamat wildcard; isi 'advertise: "
                          "HOST:PORT' di kentongan.yaml atau beri --advertise HOST:PORT"));
}

/* ---- what is written ---- */

static bool read_broker_key(const struct say *say, const struct site *site,
                            char key[CURVE_TEXT_BYTES])
{
    char path[FILE_PATH_BYTES];
    size_t length = 0;
    if (!file_join(say, site->directory, "keys/broker.public", path)) {
        return false;
    }
    char *text = file_read(say, path, &length);
    if (text == NULL) {
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    bool is_key = curve_pair_is_key(text);
    if (is_key) {
        memcpy(key, text, CURVE_TEXT_BYTES);
    } else {
        say_fault(say, "%s: %s", path, say_text(say, "not a public key", "bukan kunci publik"));
    }
    free(text);
    return is_key;
}

static void print_rights(FILE *out, const struct agency_request *request)
{
    for (size_t i = 0; i < AGENCY_RIGHTS; i++) {
        const struct option_list *filters = &request->rights[i];
        (void)fprintf(out, "%s: [", agency_right_names[i]);
        for (size_t k = 0; k < filters->count; k++) {
            char *filter = document_quote(filters->items[k]);
            (void)fprintf(out, "%s%s", k == 0 ? "" : ", ", filter);
            free(filter);
        }
        (void)fputs("]\n", out);
    }
    (void)fprintf(out, "admin: %s\n", request->is_admin ? "true" : "false");
}

static bool write_policy(const struct enrolment *enrolment)
{
    const struct agency_request *request = enrolment->request;
    char *text = NULL, now[MOMENT_TEXT_BYTES];
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort();
    }
    (void)fprintf(out, "name: %s\n", request->name);
    if (request->title != NULL) {
        char *title = document_quote(request->title);
        (void)fprintf(out, "title: %s\n", title);
        free(title);
    }
    moment_print_rfc3339(moment_now_ms(), now);
    (void)fprintf(out, "keys:\n  - public: '%s'\n    state: active\n    added: '%s'\n",
                  enrolment->pair.public_key, now);
    print_rights(out, request);
    bool is_written = fclose(out) == 0 && file_create(request->say, enrolment->policy_path, 0644,
                                                      text, &request->site.owner);
    free(text);
    return is_written;
}

static bool write_profile(const struct enrolment *enrolment)
{
    const struct agency_request *request = enrolment->request;
    char secret[SECRET_TEXT_BYTES];
    curve_pair_make_secret(secret);
    json_t *profile =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "format", 1, "agency", request->name,
                  "site", request->site.name, "endpoint", enrolment->endpoint, "brokerKey",
                  enrolment->broker_key, "publicKey", enrolment->pair.public_key, "secretKey",
                  enrolment->pair.secret_key, "profileSecret", secret);
    char *text = json_dumps(profile, JSON_INDENT(2));
    char *line = NULL;
    if (profile == NULL || text == NULL || asprintf(&line, "%s\n", text) < 0) {
        abort();
    }
    /* Under sudo too, whoever the folder belongs to can read what was put into it. */
    struct stat folder;
    bool has_folder = file_stat_folder(enrolment->profile_path, &folder);
    bool is_written =
        file_create(request->say, enrolment->profile_path, 0600, line, has_folder ? &folder : NULL);
    curve_pair_forget(text, strlen(text));
    curve_pair_forget(line, strlen(line));
    curve_pair_forget(secret, sizeof secret);
    free(text);
    free(line);
    json_decref(profile);
    return is_written;
}

/* Whether neither of the two files stands there yet: better said before anything is written. */
static bool is_new(const struct enrolment *enrolment)
{
    const struct say *say = enrolment->request->say;
    const char *const paths[] = {enrolment->policy_path, enrolment->profile_path};
    for (size_t i = 0; i < 2; i++) {
        if (access(paths[i], F_OK) == 0) {
            say_fault(say, "%s: %s", paths[i], strerror(EEXIST));
            return false;
        }
    }
    return true;
}

static bool prepare(struct enrolment *enrolment)
{
    const struct agency_request *request = enrolment->request;
    int length =
        request->out == NULL
            ? snprintf(enrolment->profile_path, FILE_PATH_BYTES, "%s.agency", request->name)
            : snprintf(enrolment->profile_path, FILE_PATH_BYTES, "%s", request->out);
    if (length < 0 || length >= FILE_PATH_BYTES) {
        say_fault(request->say, "--out: %s", strerror(ENAMETOOLONG));
        return false;
    }
    if (!site_policy_path(request->say, &request->site, request->name, enrolment->policy_path) ||
        !is_new(enrolment) ||
        !read_broker_key(request->say, &request->site, enrolment->broker_key)) {
        return false;
    }
    if (!curve_pair_make(&enrolment->pair)) {
        say_fault(request->say, "libzmq: %s", strerror(errno));
        return false;
    }
    return true;
}

static enum exit_code tell(const struct enrolment *enrolment, enum agency_effect effect)
{
    const struct agency_request *request = enrolment->request;
    const struct say *say = request->say;
    bool is_in_force = effect == AGENCY_IN_FORCE;
    if (say->is_json) {
        return say_object(json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "agency", request->name,
                                    "profile", enrolment->profile_path, "policy",
                                    enrolment->policy_path, "publicKey", enrolment->pair.public_key,
                                    "endpoint", enrolment->endpoint, "inForce", is_in_force))
                   ? EXIT_DONE
                   : EXIT_FAILED;
    }
    (void)printf("%s: %s, %s (%s)\n", request->name, enrolment->profile_path, enrolment->endpoint,
                 is_in_force ? say_text(say, "in force", "sudah berlaku")
                             : say_text(say, "counts from the broker's next start",
                                        "berlaku sejak broker dijalankan"));
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* The profile first: an agency without one could do nothing with its rights. */
static enum exit_code enrol(struct enrolment *enrolment)
{
    if (!write_profile(enrolment)) {
        return EXIT_FAILED;
    }
    if (!write_policy(enrolment)) {
        file_remove(enrolment->profile_path);
        return EXIT_FAILED;
    }
    enum agency_effect effect = agency_reload(enrolment->request);
    if (effect == AGENCY_REFUSED) {
        /* Half an agency would be in force at some later start: it is taken back. */
        file_remove(enrolment->policy_path);
        file_remove(enrolment->profile_path);
        return EXIT_FAILED;
    }
    return tell(enrolment, effect);
}

enum exit_code agency_add(const struct agency_request *request)
{
    struct enrolment enrolment = {.request = request};
    enum exit_code exit = judge(request);
    if (exit != EXIT_DONE) {
        return exit;
    }
    if (!find_endpoint(&enrolment)) {
        return EXIT_USAGE;
    }
    exit = prepare(&enrolment) ? enrol(&enrolment) : EXIT_FAILED;
    curve_pair_forget(&enrolment.pair, sizeof enrolment.pair);
    return exit;
}
