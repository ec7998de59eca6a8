/* test_config.c - kentongan.yaml and the policy files: what is taken, and where a fault is found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/config.h"
#include "broker/policy_files.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/c/digest.h"

/* The public and the secret half of the pair in ZeroMQ's manual page of CURVE. */
#define KEY_A "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define KEY_B "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static char directory[64];

static void write_file(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_directory(void **state)
{
    char path[128];
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/kentongan-config-XXXXXX");
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/agencies", directory);
    return mkdir(path, 0700);
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_directory(void **state)
{
    (void)state;
    return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- what is refused, and where ---- */

struct fault_row {
    const char *name;
    const char *site;   /* NULL: a good one */
    const char *agency; /* NULL: a good one */
    const char *fault;  /* how the text begins */
};

#define SITE "name: Kota\nregion: '62.71'\nlisten: [tcp://127.0.0.1:7112]\n"
#define AGENCY "name: damkar\nkeys:\n  - public: '" KEY_A "'\n    state: active\n"

/* clang-format off */
static const struct fault_row fault_rows[] = {
    {"an unknown key is named where it stands",
     SITE "retention: 5\n",
     NULL,
     "kentongan.yaml:4:1: unknown key 'retention'"},
    {"an unknown limit is named where it stands",
     SITE "limits:\n  sesions: 5\n",
     NULL,
     "kentongan.yaml:5:3: unknown key 'sesions'"},
    {"a word for a number is refused",
     SITE "heartbeat_ms: soon\n",
     NULL,
     "kentongan.yaml:4:15: expected a number from 100 to 60000"},
    {"a number in quotes is a word",
     SITE "heartbeat_ms: '500'\n",
     NULL,
     "kentongan.yaml:4:15: expected a number"},
    {"a number out of range is refused",
     SITE "limits: {sessions: 0}\n",
     NULL,
     "kentongan.yaml:4:20: expected a number from 1"},
    {"a number past 64 bits is refused",
     SITE "handed_bytes: 18446744073709551617\n",
     NULL,
     "kentongan.yaml:4:15: expected a number"},
    {"a key given twice is refused",
     SITE "name: Lagi\n",
     NULL,
     "kentongan.yaml:4:1: key 'name' is given twice"},
    {"a missing key is named",
     "name: Kota\nlisten: [tcp://127.0.0.1:1]\n",
     NULL,
     "kentongan.yaml:1:1: key 'region' is missing"},
    {"a list where a text belongs is refused",
     "name: [a]\n",
     NULL,
     "kentongan.yaml:1:7: expected a text"},
    {"bad YAML is named where it breaks",
     "name: Kota\n\tregion: x\n",
     NULL,
     "kentongan.yaml:2:1: "},
    {"a second document is refused",
     SITE "---\nname: x\n",
     NULL,
     "kentongan.yaml:5:1: a second document"},
    {"an empty file is refused",
     "",
     NULL,
     "kentongan.yaml: empty"},
    {"a scalar is no configuration",
     "hello\n",
     NULL,
     "kentongan.yaml:1:1: expected keys with values"},
    {"listen needs a port",
     "name: K\nregion: '62'\nlisten: [tcp://127.0.0.1]\n",
     NULL,
     "kentongan.yaml:3:10: expected tcp://ADDRESS:PORT"},
    {"listen is tcp only",
     "name: K\nregion: '62'\nlisten: ['ipc:///tmp/x']\n",
     NULL,
     "kentongan.yaml:3:10: expected tcp://"},
    {"no endpoint at all is refused",
     "name: K\nregion: '62'\n",
     NULL,
     "kentongan.yaml:1:1: neither 'listen' nor 'plain'"},
    {"an advertised wildcard is refused",
     SITE "advertise: 0.0.0.0:7112\n",
     NULL,
     "kentongan.yaml:4:12: expected HOST:PORT"},
    {"a plain endpoint on the network is refused",
     SITE "plain:\n  - endpoint: tcp://10.0.0.1:7113\n    agency: damkar\n",
     NULL,
     "kentongan.yaml:5:15: expected ipc:///PATH or tcp:// on a loopback address"},
    {"a plain endpoint by a name of the network is refused",
     SITE "plain:\n  - endpoint: tcp://localhost:7113\n    agency: damkar\n",
     NULL,
     "kentongan.yaml:5:15: "},
    {"a plain endpoint without an agency is refused",
     SITE "plain:\n  - endpoint: ipc:///tmp/x\n",
     NULL,
     "kentongan.yaml:5:5: key 'agency' is missing"},
    {"a plain endpoint of nobody is refused",
     SITE "plain: [{endpoint: 'ipc:///tmp/x', agency: rsud}]\n",
     NULL,
     "kentongan.yaml: plain: there is no agency 'rsud'"},
    {"silence must be three heartbeats",
     SITE "heartbeat_ms: 6000\n",
     NULL,
     "kentongan.yaml:1:1: limits: silence_ms"},
    {"a right with a spelling mistake is refused",
     NULL,
     AGENCY "admim: true\n",
     "agencies/damkar.yaml:5:1: unknown key 'admim'"},
    {"a flag is true or false and nothing else",
     NULL,
     AGENCY "admin: fasle\n",
     "agencies/damkar.yaml:5:8: expected true or false"},
    {"a flag in quotes is a word",
     NULL,
     AGENCY "admin: 'true'\n",
     "agencies/damkar.yaml:5:8: expected true or false"},
    {"yes is no flag",
     NULL,
     AGENCY "admin: yes\n",
     "agencies/damkar.yaml:5:8: expected true or false"},
    {"a bad filter is named where it stands",
     NULL,
     AGENCY "publish:\n  - '62/71/#'\n  - '62/#/fire'\n",
     "agencies/damkar.yaml:7:5: not a filter"},
    {"a filter given twice is refused",
     NULL,
     AGENCY "publish: ['62/#', '62/#']\n",
     "agencies/damkar.yaml:5:19: this filter is given twice"},
    {"a filter that is no list is refused",
     NULL,
     AGENCY "publish: '62/#'\n",
     "agencies/damkar.yaml:5:10: expected a list"},
    {"the name inside must be the file's",
     NULL,
     "name: rsud\nkeys: []\n",
     "agencies/damkar.yaml:1:7: the file's own name says 'damkar'"},
    {"a short key is refused",
     NULL,
     "name: damkar\nkeys:\n  - public: abc\n    state: active\n",
     "agencies/damkar.yaml:3:13: expected a text of 40"},
    {"a key outside Z85 is refused",
     NULL,
     "name: damkar\n" "keys:\n" "  - public: '~ne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'\n"
     "    state: active\n",
     "agencies/damkar.yaml:3:13: not a public key"},
    {"a key in an unknown state is refused",
     NULL,
     "name: damkar\nkeys:\n  - public: '" KEY_A "'\n    state: retired\n",
     "agencies/damkar.yaml:4:12: expected active or revoked"},
    {"a key named twice is refused",
     NULL,
     AGENCY "  - public: '" KEY_A "'\n    state: revoked\n",
     "agencies/damkar.yaml: key 2 of the list"},
    {"a control character is refused",
     NULL,
     AGENCY "title: \"a\\x01b\"\n",
     "agencies/damkar.yaml:5:8: expected text without control"},
};
/* clang-format on */

static void test_fault(void **state)
{
    const struct fault_row *row = *state;
    static struct config config;
    struct policy_set *set = NULL;
    struct yaml_fault fault = {.text = ""};
    write_file("kentongan.yaml", row->site != NULL ? row->site : SITE);
    write_file("agencies/damkar.yaml", row->agency != NULL ? row->agency : AGENCY);
    enum status status = config_load(directory, &config, &fault);
    if (status == STATUS_OK) {
        status = policy_set_load(directory, &config, &set, &fault);
    }
    assert_int_equal(status, STATUS_INVALID);
    assert_null(set);
    if (strncmp(fault.text, row->fault, strlen(row->fault)) != 0) {
        fail_msg("said: %s", fault.text);
    }
}

/* ---- what is taken ---- */

static void test_defaults(void **state)
{
    static struct config config;
    struct yaml_fault fault;
    (void)state;
    write_file("kentongan.yaml", SITE);
    assert_int_equal(config_load(directory, &config, &fault), STATUS_OK);
    assert_string_equal(config.name, "Kota");
    assert_string_equal(config.region, "62.71");
    assert_int_equal(config.listen_count, 1);
    assert_string_equal(config.listen[0], "tcp://127.0.0.1:7112");
    assert_int_equal(config.heartbeat_ms, 5000);
    assert_int_equal(config.limits.sessions, 10000);
    assert_true(config.handed_bytes == UINT64_C(256) << 20);
}

static void test_everything(void **state)
{
    static struct config config;
    struct yaml_fault fault;
    (void)state;
    write_file("kentongan.yaml",
               "name: Kota Palangka Raya\nregion: 62.71\n"
               "listen:\n  - tcp://0.0.0.0:0\n  - tcp://[::1]:7112\n"
               "advertise: bus.example.id:7112\n"
               "plain:\n  - {endpoint: 'ipc:///run/k.sock', agency: damkar}\n"
               "  - {endpoint: 'tcp://[::1]:9', agency: rsud}\n"
               "limits:\n  sessions: 12\n  id_window_ms: 86400000\n"
               "  filter_bytes: 65536\nheadroom_bytes: 2000000\n");
    assert_int_equal(config_load(directory, &config, &fault), STATUS_OK);
    assert_int_equal(config.listen_count, 2);
    assert_int_equal(config.plain_count, 2);
    assert_string_equal(config.plains[1].agency, "rsud");
    assert_int_equal(config.limits.sessions, 12);
    assert_true(config.limits.id_window_ms == 86400000);
    assert_true(config.limits.filter_bytes == 65536);
    assert_true(config.headroom_bytes == 2000000);
}

static void test_absent(void **state)
{
    static struct config config;
    struct policy_set *set = NULL;
    struct yaml_fault fault;
    (void)state;
    assert_int_equal(config_load("/nonexistent", &config, &fault), STATUS_NOT_FOUND);
    assert_int_equal(strncmp(fault.text, "kentongan.yaml: No such", 23), 0);
    assert_int_equal(policy_set_load("/nonexistent", &config, &set, &fault), STATUS_NOT_FOUND);
}

#define TWO_AGENCIES SITE "plain: [{endpoint: 'ipc:///tmp/x', agency: rsud}]\n"

static struct policy_set *load_set(void)
{
    static struct config config;
    struct policy_set *set = NULL;
    struct yaml_fault fault = {.text = ""};
    assert_int_equal(config_load(directory, &config, &fault), STATUS_OK);
    if (policy_set_load(directory, &config, &set, &fault) != STATUS_OK) {
        fail_msg("said: %s", fault.text);
    }
    return set;
}

static void test_policy(void **state)
{
    uint8_t key[CURVE_KEY_BYTES], key_id[KEY_ID_BYTES];
    static const uint8_t zeros[KEY_ID_BYTES];
    uint32_t count = 0, key_count = 0;
    (void)state;
    write_file("kentongan.yaml", TWO_AGENCIES);
    write_file("agencies/rsud.yaml", "name: rsud\nkeys: []\n");
    write_file("agencies/damkar.yaml",
               "name: damkar\ntitle: Dinas\nkeys:\n"
               "  - {public: '" KEY_A
               "', state: active, added: 2025-12-10}\n"
               "  - {public: '" KEY_B
               "', state: revoked, revoked: '2026-01-02T03:04:05Z'}\n"
               "publish: ['62/71/#']\nsubscribe: ['62/71/#', '62/+/incident/fire']\n"
               "replay: []\npersonal: ['62/71/#']\nadmin: true\n");
    struct policy_set *set = load_set();
    const struct policy_agency *agencies = policy_set_agencies(set, &count);
    const struct policy_key *keys = policy_set_keys(set, &key_count);
    assert_int_equal(count, 2);
    assert_true(bytes_are_equal(agencies[0].name, bytes_of_text("damkar")));
    assert_int_equal(agencies[0].line_count, 5);
    assert_int_equal(agencies[0].lines[2].right, RIGHT_SUBSCRIBE);
    assert_true(bytes_are_equal(agencies[0].lines[2].filter, bytes_of_text("62/+/incident/fire")));
    assert_int_equal(agencies[0].lines[4].right, RIGHT_ADMIN);
    assert_int_equal(agencies[0].key_count, 1);
    assert_int_equal(keys_read_text(bytes_of_text(KEY_A), key), STATUS_OK);
    digest_key_id(key, key_id);
    assert_memory_equal(agencies[0].key_ids[0], key_id, KEY_ID_BYTES);
    assert_int_equal(agencies[1].key_count, 1);
    assert_memory_equal(agencies[1].key_ids[0], zeros, KEY_ID_BYTES);
    assert_int_equal(key_count, 2);
    assert_memory_equal(keys[0].public_key, key, CURVE_KEY_BYTES);
    assert_false(keys[0].is_revoked);
    assert_true(keys[1].is_revoked);
    policy_set_free(set);
}

static void test_shared_key(void **state)
{
    static struct config config;
    struct policy_set *set = NULL;
    struct yaml_fault fault;
    (void)state;
    write_file("kentongan.yaml", SITE);
    write_file("agencies/damkar.yaml", AGENCY);
    write_file("agencies/rsud.yaml",
               "name: rsud\nkeys:\n  - {public: '" KEY_A "', state: revoked}\n");
    assert_int_equal(config_load(directory, &config, &fault), STATUS_OK);
    assert_int_equal(policy_set_load(directory, &config, &set, &fault), STATUS_INVALID);
    assert_string_equal(fault.text,
                        "agencies/rsud.yaml: key 1 of the list is named twice in the set");
}

static void test_bad_name(void **state)
{
    static struct config config;
    struct policy_set *set = NULL;
    struct yaml_fault fault;
    (void)state;
    write_file("kentongan.yaml", SITE);
    write_file("agencies/kentongan.yaml", "name: kentongan\nkeys: []\n");
    assert_int_equal(config_load(directory, &config, &fault), STATUS_OK);
    assert_int_equal(policy_set_load(directory, &config, &set, &fault), STATUS_INVALID);
    assert_non_null(strstr(fault.text, "not a name that an agency may have"));
}

/* ---- the broker's own key ---- */

static void test_key_file(void **state)
{
    uint8_t public_key[CURVE_KEY_BYTES];
    struct key_pair pair;
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/key", directory);
    assert_int_equal(keys_load(path, &pair), STATUS_NOT_FOUND);
    write_file("key", KEY_B "\n");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(keys_load(path, &pair), STATUS_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(keys_load(path, &pair), STATUS_OK);
    assert_int_equal(keys_read_text(bytes_of_text(KEY_A), public_key), STATUS_OK);
    assert_memory_equal(pair.public_key, public_key, CURVE_KEY_BYTES);
    keys_forget(&pair);
    static const uint8_t zeros[CURVE_KEY_BYTES];
    assert_memory_equal(pair.secret_key, zeros, CURVE_KEY_BYTES);
    write_file("key", "short\n");
    assert_int_equal(keys_load(path, &pair), STATUS_INVALID);
}

int main(void)
{
    enum { ROWS = sizeof fault_rows / sizeof *fault_rows };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test_setup_teardown(test_defaults, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_everything, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_absent, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_policy, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_shared_key, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_bad_name, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_key_file, make_directory, remove_directory),
    };
    struct CMUnitTest rows[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = (struct CMUnitTest){.name = fault_rows[i].name,
                                      .test_func = test_fault,
                                      .setup_func = make_directory,
                                      .teardown_func = remove_directory,
                                      .initial_state = (void *)&fault_rows[i]};
    }
    int failed = cmocka_run_group_tests_name("faults", rows, NULL, NULL);
    return failed + cmocka_run_group_tests_name("configuration", others, NULL, NULL);
}
