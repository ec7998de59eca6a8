/* topic.c - topics and filters, one level at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/topic.h"

#include <assert.h>

#include "proto/c/text.h"

/* Takes the next level off `rest`. No level is empty, so an empty rest is the end: false. */
static bool topic_take_level(struct bytes *rest, struct bytes *level)
{
    if (rest->length == 0) {
        return false;
    }
    const uint8_t *slash = memchr(rest->data, '/', rest->length);
    size_t length = slash == NULL ? rest->length : (size_t)(slash - rest->data);
    size_t taken = slash == NULL ? length : length + 1;
    *level = bytes_of(rest->data, length);
    *rest = bytes_of(rest->data + taken, rest->length - taken);
    return true;
}

static bool level_is(struct bytes level, uint8_t wildcard)
{
    return level.length == 1 && level.data[0] == wildcard;
}

static bool level_is_broker_own(struct bytes level)
{
    return level.data[0] == '$';
}

static bool level_holds_wildcard(struct bytes level)
{
    return memchr(level.data, '+', level.length) != NULL ||
           memchr(level.data, '#', level.length) != NULL;
}

/* What topics and filters have in common. */
static const char *topic_text_fault(struct bytes text)
{
    if (text.length == 0) {
        return "It is empty.";
    }
    if (text.length > TOPIC_BYTES_MAX) {
        return "It has more than 255 bytes.";
    }
    if (!text_is_valid(text)) {
        return "It is not UTF-8, or it holds a NUL.";
    }
    uint32_t levels = 1;
    for (size_t at = 0; at < text.length; at++) {
        if (text.data[at] != '/') {
            continue;
        }
        levels++;
        if (at == 0 || at + 1 == text.length || text.data[at + 1] == '/') {
            return "A level is empty.";
        }
    }
    return levels > TOPIC_LEVELS_MAX ? "It has more than 16 levels." : NULL;
}

const char *topic_fault(struct bytes topic)
{
    const char *fault = topic_text_fault(topic);
    if (fault != NULL) {
        return fault;
    }
    if (level_holds_wildcard(topic)) {
        return "A topic to publish to holds no + and no #.";
    }
    return level_is_broker_own(topic) ? "Topics that begin with $ belong to the broker." : NULL;
}

const char *topic_filter_fault(struct bytes filter)
{
    const char *fault = topic_text_fault(filter);
    if (fault != NULL) {
        return fault;
    }
    struct bytes rest = filter, level;
    while (topic_take_level(&rest, &level)) {
        if (level.length > 1 && level_holds_wildcard(level)) {
            return "A wildcard stands for a whole level.";
        }
        if (level_is(level, '#') && rest.length > 0) {
            return "A # is the last level.";
        }
    }
    return NULL;
}

bool topic_matches(struct bytes filter, struct bytes topic)
{
    assert(filter.length > 0 && topic.length > 0);
    /* «a wildcard at the first level never matches a topic that starts with $» */
    if (level_is_broker_own(topic) && (filter.data[0] == '+' || filter.data[0] == '#')) {
        return false;
    }
    struct bytes wanted, level;
    while (topic_take_level(&filter, &wanted)) {
        if (level_is(wanted, '#')) {
            return true;
        }
        if (!topic_take_level(&topic, &level) ||
            !(level_is(wanted, '+') || bytes_are_equal(wanted, level))) {
            return false;
        }
    }
    return topic.length == 0;
}

/* Whether every level that `inner` stands for is one that `outer` stands for; neither is a #. */
static bool level_covers(struct bytes outer, struct bytes inner, bool is_first)
{
    if (level_is(outer, '+')) {
        return !(is_first && level_is_broker_own(inner));
    }
    return bytes_are_equal(outer, inner);
}

bool topic_covers(struct bytes outer, struct bytes inner)
{
    assert(outer.length > 0 && inner.length > 0);
    bool is_first = true;
    struct bytes wanted, level;
    while (topic_take_level(&outer, &wanted)) {
        if (level_is(wanted, '#')) {
            return !(is_first && level_is_broker_own(inner));
        }
        if (!topic_take_level(&inner, &level)) {
            return false;
        }
        if (level_is(level, '#')) {
            /* No topic is empty, so at the first level «#» says no more than «+/#». */
            return is_first && level_is(wanted, '+') && level_is(outer, '#');
        }
        if (!level_covers(wanted, level, is_first)) {
            return false;
        }
        is_first = false;
    }
    return inner.length == 0;
}

/* A filter being written level by level. */
struct topic_draft {
    uint8_t *out;
    size_t length;
    bool is_over; /* longer than any topic */
};

static void draft_add(struct topic_draft *draft, struct bytes text)
{
    size_t slash = draft->length > 0 ? 1 : 0;
    if (text.length == 0 || draft->is_over) {
        return;
    }
    if (slash + text.length > TOPIC_BYTES_MAX - draft->length) {
        draft->is_over = true;
        return;
    }
    if (slash == 1) {
        draft->out[draft->length] = '/';
    }
    memcpy(draft->out + draft->length + slash, text.data, text.length);
    draft->length += slash + text.length;
}

size_t topic_intersect(struct bytes a, struct bytes b, uint8_t out[TOPIC_BYTES_MAX])
{
    assert(a.length > 0 && b.length > 0);
    struct topic_draft draft = {.out = out};
    while (a.length > 0 || b.length > 0) {
        struct bytes whole_a = a, whole_b = b;
        struct bytes level_a = bytes_of(NULL, 0), level_b = bytes_of(NULL, 0);
        bool has_a = topic_take_level(&a, &level_a), has_b = topic_take_level(&b, &level_b);
        bool is_first = draft.length == 0;
        if (level_is(level_a, '#') || level_is(level_b, '#')) {
            /* One takes all the rest: what is left of the other remains. */
            struct bytes rest = level_is(level_a, '#') ? whole_b : whole_a;
            if (is_first && level_is_broker_own(rest)) {
                return 0;
            }
            draft_add(&draft, rest);
            break;
        }
        if (!has_a || !has_b) {
            return 0;
        }
        bool a_is_wider = level_covers(level_a, level_b, is_first);
        if (!a_is_wider && !level_covers(level_b, level_a, is_first)) {
            return 0;
        }
        draft_add(&draft, a_is_wider ? level_b : level_a);
    }
    return draft.is_over ? 0 : draft.length;
}
