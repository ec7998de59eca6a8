/* wire_resume.c - tokens by which a follow without a cursor goes on: the broker keeps nothing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A token is version, since, origin and a BLAKE2b-256 over them, the log's identity, the agency
 * and the selection, keyed with the log's secret. Changed filters would give sight of what was
 * published before they were granted, so they are bound as well.
 */
#include <sodium.h>

#include "broker/base/codec.h"
#include "broker/net/wire_private.h"

enum { RESUME_VERSION = 1, MAC_BYTES = 32, CLEAR_BYTES = RESUME_BYTES - MAC_BYTES };

static void hash_text(crypto_generichash_state *hash, struct bytes text)
{
    uint8_t length[2] = {(uint8_t)(text.length >> 8), (uint8_t)text.length};
    crypto_generichash_update(hash, length, sizeof length);
    crypto_generichash_update(hash, text.data, text.length);
}

static void hash_number(crypto_generichash_state *hash, uint64_t number)
{
    uint8_t bytes[8];
    struct codec_writer writer = codec_writer_of(bytes, sizeof bytes);
    codec_put_u64(&writer, number);
    crypto_generichash_update(hash, bytes, sizeof bytes);
}

void wire_resume_selection(const struct follow_request *follow, struct bytes agency,
                           uint8_t selection[SELECTION_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, SELECTION_BYTES);
    hash_text(&hash, agency);
    hash_number(&hash, follow->filter_count);
    for (uint32_t i = 0; i < follow->filter_count; i++) {
        hash_text(&hash, follow->filters[i]);
    }
    hash_number(&hash, follow->modes);
    hash_number(&hash, follow->kinds);
    hash_number(&hash, follow->min_priority);
    hash_number(&hash, follow->category_count);
    for (uint32_t i = 0; i < follow->category_count; i++) {
        hash_number(&hash, follow->categories[i]);
    }
    hash_number(&hash, follow->incident_count);
    for (uint32_t i = 0; i < follow->incident_count; i++) {
        hash_text(&hash, follow->incidents[i]);
    }
    crypto_generichash_final(&hash, selection, SELECTION_BYTES);
}

static void token_mac(const struct wire *wire, const uint8_t selection[SELECTION_BYTES],
                      const uint8_t *clear, uint8_t mac[MAC_BYTES])
{
    static const char label[] = "kentongan resume";
    const struct wire_options *options = &wire->options;
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, options->secret, sizeof options->secret, MAC_BYTES);
    crypto_generichash_update(&hash, (const uint8_t *)label, sizeof label);
    crypto_generichash_update(&hash, clear, CLEAR_BYTES);
    crypto_generichash_update(&hash, options->uuid, sizeof options->uuid);
    hash_number(&hash, options->incarnation);
    crypto_generichash_update(&hash, selection, SELECTION_BYTES);
    crypto_generichash_final(&hash, mac, MAC_BYTES);
}

void wire_resume_seal(const struct wire *wire, const struct following_answer *following,
                      uint8_t token[RESUME_BYTES])
{
    struct codec_writer writer = codec_writer_of(token, CLEAR_BYTES);
    codec_put_u8(&writer, RESUME_VERSION);
    codec_put_u64(&writer, following->since);
    codec_put_u64(&writer, following->origin);
    token_mac(wire, following->selection, token, token + CLEAR_BYTES);
}

bool wire_resume_open(const struct wire *wire, struct bytes token, struct follow_request *follow)
{
    uint8_t mac[MAC_BYTES];
    if (token.length != RESUME_BYTES) {
        return false;
    }
    token_mac(wire, follow->selection, token.data, mac);
    struct codec_reader reader = codec_reader_of(token);
    bool is_version = codec_get_u8(&reader) == RESUME_VERSION;
    follow->resume_since = codec_get_u64(&reader);
    follow->resume_origin = codec_get_u64(&reader);
    follow->is_resumed = is_version && sodium_memcmp(mac, token.data + CLEAR_BYTES, MAC_BYTES) == 0;
    return follow->is_resumed;
}
