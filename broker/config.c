/* config.c - the keys of kentongan.yaml, and what each may be.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (UINT64_C(1024) * 1024)

bool config_is_agency_name(struct bytes name)
{
    if (name.length == 0 || name.length > AGENCY_BYTES_MAX ||
        bytes_are_equal(name, bytes_of_text("kentongan"))) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        uint8_t letter = name.data[i];
        bool is_allowed =
            (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
        if (!is_allowed) {
            return false;
        }
    }
    return true;
}

static bool is_port(const char *text)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    unsigned long port = strtoul(text, &end, 10);
    return *end == '\0' && port <= UINT16_MAX;
}

/* Splits tcp://HOST:PORT; brackets around an IPv6 address are taken off. */
static bool tcp_split(const char *endpoint, char host[ENDPOINT_BYTES_MAX])
{
    if (strncmp(endpoint, "tcp://", 6) != 0) {
        return false;
    }
    const char *begin = endpoint + 6;
    const char *colon = strrchr(begin, ':');
    if (colon == NULL || colon == begin || !is_port(colon + 1)) {
        return false;
    }
    size_t length = (size_t)(colon - begin);
    if (begin[0] == '[' && begin[length - 1] == ']') {
        begin++;
        length -= 2;
    }
    memcpy(host, begin, length);
    host[length] = '\0';
    return true;
}

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static enum status take_listen(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    struct config *config = into;
    char host[ENDPOINT_BYTES_MAX];
    char *endpoint = config->listen[config->listen_count];
    const struct yaml_field whole = {.width = ENDPOINT_BYTES_MAX, .min = 1};
    enum status status = yaml_take_text(node, &whole, endpoint, fault);
    (void)field;
    if (status != STATUS_OK) {
        return status;
    }
    if (!tcp_split(endpoint, host)) {
        return yaml_refuse(node, fault, "expected tcp://ADDRESS:PORT");
    }
    config->listen_count++;
    return STATUS_OK;
}

static enum status take_listens(struct yaml_node node, const struct yaml_field *field, void *into,
                                struct yaml_fault *fault)
{
    return yaml_take_list(node, field, take_listen, into, fault);
}

static enum status take_advertise(struct yaml_node node, const struct yaml_field *field, void *into,
                                  struct yaml_fault *fault)
{
    char endpoint[ENDPOINT_BYTES_MAX + 8];
    char host[ENDPOINT_BYTES_MAX];
    enum status status = yaml_take_text(node, field, into, fault);
    if (status != STATUS_OK) {
        return status;
    }
    (void)snprintf(endpoint, sizeof endpoint, "tcp://%s", ((struct config *)into)->advertise);
    bool is_good = tcp_split(endpoint, host) && strcmp(host, "*") != 0 &&
                   strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0;
    return is_good ? STATUS_OK
                   : yaml_refuse(node, fault, "expected HOST:PORT that clients can reach");
}

static enum status take_region(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    enum status status = yaml_take_text(node, field, into, fault);
    const char *region = ((struct config *)into)->region;
    if (status == STATUS_OK && region[strspn(region, "0123456789.")] != '\0') {
        return yaml_refuse(node, fault, "expected a region code such as 62.71");
    }
    return status;
}

/* Without CURVE nobody proves who he is: only what cannot be reached from outside may be so. */
static enum status take_plain_endpoint(struct yaml_node node, const struct yaml_field *field,
                                       void *into, struct yaml_fault *fault)
{
    char host[ENDPOINT_BYTES_MAX];
    const char *endpoint = ((struct config_plain *)into)->endpoint;
    enum status status = yaml_take_text(node, field, into, fault);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_ipc = strncmp(endpoint, "ipc:///", 7) == 0 || strncmp(endpoint, "ipc://@", 7) == 0;
    if (!is_ipc && !(tcp_split(endpoint, host) && is_loopback(host))) {
        return yaml_refuse(node, fault, "expected ipc:///PATH or tcp:// on a loopback address");
    }
    return STATUS_OK;
}

static enum status take_plain_agency(struct yaml_node node, const struct yaml_field *field,
                                     void *into, struct yaml_fault *fault)
{
    enum status status = yaml_take_text(node, field, into, fault);
    const char *agency = ((struct config_plain *)into)->agency;
    if (status == STATUS_OK && !config_is_agency_name(bytes_of_text(agency))) {
        return yaml_refuse(node, fault, "expected an agency's name");
    }
    return status;
}

#define MEMBER(type, member)                                                                       \
    .key = #member, .offset = offsetof(struct type, member),                                       \
    .width = sizeof(((struct type *)0)->member)

static enum status take_plain(struct yaml_node node, const struct yaml_field *field, void *into,
                              struct yaml_fault *fault)
{
    /* clang-format off */
    static const struct yaml_field fields[] = {
        {MEMBER(config_plain, endpoint), .take = take_plain_endpoint, .is_required = true,
         .min = 1},
        {MEMBER(config_plain, agency), .take = take_plain_agency, .is_required = true, .min = 1},
    };
    /* clang-format on */
    struct config *config = into;
    (void)field;
    enum status status = yaml_take_mapping(node, fields, sizeof fields / sizeof *fields,
                                           &config->plains[config->plain_count], fault);
    config->plain_count += status == STATUS_OK;
    return status;
}

static enum status take_plains(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    return yaml_take_list(node, field, take_plain, into, fault);
}

#define NUMBER(type, member, least, most)                                                          \
    MEMBER(type, member), .take = yaml_take_number, .min = (least), .max = (most)

static enum status take_limits(struct yaml_node node, const struct yaml_field *field, void *into,
                               struct yaml_fault *fault)
{
    /* clang-format off */
    static const struct yaml_field fields[] = {
        {NUMBER(core_limits, sessions, 1, 100000)},
        {NUMBER(core_limits, sessions_agency, 1, 100000)},
        {NUMBER(core_limits, agencies, 1, 65536)},
        {NUMBER(core_limits, policy_lines, 1, 1000000)},
        {NUMBER(core_limits, follows, 1, 1000000)},
        {NUMBER(core_limits, follows_session, 1, 100000)},
        {NUMBER(core_limits, filter_bytes, 4096, UINT64_C(1024) * MIB)},
        {NUMBER(core_limits, cursors_agency, 1, 100000)},
        {NUMBER(core_limits, producers, 1, 4000000)},
        {NUMBER(core_limits, producers_agency, 1, 1000000)},
        {NUMBER(core_limits, rings, 1, 65536)},
        {NUMBER(core_limits, window_events, 1, 4096)},
        {NUMBER(core_limits, id_window_events, 1024, 16000000)},
        {NUMBER(core_limits, id_window_ms, 60000, UINT64_C(366) * 86400000)},
        {NUMBER(core_limits, pending_events, 16, 1000000)},
        {NUMBER(core_limits, pending_bytes, 2 * MIB, UINT64_C(4096) * MIB)},
        {NUMBER(core_limits, page_bytes, 2 * MIB, UINT64_C(65536) * MIB)},
        {NUMBER(core_limits, pages, 16, 65536)},
        {NUMBER(core_limits, reads, 1, 512)},
        {NUMBER(core_limits, match_entries, 4096, 1000000)},
        {NUMBER(core_limits, chunk_bytes, MIB / 8, MIB / 2)},
        {NUMBER(core_limits, checkpoint_events, 64, 1000000)},
        {NUMBER(core_limits, checkpoint_ms, 100, 3600000)},
        {NUMBER(core_limits, silence_ms, 1000, 600000)},
        {NUMBER(core_limits, bookmark_ms, 10, 60000)},
        {NUMBER(core_limits, skew_ms, 1000, 86400000)},
        {NUMBER(core_limits, event_bytes, 1024, EVENT_BYTES_MAX)},
        {NUMBER(core_limits, batch_bytes, 65536 + 4096, BATCH_BYTES_MAX)},
    };
    /* clang-format on */
    (void)field;
    return yaml_take_mapping(node, fields, sizeof fields / sizeof *fields,
                             &((struct config *)into)->limits, fault);
}

/* clang-format off */
static const struct yaml_field site_fields[] = {
    {MEMBER(config, name), .take = yaml_take_text, .is_required = true, .min = 1},
    {MEMBER(config, region), .take = take_region, .is_required = true, .min = 2},
    {MEMBER(config, listen), .take = take_listens, .max = LISTENS_MAX},
    {MEMBER(config, advertise), .take = take_advertise, .min = 3},
    {.key = "plain", .take = take_plains, .max = PLAINS_MAX},
    {.key = "limits", .take = take_limits},
    {NUMBER(config, heartbeat_ms, 100, 60000)},
    {NUMBER(config, handshakes_key, 1, 10000)},
    {NUMBER(config, handed_bytes, 4 * MIB, UINT64_C(65536) * MIB)},
    {NUMBER(config, peer_bytes, 2 * MIB, UINT64_C(65536) * MIB)},
    {NUMBER(config, map_bytes, 64 * MIB, UINT64_C(64) * MIB * MIB)},
    {NUMBER(config, headroom_bytes, 1 * MIB, UINT64_C(65536) * MIB)},
};
/* clang-format on */

static void config_default(struct config *config)
{
    *config = (struct config){
        .heartbeat_ms = 5000,
        .handshakes_key = 32,
        .handed_bytes = UINT64_C(256) * MIB,
        .peer_bytes = UINT64_C(16) * MIB,
        .map_bytes = MIB * MIB,
        .headroom_bytes = UINT64_C(64) * MIB,
    };
    core_limits_default(&config->limits);
}

/* What no single line can be blamed for. */
static enum status config_judge(struct config *config, const struct yaml_file *file,
                                struct yaml_fault *fault)
{
    if (config->listen_count == 0 && config->plain_count == 0) {
        return yaml_refuse(yaml_root(file), fault,
                           "neither 'listen' nor 'plain' names an endpoint");
    }
    if (config->limits.silence_ms < 3 * (uint64_t)config->heartbeat_ms) {
        return yaml_refuse(yaml_root(file), fault,
                           "limits: silence_ms must be at least three times heartbeat_ms");
    }
    if (config->headroom_bytes > config->map_bytes / 2) {
        return yaml_refuse(yaml_root(file), fault, "headroom_bytes is over half of map_bytes");
    }
    return STATUS_OK;
}

enum status config_load(const char *directory, struct config *config, struct yaml_fault *fault)
{
    char path[4096];
    struct yaml_file *file = NULL;
    int length = snprintf(path, sizeof path, "%s/kentongan.yaml", directory);
    if (length < 0 || (size_t)length >= sizeof path) {
        (void)snprintf(fault->text, sizeof fault->text, "the directory's name is too long");
        return STATUS_INVALID;
    }
    config_default(config);
    enum status status = yaml_open(path, "kentongan.yaml", &file, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = yaml_take_mapping(yaml_root(file), site_fields,
                               sizeof site_fields / sizeof *site_fields, config, fault);
    if (status == STATUS_OK) {
        status = config_judge(config, file, fault);
    }
    yaml_close(file);
    return status;
}
