/* admin_verbs.c - what may be asked, and the answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "broker/ops/admin_inner.h"

static json_t *refuse(const char *reason)
{
    return json_pack("{s:b, s:s}", "ok", 0, "reason", reason);
}

static json_t *do_reload(struct admin *admin)
{
    char reason[512] = "";
    if (!admin->calls.reload(admin->calls.context, reason, sizeof reason)) {
        return refuse(reason);
    }
    return json_pack("{s:b}", "ok", 1);
}

static void uuid_write(const uint8_t uuid[16], char text[33])
{
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    }
}

static json_t *do_info(struct admin *admin)
{
    struct admin_info info = {0};
    struct store_tail tail;
    uint64_t used_bytes = 0;
    char uuid[33];
    admin->calls.info(admin->calls.context, &info);
    admin->calls.log(admin->calls.context, &tail, &used_bytes);
    uuid_write(tail.uuid, uuid);
    json_t *endpoints = json_array();
    for (uint32_t i = 0; i < info.endpoint_count; i++) {
        (void)json_array_append_new(endpoints, json_string(info.endpoints[i]));
    }
    return json_pack("{s:b, s:o, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "ok", 1, "endpoints",
                     endpoints, "head", (json_int_t)tail.last, "uuid", uuid, "incarnation",
                     (json_int_t)tail.incarnation, "first", (json_int_t)tail.first, "last",
                     (json_int_t)tail.last, "bytes", (json_int_t)used_bytes, "sessions",
                     (json_int_t)info.sessions, "handedBytes", (json_int_t)info.handed_bytes);
}

static json_t *do_stop(struct admin *admin)
{
    admin->calls.stop(admin->calls.context);
    return json_pack("{s:b}", "ok", 1);
}

static json_t *do_log(struct admin *admin, const json_t *asked, int connection)
{
    static const char *const verbs[] = {"info", "verify", "export"};
    const char *verb = json_string_value(json_object_get(asked, "verb"));
    for (size_t i = 0; verb != NULL && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i]) == 0) {
            return admin_job_begin(admin, verbs[i], connection)
                       ? NULL
                       : refuse("as many walks over the log as are allowed are under way");
        }
    }
    return refuse("\"verb\" is one of info, verify, export");
}

static json_t *answer_object(struct admin *admin, const json_t *asked, int connection)
{
    const char *what = json_string_value(json_object_get(asked, "do"));
    if (what == NULL) {
        return refuse("\"do\" says nothing");
    }
    if (strcmp(what, "reload") == 0) {
        return do_reload(admin);
    }
    if (strcmp(what, "info") == 0) {
        return do_info(admin);
    }
    if (strcmp(what, "log") == 0) {
        return do_log(admin, asked, connection);
    }
    if (strcmp(what, "stop") == 0) {
        return do_stop(admin);
    }
    return refuse("\"do\" is one of reload, info, log, stop");
}

json_t *admin_answer(struct admin *admin, const char *line, size_t length, int connection)
{
    json_error_t wrong;
    json_t *asked = json_loadb(line, length, JSON_REJECT_DUPLICATES, &wrong);
    if (asked == NULL) {
        return refuse(wrong.text);
    }
    json_t *answer = answer_object(admin, asked, connection);
    json_decref(asked);
    return answer;
}
