/* main_site.c - opens and closes the parts of a site in the order in which they stand on each
 * other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/main_site.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/journal.h"
#include "broker/store/store_lmdb.h"

enum { PATH_BYTES_MAX = 4096 };

uint64_t site_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t site_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status fault_say(struct site_fault *fault, enum status status, const char *text)
{
    snprintf(fault->text, sizeof fault->text, "%s", text);
    return status;
}

static enum status path_in(const char *directory, const char *name, char path[PATH_BYTES_MAX],
                           struct site_fault *fault)
{
    int length = snprintf(path, PATH_BYTES_MAX, "%s/%s", directory, name);
    bool fits = length > 0 && length < PATH_BYTES_MAX;
    return fits ? STATUS_OK : fault_say(fault, STATUS_INVALID, "the directory's name is too long");
}

static enum status site_read_files(struct site *site, struct site_fault *fault)
{
    struct yaml_fault found = {.text = ""};
    const char *directory = site->options.directory;
    enum status status = config_load(directory, &site->config, &found);
    if (status == STATUS_OK) {
        status = policy_set_load(directory, &site->config, &site->policy, &found);
    }
    return status == STATUS_OK ? status : fault_say(fault, status, found.text);
}

static enum status site_read_keys(const struct site *site, struct key_pair *pair,
                                  struct site_fault *fault)
{
    char path[PATH_BYTES_MAX];
    enum status status = path_in(site->options.directory, "keys/broker.secret", path, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = keys_load(path, pair);
    if (status != STATUS_OK) {
        snprintf(fault->text, sizeof fault->text, "keys/broker.secret: %s", status_text(status));
    }
    return status;
}

enum status site_check(const char *directory, struct site_fault *fault)
{
    struct site *site = calloc(1, sizeof *site);
    struct key_pair pair;
    if (site == NULL) {
        return fault_say(fault, STATUS_MEMORY, "no memory");
    }
    site->options.directory = directory;
    enum status status = site_read_files(site, fault);
    if (status == STATUS_OK) {
        status = site_read_keys(site, &pair, fault);
    }
    if (status == STATUS_OK) {
        keys_forget(&pair);
    }
    site_close(site);
    free(site);
    return status;
}

/* A new log gets a random identity (a UUID of version 4) and a secret that never leaves the
 * site. */
static enum status log_create(const struct store_lmdb_options *options, struct store_fault *fault)
{
    uint8_t uuid[16];
    uint8_t secret[32];
    randombytes_buf(uuid, sizeof uuid);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    randombytes_buf(secret, sizeof secret);
    enum status status = store_lmdb_create(options, uuid, secret, fault);
    sodium_memzero(secret, sizeof secret);
    return status;
}

static enum status site_open_store(struct site *site, struct site_fault *fault)
{
    char path[PATH_BYTES_MAX];
    struct store_fault found = {.text = ""};
    enum status status = path_in(site->options.directory, "log", path, fault);
    if (status != STATUS_OK) {
        return status;
    }
    struct store_lmdb_options options;
    store_lmdb_options_default(&options, path);
    options.map_bytes = site->config.map_bytes;
    options.headroom_bytes = site->config.headroom_bytes;
    options.allow_any_filesystem = site->options.allow_any_filesystem;
    status = store_lmdb_open(&options, &site->store, &found);
    if (status == STATUS_NOT_FOUND) {
        status = log_create(&options, &found);
        if (status == STATUS_OK) {
            status = store_lmdb_open(&options, &site->store, &found);
        }
    }
    return status == STATUS_OK ? status : fault_say(fault, status, found.text);
}

/* The set's keys as the network asks for them. */
static enum status site_give_keys(struct site *site, const struct policy_set *policy)
{
    uint32_t count = 0;
    const struct policy_key *keys = policy_set_keys(policy, &count);
    struct zap_key *given = calloc(count + 1, sizeof *given);
    if (given == NULL) {
        return STATUS_MEMORY;
    }
    for (uint32_t index = 0; index < count; index++) {
        given[index].agency = keys[index].agency;
        given[index].is_revoked = keys[index].is_revoked;
        memcpy(given[index].public_key, keys[index].public_key, sizeof given[index].public_key);
        memcpy(given[index].key_id, keys[index].key_id, sizeof given[index].key_id);
    }
    enum status status = net_zmq_set_keys(site->net, given, count);
    free(given);
    return status;
}

static uint32_t site_doors(const struct site *site,
                           struct net_zmq_door doors[LISTENS_MAX + PLAINS_MAX])
{
    const struct config *config = &site->config;
    uint32_t count = 0;
    for (uint32_t index = 0; index < config->listen_count; index++) {
        doors[count++] = (struct net_zmq_door){.endpoint = config->listen[index]};
    }
    for (uint32_t index = 0; index < config->plain_count; index++) {
        doors[count++] = (struct net_zmq_door){.endpoint = config->plains[index].endpoint,
                                               .agency = config->plains[index].agency};
    }
    return count;
}

/* A publish may be a whole batch and the protobuf around it. */
enum { FRAME_SLACK_BYTES = 4096 };

static enum status site_open_net(struct site *site, struct site_fault *fault)
{
    const struct config *config = &site->config;
    struct net_zmq_door doors[LISTENS_MAX + PLAINS_MAX];
    struct net_zmq_fault found = {.text = ""};
    struct key_pair pair;
    enum status status = site_read_keys(site, &pair, fault);
    if (status != STATUS_OK) {
        return status;
    }
    struct net_zmq_options options = {
        .doors = doors,
        .door_count = site_doors(site, doors),
        .public_key = pair.public_key,
        .secret_key = pair.secret_key,
        .sessions = config->limits.sessions,
        .sessions_key = config->limits.sessions_agency,
        .handshakes_second = config->handshakes_key,
        .frame_bytes = config->limits.batch_bytes + FRAME_SLACK_BYTES,
        .heartbeat_ms = config->heartbeat_ms,
        .silence_ms = (uint32_t)config->limits.silence_ms,
        .handed_bytes = config->handed_bytes,
        .peer_bytes = config->peer_bytes,
    };
    status = net_zmq_new(&options, &site->net, &found);
    keys_forget(&pair);
    if (status != STATUS_OK) {
        return fault_say(fault, status, found.text);
    }
    if (found.text[0] != '\0') {
        journal_say(TRACE_WARNING, "%s", found.text);
    }
    status = site_give_keys(site, site->policy);
    return status == STATUS_OK ? status : fault_say(fault, status, "no memory for the keys");
}

static void engine_is_ready(void *context, uint64_t head)
{
    struct site *site = context;
    (void)head;
    site->is_recovered = true;
}

static void engine_has_chunk(void *context, const struct store_done *done)
{
    const struct site *site = context;
    if (site->admin != NULL) {
        admin_take_chunk(site->admin, done);
    }
}

static enum status site_open_engine(struct site *site, struct site_fault *fault)
{
    uint32_t count = 0;
    struct engine_options options = {
        .net = site->net,
        .store = site->store,
        .limits = &site->config.limits,
        .site_name = bytes_of_text(site->config.name),
        .heartbeat_ms = site->config.heartbeat_ms,
        .accept_clock = site->options.accept_clock,
        .listener = {.context = site,
                     .trace = journal_trace,
                     .ready = engine_is_ready,
                     .chunk = engine_has_chunk},
    };
    site->engine = engine_new(&options);
    if (site->engine == NULL) {
        return fault_say(fault, STATUS_MEMORY, "no memory for the limits that are configured");
    }
    const struct policy_agency *agencies = policy_set_agencies(site->policy, &count);
    enum status status =
        engine_set_policy(site->engine, agencies, count, site_now_ms(), site_wall_ms());
    return status == STATUS_OK ? status : fault_say(fault, status, "the policy is too large");
}

enum status site_open(struct site *site, const struct site_options *options,
                      struct site_fault *fault)
{
    *site = (struct site){.options = *options};
    enum status status = site_read_files(site, fault);
    if (status == STATUS_OK) {
        status = site_open_store(site, fault);
    }
    if (status == STATUS_OK) {
        status = site_open_net(site, fault);
    }
    if (status == STATUS_OK) {
        status = site_open_engine(site, fault);
    }
    if (status != STATUS_OK) {
        site_close(site);
    }
    return status;
}

enum status site_open_doors(struct site *site, struct site_fault *fault)
{
    struct net_zmq_fault found = {.text = ""};
    enum status status = net_zmq_open(site->net, &found);
    return status == STATUS_OK ? status : fault_say(fault, status, found.text);
}

/* Sessions first: what a key may do ends before its next handshake is judged by the new set. A
 * handshake let in between by the old keys meets a core that does not know the key any more. */
enum status site_reload(struct site *site, struct site_fault *fault)
{
    struct yaml_fault found = {.text = ""};
    struct policy_set *offered = NULL;
    uint32_t count = 0;
    enum status status = policy_set_load(site->options.directory, &site->config, &offered, &found);
    if (status != STATUS_OK) {
        return fault_say(fault, status, found.text);
    }
    const struct policy_agency *agencies = policy_set_agencies(offered, &count);
    status = engine_set_policy(site->engine, agencies, count, site_now_ms(), site_wall_ms());
    if (status != STATUS_OK) {
        policy_set_free(offered);
        return fault_say(fault, status, "the policy does not fit the limits; the old one stays");
    }
    status = site_give_keys(site, offered);
    policy_set_free(site->policy);
    site->policy = offered;
    if (status != STATUS_OK) {
        return fault_say(fault, status, "no memory for the new keys: only the old ones connect");
    }
    return STATUS_OK;
}

void site_close(struct site *site)
{
    engine_free(site->engine);
    if (site->net != NULL) {
        site->net->ops->close(site->net);
    }
    if (site->store != NULL) {
        site->store->ops->close(site->store);
    }
    policy_set_free(site->policy);
    *site = (struct site){.options = site->options};
}
