/* json_door.c - the JSON door as a filter, for json_door.py: a line `print HEX` is answered with
 * JSON, a line `read JSON` with the hex of the message.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "clients/c/src/json_event.h"
#include "clients/c/src/json_print.h"
#include "clients/c/src/json_read.h"
#include "kentongan/v1/event.pb-c.h"

enum { DOOR_ARENA_BYTES = 16 * 1024 * 1024 };

static void print_line(const char *hex)
{
    size_t length = strlen(hex) / 2;
    uint8_t *bytes = malloc(length + 1);
    struct json_text text = {0};
    for (size_t i = 0; i < length; i++)
        sscanf(hex + 2 * i, "%2hhx", &bytes[i]); /* NOLINT(cert-err34-c): our own script wrote it */
    if (json_event_print(&text, bytes_of(bytes, length)))
        puts(text.data);
    else
        puts("FAILED");
    json_text_deinit(&text);
    free(bytes);
}

static void read_line(const char *line)
{
    struct json_fault fault;
    struct arena arena;
    ProtobufCMessage *message;
    json_t *object = json_parse_object(bytes_of_text(line), &fault);
    arena_init(&arena, DOOR_ARENA_BYTES);
    if (object != NULL &&
        json_read_message(object, &kentongan__v1__event__descriptor, &arena, &message, &fault)) {
        size_t length = protobuf_c_message_get_packed_size(message);
        uint8_t *bytes = malloc(length + 1);
        protobuf_c_message_pack(message, bytes);
        for (size_t i = 0; i < length; i++)
            printf("%02x", bytes[i]);
        putchar('\n');
        free(bytes);
    } else {
        printf("%s %s %s\n", fault.code, fault.field, fault.reason);
    }
    arena_deinit(&arena);
    json_decref(object);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        line[length - 1] = '\0';
        if (strncmp(line, "print ", 6) == 0)
            print_line(line + 6);
        else if (strncmp(line, "read ", 5) == 0)
            read_line(line + 5);
        fflush(stdout);
    }
    free(line);
    return 0;
}
