/* site.c - what profiles need to know of a site.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/cli/document.h"
#include "clients/cli/moment.h"

static const char scheme[] = "tcp://";

static void copy_text(const yaml_node_t *node, char *text, size_t bytes)
{
    const char *found = document_text(node);
    if (found != NULL && strlen(found) < bytes) {
        memcpy(text, found, strlen(found) + 1);
    }
}

bool site_open(const struct say *say, const char *directory, struct site *site)
{
    char path[FILE_PATH_BYTES];
    struct document document;
    *site = (struct site){.directory = directory};
    if (stat(directory, &site->owner) != 0) {
        say_fault(say, "%s: %s", directory, strerror(errno));
        return false;
    }
    if (!file_join(say, directory, "kentongan.yaml", path) ||
        !document_open(say, path, &document)) {
        return false;
    }
    copy_text(document_find(&document, NULL, "name"), site->name, sizeof site->name);
    copy_text(document_item(&document, document_find(&document, NULL, "listen"), 0), site->listen,
              sizeof site->listen);
    copy_text(document_find(&document, NULL, "advertise"), site->advertise, sizeof site->advertise);
    document_close(&document);
    return true;
}

bool site_is_agency_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length < AGENCY_NAME_BYTES && name[length] == '\0' &&
           strcmp(name, "kentongan") != 0;
}

int site_port(const char *endpoint)
{
    uint64_t port = 0;
    const char *colon = strrchr(endpoint, ':');
    return colon != NULL && moment_read_number(colon + 1, &port) && port <= UINT16_MAX ? (int)port
                                                                                       : -1;
}

bool site_is_endpoint(const char *endpoint)
{
    return strncmp(endpoint, scheme, strlen(scheme)) == 0 &&
           strlen(endpoint) < SITE_ENDPOINT_BYTES && endpoint[strlen(scheme)] != ':' &&
           endpoint[strcspn(endpoint, " \t\r\n'\"\\")] == '\0' && site_port(endpoint) >= 0;
}

bool site_is_wildcard(const char *endpoint)
{
    static const char *const wildcards[] = {"0.0.0.0:", "*:", "[::]:", ":::"};
    const char *host = endpoint + strlen(scheme);
    for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++) {
        if (strncmp(host, wildcards[i], strlen(wildcards[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool site_policy_path(const struct say *say, const struct site *site, const char *agency,
                      char path[FILE_PATH_BYTES])
{
    char name[AGENCY_NAME_BYTES + 16];
    (void)snprintf(name, sizeof name, "agencies/%s.yaml", agency);
    return file_join(say, site->directory, name, path);
}
