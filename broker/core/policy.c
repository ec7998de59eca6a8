/* policy.c - two tables, of which one is in force, and the times of their lines.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Kept are "policy/AGENCY": {run, lines and times}, and "policy": {base, run}. A value counts if
 * its run is `base` or later. When an agency is gone, or at start, a new run begins: {base, run +
 * 1}, then every agency's value with the new run, then {run + 1, run + 1}, which makes the values
 * of whoever is gone worthless. Until that last write nothing else was appended, so in a run that
 * was cut short nothing happened.
 */
#include "broker/core/policy.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/codec.h"
#include "broker/core/policy_table.h"

enum { RUN_BYTES = 16, SAVE_RETRY_MS = 1000 };

static const char key_prefix[] = "policy/";

enum policy_phase {
    POLICY_EMPTY,   /* nothing was offered */
    POLICY_LOADING, /* the first one waits for its times */
    POLICY_IN_FORCE
};

struct policy {
    struct policy_table tables[2];
    uint32_t current; /* in force, or waiting for its times */
    enum policy_phase phase;
    uint64_t base, run; /* as in the key "policy" */
    uint64_t round;     /* of loads or saves: answers of an earlier one are let pass */
    uint32_t next;      /* to load or save; member_count: the run that ends it */
    uint32_t answered;  /* loads */
    bool is_run_loaded;
    bool must_open_run;   /* {base, run} is to be saved before the members */
    bool must_close_run;  /* {run, run} after them */
    bool is_saving;       /* members from `next` on are to be looked at */
    bool is_load_emitted; /* of the run */
    uint32_t unsaved;     /* saves of this round that are not answered */
    uint64_t retry_ms;    /* a save found the store full; UINT64_MAX: none did */
};

struct policy *policy_new(const struct core_limits *limits)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) {
        return NULL;
    }
    policy->retry_ms = UINT64_MAX;
    for (int side = 0; side < 2; side++) {
        if (policy_table_init(&policy->tables[side], limits->agencies, limits->policy_lines) !=
            STATUS_OK) {
            policy_free(policy);
            return NULL;
        }
    }
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy != NULL) {
        policy_table_deinit(&policy->tables[0]);
        policy_table_deinit(&policy->tables[1]);
        free(policy);
    }
}

static struct policy_table *table_of(struct policy *policy)
{
    return &policy->tables[policy->current];
}

/* Nobody is known before a policy is in force. */
const struct policy_table *policy_in_force(const struct policy *policy)
{
    static const struct policy_table nobody;
    return policy->phase == POLICY_IN_FORCE ? &policy->tables[policy->current] : &nobody;
}

/* Saves what changed; a new run saves all. */
static void begin_saving(struct policy *policy, bool is_new_run)
{
    struct policy_table *table = table_of(policy);
    policy->round++;
    policy->next = 0;
    policy->unsaved = 0;
    policy->retry_ms = UINT64_MAX;
    policy->is_saving = is_new_run;
    for (uint32_t index = 0; index < table->member_count; index++) {
        table->members[index].is_changed |= is_new_run;
        policy->is_saving |= table->members[index].is_changed;
    }
    if (is_new_run) {
        policy->run++;
        policy->must_open_run = true;
        policy->must_close_run = true;
    }
}

static void begin_loading(struct policy *policy)
{
    policy->phase = POLICY_LOADING;
    policy->round++;
    policy->next = 0;
    policy->answered = 0;
    policy->is_load_emitted = false;
    policy->is_run_loaded = false;
}

enum status policy_offer(struct policy *policy, const struct policy_agency *agencies,
                         uint32_t agency_count, uint64_t version, uint64_t head)
{
    struct policy_table *offered = &policy->tables[!policy->current];
    enum status status = policy_table_fill(offered, agencies, agency_count, version);
    if (status != STATUS_OK) {
        return status;
    }
    const struct policy_table *old = table_of(policy);
    policy->current = !policy->current;
    if (policy->phase != POLICY_IN_FORCE) {
        begin_loading(policy);
        return STATUS_OK;
    }
    /* What was not saved yet, or found the store full, would be forgotten with the old table. */
    bool was_saved = policy_is_saved(policy);
    bool is_one_gone = policy_table_inherit(offered, old, head);
    begin_saving(policy, is_one_gone || !was_saved);
    return STATUS_OK;
}

/* All times are there: what is missing is granted now, «changed while stopped = the head at start».
 * */
static void come_in_force(struct policy *policy, uint64_t head)
{
    policy->phase = POLICY_IN_FORCE;
    policy_table_grant(table_of(policy), head);
    begin_saving(policy, true);
}

void policy_loaded(struct policy *policy, uint64_t token, enum status status, struct bytes value,
                   uint64_t head)
{
    struct policy_table *table = table_of(policy);
    uint32_t index = (uint32_t)token;
    if (policy->phase != POLICY_LOADING ||
        token != token_of(TOKEN_POLICY, policy->round << 32 | index)) {
        return;
    }
    if (index == table->member_count) {
        struct codec_reader reader = codec_reader_of(value);
        policy->is_run_loaded = true;
        if (status == STATUS_OK) {
            policy->base = codec_get_u64(&reader);
            policy->run = codec_get_u64(&reader);
        }
    } else if (++policy->answered <= table->member_count && status == STATUS_OK) {
        policy_table_decode(table, &table->members[index], value, policy->base);
    }
    if (policy->is_run_loaded && policy->answered == table->member_count) {
        come_in_force(policy, head);
    }
}

void policy_saved(struct policy *policy, uint64_t token, enum status status, uint64_t now_ms)
{
    bool is_mine = token >> 32 << 32 == token_of(TOKEN_POLICY, policy->round << 32);
    if (!is_mine) {
        return;
    }
    assert(policy->unsaved > 0);
    policy->unsaved--;
    if (status != STATUS_OK && policy->retry_ms == UINT64_MAX) {
        policy->retry_ms = now_ms + SAVE_RETRY_MS;
    }
}

/* The key of a member, or of the run, in scratch. */
static struct bytes write_key(const struct policy_member *member, struct effects *fx)
{
    const size_t prefix_bytes = sizeof key_prefix - 1;
    uint8_t *key = effects_scratch(fx, prefix_bytes + AGENCY_BYTES_MAX);
    if (key == NULL) {
        return bytes_of(NULL, 0);
    }
    memcpy(key, key_prefix, prefix_bytes);
    if (member == NULL) {
        return bytes_of(key, prefix_bytes - 1);
    }
    memcpy(key + prefix_bytes, member->name, member->name_length);
    return bytes_of(key, prefix_bytes + member->name_length);
}

static uint64_t token_for(const struct policy *policy, uint32_t index)
{
    return token_of(TOKEN_POLICY, policy->round << 32 | index);
}

/* False: no room. */
static bool emit_load(struct policy *policy, const struct policy_member *member, uint32_t index,
                      struct effects *fx)
{
    struct bytes key = write_key(member, fx);
    struct effect *effect = key.length == 0 ? NULL : effects_add(fx, FX_LOAD);
    if (effect != NULL) {
        effect->of.load.token = token_for(policy, index);
        effect->of.load.key = key;
    }
    return effect != NULL;
}

/* The run first: it says which of the other values count. */
static void emit_loads(struct policy *policy, struct effects *fx)
{
    const struct policy_table *table = table_of(policy);
    if (!policy->is_load_emitted) {
        policy->is_load_emitted = emit_load(policy, NULL, table->member_count, fx);
    }
    while (policy->is_run_loaded && policy->next < table->member_count &&
           emit_load(policy, &table->members[policy->next], policy->next, fx)) {
        policy->next++;
    }
}

static bool emit_save(struct policy *policy, const struct policy_member *member, uint32_t index,
                      struct bytes value, struct effects *fx)
{
    struct bytes key = value.data == NULL ? bytes_of(NULL, 0) : write_key(member, fx);
    struct effect *effect = key.length == 0 ? NULL : effects_add(fx, FX_SAVE);
    if (effect != NULL) {
        effect->of.save.token = token_for(policy, index);
        effect->of.save.key = key;
        effect->of.save.value = value;
        policy->unsaved++;
    }
    return effect != NULL;
}

static bool save_run(struct policy *policy, uint64_t base, struct effects *fx)
{
    uint8_t *value = effects_scratch(fx, RUN_BYTES);
    if (value != NULL) {
        struct codec_writer writer = codec_writer_of(value, RUN_BYTES);
        codec_put_u64(&writer, base);
        codec_put_u64(&writer, policy->run);
    }
    return emit_save(policy, NULL, table_of(policy)->member_count, bytes_of(value, RUN_BYTES), fx);
}

static bool save_member(struct policy *policy, uint32_t index, struct effects *fx)
{
    struct policy_table *table = table_of(policy);
    struct policy_member *member = &table->members[index];
    uint8_t *value = effects_scratch(fx, policy_table_encoded_bytes(table, member));
    size_t length = 0;
    if (value != NULL) {
        length = policy_table_encode(table, member, policy->run, value);
    }
    bool is_emitted = emit_save(policy, member, index, bytes_of(value, length), fx);
    member->is_changed = !is_emitted;
    return is_emitted;
}

static void emit_saves(struct policy *policy, struct effects *fx)
{
    const struct policy_table *table = table_of(policy);
    if (policy->must_open_run) {
        policy->must_open_run = !save_run(policy, policy->base, fx);
    }
    while (!policy->must_open_run && policy->next < table->member_count) {
        if (table->members[policy->next].is_changed && !save_member(policy, policy->next, fx)) {
            return;
        }
        policy->next++;
    }
    if (policy->next < table->member_count) {
        return;
    }
    if (policy->must_close_run && !save_run(policy, policy->run, fx)) {
        return;
    }
    if (policy->must_close_run) {
        policy->base = policy->run;
    }
    policy->must_close_run = false;
    policy->is_saving = false;
}

void policy_continue(struct policy *policy, uint64_t now_ms, struct effects *fx)
{
    if (policy->phase == POLICY_LOADING) {
        emit_loads(policy, fx);
        return;
    }
    if (policy->retry_ms <= now_ms) {
        begin_saving(policy, true);
    }
    if (policy->is_saving) {
        emit_saves(policy, fx);
    }
}

bool policy_owes_effects(const struct policy *policy)
{
    if (policy->phase == POLICY_LOADING) {
        return !policy->is_load_emitted ||
               (policy->is_run_loaded &&
                policy->next < policy->tables[policy->current].member_count);
    }
    return policy->is_saving;
}

bool policy_is_saved(const struct policy *policy)
{
    return policy->phase == POLICY_IN_FORCE && !policy->is_saving && policy->unsaved == 0 &&
           policy->retry_ms == UINT64_MAX;
}

uint64_t policy_deadline_ms(const struct policy *policy)
{
    return policy_owes_effects(policy) ? 0 : policy->retry_ms;
}

bool policy_is_ready(const struct policy *policy)
{
    return policy->phase == POLICY_IN_FORCE;
}

uint64_t policy_version(const struct policy *policy)
{
    return policy_in_force(policy)->version;
}

uint32_t policy_agency_count(const struct policy *policy)
{
    return policy_in_force(policy)->member_count;
}

uint32_t policy_agency_find(const struct policy *policy, struct bytes name)
{
    const struct policy_table *table = policy_in_force(policy);
    const struct policy_member *member =
        table->member_count == 0 ? NULL : policy_table_find(table, name);
    return member == NULL ? POLICY_NO_AGENCY : (uint32_t)(member - table->members);
}

const struct policy_member *policy_member_at(const struct policy *policy, uint32_t agency)
{
    const struct policy_table *table = policy_in_force(policy);
    if (agency == POLICY_NO_AGENCY) {
        return NULL;
    }
    assert(agency < table->member_count);
    return &table->members[agency];
}

struct bytes policy_agency_name(const struct policy *policy, uint32_t agency)
{
    const struct policy_member *member = policy_member_at(policy, agency);
    assert(member != NULL);
    return bytes_of(member->name, member->name_length);
}

bool policy_key_is_valid(const struct policy *policy, uint32_t agency,
                         const uint8_t key_id[KEY_ID_BYTES])
{
    const struct policy_member *member = policy_member_at(policy, agency);
    for (uint32_t key = 0; member != NULL && key < member->key_count; key++) {
        if (memcmp(member->keys[key], key_id, KEY_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}
