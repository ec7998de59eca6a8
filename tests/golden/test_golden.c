/* test_golden.c - protobuf-c reads every golden event and writes the same bytes again.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A message of its own needs no such promise (received bytes are never encoded again), but this
 * shows that C and Python mean the same by one schema, down to order, packing and presence.
 */
#include "tests/unit/check.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#include "kentongan/v1/event.pb-c.h"

enum { WIRE_BYTES_MAX = 64 * 1024, GOLDEN_MAX = 512, NAME_BYTES = 512 };

struct golden {
    const char *name;
    const ProtobufCMessageDescriptor *message;
};

static const char *folder;

static int hex_digit(int letter)
{
    return isdigit(letter) ? letter - '0' : letter - 'a' + 10;
}

/* Reads the next byte of a hex file; false at its end. */
static bool next_byte(FILE *file, uint8_t *byte)
{
    int high;
    do {
        high = fgetc(file);
    } while (high == '\n');
    if (high == EOF) {
        return false;
    }
    int low = fgetc(file);
    assert_true(isxdigit(high) && isxdigit(low));
    *byte = (uint8_t)(hex_digit(high) << 4 | hex_digit(low));
    return true;
}

static size_t read_golden(const char *name, uint8_t *wire)
{
    char path[2 * NAME_BYTES];
    assert_in_range(snprintf(path, sizeof path, "%s/%s", folder, name), 1, sizeof path - 1);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = 0;
    uint8_t byte;
    while (next_byte(file, &byte)) {
        assert_in_range(length, 0, WIRE_BYTES_MAX - 1);
        wire[length++] = byte;
    }
    fclose(file);
    return length;
}

static void test_unpacked_and_packed_again_is_the_same(void **state)
{
    const struct golden *golden = *state;
    static uint8_t wire[WIRE_BYTES_MAX];
    static uint8_t again[WIRE_BYTES_MAX];
    size_t length = read_golden(golden->name, wire);
    assert_in_range(length, 1, WIRE_BYTES_MAX);
    ProtobufCMessage *message = protobuf_c_message_unpack(golden->message, NULL, length, wire);
    assert_non_null(message);
    assert_int_equal(message->n_unknown_fields, 0);
    assert_true(protobuf_c_message_check(message));
    assert_int_equal(protobuf_c_message_get_packed_size(message), length);
    assert_int_equal(protobuf_c_message_pack(message, again), length);
    assert_memory_equal(again, wire, length);
    protobuf_c_message_free_unpacked(message, NULL);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static size_t list_golden(struct golden *found)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    size_t count = 0;
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        if (!ends_with(entry->d_name, ".hex")) {
            continue;
        }
        assert_in_range(count, 0, GOLDEN_MAX - 1);
        char *name = strdup(entry->d_name);
        assert_non_null(name);
        found[count].name = name;
        found[count].message = ends_with(name, ".personal.hex")
                                   ? &kentongan__v1__personal_block__descriptor
                                   : &kentongan__v1__event__descriptor;
        count++;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    static struct golden found[GOLDEN_MAX];
    folder = argc == 2 ? argv[1] : "tests/golden/v1";
    size_t count = list_golden(found);
    if (count == 0) {
        fprintf(stderr, "no golden events in %s\n", folder);
        return 1;
    }
    int failures = check_rows("golden", found, count, sizeof *found,
                              test_unpacked_and_packed_again_is_the_same);
    for (size_t index = 0; index < count; index++) {
        free((void *)found[index].name);
    }
    return failures;
}
