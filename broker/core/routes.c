/* routes.c - nodes in a hash map by (parent, level); filters hang on the node of their last level.
 * SPDX-License-Identifier: Apache-2.0
 *
 * `+` and `#` are levels like any other: no published topic has them, so a match looks for three
 * children of each node on its way. All references are indexes into pools taken at the start.
 */
#include "broker/core/routes.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/base/blocks.h"
#include "broker/base/map.h"
#include "proto/c/topic.h"

#define NONE UINT32_MAX

enum {
    ROOT = 0,
    PARENT_BYTES = sizeof(uint32_t),
    TEXT_BYTES = 32, /* what a node's key is expected to take */
    EDGE_BYTES = 24  /* and its place in the map */
};

struct node {
    uint8_t *key;    /* length of the level, parent, level; a piece of `texts` */
    uint32_t parent; /* or the next free node */
    uint32_t uses;   /* children and filters; a node without any goes */
    uint32_t first;  /* route shown here */
};

/* One filter of one owner. */
struct route {
    uint32_t node;
    uint32_t owner;
    uint32_t tag;
    uint32_t next_of_owner; /* or the next free route */
    uint32_t next, before;  /* shown on the same node */
};

struct owner {
    uint32_t first; /* route */
    bool is_hidden;
};

struct routes {
    struct node *nodes;
    struct route *routes;
    struct owner *owners;
    struct blocks texts;
    struct map edges;
    uint32_t owner_count, node_room, route_room, count;
    uint32_t free_node, free_route;
};

static struct bytes edge_key(const void *owner, uint32_t index)
{
    const struct routes *routes = owner;
    const uint8_t *key = routes->nodes[index].key;
    return bytes_of(key + 1, PARENT_BYTES + (size_t)key[0]);
}

static void routes_link_free(struct routes *routes)
{
    for (uint32_t index = 0; index < routes->node_room; index++) {
        routes->nodes[index] = (struct node){.parent = index + 1, .first = NONE};
    }
    routes->nodes[routes->node_room - 1].parent = NONE;
    routes->free_node = ROOT + 1;
    routes->nodes[ROOT].parent = NONE;
    for (uint32_t index = 0; index < routes->route_room; index++) {
        routes->routes[index].next_of_owner = index + 1 < routes->route_room ? index + 1 : NONE;
    }
    for (uint32_t index = 0; index < routes->owner_count; index++) {
        routes->owners[index].first = NONE;
    }
}

struct routes *routes_new(uint32_t owners, size_t bytes)
{
    assert(owners > 0 && bytes > 0);
    struct routes *routes = calloc(1, sizeof *routes);
    if (routes == NULL) {
        return NULL;
    }
    /* Filters share most of their levels: five nodes for eight of them. */
    size_t cost = sizeof(struct route) + (sizeof(struct node) + TEXT_BYTES + EDGE_BYTES) * 5 / 8;
    routes->owner_count = owners;
    routes->route_room = (uint32_t)(bytes / cost) + 16;
    routes->node_room = routes->route_room / 8 * 5 + 16;
    routes->nodes = calloc(routes->node_room, sizeof *routes->nodes);
    routes->routes = calloc(routes->route_room, sizeof *routes->routes);
    routes->owners = calloc(owners, sizeof *routes->owners);
    bool is_short = routes->nodes == NULL || routes->routes == NULL || routes->owners == NULL ||
                    blocks_init(&routes->texts, (size_t)routes->node_room * TEXT_BYTES) != 0 ||
                    map_init(&routes->edges, routes->node_room, edge_key, routes) != 0;
    if (is_short) {
        routes_free(routes);
        return NULL;
    }
    routes_link_free(routes);
    return routes;
}

void routes_free(struct routes *routes)
{
    if (routes == NULL) {
        return;
    }
    map_deinit(&routes->edges);
    blocks_deinit(&routes->texts);
    free(routes->owners);
    free(routes->routes);
    free(routes->nodes);
    free(routes);
}

static uint32_t node_find(const struct routes *routes, uint32_t parent, struct bytes level)
{
    uint8_t key[PARENT_BYTES + TOPIC_BYTES_MAX];
    assert(level.length <= TOPIC_BYTES_MAX);
    memcpy(key, &parent, PARENT_BYTES);
    memcpy(key + PARENT_BYTES, level.data, level.length);
    return map_find(&routes->edges, bytes_of(key, PARENT_BYTES + level.length));
}

/* A new child, or NONE: no room. */
static uint32_t node_make(struct routes *routes, uint32_t parent, struct bytes level)
{
    uint32_t index = routes->free_node;
    uint8_t *key = NULL;
    if (index != NONE) {
        key = blocks_take(&routes->texts, 1 + PARENT_BYTES + level.length);
    }
    if (key == NULL) {
        return NONE;
    }
    key[0] = (uint8_t)level.length;
    memcpy(key + 1, &parent, PARENT_BYTES);
    memcpy(key + 1 + PARENT_BYTES, level.data, level.length);
    routes->free_node = routes->nodes[index].parent;
    routes->nodes[index] = (struct node){.parent = parent, .first = NONE, .key = key};
    routes->nodes[parent].uses++;
    bool is_in = map_insert(&routes->edges, index);
    assert(is_in);
    return index;
}

/* Takes out `index` and what above it was there for it alone. */
static void node_release(struct routes *routes, uint32_t index)
{
    while (index != ROOT && routes->nodes[index].uses == 0) {
        struct node *node = &routes->nodes[index];
        uint32_t parent = node->parent;
        map_remove(&routes->edges, edge_key(routes, index));
        blocks_give(&routes->texts, node->key);
        *node = (struct node){.parent = routes->free_node, .first = NONE};
        routes->free_node = index;
        routes->nodes[parent].uses--;
        index = parent;
    }
}

/* The level that starts at `*at`; moves on behind the slash after it. */
static struct bytes level_next(struct bytes topic, size_t *at)
{
    const uint8_t *start = topic.data + *at;
    const uint8_t *slash = memchr(start, '/', topic.length - *at);
    size_t length = slash == NULL ? topic.length - *at : (size_t)(slash - start);
    *at += length + 1;
    return bytes_of(start, length);
}

/* The node of a whole filter, made as far as it is not there; NONE: no room, nothing changed. */
static uint32_t node_of_filter(struct routes *routes, struct bytes filter)
{
    uint32_t index = ROOT;
    size_t at = 0;
    while (at < filter.length) {
        struct bytes level = level_next(filter, &at);
        uint32_t child = node_find(routes, index, level);
        if (child == NONE) {
            child = node_make(routes, index, level);
        }
        if (child == NONE) {
            node_release(routes, index);
            return NONE;
        }
        index = child;
    }
    return index;
}

static void route_show(struct routes *routes, uint32_t index)
{
    struct route *route = &routes->routes[index];
    struct node *node = &routes->nodes[route->node];
    route->before = NONE;
    route->next = node->first;
    if (node->first != NONE) {
        routes->routes[node->first].before = index;
    }
    node->first = index;
}

static void route_hide(struct routes *routes, uint32_t index)
{
    struct route *route = &routes->routes[index];
    if (route->before == NONE) {
        routes->nodes[route->node].first = route->next;
    } else {
        routes->routes[route->before].next = route->next;
    }
    if (route->next != NONE) {
        routes->routes[route->next].before = route->before;
    }
}

enum status routes_add(struct routes *routes, uint32_t owner, struct bytes filter, uint32_t tag)
{
    assert(owner < routes->owner_count && !routes->owners[owner].is_hidden);
    uint32_t index = routes->free_route;
    uint32_t node = index == NONE ? NONE : node_of_filter(routes, filter);
    if (node == NONE) {
        return STATUS_FULL;
    }
    struct route *route = &routes->routes[index];
    routes->free_route = route->next_of_owner;
    *route = (struct route){
        .node = node,
        .owner = owner,
        .tag = tag,
        .next_of_owner = routes->owners[owner].first,
    };
    routes->owners[owner].first = index;
    routes->nodes[node].uses++;
    routes->count++;
    route_show(routes, index);
    return STATUS_OK;
}

void routes_remove(struct routes *routes, uint32_t owner)
{
    routes_hide(routes, owner);
    uint32_t index = routes->owners[owner].first;
    while (index != NONE) {
        struct route *route = &routes->routes[index];
        uint32_t next = route->next_of_owner;
        routes->nodes[route->node].uses--;
        node_release(routes, route->node);
        route->next_of_owner = routes->free_route;
        routes->free_route = index;
        routes->count--;
        index = next;
    }
    routes->owners[owner] = (struct owner){.first = NONE};
}

void routes_hide(struct routes *routes, uint32_t owner)
{
    assert(owner < routes->owner_count);
    struct owner *mine = &routes->owners[owner];
    uint32_t index = mine->is_hidden ? NONE : mine->first;
    while (index != NONE) {
        route_hide(routes, index);
        index = routes->routes[index].next_of_owner;
    }
    mine->is_hidden = true;
}

void routes_show(struct routes *routes, uint32_t owner)
{
    assert(owner < routes->owner_count);
    struct owner *mine = &routes->owners[owner];
    uint32_t index = mine->is_hidden ? mine->first : NONE;
    while (index != NONE) {
        route_show(routes, index);
        index = routes->routes[index].next_of_owner;
    }
    mine->is_hidden = false;
}

/* A match on its way through the tree. */
struct walk {
    const struct routes *routes;
    routes_visit *visit;
    void *context;
    uint32_t visited;
    uint32_t depth; /* of `stack` */
    struct {
        uint32_t node;
        size_t at; /* where the next level starts; past the end: there is none */
    } stack[2 * (TOPIC_LEVELS_MAX + 1)];
};

static void walk_push(struct walk *walk, uint32_t node, size_t at)
{
    if (node != NONE) {
        assert(walk->depth < sizeof walk->stack / sizeof *walk->stack);
        walk->stack[walk->depth].node = node;
        walk->stack[walk->depth].at = at;
        walk->depth++;
        walk->visited++;
    }
}

static void walk_visit(const struct walk *walk, uint32_t node)
{
    const struct routes *routes = walk->routes;
    for (uint32_t index = routes->nodes[node].first; index != NONE;) {
        const struct route *route = &routes->routes[index];
        index = route->next;
        walk->visit(walk->context, route->owner, route->tag);
    }
}

uint32_t routes_match(const struct routes *routes, struct bytes topic, routes_visit *visit,
                      void *context)
{
    struct walk walk = {.routes = routes, .visit = visit, .context = context};
    bool is_broker_topic = topic.length > 0 && topic.data[0] == '$';
    walk_push(&walk, ROOT, 0);
    while (walk.depth > 0) {
        walk.depth--;
        uint32_t node = walk.stack[walk.depth].node;
        size_t at = walk.stack[walk.depth].at;
        /* «A wildcard at the first level never matches a topic that starts with $.» */
        bool may_be_wild = node != ROOT || !is_broker_topic;
        uint32_t rest = may_be_wild ? node_find(routes, node, bytes_of_text("#")) : NONE;
        if (rest != NONE) {
            walk.visited++;
            walk_visit(&walk, rest);
        }
        if (at > topic.length) {
            walk_visit(&walk, node);
            continue;
        }
        struct bytes level = level_next(topic, &at);
        walk_push(&walk, node_find(routes, node, level), at);
        if (may_be_wild) {
            walk_push(&walk, node_find(routes, node, bytes_of_text("+")), at);
        }
    }
    return walk.visited;
}

uint32_t routes_count(const struct routes *routes)
{
    return routes->count;
}
