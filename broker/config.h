/* config.h - the site's configuration file, DIR/kentongan.yaml (docs/configuration.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include "broker/core/input.h"
#include "broker/core/limits.h"
#include "broker/yaml.h"

enum { ENDPOINT_BYTES_MAX = 256, LISTENS_MAX = 8, PLAINS_MAX = 32, SITE_NAME_BYTES_MAX = 128 };

/* A door without CURVE: ipc or loopback only, and whoever comes through it is `agency`. */
struct config_plain {
    char endpoint[ENDPOINT_BYTES_MAX];
    char agency[AGENCY_BYTES_MAX + 1];
};

struct config {
    char name[SITE_NAME_BYTES_MAX + 1];
    char region[16]; /* Kemendagri code with dots: "62.71" */
    char listen[LISTENS_MAX][ENDPOINT_BYTES_MAX];
    uint32_t listen_count;
    char advertise[ENDPOINT_BYTES_MAX]; /* HOST:PORT as clients see it; empty: from `listen` */
    struct config_plain plains[PLAINS_MAX];
    uint32_t plain_count;
    struct core_limits limits;
    uint32_t heartbeat_ms; /* 5,000 */
    uint32_t
        handshakes_key;    /* a key's handshakes a second, after a burst of `sessions_agency`: 32 */
    uint64_t handed_bytes; /* in libzmq's hands at most: 256 MiB */
    uint64_t peer_bytes;   /* of them for one connection: 16 MiB */
    uint64_t map_bytes;    /* of the log: 1 TiB */
    uint64_t headroom_bytes; /* kept for cursors and trim: 64 MiB */
};

/* Reads DIR/kentongan.yaml over the defaults. NOT_FOUND, IO, MEMORY, INVALID; the fault says
 * where. */
enum status config_load(const char *directory, struct config *config,
                        struct yaml_fault *fault) STATUS_MUST_CHECK;

/* Whether `name` may be an agency's: [a-z0-9-], 1 to 64 bytes, and not the broker's own
 * `kentongan`. */
bool config_is_agency_name(struct bytes name);

#endif
