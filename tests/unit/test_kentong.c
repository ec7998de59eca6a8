/* test_kentong.c - the library as its users see it, against a small broker.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/c/include/kentong/kentong.h"

#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/small_broker.h"

static const char event_json[] =
    "{\"topic\":\"62/71/incident/fire\",\"incidentId\":\"P-1\",\"occurredAt\":"
    "\"2025-12-10T08:15:00+07:00\",\"report\":{\"summary\":\"Rumah terbakar\"}}";

static struct small_broker *broker;
static char folder[64], profile[96];

static void write_profile(const char *endpoint)
{
    FILE *file = fopen(profile, "w");
    assert_non_null(file);
    fprintf(file,
            "{\"format\":1,\"agency\":\"damkar\",\"site\":\"Kota Uji\",\"endpoint\":\"%s\","
            "\"profileSecret\":\"",
            endpoint);
    for (int i = 0; i < 32; i++)
        fprintf(file, "0%d", i % 10);
    fprintf(file, "\"}\n");
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/kentong-api-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(profile, sizeof profile, "%s/damkar.agency", folder);
    broker = calloc(1, sizeof *broker);
    small_broker_start(broker, 0);
    write_profile(broker->endpoint);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    small_broker_stop(broker);
    for (unsigned long i = 0; i < broker->stored; i++)
        free(broker->records[i].bytes);
    free(broker);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): a folder of our own making */
}

/* With one more option, if `name` is not NULL. */
static struct kt_client *open_client_with(const char *name, const char *value)
{
    struct kt_client *client;
    struct kt_error error = {.size = sizeof error};
    struct kt_options *options = kt_options_new();
    char outbox[128];
    snprintf(outbox, sizeof outbox, "%s/outbox", folder);
    assert_int_equal(kt_options_set(options, "profile", profile), KT_OK);
    assert_int_equal(kt_options_set(options, "outbox.dir", outbox), KT_OK);
    if (name != NULL)
        assert_int_equal(kt_options_set(options, name, value), KT_OK);
    if (kt_open(options, &client, &error) != KT_OK)
        fail_msg("%s %s %s", error.code, error.field, error.text);
    kt_options_free(options);
    return client;
}

static struct kt_client *open_client(void)
{
    return open_client_with(NULL, NULL);
}

static struct kt_follow *open_follow(struct kt_client *client, const char *cursor)
{
    struct kt_follow *follow;
    struct kt_options *options = kt_options_new();
    kt_options_set(options, "filter", "62/#");
    if (cursor != NULL)
        kt_options_set(options, "cursor", cursor);
    else
        kt_options_set(options, "from", "start");
    assert_int_equal(kt_follow(client, options, &follow), KT_OK);
    kt_options_free(options);
    return follow;
}

static uint64_t next_seq(struct kt_follow *follow)
{
    struct kt_message *message;
    struct kt_info info = {.size = sizeof info};
    assert_int_equal(kt_next(follow, 10000, &message), KT_OK);
    assert_int_equal(kt_message_info(message, &info), KT_OK);
    kt_message_free(message);
    return info.seq;
}

static void publish(struct kt_client *client, uint64_t seq)
{
    struct kt_receipt receipt = {.size = sizeof receipt};
    assert_int_equal(
        kt_publish_json(client, event_json, strlen(event_json), KT_STORED, 10000, &receipt), KT_OK);
    assert_int_equal(receipt.state, KT_STORED);
    assert_int_equal(receipt.seq, seq);
    assert_int_equal(strlen(receipt.id), 36);
}

static void what_is_published_is_stored_and_followed(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    publish(client, 2);
    struct kt_follow *follow = open_follow(client, NULL);
    assert_int_equal(next_seq(follow), 1);
    struct kt_message *message;
    assert_int_equal(kt_next(follow, 10000, &message), KT_OK);
    char *json;
    size_t length;
    assert_int_equal(kt_message_to_json(message, &json, &length), KT_OK);
    assert_non_null(strstr(json, "\"summary\":\"Rumah terbakar\""));
    kt_free(json);
    kt_message_free(message);
    assert_int_equal(kt_next(follow, 0, &message), KT_E_TIMEOUT);
    struct kt_follow_info info = {.size = sizeof info};
    assert_int_equal(kt_follow_info(follow, &info), KT_OK);
    assert_string_equal(info.filters, "62/#");
    assert_int_equal(kt_unfollow(follow, 1000), KT_OK);
    struct kt_report report = {.size = sizeof report};
    assert_int_equal(kt_close(client, 1000, &report), KT_OK);
    assert_int_equal(report.spooled, 0);
}

static void without_a_broker_it_is_spooled_and_the_next_process_sends_it(void **state)
{
    (void)state;
    small_broker_stop(broker);
    struct kt_client *client = open_client();
    struct kt_receipt receipt = {.size = sizeof receipt};
    assert_int_equal(
        kt_publish_json(client, event_json, strlen(event_json), KT_STORED, 100, &receipt),
        KT_E_TIMEOUT);
    assert_int_equal(receipt.state, KT_SPOOLED);
    assert_int_equal(
        kt_publish_json(client, event_json, strlen(event_json), KT_SPOOLED, 1000, &receipt), KT_OK);
    assert_int_equal(receipt.state, KT_SPOOLED);
    struct kt_report report = {.size = sizeof report};
    assert_int_equal(kt_close(client, 0, &report), KT_E_TIMEOUT);
    assert_int_equal(report.spooled, 2);
    assert_non_null(strstr(report.outbox, "/outbox/00"));
    small_broker_start(broker, 0);
    write_profile(broker->endpoint);
    client = open_client();
    assert_int_equal(kt_drain(client, 10000), KT_OK);
    assert_int_equal(atomic_load(&broker->stored), 2);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void what_killed_processes_left_is_sent_by_the_next(void **state)
{
    (void)state;
    small_broker_stop(broker);
    for (int i = 0; i < 3; i++) {
        struct kt_client *left[3];
        for (int k = 0; k <= i; k++)
            left[k] = open_client(); /* so that each takes another slot */
        assert_int_equal(
            kt_publish_json(left[i], event_json, strlen(event_json), KT_SPOOLED, 1000, NULL),
            KT_OK);
        for (int k = 0; k <= i; k++)
            kt_close(left[k], 0, NULL);
    }
    small_broker_start(broker, 0);
    write_profile(broker->endpoint);
    struct kt_client *client = open_client();
    assert_int_equal(kt_drain(client, 20000), KT_OK);
    while (atomic_load(&broker->stored) < 3)
        assert_int_equal(kt_drain(client, 20000), KT_OK);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void a_submit_tells_that_it_is_spooled_and_then_that_it_is_stored(void **state)
{
    (void)state;
    struct kt_client *client = open_client_with("receipts", "all");
    struct kt_receipt receipt = {.size = sizeof receipt};
    char id[40];
    small_broker_silence(broker);
    assert_int_equal(kt_submit_json(client, event_json, strlen(event_json), 7), KT_OK);
    assert_int_equal(kt_receipt_next(client, 10000, &receipt), KT_OK);
    assert_int_equal(receipt.state, KT_SPOOLED);
    assert_int_equal(receipt.tag, 7);
    assert_int_equal(strlen(receipt.id), 36);
    memcpy(id, receipt.id, sizeof id);
    atomic_store(&broker->silence, 0);
    assert_int_equal(kt_receipt_next(client, 30000, &receipt), KT_OK);
    assert_int_equal(receipt.state, KT_STORED);
    assert_int_equal(receipt.tag, 7);
    assert_string_equal(receipt.id, id);
    assert_int_equal(kt_receipt_next(client, 0, &receipt), KT_E_TIMEOUT);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    struct kt_receipt receipt = {.size = sizeof receipt};
    struct kt_error error = {.size = sizeof error};
    atomic_store(&broker->refuse, 1);
    assert_int_equal(
        kt_publish_json(client, event_json, strlen(event_json), KT_STORED, 10000, &receipt),
        KT_E_REFUSED);
    assert_int_equal(receipt.state, KT_REFUSED);
    assert_string_equal(receipt.code, "RIGHTS");
    assert_int_equal(kt_error(client, &error), KT_OK);
    assert_string_equal(error.field, "topic");
    assert_int_equal(kt_publish_json(client, "{\"x\":1}", 7, KT_STORED, 1000, &receipt),
                     KT_E_REFUSED);
    assert_int_equal(kt_error(client, &error), KT_OK);
    assert_string_equal(error.code, "JSON_UNKNOWN_NAME");
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void a_restarted_broker_is_found_again(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    struct kt_follow *follow = open_follow(client, "shift");
    assert_int_equal(next_seq(follow), 1);
    assert_int_equal(kt_ack(follow, 1), KT_OK);
    assert_int_equal(kt_ack_wait(follow, 10000), KT_OK);
    int port = atoi(strrchr(broker->endpoint, ':') + 1); /* NOLINT(cert-err34-c) */
    small_broker_stop(broker);
    assert_int_equal(kt_submit_json(client, event_json, strlen(event_json), 7), KT_OK);
    small_broker_start(broker, port);
    struct kt_receipt receipt = {.size = sizeof receipt};
    assert_int_equal(kt_receipt_next(client, 20000, &receipt), KT_OK);
    assert_int_equal(receipt.tag, 7);
    assert_int_equal(receipt.seq, 2);
    assert_int_equal(next_seq(follow), 2);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void a_silent_broker_is_given_up_and_asked_again(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    small_broker_silence(broker);
    struct kt_status status = {.size = sizeof status};
    do {
        poll(NULL, 0, 20);
        assert_int_equal(kt_status(client, &status), KT_OK);
    } while (status.is_connected);
    assert_string_equal(status.code, "UNREACHABLE");
    atomic_store(&broker->silence, 0);
    publish(client, 2);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

enum { MANY = 3000 };

static void *publish_many(void *argument)
{
    struct kt_client *client = argument;
    for (uint64_t i = 0; i < MANY / 2; i++)
        assert_int_equal(kt_submit_json(client, event_json, strlen(event_json), i), KT_OK);
    return NULL;
}

static void many_threads_publish_and_one_follows_by_descriptor(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    struct kt_follow *follow = open_follow(client, NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_many, client), 0);
    uint64_t receipts = 0, messages = 0;
    atomic_store(&broker->busy, 3);
    while (receipts < MANY || messages < MANY) {
        struct pollfd item = {.fd = kt_fd(client), .events = POLLIN};
        struct kt_receipt receipt = {.size = sizeof receipt};
        struct kt_message *message;
        assert_int_equal(poll(&item, 1, 20000), 1);
        while (kt_receipt_next(client, 0, &receipt) == KT_OK) {
            assert_int_equal(receipt.state, KT_STORED);
            receipts++;
        }
        while (kt_next(follow, 0, &message) == KT_OK) {
            struct kt_info info = {.size = sizeof info};
            kt_message_info(message, &info);
            assert_int_equal(info.seq, ++messages);
            kt_message_free(message);
        }
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(kt_wait(client, 0), KT_E_TIMEOUT);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

struct callback {
    struct kt_client *client;
    struct kt_follow *follow;
    int receipts, messages;
};

static void on_receipt(void *context, const struct kt_receipt *receipt)
{
    struct callback *callback = context;
    assert_int_equal(receipt->state, KT_STORED);
    callback->receipts++;
}

static void on_message(void *context, const struct kt_message *message)
{
    struct callback *callback = context;
    struct kt_info info = {.size = sizeof info};
    assert_int_equal(kt_message_info(message, &info), KT_OK);
    callback->messages++;
    /* Every call is legal here, even the end of the follow that this belongs to. */
    assert_int_equal(kt_submit_json(callback->client, event_json, strlen(event_json), 1), KT_OK);
    assert_int_equal(kt_unfollow(callback->follow, 0), KT_OK);
}

static void callbacks_run_where_they_are_dispatched(void **state)
{
    (void)state;
    struct callback callback = {.client = open_client()};
    kt_on_receipt(callback.client, on_receipt, &callback);
    assert_int_equal(kt_submit_json(callback.client, event_json, strlen(event_json), 1), KT_OK);
    callback.follow = open_follow(callback.client, NULL);
    kt_on_message(callback.follow, on_message, &callback);
    while (callback.receipts < 2) {
        assert_int_equal(kt_wait(callback.client, 10000), KT_OK);
        assert_true(kt_dispatch(callback.client, 1) >= 0);
    }
    assert_int_equal(callback.messages, 1);
    assert_int_equal(kt_close(callback.client, 1000, NULL), KT_OK);
}

static void one_event_is_got_by_its_sequence(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    struct kt_message *message;
    struct kt_error error = {.size = sizeof error};
    assert_int_equal(kt_get(client, 1, 10000, &message), KT_OK);
    kt_message_free(message);
    assert_int_equal(kt_get(client, 99, 10000, &message), KT_E_REFUSED);
    kt_error(client, &error);
    assert_string_equal(error.code, "NOT_FOUND");
    small_broker_silence(broker);
    assert_int_equal(kt_get(client, 1, 50, &message), KT_E_TIMEOUT);
    assert_int_equal(kt_close(client, 0, NULL), KT_OK);
}

static void a_get_names_its_modes(void **state)
{
    (void)state;
    struct kt_client *client = open_client_with("get.modes", "EXERCISE,TEST");
    struct kt_error error = {.size = sizeof error};
    struct kt_message *message;
    publish(client, 1);
    assert_int_equal(kt_get(client, 1, 10000, &message), KT_E_REFUSED);
    kt_error(client, &error);
    assert_string_equal(error.code, "NOT_FOUND");
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void an_exported_record_is_printed_like_a_message(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    char *json;
    size_t length;
    const struct small_record *record = &broker->records[0];
    assert_int_equal(kt_record_to_json(record->bytes, record->length, NULL, 0, &json, &length),
                     KT_OK);
    assert_memory_equal(json, "{\"seq\":1,", 9);
    assert_non_null(strstr(json, "\"replay\":true"));
    assert_non_null(strstr(json, "\"summary\":\"Rumah terbakar\""));
    kt_free(json);
    assert_int_equal(kt_record_to_json("x", 1, NULL, 0, &json, &length), KT_E_INVALID);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void a_child_is_told_that_the_handle_is_its_parents(void **state)
{
    (void)state;
    struct kt_client *client = open_client();
    publish(client, 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(kt_drain(client, 0) == KT_E_FORK && kt_close(client, 0, NULL) == KT_E_FORK ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    publish(client, 2);
    assert_int_equal(kt_close(client, 1000, NULL), KT_OK);
}

static void options_are_listed_and_checked(void **state)
{
    (void)state;
    const char *name, *standard, *meaning;
    struct kt_options *options = kt_options_new();
    int count = 0;
    while (kt_options_describe(count, &name, &standard, &meaning) == KT_OK) {
        assert_true(standard[0] == '\0' || kt_options_set(options, name, standard) == KT_OK);
        count++;
    }
    assert_true(count > 15);
    assert_int_equal(kt_options_set(options, "outbox.kep", "1h"), KT_E_INVALID);
    assert_int_equal(kt_options_set(options, "outbox.keep", "1 hour"), KT_E_INVALID);
    kt_options_free(options);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_published_is_stored_and_followed),
        TEST(without_a_broker_it_is_spooled_and_the_next_process_sends_it),
        TEST(what_killed_processes_left_is_sent_by_the_next),
        TEST(a_refusal_says_why),
        TEST(a_restarted_broker_is_found_again),
        TEST(a_silent_broker_is_given_up_and_asked_again),
        TEST(many_threads_publish_and_one_follows_by_descriptor),
        TEST(callbacks_run_where_they_are_dispatched),
        TEST(one_event_is_got_by_its_sequence),
        TEST(a_get_names_its_modes),
        TEST(an_exported_record_is_printed_like_a_message),
        TEST(a_submit_tells_that_it_is_spooled_and_then_that_it_is_stored),
        TEST(a_child_is_told_that_the_handle_is_its_parents),
        TEST(options_are_listed_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
