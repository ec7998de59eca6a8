/* profile.c - profiles, read strictly.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/src/profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/c/digest.h"

enum { PROFILE_BYTES_MAX = 64 * 1024, SECRET_DIGITS = 64 };

static bool invalid(struct json_fault *fault, const char *field, const char *reason)
{
    return json_refuse(fault, "PROFILE_INVALID", field, reason);
}

static bool get_text(const json_t *object, const char *name, char *out, size_t room,
                     struct json_fault *fault)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || text[0] == '\0' || strlen(text) >= room)
        return invalid(fault, name, "the profile lacks this text, or it is too long");
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool get_key(const json_t *object, const char *name, char out[LINK_KEY_TEXT_BYTES],
                    struct json_fault *fault)
{
    uint8_t key[32];
    if (!get_text(object, name, out, LINK_KEY_TEXT_BYTES, fault))
        return false;
    if (!link_zmq_key_read(out, key))
        return invalid(fault, name, "a key is 40 characters of Z85");
    explicit_bzero(key, sizeof key);
    return true;
}

static bool get_secret(const json_t *object, uint8_t secret[32], struct json_fault *fault)
{
    const char *text = json_string_value(json_object_get(object, "profileSecret"));
    if (text == NULL || strlen(text) != SECRET_DIGITS)
        return invalid(fault, "profileSecret", "64 hexadecimal digits are needed");
    for (size_t i = 0; i < 32; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
            return invalid(fault, "profileSecret", "64 hexadecimal digits are needed");
        secret[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

/* Keys may be missing only where nobody else can listen. */
static bool may_be_plain(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0 || strncmp(endpoint, "tcp://127.0.0.1:", 16) == 0 ||
           strncmp(endpoint, "tcp://[::1]:", 12) == 0;
}

static bool get_keys(const json_t *object, struct profile *profile, struct json_fault *fault)
{
    uint8_t key[32];
    if (json_object_get(object, "brokerKey") == NULL && may_be_plain(profile->net.endpoint))
        return true;
    if (!get_key(object, "brokerKey", profile->net.broker_key, fault) ||
        !get_key(object, "publicKey", profile->net.public_key, fault) ||
        !get_key(object, "secretKey", profile->net.secret_key, fault))
        return false;
    if (!link_zmq_key_read(profile->net.public_key, key))
        return false;
    digest_key_id(key, profile->key_id);
    return true;
}

static bool get_all(const json_t *object, struct profile *profile, struct json_fault *fault)
{
    if (json_integer_value(json_object_get(object, "format")) != 1)
        return invalid(fault, "format", "this library reads profiles of format 1");
    if (!get_text(object, "agency", profile->agency, sizeof profile->agency, fault) ||
        !get_text(object, "endpoint", profile->net.endpoint, sizeof profile->net.endpoint, fault))
        return false;
    const char *site = json_string_value(json_object_get(object, "site"));
    snprintf(profile->site, sizeof profile->site, "%s", site != NULL ? site : "");
    return get_keys(object, profile, fault) && get_secret(object, profile->secret, fault);
}

bool profile_read(const char *path, struct profile *profile, struct json_fault *fault)
{
    char text[PROFILE_BYTES_MAX];
    *profile = (struct profile){0};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return invalid(fault, "profile", strerror(errno));
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    if (length == sizeof text)
        return invalid(fault, "profile", "the file is too long for a profile");
    json_t *object = json_parse_object(bytes_of(text, length), fault);
    explicit_bzero(text, sizeof text);
    if (object == NULL)
        return false;
    bool is_read = get_all(object, profile, fault);
    json_decref(object);
    return is_read;
}
