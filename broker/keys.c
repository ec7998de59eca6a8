/* keys.c - Z85 by libzmq, locked and zeroed memory by libsodium.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum status keys_read_text(struct bytes text, uint8_t key[CURVE_KEY_BYTES])
{
    char copy[CURVE_KEY_TEXT_BYTES + 1] = {0};
    if (text.length != CURVE_KEY_TEXT_BYTES) {
        return STATUS_INVALID;
    }
    memcpy(copy, text.data, text.length);
    bool is_read = zmq_z85_decode(key, copy) != NULL;
    sodium_memzero(copy, sizeof copy);
    return is_read ? STATUS_OK : STATUS_INVALID;
}

/* A key that its group or everybody may read is no secret: it is refused, as ssh does. */
static enum status secret_read(int file, char *text, size_t room, size_t *length)
{
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        return STATUS_IO;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return STATUS_DENIED;
    }
    ssize_t got = read(file, text, room);
    if (got < 0) {
        return STATUS_IO;
    }
    *length = (size_t)got;
    while (*length > 0 && (text[*length - 1] == '\n' || text[*length - 1] == '\r')) {
        (*length)--;
    }
    return STATUS_OK;
}

static enum status pair_make(struct bytes text, struct key_pair *pair)
{
    if (keys_read_text(text, pair->secret_key) != STATUS_OK) {
        return STATUS_INVALID;
    }
    /* What zmq_curve_public() does, without the detour over text. */
    return crypto_scalarmult_base(pair->public_key, pair->secret_key) == 0 ? STATUS_OK
                                                                           : STATUS_INVALID;
}

enum status keys_load(const char *path, struct key_pair *pair)
{
    char text[CURVE_KEY_TEXT_BYTES + 8];
    size_t length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    /* Best effort: without the right to lock memory the key is still zeroed at the end. */
    (void)sodium_mlock(pair, sizeof *pair);
    enum status status = secret_read(file, text, sizeof text, &length);
    (void)close(file);
    if (status == STATUS_OK) {
        status = pair_make(bytes_of(text, length), pair);
    }
    sodium_memzero(text, sizeof text);
    if (status != STATUS_OK) {
        keys_forget(pair);
    }
    return status;
}

void keys_forget(struct key_pair *pair)
{
    (void)sodium_munlock(pair, sizeof *pair); /* zeroes first */
}
