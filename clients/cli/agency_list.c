/* agency_list.c - kentong agency ls and show: the policy files, to read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/agency.h"
#include "clients/cli/document.h"

static json_t *list_json(struct document *document, yaml_node_t *list)
{
    json_t *texts = json_array();
    yaml_node_t *item;
    for (size_t i = 0; (item = document_item(document, list, i)) != NULL; i++) {
        const char *text = document_text(item);
        (void)json_array_append_new(texts, json_string(text == NULL ? "" : text));
    }
    return texts;
}

static json_t *keys_json(struct document *document)
{
    static const char *const names[] = {"public", "state", "added", "revoked"};
    json_t *keys = json_array();
    yaml_node_t *list = document_find(document, NULL, "keys"), *item;
    for (size_t i = 0; (item = document_item(document, list, i)) != NULL; i++) {
        json_t *key = json_object();
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            const char *text = document_text(document_find(document, item, names[k]));
            if (text != NULL) {
                (void)json_object_set_new(key, names[k], json_string(text));
            }
        }
        (void)json_array_append_new(keys, key);
    }
    return keys;
}

/* The policy of one agency as an object, or NULL after it was said why. */
static json_t *agency_json(const struct agency_request *request, const char *name)
{
    char path[FILE_PATH_BYTES];
    struct document document;
    if (!site_policy_path(request->say, &request->site, name, path) ||
        !document_open(request->say, path, &document)) {
        return NULL;
    }
    const char *title = document_text(document_find(&document, NULL, "title"));
    const char *admin = document_text(document_find(&document, NULL, "admin"));
    json_t *agency =
        json_pack("{s:s, s:s*, s:o}", "agency", name, "title", title, "keys", keys_json(&document));
    for (size_t i = 0; i < AGENCY_RIGHTS; i++) {
        yaml_node_t *filters = document_find(&document, NULL, agency_right_names[i]);
        (void)json_object_set_new(agency, agency_right_names[i], list_json(&document, filters));
    }
    bool is_admin = admin != NULL && strcmp(admin, "true") == 0;
    (void)json_object_set_new(agency, "admin", json_boolean(is_admin));
    document_close(&document);
    return agency;
}

static int count_active(const json_t *agency)
{
    size_t i;
    json_t *key;
    int active = 0;
    json_array_foreach(json_object_get(agency, "keys"), i, key)
    {
        const char *state = json_string_value(json_object_get(key, "state"));
        active += state != NULL && strcmp(state, "active") == 0;
    }
    return active;
}

static void print_filters(const json_t *agency)
{
    for (size_t i = 0; i < AGENCY_RIGHTS; i++) {
        size_t k;
        json_t *filter;
        const json_t *filters = json_object_get(agency, agency_right_names[i]);
        if (json_array_size(filters) > 0) {
            (void)printf("  %-10s", agency_right_names[i]);
            json_array_foreach(filters, k, filter)
            {
                (void)printf(" %s", json_string_value(filter));
            }
            (void)putchar('\n');
        }
    }
}

static void print_keys(const json_t *agency)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(agency, "keys"), i, key)
    {
        const char *text = json_string_value(json_object_get(key, "public"));
        const char *state = json_string_value(json_object_get(key, "state"));
        (void)printf("  %-10s %s  %s\n", "key", text == NULL ? "?" : text,
                     state == NULL ? "?" : state);
    }
}

static bool agency_print(const struct agency_request *request, const char *name)
{
    const struct say *say = request->say;
    json_t *agency = agency_json(request, name);
    if (agency == NULL) {
        return false;
    }
    if (say->is_json) {
        return say_object(agency);
    }
    const char *title = json_string_value(json_object_get(agency, "title"));
    int active = count_active(agency);
    (void)printf("%s%s%s%s%s", say_colour(say, "1"), name, say_colour(say, "0"),
                 title == NULL ? "" : "  ", title == NULL ? "" : title);
    (void)printf(say_text(say, "  (%d active key(s)%s)\n", "  (%d kunci aktif%s)\n"), active,
                 json_is_true(json_object_get(agency, "admin")) ? ", admin" : "");
    print_filters(agency);
    if (request->name != NULL) {
        print_keys(agency);
    }
    json_decref(agency);
    return fflush(stdout) == 0;
}

static int is_policy(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

enum exit_code agency_list(const struct agency_request *request)
{
    char path[FILE_PATH_BYTES];
    struct dirent **entries = NULL;
    bool is_printed = true;
    if (request->name != NULL) {
        return agency_print(request, request->name) ? EXIT_DONE : EXIT_FAILED;
    }
    if (!file_join(request->say, request->site.directory, "agencies", path)) {
        return EXIT_FAILED;
    }
    int count = scandir(path, &entries, is_policy, alphasort);
    if (count < 0) {
        say_fault(request->say, "%s: %s", path, strerror(errno));
        return EXIT_FAILED;
    }
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - strlen(".yaml")] = '\0';
        is_printed = agency_print(request, name) && is_printed;
        free(entries[i]);
    }
    free(entries);
    return is_printed ? EXIT_DONE : EXIT_FAILED;
}
