/* endpoint.c - performs the client machine's effects in order, before its next step.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/endpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sim/host.h"

enum { STEPS_MAX = 20000 /* in one moment: more, and the machine spins */ };

void endpoint_open(struct endpoint *endpoint, struct link_options *options)
{
    assert(endpoint->link == NULL);
    options->seed = prng_next(&endpoint->prng);
    options->client = bytes_of_text("kentongan-sim");
    endpoint->link = link_new(options);
    endpoint->wire = link_wire_new();
    bool has_room = endpoint->link != NULL && link_effects_init(&endpoint->fx, endpoint->link);
    assert(has_room && endpoint->wire != NULL);
}

void endpoint_kill(struct endpoint *endpoint)
{
    if (endpoint->link == NULL)
        return;
    sim_net_close(endpoint->around.net, endpoint->connection);
    link_effects_deinit(&endpoint->fx);
    link_wire_free(endpoint->wire);
    link_free(endpoint->link);
    endpoint->link = NULL;
    endpoint->connection = 0;
}

static void perform_send(struct endpoint *endpoint, const struct link_said *said)
{
    struct bytes first, second;
    bool is_written = link_wire_encode(endpoint->wire, said, &first, &second);
    assert(is_written);
    sim_net_send(endpoint->around.net, endpoint->connection, first, second,
                 said->kind == LINK_SAY_PUBLISH);
}

static void perform(struct endpoint *endpoint, const struct link_effect *effect)
{
    endpoint->role->on_effect(endpoint, effect);
    switch ((int)effect->kind) {
    case LINK_FX_CONNECT:
        sim_net_close(endpoint->around.net, endpoint->connection);
        endpoint->connection =
            sim_net_connect(endpoint->around.net, endpoint->name, endpoint->agency);
        break;
    case LINK_FX_DISCONNECT:
        sim_net_close(endpoint->around.net, endpoint->connection);
        endpoint->connection = 0;
        break;
    case LINK_FX_SEND:
        perform_send(endpoint, &effect->of.send);
        break;
    case LINK_FX_STATE:
        story_tell(endpoint->around.story, endpoint->name, "%s%s%.*s",
                   effect->of.state.state == LINK_UP ? "is up" : "is down",
                   effect->of.state.refusal.code.length > 0 ? ": " : "",
                   (int)effect->of.state.refusal.code.length,
                   (const char *)effect->of.state.refusal.code.data);
        break;
    default:
        break;
    }
}

void endpoint_step(struct endpoint *endpoint, struct link_input *input)
{
    input->now_ms = endpoint->now_ms;
    input->wall_ms = host_wall_ms(endpoint->now_ms);
    link_step(endpoint->link, input, &endpoint->fx);
    for (uint32_t index = 0; index < endpoint->fx.count; index++)
        perform(endpoint, &endpoint->fx.list[index]);
}

static void hear_message(struct endpoint *endpoint, struct blob *first, struct blob *second)
{
    struct link_heard heard;
    struct bytes frame = second == NULL ? bytes_of(NULL, 0) : blob_bytes(second);
    bool is_read = link_wire_decode(endpoint->wire, blob_bytes(first), frame, &heard);
    assert(is_read);
    if (heard.kind == LINK_HEARD_BAD)
        model_fail(endpoint->around.model, "P6", "%s did not understand a sound message",
                   endpoint->name);
    struct link_input input = {.kind = LINK_IN_HEARD};
    input.of.heard = &heard;
    endpoint_step(endpoint, &input);
    blob_drop(first);
    blob_drop(second);
}

static bool hear_net(struct endpoint *endpoint)
{
    struct blob *first, *second;
    struct link_input input = {.kind = LINK_IN_LOST};
    switch (sim_net_poll(endpoint->around.net, endpoint->connection, &first, &second)) {
    case SIM_NET_NOTHING:
        return false;
    case SIM_NET_CONNECTED:
        input.kind = LINK_IN_CONNECTED;
        break;
    case SIM_NET_LOST:
        break;
    case SIM_NET_MESSAGE:
        hear_message(endpoint, first, second);
        return true;
    }
    endpoint_step(endpoint, &input);
    return true;
}

static bool hear_clock(struct endpoint *endpoint)
{
    if (link_deadline_ms(endpoint->link) > endpoint->now_ms)
        return false;
    struct link_input input = {.kind = LINK_IN_TICK};
    endpoint_step(endpoint, &input);
    return true;
}

void endpoint_turn(struct endpoint *endpoint, uint64_t now_ms)
{
    endpoint->now_ms = now_ms;
    uint32_t steps = 0;
    bool is_busy = endpoint->link != NULL && now_ms >= endpoint->frozen_ms;
    while (is_busy && model_fault(endpoint->around.model) == NULL) {
        is_busy = hear_net(endpoint) || endpoint->role->work(endpoint) || hear_clock(endpoint);
        if (++steps == STEPS_MAX)
            model_fail(endpoint->around.model, "P6", "%s took %d steps in one moment",
                       endpoint->name, STEPS_MAX);
    }
}

uint64_t endpoint_due_ms(const struct endpoint *endpoint)
{
    if (endpoint->link == NULL)
        return UINT64_MAX;
    uint64_t due = link_deadline_ms(endpoint->link);
    uint64_t net = sim_net_client_due_ms(endpoint->around.net, endpoint->connection);
    uint64_t work = endpoint->role->due_ms(endpoint);
    due = net < due ? net : due;
    due = work < due ? work : due;
    return due > endpoint->frozen_ms ? due : endpoint->frozen_ms;
}
