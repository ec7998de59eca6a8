/* policy_files.c - reads a folder of files into the shape that the core takes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/base/map.h"
#include "proto/c/digest.h"
#include "proto/c/topic.h"

/* One file as it is read. */
struct agency_file {
    char name[AGENCY_BYTES_MAX + 1];
    char title[129];
    bool is_admin;
    struct policy_line *lines; /* their filters are copies of their own */
    uint32_t line_count;
    struct policy_key *keys;
    uint32_t key_count, active_count;
    uint8_t (*key_ids)[KEY_ID_BYTES]; /* of the active ones, and zeros for a plain endpoint */
    uint32_t key_id_count;
    enum right right; /* whose filters are being read */
};

struct policy_set {
    struct agency_file *files;
    struct policy_agency *agencies; /* views of `files` */
    struct policy_key *keys;        /* copies of all files' keys */
    uint32_t count, key_count, line_count;
};

/* ---- one file ---- */

static struct bytes copy_of(struct bytes text)
{
    uint8_t *copy = malloc(text.length + 1);
    if (copy == NULL) {
        return (struct bytes){0};
    }
    memcpy(copy, text.data, text.length);
    return bytes_of(copy, text.length);
}

static enum status line_add(struct agency_file *file, enum right right, struct bytes filter)
{
    struct policy_line *lines = realloc(file->lines, (file->line_count + 1) * sizeof *file->lines);
    if (lines == NULL) {
        return STATUS_MEMORY;
    }
    file->lines = lines;
    struct policy_line *line = &lines[file->line_count];
    *line = (struct policy_line){.right = right};
    if (right != RIGHT_ADMIN) {
        line->filter = copy_of(filter);
    }
    if (right != RIGHT_ADMIN && line->filter.data == NULL) {
        return STATUS_MEMORY;
    }
    file->line_count++;
    return STATUS_OK;
}

static enum status take_filter(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    struct agency_file *file = into;
    struct bytes filter;
    (void)field;
    enum status status = yaml_text(node, 1, TOPIC_BYTES_MAX, &filter, fault);
    if (status != STATUS_OK) {
        return status;
    }
    const char *wrong = topic_filter_fault(filter);
    if (wrong != NULL) {
        return yaml_refuse(node, fault, "not a filter: %s", wrong);
    }
    for (uint32_t i = 0; i < file->line_count; i++) {
        const struct policy_line *line = &file->lines[i];
        if (line->right == file->right && bytes_are_equal(line->filter, filter)) {
            return yaml_refuse(node, fault, "this filter is given twice");
        }
    }
    if (file->line_count == AGENCY_LINES_MAX) {
        return yaml_refuse(node, fault, "more than %d filters in one file", AGENCY_LINES_MAX);
    }
    return line_add(file, file->right, filter);
}

/* The key of the list is the name of the right. */
static enum status take_filters(struct yaml_node node, const struct yaml_field *field, void *into,
                                struct yaml_fault *fault)
{
    static const char *const names[] = {[RIGHT_PUBLISH] = "publish",
                                        [RIGHT_SUBSCRIBE] = "subscribe",
                                        [RIGHT_REPLAY] = "replay",
                                        [RIGHT_PERSONAL] = "personal"};
    struct agency_file *file = into;
    file->right = RIGHT_PUBLISH;
    while (strcmp(names[file->right], field->key) != 0) {
        file->right++;
    }
    return yaml_take_list(node, field, take_filter, into, fault);
}

static enum status take_public(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    struct policy_key *key = into;
    struct bytes text;
    (void)field;
    enum status status = yaml_text(node, CURVE_KEY_TEXT_BYTES, CURVE_KEY_TEXT_BYTES, &text, fault);
    if (status != STATUS_OK) {
        return status;
    }
    if (keys_read_text(text, key->public_key) != STATUS_OK) {
        return yaml_refuse(node, fault, "not a public key (40 characters of Z85)");
    }
    digest_key_id(key->public_key, key->key_id);
    return STATUS_OK;
}

static enum status take_state(struct yaml_node node, const struct yaml_field *field, void *into,
                              struct yaml_fault *fault)
{
    struct policy_key *key = into;
    struct bytes text;
    (void)field;
    enum status status = yaml_text(node, 1, 16, &text, fault);
    if (status != STATUS_OK) {
        return status;
    }
    key->is_revoked = bytes_are_equal(text, bytes_of_text("revoked"));
    if (!key->is_revoked && !bytes_are_equal(text, bytes_of_text("active"))) {
        return yaml_refuse(node, fault, "expected active or revoked");
    }
    return STATUS_OK;
}

/* When a key was made or revoked is for people. */
static enum status take_note(struct yaml_node node, const struct yaml_field *field, void *into,
                             struct yaml_fault *fault)
{
    struct bytes text;
    (void)field;
    (void)into;
    return yaml_text(node, 1, 64, &text, fault);
}

static enum status take_key(struct yaml_node node, const struct yaml_field *field, void *into,
                            struct yaml_fault *fault)
{
    /* clang-format off */
    static const struct yaml_field fields[] = {
        {.key = "public", .take = take_public, .is_required = true},
        {.key = "state", .take = take_state, .is_required = true},
        {.key = "added", .take = take_note},
        {.key = "revoked", .take = take_note},
    };
    /* clang-format on */
    struct agency_file *file = into;
    (void)field;
    struct policy_key *keys = realloc(file->keys, (file->key_count + 1) * sizeof *file->keys);
    if (keys == NULL) {
        return STATUS_MEMORY;
    }
    struct policy_key *key = &keys[file->key_count];
    file->keys = keys;
    *key = (struct policy_key){0};
    enum status status =
        yaml_take_mapping(node, fields, sizeof fields / sizeof *fields, key, fault);
    if (status != STATUS_OK) {
        return status;
    }
    file->key_count++;
    file->active_count += !key->is_revoked;
    return file->active_count <= AGENCY_ACTIVE_KEYS_MAX
               ? STATUS_OK
               : yaml_refuse(node, fault, "more than %d active keys", AGENCY_ACTIVE_KEYS_MAX);
}

static enum status take_keys(struct yaml_node node, const struct yaml_field *field, void *into,
                             struct yaml_fault *fault)
{
    return yaml_take_list(node, field, take_key, into, fault);
}

static enum status take_name(struct yaml_node node, const struct yaml_field *field, void *into,
                             struct yaml_fault *fault)
{
    struct agency_file *file = into;
    struct bytes text;
    (void)field;
    enum status status = yaml_text(node, 1, AGENCY_BYTES_MAX, &text, fault);
    if (status == STATUS_OK && !bytes_are_equal(text, bytes_of_text(file->name))) {
        return yaml_refuse(node, fault, "the file's own name says '%s'", file->name);
    }
    return status;
}

#define MEMBER(member)                                                                             \
    .offset = offsetof(struct agency_file, member),                                                \
    .width = sizeof(((struct agency_file *)0)->member)

/* clang-format off */
static const struct yaml_field agency_fields[] = {
    {.key = "name", .take = take_name, .is_required = true},
    {.key = "title", MEMBER(title), .take = yaml_take_text},
    {.key = "keys", .take = take_keys, .is_required = true, .max = AGENCY_KEYS_MAX},
    {.key = "publish", .take = take_filters, .max = AGENCY_LINES_MAX},
    {.key = "subscribe", .take = take_filters, .max = AGENCY_LINES_MAX},
    {.key = "replay", .take = take_filters, .max = AGENCY_LINES_MAX},
    {.key = "personal", .take = take_filters, .max = AGENCY_LINES_MAX},
    {.key = "admin", MEMBER(is_admin), .take = yaml_take_flag},
};
/* clang-format on */

static bool has_plain(const struct config *config, const char *agency)
{
    for (uint32_t i = 0; i < config->plain_count; i++) {
        if (strcmp(config->plains[i].agency, agency) == 0) {
            return true;
        }
    }
    return false;
}

static enum status key_ids_collect(struct agency_file *file, const struct config *config)
{
    file->key_ids = calloc(file->key_count + 1, sizeof *file->key_ids);
    if (file->key_ids == NULL) {
        return STATUS_MEMORY;
    }
    for (uint32_t i = 0; i < file->key_count; i++) {
        if (!file->keys[i].is_revoked) {
            memcpy(file->key_ids[file->key_id_count++], file->keys[i].key_id, KEY_ID_BYTES);
        }
    }
    file->key_id_count += has_plain(config, file->name);
    return STATUS_OK;
}

static enum status agency_file_read(const char *directory, const struct config *config,
                                    struct agency_file *file, struct yaml_fault *fault)
{
    char path[4096], name[AGENCY_BYTES_MAX + 32];
    struct yaml_file *yaml = NULL;
    (void)snprintf(name, sizeof name, "agencies/%s.yaml", file->name);
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        (void)snprintf(fault->text, sizeof fault->text, "%s: the path is too long", name);
        return STATUS_INVALID;
    }
    enum status status = yaml_open(path, name, &yaml, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = yaml_take_mapping(yaml_root(yaml), agency_fields,
                               sizeof agency_fields / sizeof *agency_fields, file, fault);
    yaml_close(yaml);
    if (status == STATUS_OK && file->is_admin) {
        status = line_add(file, RIGHT_ADMIN, (struct bytes){0});
    }
    if (status == STATUS_OK) {
        status = key_ids_collect(file, config);
    }
    if (status == STATUS_MEMORY) {
        (void)snprintf(fault->text, sizeof fault->text, "%s: no memory", name);
    }
    return status;
}

static void agency_file_deinit(struct agency_file *file)
{
    for (uint32_t i = 0; i < file->line_count; i++) {
        free((void *)file->lines[i].filter.data);
    }
    free(file->lines);
    free(file->keys);
    free(file->key_ids);
}

/* ---- the set ---- */

static const char suffix[] = ".yaml";

static int is_policy_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > strlen(suffix) &&
           strcmp(entry->d_name + length - strlen(suffix), suffix) == 0;
}

/* Whose name no agency may have is an error, not a file to be passed over. */
static enum status names_take(struct policy_set *set, struct dirent **entries, int count,
                              struct yaml_fault *fault)
{
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct bytes stem = bytes_of(name, strlen(name) - strlen(suffix));
        if (!config_is_agency_name(stem)) {
            (void)snprintf(fault->text, sizeof fault->text,
                           "agencies/%.80s: not a name that an agency may have", name);
            return STATUS_INVALID;
        }
        memcpy(set->files[set->count++].name, stem.data, stem.length);
    }
    return STATUS_OK;
}

static enum status names_list(struct policy_set *set, const char *directory,
                              const struct config *config, struct yaml_fault *fault)
{
    char path[4096];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof path, "%s/agencies", directory);
    int count = scandir(path, &entries, is_policy_name, alphasort);
    if (count < 0) {
        (void)snprintf(fault->text, sizeof fault->text, "agencies: %s", strerror(errno));
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = STATUS_OK;
    set->files = calloc((size_t)count + 1, sizeof *set->files);
    set->agencies = calloc((size_t)count + 1, sizeof *set->agencies);
    if (set->files == NULL || set->agencies == NULL) {
        (void)snprintf(fault->text, sizeof fault->text, "agencies: no memory");
        status = STATUS_MEMORY;
    } else if ((uint32_t)count > config->limits.agencies) {
        (void)snprintf(fault->text, sizeof fault->text, "agencies: %d files, limits.agencies is %u",
                       count, config->limits.agencies);
        status = STATUS_INVALID;
    } else {
        status = names_take(set, entries, count, fault);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return status;
}

static struct bytes set_key_of(const void *owner, uint32_t index)
{
    return bytes_of(((const struct policy_key *)owner)[index].public_key, CURVE_KEY_BYTES);
}

/* One key, one agency: a key that two files name would let one speak as the other. */
static enum status keys_merge(struct policy_set *set, struct map *known, struct yaml_fault *fault)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct agency_file *file = &set->files[i];
        for (uint32_t k = 0; k < file->key_count; k++) {
            struct policy_key *key = &set->keys[set->key_count];
            *key = file->keys[k];
            key->agency = bytes_of_text(file->name);
            if (map_find(known, bytes_of(key->public_key, CURVE_KEY_BYTES)) != MAP_NONE) {
                (void)snprintf(fault->text, sizeof fault->text,
                               "agencies/%s.yaml: key %u of the list is named twice in the set",
                               file->name, k + 1);
                return STATUS_INVALID;
            }
            (void)map_insert(known, set->key_count++);
        }
    }
    return STATUS_OK;
}

static enum status keys_collect(struct policy_set *set, struct yaml_fault *fault)
{
    uint32_t count = 1;
    struct map known;
    for (uint32_t i = 0; i < set->count; i++) {
        count += set->files[i].key_count;
    }
    set->keys = calloc(count, sizeof *set->keys);
    if (set->keys == NULL || map_init(&known, count, set_key_of, set->keys) != STATUS_OK) {
        (void)snprintf(fault->text, sizeof fault->text, "agencies: no memory");
        return STATUS_MEMORY;
    }
    enum status status = keys_merge(set, &known, fault);
    map_deinit(&known);
    return status;
}

static enum status set_judge(const struct policy_set *set, const struct config *config,
                             struct yaml_fault *fault)
{
    if (set->line_count > config->limits.policy_lines) {
        (void)snprintf(fault->text, sizeof fault->text,
                       "agencies: %u filters in all, limits.policy_lines is %u", set->line_count,
                       config->limits.policy_lines);
        return STATUS_INVALID;
    }
    for (uint32_t i = 0; i < config->plain_count; i++) {
        uint32_t at = 0;
        while (at < set->count && strcmp(set->files[at].name, config->plains[i].agency) != 0) {
            at++;
        }
        if (at == set->count) {
            (void)snprintf(fault->text, sizeof fault->text,
                           "kentongan.yaml: plain: there is no agency '%s'",
                           config->plains[i].agency);
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static enum status set_fill(struct policy_set *set, const char *directory,
                            const struct config *config, struct yaml_fault *fault)
{
    for (uint32_t i = 0; i < set->count; i++) {
        struct agency_file *file = &set->files[i];
        enum status status = agency_file_read(directory, config, file, fault);
        if (status != STATUS_OK) {
            return status;
        }
        set->line_count += file->line_count;
        set->agencies[i] = (struct policy_agency){
            .name = bytes_of_text(file->name),
            .lines = file->lines,
            .line_count = file->line_count,
            .key_ids = (const uint8_t(*)[KEY_ID_BYTES])file->key_ids,
            .key_count = file->key_id_count,
        };
    }
    return STATUS_OK;
}

enum status policy_set_load(const char *directory, const struct config *config,
                            struct policy_set **set, struct yaml_fault *fault)
{
    struct policy_set *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) {
        (void)snprintf(fault->text, sizeof fault->text, "agencies: no memory");
        return STATUS_MEMORY;
    }
    enum status status = names_list(loaded, directory, config, fault);
    if (status == STATUS_OK) {
        status = set_fill(loaded, directory, config, fault);
    }
    if (status == STATUS_OK) {
        status = keys_collect(loaded, fault);
    }
    if (status == STATUS_OK) {
        status = set_judge(loaded, config, fault);
    }
    if (status != STATUS_OK) {
        policy_set_free(loaded);
        return status;
    }
    *set = loaded;
    return STATUS_OK;
}

void policy_set_free(struct policy_set *set)
{
    if (set == NULL) {
        return;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        agency_file_deinit(&set->files[i]);
    }
    free(set->files);
    free(set->agencies);
    free(set->keys);
    free(set);
}

const struct policy_agency *policy_set_agencies(const struct policy_set *set, uint32_t *count)
{
    *count = set->count;
    return set->agencies;
}

const struct policy_key *policy_set_keys(const struct policy_set *set, uint32_t *count)
{
    *count = set->key_count;
    return set->keys;
}
