/* test_admin.c - the admin socket: who is answered what, and walks over the log beside the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/ops/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker/log/chunk.h"
#include "tests/unit/check.h"
#include "tests/unit/item_maker.h"

enum { CHUNKS = 5, ITEMS = 3, EVENTS = CHUNKS * ITEMS, ROUNDS_MAX = 2000 };

/* A broker as the door sees it: a log in memory, and a policy that is good or not. */
struct house {
    char directory[64];
    struct admin *admin;
    struct blob *chunks[CHUNKS];
    bool is_policy_good, is_stopped, is_silent;
    int busy;         /* reads that are answered BUSY before one is taken */
    uint64_t pending; /* a sequence that was asked for; 0: none */
    int reloads;
};

static bool house_reload(void *context, char *reason, size_t room)
{
    struct house *house = context;
    house->reloads++;
    (void)snprintf(reason, room, "agencies/x.yaml:3:1: unknown key \"admim\"");
    return house->is_policy_good;
}

static void house_info(void *context, struct admin_info *info)
{
    (void)context;
    info->endpoints[info->endpoint_count++] = "tcp://127.0.0.1:7112";
    info->sessions = 3;
}

static void house_log(void *context, struct store_tail *tail, uint64_t *used_bytes)
{
    (void)context;
    *tail = (struct store_tail){.first = 1, .last = EVENTS, .incarnation = 2, .uuid = {0xab}};
    *used_bytes = 4096;
}

static enum status house_read_chunk(void *context, uint64_t seq)
{
    struct house *house = context;
    assert_true(house->pending == 0);
    if (house->busy > 0) {
        house->busy--;
        return STATUS_BUSY;
    }
    house->pending = seq;
    return STATUS_OK;
}

static void house_stop(void *context)
{
    ((struct house *)context)->is_stopped = true;
}

/* The engine's part of a turn: answers what was asked for. */
static void house_turn(struct house *house)
{
    admin_turn(house->admin);
    if (house->pending != 0 && !house->is_silent) {
        uint64_t place = (house->pending - 1) / ITEMS;
        struct store_done done = {.operation = STORE_READ,
                                  .first = place * ITEMS + 1,
                                  .last = (place + 1) * ITEMS,
                                  .blob = house->chunks[place]};
        house->pending = 0;
        admin_take_chunk(house->admin, &done);
    }
}

static void house_fill(struct house *house)
{
    static struct made_item made[ITEMS];
    struct append_item items[ITEMS];
    uint8_t previous[CHUNK_HASH_BYTES] = {0}, hash[CHUNK_HASH_BYTES];
    uint64_t seed = 7;
    for (uint32_t i = 0; i < CHUNKS; i++) {
        for (uint32_t k = 0; k < ITEMS; k++) {
            item_make(&made[k], i * ITEMS + k + 1, false, &seed);
            items[k] = made[k].item;
        }
        assert_int_equal(chunk_seal(items, ITEMS, previous, &house->chunks[i], hash), STATUS_OK);
        memcpy(previous, hash, sizeof previous);
    }
}

static int setup(void **state)
{
    static struct house house;
    house = (struct house){.is_policy_good = true};
    const struct admin_calls calls = {.context = &house,
                                      .reload = house_reload,
                                      .info = house_info,
                                      .log = house_log,
                                      .read_chunk = house_read_chunk,
                                      .stop = house_stop};
    (void)snprintf(house.directory, sizeof house.directory, "/tmp/kentongan-admin-XXXXXX");
    if (mkdtemp(house.directory) == NULL) {
        return -1;
    }
    house_fill(&house);
    *state = &house;
    return admin_open(house.directory, &calls, &house.admin) == STATUS_OK ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static int teardown(void **state)
{
    struct house *house = *state;
    admin_close(house->admin);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        blob_drop(house->chunks[i]);
    }
    return nftw(house->directory, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
}

static int visit(const struct house *house)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int visitor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", house->directory);
    assert_int_equal(connect(visitor, (struct sockaddr *)&address, sizeof address), 0);
    return visitor;
}

static void say(int visitor, const char *text)
{
    assert_int_equal(send(visitor, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until the connection has `length` bytes more, a newline, or is closed. Returns what there
 * is. */
static size_t listen_to(struct house *house, int visitor, char *text, size_t room)
{
    size_t used = 0;
    for (int round = 0; round < ROUNDS_MAX && used < room; round++) {
        struct pollfd items[ADMIN_DESCRIPTORS_MAX];
        uint32_t count = admin_descriptors(house->admin, items);
        house_turn(house);
        ssize_t got = recv(visitor, text + used, room - used, 0);
        used += got > 0 ? (size_t)got : 0;
        if (got == 0 || (used > 0 && text[used - 1] == '\n')) {
            return used;
        }
        (void)poll(items, count, 5);
    }
    return used;
}

static const char *answer(struct house *house, int visitor)
{
    static char text[8192];
    size_t length = listen_to(house, visitor, text, sizeof text - 1);
    text[length] = '\0';
    return text;
}

static void the_socket_is_for_its_owner(void **state)
{
    struct house *house = *state;
    char path[128];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s/admin.sock", house->directory);
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISSOCK(about.st_mode));
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void what_a_killed_broker_left_is_replaced(void **state)
{
    struct house *house = *state;
    const struct admin_calls calls = {.context = house, .info = house_info, .log = house_log};
    struct admin *second = NULL;
    assert_int_equal(admin_open(house->directory, &calls, &second), STATUS_OK);
    struct admin *first = house->admin;
    house->admin = second;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"info\"}\n");
    assert_non_null(strstr(answer(house, visitor), "\"ok\":true"));
    (void)close(visitor);
    admin_close(first);
}

static void info_tells_where_and_how_far(void **state)
{
    struct house *house = *state;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"info\"}\n");
    assert_string_equal(
        answer(house, visitor),
        "{\"ok\":true,\"endpoints\":[\"tcp://127.0.0.1:7112\"],\"head\":15,"
        "\"uuid\":\"ab000000000000000000000000000000\",\"incarnation\":2,\"first\":1,"
        "\"last\":15,\"bytes\":4096,\"sessions\":3,\"handedBytes\":0}\n");
    (void)close(visitor);
}

static void a_reload_is_answered_when_it_is_in_force_or_refused(void **state)
{
    struct house *house = *state;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"reload\"}\n");
    assert_string_equal(answer(house, visitor), "{\"ok\":true}\n");
    house->is_policy_good = false;
    say(visitor, "{\"do\":\"reload\"}\n");
    assert_string_equal(answer(house, visitor),
                        "{\"ok\":false,\"reason\":\"agencies/x.yaml:3:1: unknown key "
                        "\\\"admim\\\"\"}\n");
    assert_int_equal(house->reloads, 2);
    (void)close(visitor);
}

struct refused_row {
    const char *name, *line;
};

static const struct refused_row refused_rows[] = {
    {"no JSON",               "hello\n"                             },
    {"no object",             "[1]\n"                               },
    {"nothing to do",         "{}\n"                                },
    {"an unknown verb",       "{\"do\":\"erase\"}\n"                },
    {"a number for a verb",   "{\"do\":7}\n"                        },
    {"a name twice",          "{\"do\":\"stop\",\"do\":\"info\"}\n" },
    {"an unknown walk",       "{\"do\":\"log\",\"verb\":\"trim\"}\n"},
    {"a walk without a name", "{\"do\":\"log\"}\n"                  },
    {"an empty line",         "\n"                                  },
};

static void test_refused(void **state)
{
    const struct refused_row *row = *state;
    void *made = NULL;
    assert_int_equal(setup(&made), 0);
    struct house *house = made;
    if (house == NULL) {
        fail(); /* setup() has set it */
        return;
    }
    int visitor = visit(house);
    say(visitor, row->line);
    const char *text = answer(house, visitor);
    assert_int_equal(strncmp(text, "{\"ok\":false,\"reason\":\"", 22), 0);
    assert_false(house->is_stopped);
    say(visitor, "{\"do\":\"info\"}\n");
    assert_non_null(strstr(answer(house, visitor), "\"ok\":true"));
    (void)close(visitor);
    assert_int_equal(teardown(&made), 0);
}

static void a_line_in_pieces_is_one_line(void **state)
{
    struct house *house = *state;
    int visitor = visit(house);
    say(visitor, "{\"do\":");
    house_turn(house);
    say(visitor, "\"stop\"}\n");
    assert_string_equal(answer(house, visitor), "{\"ok\":true}\n");
    assert_true(house->is_stopped);
    (void)close(visitor);
}

static void a_line_without_end_is_cut(void **state)
{
    struct house *house = *state;
    static char endless[5000];
    int visitor = visit(house);
    memset(endless, ' ', sizeof endless - 1);
    say(visitor, endless);
    char text[16];
    assert_int_equal(listen_to(house, visitor, text, sizeof text), 0);
    (void)close(visitor);
}

static void the_log_is_verified_beside_the_engine(void **state)
{
    struct house *house = *state;
    int visitor = visit(house);
    house->busy = 3;
    say(visitor, "{\"do\":\"log\",\"verb\":\"verify\"}\n");
    assert_int_equal(
        strncmp(answer(house, visitor), "{\"ok\":true,\"first\":1,\"last\":15,\"chunks\":5,", 42),
        0);
    (void)close(visitor);
}

static void damage_is_named_by_its_range(void **state)
{
    struct house *house = *state;
    struct bytes sound = blob_bytes(house->chunks[2]);
    struct blob *damaged = blob_new(sound);
    blob_room(damaged)[sound.length - 1] ^= 1;
    blob_drop(house->chunks[2]);
    house->chunks[2] = damaged;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"log\",\"verb\":\"verify\"}\n");
    assert_string_equal(answer(house, visitor),
                        "{\"ok\":false,\"code\":\"STORE_CORRUPT\",\"firstBad\":7,\"lastBad\":9}\n");
    (void)close(visitor);
}

static void the_export_is_the_chunks_as_they_are(void **state)
{
    struct house *house = *state;
    static uint8_t stream[256 * 1024];
    size_t used = 0, at = 0, got = 1;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"log\",\"verb\":\"export\"}\n");
    while (got > 0) {
        got = listen_to(house, visitor, (char *)stream + used, sizeof stream - used);
        used += got;
    }
    for (uint32_t i = 0; i < CHUNKS; i++) {
        struct bytes chunk = blob_bytes(house->chunks[i]);
        assert_true(used - at >= 4 + chunk.length);
        assert_int_equal(stream[at] << 24 | stream[at + 1] << 16 | stream[at + 2] << 8 |
                             stream[at + 3],
                         chunk.length);
        assert_memory_equal(stream + at + 4, chunk.data, chunk.length);
        at += 4 + chunk.length;
    }
    assert_memory_equal(stream + at, "\0\0\0\0{\"ok\":true", 14);
    (void)close(visitor);
}

static void there_is_a_bound_on_walks(void **state)
{
    struct house *house = *state;
    int visitors[3];
    house->is_silent = true;
    for (int i = 0; i < 3; i++) {
        visitors[i] = visit(house);
        say(visitors[i], "{\"do\":\"log\",\"verb\":\"verify\"}\n");
        house_turn(house);
    }
    assert_non_null(strstr(answer(house, visitors[2]), "\"ok\":false"));
    house->is_silent = false;
    assert_non_null(strstr(answer(house, visitors[0]), "\"ok\":true"));
    assert_non_null(strstr(answer(house, visitors[1]), "\"ok\":true"));
    for (int i = 0; i < 3; i++) {
        (void)close(visitors[i]);
    }
}

static void it_can_be_closed_in_the_middle_of_a_walk(void **state)
{
    struct house *house = *state;
    house->is_silent = true;
    int visitor = visit(house);
    say(visitor, "{\"do\":\"log\",\"verb\":\"export\"}\n");
    for (int i = 0; i < 20 && house->pending == 0; i++) {
        struct pollfd items[ADMIN_DESCRIPTORS_MAX];
        uint32_t count = admin_descriptors(house->admin, items);
        house_turn(house);
        (void)poll(items, count, 50);
    }
    assert_true(house->pending == 1);
    admin_close(house->admin);
    house->admin = NULL;
    (void)close(visitor);
}

#define AT_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        AT_HOUSE(the_socket_is_for_its_owner),
        AT_HOUSE(what_a_killed_broker_left_is_replaced),
        AT_HOUSE(info_tells_where_and_how_far),
        AT_HOUSE(a_reload_is_answered_when_it_is_in_force_or_refused),
        AT_HOUSE(a_line_in_pieces_is_one_line),
        AT_HOUSE(a_line_without_end_is_cut),
        AT_HOUSE(the_log_is_verified_beside_the_engine),
        AT_HOUSE(damage_is_named_by_its_range),
        AT_HOUSE(the_export_is_the_chunks_as_they_are),
        AT_HOUSE(there_is_a_bound_on_walks),
        AT_HOUSE(it_can_be_closed_in_the_middle_of_a_walk),
    };
    int failures = CHECK_ROWS(refused_rows, test_refused);
    return failures + cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
