/* document.h - reads the YAML files of a site, as far as the command line needs them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The broker judges these files (`kentongd --check`); here they are only looked into.
 */
#ifndef CLIENTS_CLI_DOCUMENT_H
#define CLIENTS_CLI_DOCUMENT_H

#include <yaml.h>

#include "clients/cli/say.h"

struct document {
    char *text;
    size_t length;
    yaml_document_t yaml;
};

/* Reads and parses `path`. False: it said why. */
bool document_open(const struct say *say, const char *path, struct document *document);

void document_close(struct document *document);

/* The value of `key` in a mapping (NULL: the outermost one), or NULL. */
yaml_node_t *document_find(struct document *document, yaml_node_t *mapping, const char *key);

/* Item `index` of a list, or NULL past its end or when it is no list. */
yaml_node_t *document_item(struct document *document, yaml_node_t *list, size_t index);

/* The text of a scalar, or NULL. Borrowed. */
const char *document_text(const yaml_node_t *node);

/* Where in the file's bytes a mark of the parser, which counts characters, points. */
size_t document_offset(const struct document *document, yaml_mark_t mark);

/* Single quotes around `text`, in which every character but the quote stands for itself. The
 * caller frees. */
char *document_quote(const char *text);

#endif
