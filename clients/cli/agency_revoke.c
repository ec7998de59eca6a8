/* agency_revoke.c - takes keys back. Of the policy file only the words that must change do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/agency.h"
#include "clients/cli/document.h"
#include "clients/cli/moment.h"

/* The file's bytes as they are edited, from the last place to the first, so that offsets hold. */
struct edit {
    char *text;
    size_t length;
};

static void edit_splice(struct edit *edit, size_t begin, size_t end, const char *with)
{
    char *text = NULL;
    int length = asprintf(&text, "%.*s%s%s", (int)begin, edit->text, with, edit->text + end);
    if (length < 0) {
        abort();
    }
    free(edit->text);
    edit->text = text;
    edit->length = (size_t)length;
}

/* The line that says when, laid out like its neighbours. */
static void revoke_key(struct document *document, yaml_node_t *key, struct edit *edit)
{
    yaml_node_t *state = document_find(document, key, "state");
    char with[160], now[MOMENT_TEXT_BYTES];
    moment_print_rfc3339(moment_now_ms(), now);
    if (document_find(document, key, "revoked") != NULL) {
        (void)snprintf(with, sizeof with, "revoked");
    } else if (key->data.mapping.style == YAML_FLOW_MAPPING_STYLE) {
        (void)snprintf(with, sizeof with, "revoked, revoked: '%s'", now);
    } else {
        /* A block's keys stand in one column, which is where its first one starts. */
        (void)snprintf(with, sizeof with, "revoked\n%*srevoked: '%s'",
                       (int)(key->start_mark.column % 64), "", now);
    }
    edit_splice(edit, document_offset(document, state->start_mark),
                document_offset(document, state->end_mark), with);
}

static bool is_meant(struct document *document, yaml_node_t *key, const char *public_key)
{
    const char *text = document_text(document_find(document, key, "public"));
    const char *state = document_text(document_find(document, key, "state"));
    return text != NULL && state != NULL && strcmp(state, "active") == 0 &&
           (public_key == NULL || strcmp(public_key, text) == 0);
}

static bool has_key(struct document *document, yaml_node_t *keys, const char *public_key)
{
    yaml_node_t *key;
    for (size_t i = 0; (key = document_item(document, keys, i)) != NULL; i++) {
        const char *text = document_text(document_find(document, key, "public"));
        if (text != NULL && strcmp(text, public_key) == 0) {
            return true;
        }
    }
    return false;
}

/* Edits the file; the number of keys that were active and are not any more, -1: it said why. */
static int revoke_in_file(const struct agency_request *request, const char *path)
{
    struct document document;
    int revoked = 0;
    size_t count = 0;
    if (!document_open(request->say, path, &document)) {
        return -1;
    }
    yaml_node_t *keys = document_find(&document, NULL, "keys");
    if (request->key != NULL && !has_key(&document, keys, request->key)) {
        say_refusal(request->say, "NOT_FOUND", "key", request->key);
        document_close(&document);
        return -1;
    }
    struct edit edit = {.text = strdup(document.text), .length = document.length};
    if (edit.text == NULL) {
        abort();
    }
    while (document_item(&document, keys, count) != NULL) {
        count++;
    }
    while (count > 0) {
        yaml_node_t *key = document_item(&document, keys, --count);
        if (is_meant(&document, key, request->key)) {
            revoke_key(&document, key, &edit);
            revoked++;
        }
    }
    if (revoked > 0 && !file_replace(request->say, path, edit.text, edit.length)) {
        revoked = -1;
    }
    free(edit.text);
    document_close(&document);
    return revoked;
}

static enum exit_code tell(const struct agency_request *request, int revoked,
                           enum agency_effect effect)
{
    const struct say *say = request->say;
    bool is_in_force = effect == AGENCY_IN_FORCE;
    if (say->is_json) {
        return say_object(json_pack("{s:s, s:i, s:b}", "agency", request->name, "revoked", revoked,
                                    "inForce", is_in_force))
                   ? EXIT_DONE
                   : EXIT_FAILED;
    }
    (void)printf(say_text(say, "%s: %d key(s) revoked (%s)\n", "%s: %d kunci dicabut (%s)\n"),
                 request->name, revoked,
                 is_in_force ? say_text(say, "in force", "sudah berlaku")
                             : say_text(say, "counts from the broker's next start",
                                        "berlaku sejak broker dijalankan"));
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

enum exit_code agency_revoke(const struct agency_request *request)
{
    const struct say *say = request->say;
    char path[FILE_PATH_BYTES];
    if (!site_is_agency_name(request->name) ||
        !site_policy_path(say, &request->site, request->name, path)) {
        say_refusal(say, "NOT_FOUND", "agency", request->name);
        return EXIT_REFUSED;
    }
    int revoked = revoke_in_file(request, path);
    if (revoked < 0) {
        return EXIT_FAILED;
    }
    /* Asked even when the file said so before: an earlier run may have died in between. */
    enum agency_effect effect = agency_reload(request);
    if (effect == AGENCY_REFUSED) {
        say_fault(say,
                  say_text(say,
                           "%s says revoked, but the running broker did not take it: the key is "
                           "STILL VALID there. Correct the policy and run this again",
                           "%s sudah dicabut, tetapi broker yang berjalan belum menerimanya: "
                           "kunci MASIH BERLAKU. Perbaiki kebijakan dan ulangi"),
                  path);
        return EXIT_FAILED;
    }
    return tell(request, revoked, effect);
}
