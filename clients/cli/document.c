/* document.c - libyaml's own tree, and a few questions to it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/document.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/file.h"

bool document_open(const struct say *say, const char *path, struct document *document)
{
    yaml_parser_t parser;
    document->text = file_read(say, path, &document->length);
    if (document->text == NULL) {
        return false;
    }
    if (yaml_parser_initialize(&parser) == 0) {
        abort();
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)document->text, document->length);
    bool is_read = yaml_parser_load(&parser, &document->yaml) != 0;
    if (!is_read) {
        say_fault(say, "%s:%zu:%zu: %s", path, parser.problem_mark.line + 1,
                  parser.problem_mark.column + 1,
                  parser.problem == NULL ? "no YAML" : parser.problem);
        free(document->text);
    }
    yaml_parser_delete(&parser);
    return is_read;
}

void document_close(struct document *document)
{
    yaml_document_delete(&document->yaml);
    free(document->text);
}

const char *document_text(const yaml_node_t *node)
{
    return node == NULL || node->type != YAML_SCALAR_NODE ? NULL
                                                          : (const char *)node->data.scalar.value;
}

yaml_node_t *document_find(struct document *document, yaml_node_t *mapping, const char *key)
{
    mapping = mapping == NULL ? yaml_document_get_root_node(&document->yaml) : mapping;
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const char *name = document_text(yaml_document_get_node(&document->yaml, pair->key));
        if (name != NULL && strcmp(name, key) == 0) {
            return yaml_document_get_node(&document->yaml, pair->value);
        }
    }
    return NULL;
}

yaml_node_t *document_item(struct document *document, yaml_node_t *list, size_t index)
{
    if (list == NULL || list->type != YAML_SEQUENCE_NODE) {
        return NULL;
    }
    yaml_node_item_t *item = list->data.sequence.items.start;
    if (index >= (size_t)(list->data.sequence.items.top - item)) {
        return NULL;
    }
    return yaml_document_get_node(&document->yaml, item[index]);
}

size_t document_offset(const struct document *document, yaml_mark_t mark)
{
    size_t offset = 0;
    /* A mark counts from after the byte-order mark. */
    if (document->length >= 3 && memcmp(document->text, "\xEF\xBB\xBF", 3) == 0) {
        offset = 3;
    }
    for (size_t characters = 0; offset < document->length; offset++) {
        bool is_first_byte = ((unsigned char)document->text[offset] & 0xC0) != 0x80;
        characters += is_first_byte;
        if (characters > mark.index) {
            break;
        }
    }
    return offset;
}

char *document_quote(const char *text)
{
    char *quoted = malloc(2 * strlen(text) + 3);
    char *end = quoted;
    if (quoted == NULL) {
        abort();
    }
    *end++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            *end++ = '\'';
        }
        *end++ = *text;
    }
    *end++ = '\'';
    *end = '\0';
    return quoted;
}
