/* wire_shapes.c - the wire form of what stands around events.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written by proto/shapes.py from the schemas; do not edit.
 */
#include "proto/c/wire_shapes.h"

/* clang-format off */
enum form {
    V = KT_BODY_VARINT, F = KT_BODY_FIXED32, E = KT_BODY_FIXED64,
    T = KT_BODY_TEXT, B = KT_BODY_BLOB, M = KT_BODY_MESSAGE
};

static const struct kt_body_shape timestamp = {"Timestamp", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "seconds", 0}, {2, V, 0, "nanos", 0}}};
static const struct kt_body_shape sent = {"Sent", 7,
    (const struct kt_body_field[]){
    {1, B, 0, "event", 0}, {2, B, 0, "personalDigest", 0}, {3, B, 0, "signature", 0},
    {4, B, 0, "producer", 0}, {5, V, 0, "number", 0}, {6, V, 0, "after", 0},
    {7, M, 0, "sentAt", &timestamp}}};
static const struct kt_body_shape personal = {"Personal", 4,
    (const struct kt_body_field[]){
    {1, V, 0, "seq", 0}, {2, B, 0, "salt", 0}, {3, B, 0, "block", 0}, {4, B, 0, "erased", 0}}};
static const struct kt_body_shape hello = {"Hello", 4,
    (const struct kt_body_field[]){
    {1, V, 0, "versionMin", 0}, {2, V, 0, "versionMax", 0}, {3, T, 0, "client", 0},
    {4, B, 1, "producers", 0}}};
static const struct kt_body_shape publish = {"Publish", 0, 0};
static const struct kt_body_shape from = {"From", 6,
    (const struct kt_body_field[]){
    {1, V, 0, "start", 0}, {2, V, 0, "now", 0}, {3, V, 0, "seq", 0},
    {4, M, 0, "time", &timestamp}, {5, V, 0, "last", 0}, {6, V, 0, "ageMs", 0}}};
static const struct kt_body_shape follow = {"Follow", 16,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, T, 0, "cursor", 0}, {3, T, 1, "filters", 0},
    {4, M, 0, "from", &from}, {5, V, 1, "modes", 0}, {6, T, 1, "kinds", 0},
    {7, V, 1, "categories", 0}, {8, T, 1, "incidents", 0}, {9, V, 0, "minPriority", 0},
    {10, V, 0, "creditEvents", 0}, {11, V, 0, "creditBytes", 0}, {12, V, 0, "replay", 0},
    {13, V, 0, "untilEnd", 0}, {14, V, 0, "through", 0}, {15, M, 0, "throughTime", &timestamp},
    {16, B, 0, "resume", 0}}};
static const struct kt_body_shape credit = {"Credit", 3,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, V, 0, "events", 0}, {3, V, 0, "bytes", 0}}};
static const struct kt_body_shape ack = {"Ack", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, V, 0, "through", 0}}};
static const struct kt_body_shape unfollow = {"Unfollow", 1,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}}};
static const struct kt_body_shape query = {"Query", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "seq", 0}, {5, V, 1, "modes", 0}}};
static const struct kt_body_shape ping = {"Ping", 0, 0};
static const struct kt_body_shape bye = {"Bye", 0, 0};
static const struct kt_body_shape to_broker = {"ToBroker", 10,
    (const struct kt_body_field[]){
    {1, V, 0, "request", 0}, {2, M, 0, "hello", &hello}, {3, M, 0, "publish", &publish},
    {4, M, 0, "follow", &follow}, {5, M, 0, "credit", &credit}, {6, M, 0, "ack", &ack},
    {7, M, 0, "unfollow", &unfollow}, {8, M, 0, "query", &query}, {10, M, 0, "ping", &ping},
    {11, M, 0, "bye", &bye}}};
static const struct kt_body_shape log_identity = {"LogIdentity", 2,
    (const struct kt_body_field[]){
    {1, B, 0, "uuid", 0}, {2, V, 0, "incarnation", 0}}};
static const struct kt_body_shape limits = {"Limits", 5,
    (const struct kt_body_field[]){
    {1, V, 0, "eventBytes", 0}, {2, V, 0, "batchBytes", 0}, {3, V, 0, "windowEvents", 0},
    {4, V, 0, "follows", 0}, {5, V, 0, "filters", 0}}};
static const struct kt_body_shape mark = {"Mark", 2,
    (const struct kt_body_field[]){
    {1, B, 0, "producer", 0}, {2, V, 0, "mark", 0}}};
static const struct kt_body_shape welcome = {"Welcome", 9,
    (const struct kt_body_field[]){
    {1, V, 0, "version", 0}, {2, T, 0, "agency", 0}, {3, T, 0, "site", 0},
    {4, M, 0, "log", &log_identity}, {5, V, 0, "head", 0}, {6, M, 0, "limits", &limits},
    {7, M, 1, "marks", &mark}, {8, V, 0, "heartbeatMs", 0}, {9, M, 0, "now", &timestamp}}};
static const struct kt_body_shape stored = {"Stored", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "seq", 0}, {2, V, 0, "duplicate", 0}}};
static const struct kt_body_shape refusal = {"Refusal", 5,
    (const struct kt_body_field[]){
    {1, T, 0, "code", 0}, {2, T, 0, "field", 0}, {3, T, 0, "reason", 0},
    {4, V, 0, "retryable", 0}, {5, V, 0, "retryAfterMs", 0}}};
static const struct kt_body_shape receipt = {"Receipt", 7,
    (const struct kt_body_field[]){
    {1, B, 0, "producer", 0}, {2, V, 0, "number", 0}, {3, M, 0, "stored", &stored},
    {4, M, 0, "refused", &refusal}, {5, M, 0, "gap", &mark}, {6, M, 0, "numberReused", &mark},
    {7, M, 0, "numberSkipped", &mark}}};
static const struct kt_body_shape receipts = {"Receipts", 2,
    (const struct kt_body_field[]){
    {1, M, 1, "receipts", &receipt}, {2, M, 0, "log", &log_identity}}};
static const struct kt_body_shape following = {"Following", 10,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, V, 0, "first", 0}, {3, T, 1, "filters", 0},
    {4, V, 0, "narrowed", 0}, {5, V, 0, "head", 0}, {6, V, 0, "origin", 0},
    {7, V, 0, "through", 0}, {8, B, 0, "resume", 0}, {9, M, 0, "log", &log_identity},
    {10, V, 0, "created", 0}}};
static const struct kt_body_shape lost_range = {"LostRange", 3,
    (const struct kt_body_field[]){
    {1, V, 0, "first", 0}, {2, V, 0, "last", 0}, {3, T, 0, "reason", 0}}};
static const struct kt_body_shape deliver = {"Deliver", 6,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, V, 0, "first", 0}, {3, V, 0, "last", 0}, {4, V, 0, "count", 0},
    {5, V, 0, "replayThrough", 0}, {6, M, 1, "lost", &lost_range}}};
static const struct kt_body_shape acked = {"Acked", 2,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, V, 0, "through", 0}}};
static const struct kt_body_shape ended = {"Ended", 4,
    (const struct kt_body_field[]){
    {1, V, 0, "follow", 0}, {2, M, 0, "refusal", &refusal}, {3, V, 0, "first", 0},
    {4, V, 0, "last", 0}}};
static const struct kt_body_shape answer = {"Answer", 1,
    (const struct kt_body_field[]){
    {1, V, 0, "seq", 0}}};
static const struct kt_body_shape pong = {"Pong", 1,
    (const struct kt_body_field[]){
    {1, V, 0, "head", 0}}};
static const struct kt_body_shape error = {"Error", 4,
    (const struct kt_body_field[]){
    {1, M, 0, "refusal", &refusal}, {2, V, 0, "theirs", 0}, {3, V, 0, "ours", 0},
    {4, M, 0, "log", &log_identity}}};
static const struct kt_body_shape from_broker = {"FromBroker", 11,
    (const struct kt_body_field[]){
    {1, V, 0, "request", 0}, {2, M, 0, "welcome", &welcome}, {3, M, 0, "receipts", &receipts},
    {4, M, 0, "following", &following}, {5, M, 0, "deliver", &deliver},
    {6, M, 0, "acked", &acked}, {7, M, 0, "ended", &ended}, {8, M, 0, "answer", &answer},
    {10, M, 0, "pong", &pong}, {11, M, 0, "bye", &bye}, {12, M, 0, "error", &error}}};

const struct kt_body_shape *wire_sent_shape(void)
{
    return &sent;
}

const struct kt_body_shape *wire_personal_shape(void)
{
    return &personal;
}

const struct kt_body_shape *wire_to_broker_shape(void)
{
    return &to_broker;
}

const struct kt_body_shape *wire_from_broker_shape(void)
{
    return &from_broker;
}
