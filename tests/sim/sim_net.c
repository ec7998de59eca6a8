/* sim_net.c - queues with times of arrival.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/sim_net.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { QUEUE_ROOM = 1024, DELAY_CONNECT_MS = 20 };

struct sim_message {
    uint64_t at_ms;
    struct blob *first, *second;
};

struct sim_queue {
    struct sim_message *list;
    uint32_t head, count;
    bool is_dead; /* what is put in is lost */
};

enum client_side { CLIENT_CONNECTING, CLIENT_OPEN, CLIENT_LOSING, CLIENT_CLOSED };

struct sim_connection {
    uint64_t handle;
    const char *name;
    uint32_t agency;
    enum client_side client;
    uint64_t client_ms; /* when CONNECTING or LOSING ends */
    bool is_broken;     /* the broker can send no more */
    struct sim_queue to_broker, to_client;
};

struct sim_net {
    struct net net;
    struct sim_net_rates rates;
    struct prng prng;
    struct model *model;
    struct tally *tally;
    struct story *story;
    struct sim_connection **connections;
    uint32_t count, room;
    uint64_t last_handle, now_ms;
    struct sim_message injected; /* planted: the broker receives it next */
    uint64_t injected_to;
    bool is_open, is_healed;
};

static struct sim_net *sim_of(struct net *net)
{
    return (struct sim_net *)net;
}

static struct sim_connection *find(const struct sim_net *net, uint64_t handle)
{
    for (uint32_t index = 0; index < net->count; index++)
        if (net->connections[index]->handle == handle)
            return net->connections[index];
    return NULL;
}

static void message_drop(struct sim_message *message)
{
    blob_drop(message->first);
    blob_drop(message->second);
}

static struct sim_message *queue_at(const struct sim_queue *queue, uint32_t index)
{
    return &queue->list[(queue->head + index) % QUEUE_ROOM];
}

static struct sim_message queue_take(struct sim_queue *queue)
{
    struct sim_message message = *queue_at(queue, 0);
    queue->head = (queue->head + 1) % QUEUE_ROOM;
    queue->count--;
    return message;
}

/* Keeps the first `kept` messages. */
static void queue_cut(struct sim_queue *queue, uint32_t kept)
{
    while (queue->count > kept)
        message_drop(queue_at(queue, --queue->count));
}

static void queue_put(struct sim_net *net, struct sim_queue *queue, struct sim_message message)
{
    if (queue->is_dead) {
        message_drop(&message);
        return;
    }
    assert(queue->count < QUEUE_ROOM);
    message.at_ms = net->now_ms + prng_between(&net->prng, 1, net->rates.delay_ms_max);
    if (queue->count > 0 && queue_at(queue, queue->count - 1)->at_ms > message.at_ms)
        message.at_ms = queue_at(queue, queue->count - 1)->at_ms;
    if (!net->is_healed && prng_chance(&net->prng, net->rates.stall)) {
        message.at_ms += prng_below(&net->prng, net->rates.stall_ms_max);
        tally_add(net->tally, TALLY_STALL);
    }
    *queue_at(queue, queue->count++) = message;
}

/* Something was lost on the way: a part of what is under way with it. */
static void break_connection(struct sim_net *net, struct sim_connection *connection)
{
    queue_cut(&connection->to_client,
              (uint32_t)prng_below(&net->prng, connection->to_client.count + 1));
    queue_cut(&connection->to_broker,
              (uint32_t)prng_below(&net->prng, connection->to_broker.count + 1));
    connection->to_client.is_dead = true;
    connection->to_broker.is_dead = true;
    connection->is_broken = true;
    if (connection->client == CLIENT_OPEN || connection->client == CLIENT_CONNECTING) {
        connection->client = CLIENT_LOSING;
        connection->client_ms = net->now_ms + prng_below(&net->prng, 500);
    }
}

static void fail_by_chance(struct sim_net *net, struct sim_connection *connection)
{
    if (net->is_healed || connection->is_broken)
        return;
    if (prng_chance(&net->prng, net->rates.cut)) {
        story_tell(net->story, "net", "the connection %" PRIu64 " of %s is cut", connection->handle,
                   connection->name);
        tally_add(net->tally, TALLY_CUT);
        break_connection(net, connection);
    } else if (prng_chance(&net->prng, net->rates.half_open)) {
        story_tell(net->story, "net",
                   "nothing passes any more between %s and the broker (%" PRIu64 ")",
                   connection->name, connection->handle);
        tally_add(net->tally, TALLY_HALF_OPEN);
        connection->to_client.is_dead = true;
        connection->to_broker.is_dead = prng_chance(&net->prng, 500000);
    }
}

/* -- the broker's side -- */

/* The connection whose next message came first. */
static struct sim_connection *first_to_broker(const struct sim_net *net)
{
    struct sim_connection *first = NULL;
    for (uint32_t index = 0; index < net->count; index++) {
        struct sim_connection *connection = net->connections[index];
        if (connection->to_broker.count > 0 &&
            (first == NULL ||
             queue_at(&connection->to_broker, 0)->at_ms < queue_at(&first->to_broker, 0)->at_ms))
            first = connection;
    }
    return first;
}

uint64_t sim_net_broker_due_ms(const struct sim_net *net)
{
    struct sim_connection *first = first_to_broker(net);
    return first == NULL ? UINT64_MAX : queue_at(&first->to_broker, 0)->at_ms;
}

static void fill_message(const struct sim_connection *connection, const struct sim_message *taken,
                         struct net_message *message)
{
    *message = (struct net_message){
        .peer = connection->handle,
        .agency = bytes_of_text(cast_agencies[connection->agency]),
        .frames = {taken->first, taken->second},
        .frame_count = taken->second == NULL ? 1 : 2,
    };
    cast_key_id(connection->agency, message->key_id);
}

void sim_net_inject(struct sim_net *net, uint64_t handle, struct blob *first, struct blob *second)
{
    struct sim_message message = {.first = first, .second = second};
    if (net->injected.first != NULL || find(net, handle) == NULL) {
        message_drop(&message);
        return;
    }
    net->injected = message;
    net->injected_to = handle;
}

static bool receive_injected(struct sim_net *net, struct net_message *message)
{
    struct sim_message taken = net->injected;
    const struct sim_connection *connection = find(net, net->injected_to);
    net->injected = (struct sim_message){0};
    if (taken.first == NULL || connection == NULL) {
        message_drop(&taken);
        return false;
    }
    fill_message(connection, &taken, message);
    return true;
}

static enum status sim_receive(struct net *table, struct net_message *message)
{
    struct sim_net *net = sim_of(table);
    if (receive_injected(net, message))
        return STATUS_OK;
    struct sim_connection *connection = first_to_broker(net);
    if (connection == NULL || queue_at(&connection->to_broker, 0)->at_ms > net->now_ms)
        return STATUS_NOT_FOUND;
    struct sim_message taken = queue_take(&connection->to_broker);
    fill_message(connection, &taken, message);
    if (connection->client == CLIENT_CLOSED)
        tally_add(net->tally, TALLY_LATE_MESSAGE);
    model_to_broker(net->model, connection->handle, connection->agency, blob_bytes(taken.first),
                    taken.second == NULL ? bytes_of(NULL, 0) : blob_bytes(taken.second));
    return STATUS_OK;
}

static enum status try_send(struct sim_net *net, uint64_t peer)
{
    struct sim_connection *connection = find(net, peer);
    if (connection == NULL || connection->is_broken)
        return STATUS_CLOSED;
    bool is_busy = !net->is_healed && prng_chance(&net->prng, net->rates.busy);
    if (is_busy || connection->to_client.count >= net->rates.queue_messages) {
        tally_add(net->tally, TALLY_NETWORK_BUSY);
        return STATUS_BUSY;
    }
    return STATUS_OK;
}

static enum status sim_send(struct net *table, uint64_t peer, struct blob *first,
                            struct blob *second)
{
    struct sim_net *net = sim_of(table);
    struct sim_message message = {.first = first, .second = second};
    enum status status = try_send(net, peer);
    if (status != STATUS_OK) {
        message_drop(&message);
        return status;
    }
    struct sim_connection *connection = find(net, peer);
    model_from_broker(net->model, peer, blob_bytes(first),
                      second == NULL ? bytes_of(NULL, 0) : blob_bytes(second));
    queue_put(net, &connection->to_client, message);
    fail_by_chance(net, connection);
    return STATUS_OK;
}

/* The last message of a queue is kept for words. */
static bool sim_may_deliver(struct net *table, uint64_t peer, uint64_t bytes)
{
    const struct sim_net *net = sim_of(table);
    const struct sim_connection *connection = find(net, peer);
    (void)bytes;
    return connection == NULL || connection->to_client.count + 1 < net->rates.queue_messages;
}

static void sim_drop(struct net *table, uint64_t peer)
{
    struct sim_net *net = sim_of(table);
    struct sim_connection *connection = find(net, peer);
    model_closed(net->model, peer);
    if (connection == NULL)
        return;
    queue_cut(&connection->to_broker, 0);
    break_connection(net, connection);
}

static uint32_t sim_descriptors(struct net *net, int *descriptors, uint32_t room)
{
    (void)net;
    (void)descriptors;
    (void)room;
    return 0;
}

static void sim_close_table(struct net *net)
{
    (void)net;
}

static const struct net_ops sim_ops = {
    .receive = sim_receive,
    .send = sim_send,
    .may_deliver = sim_may_deliver,
    .drop = sim_drop,
    .descriptors = sim_descriptors,
    .close = sim_close_table,
};

const char *sim_net_name(const struct sim_net *net, uint64_t handle)
{
    const struct sim_connection *connection = find(net, handle);
    return connection == NULL ? "nobody" : connection->name;
}

struct net *sim_net_table(struct sim_net *net)
{
    return &net->net;
}

/* -- the clients' side -- */

uint64_t sim_net_connect(struct sim_net *net, const char *name, uint32_t agency)
{
    struct sim_connection *connection = calloc(1, sizeof *connection);
    assert(connection != NULL);
    connection->handle = ++net->last_handle;
    connection->name = name;
    connection->agency = agency;
    connection->client_ms = net->now_ms + prng_between(&net->prng, 1, DELAY_CONNECT_MS);
    connection->client = net->is_open ? CLIENT_CONNECTING : CLIENT_LOSING;
    connection->is_broken = !net->is_open;
    connection->to_broker.list = calloc(QUEUE_ROOM, sizeof *connection->to_broker.list);
    connection->to_client.list = calloc(QUEUE_ROOM, sizeof *connection->to_client.list);
    assert(connection->to_broker.list != NULL && connection->to_client.list != NULL);
    if (net->count == net->room) {
        net->room = net->room == 0 ? 64 : net->room * 2;
        net->connections = realloc(net->connections, net->room * sizeof(struct sim_connection *));
        assert(net->connections != NULL);
    }
    net->connections[net->count++] = connection;
    return connection->handle;
}

enum sim_net_event sim_net_poll(struct sim_net *net, uint64_t handle, struct blob **first,
                                struct blob **second)
{
    struct sim_connection *connection = find(net, handle);
    if (connection == NULL || connection->client == CLIENT_CLOSED)
        return SIM_NET_NOTHING;
    if (connection->client == CLIENT_CONNECTING && connection->client_ms <= net->now_ms) {
        connection->client = CLIENT_OPEN;
        return SIM_NET_CONNECTED;
    }
    struct sim_queue *queue = &connection->to_client;
    if (queue->count > 0 && queue_at(queue, 0)->at_ms <= net->now_ms) {
        struct sim_message message = queue_take(queue);
        *first = message.first;
        *second = message.second;
        return SIM_NET_MESSAGE;
    }
    if (connection->client == CLIENT_LOSING && queue->count == 0 &&
        connection->client_ms <= net->now_ms) {
        connection->client = CLIENT_CLOSED;
        return SIM_NET_LOST;
    }
    return SIM_NET_NOTHING;
}

uint64_t sim_net_client_due_ms(const struct sim_net *net, uint64_t handle)
{
    const struct sim_connection *connection = find(net, handle);
    if (connection == NULL || connection->client == CLIENT_CLOSED)
        return UINT64_MAX;
    if (connection->client == CLIENT_CONNECTING)
        return connection->client_ms;
    if (connection->to_client.count > 0)
        return queue_at(&connection->to_client, 0)->at_ms;
    return connection->client == CLIENT_LOSING ? connection->client_ms : UINT64_MAX;
}

void sim_net_send(struct sim_net *net, uint64_t handle, struct bytes first, struct bytes second,
                  bool is_publish)
{
    struct sim_connection *connection = find(net, handle);
    assert(connection != NULL);
    uint32_t copies = 1;
    if (is_publish && !net->is_healed && prng_chance(&net->prng, net->rates.repeat)) {
        copies = 2;
        model_repeated(net->model, connection->agency, second);
        tally_add(net->tally, TALLY_REPEATED_MESSAGE);
    }
    for (uint32_t copy = 0; copy < copies; copy++) {
        struct sim_message message = {.first = blob_new(first)};
        message.second = second.length == 0 ? NULL : blob_new(second);
        assert(message.first != NULL && (second.length == 0 || message.second != NULL));
        queue_put(net, &connection->to_broker, message);
    }
    fail_by_chance(net, connection);
}

/* What is still under way comes late: perhaps when the next session has long begun. */
static void delay_rest(struct sim_net *net, struct sim_queue *queue)
{
    if (net->is_healed || !prng_chance(&net->prng, 300000))
        return;
    uint64_t late_ms = prng_below(&net->prng, net->rates.stall_ms_max);
    for (uint32_t index = 0; index < queue->count; index++)
        queue_at(queue, index)->at_ms += late_ms;
}

void sim_net_close(struct sim_net *net, uint64_t handle)
{
    struct sim_connection *connection = find(net, handle);
    if (connection == NULL)
        return;
    connection->client = CLIENT_CLOSED;
    queue_cut(&connection->to_client, 0);
    queue_cut(&connection->to_broker,
              (uint32_t)prng_below(&net->prng, connection->to_broker.count + 1));
    delay_rest(net, &connection->to_broker);
    connection->to_client.is_dead = true;
    connection->to_broker.is_dead = true;
    /* The broker may hear of it, or may go on sending into the void. */
    connection->is_broken = connection->is_broken || prng_chance(&net->prng, 700000);
}

/* -- the world's side -- */

static void connection_free(struct sim_connection *connection)
{
    queue_cut(&connection->to_broker, 0);
    queue_cut(&connection->to_client, 0);
    free(connection->to_broker.list);
    free(connection->to_client.list);
    free(connection);
}

/* Connections that nobody can notice any more. */
static void forget_closed(struct sim_net *net)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < net->count; index++) {
        struct sim_connection *connection = net->connections[index];
        if (connection->client == CLIENT_CLOSED && connection->is_broken &&
            connection->to_broker.count == 0)
            connection_free(connection);
        else
            net->connections[kept++] = connection;
    }
    net->count = kept;
}

void sim_net_set_now(struct sim_net *net, uint64_t now_ms)
{
    assert(now_ms >= net->now_ms);
    net->now_ms = now_ms;
    forget_closed(net);
}

void sim_net_heal(struct sim_net *net)
{
    net->is_healed = true;
    net->rates.queue_messages = QUEUE_ROOM / 2;
    for (uint32_t index = 0; index < net->count; index++) {
        struct sim_connection *connection = net->connections[index];
        struct sim_queue *queues[] = {&connection->to_broker, &connection->to_client};
        for (int way = 0; way < 2; way++)
            for (uint32_t at = 0; at < queues[way]->count; at++)
                if (queue_at(queues[way], at)->at_ms > net->now_ms + net->rates.delay_ms_max)
                    queue_at(queues[way], at)->at_ms = net->now_ms + net->rates.delay_ms_max;
    }
}

void sim_net_open_doors(struct sim_net *net)
{
    net->is_open = true;
}

void sim_net_break_all(struct sim_net *net)
{
    net->is_open = false;
    for (uint32_t index = 0; index < net->count; index++) {
        queue_cut(&net->connections[index]->to_broker, 0);
        break_connection(net, net->connections[index]);
    }
}

struct sim_net *sim_net_new(const struct sim_net_rates *rates, struct prng *prng,
                            struct model *model, struct tally *tally, struct story *story)
{
    struct sim_net *net = calloc(1, sizeof *net);
    assert(net != NULL);
    *net = (struct sim_net){
        .net = {.ops = &sim_ops},
        .rates = *rates,
        .prng = prng_fork(prng),
        .model = model,
        .tally = tally,
        .story = story,
    };
    return net;
}

void sim_net_free(struct sim_net *net)
{
    if (net == NULL)
        return;
    for (uint32_t index = 0; index < net->count; index++)
        connection_free(net->connections[index]);
    message_drop(&net->injected);
    free(net->connections);
    free(net);
}
