/* fuzz_topic.c - two filters and a topic, a line each: matching, covering and intersecting agree.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "proto/c/topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_line(struct bytes *rest)
{
    const uint8_t *end = rest->length == 0 ? NULL : memchr(rest->data, '\n', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, length);
    size_t taken = end == NULL ? length : length + 1;
    *rest = bytes_of(rest->data + taken, rest->length - taken);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[TOPIC_BYTES_MAX];
    struct bytes rest = bytes_of(data, size);
    struct bytes a = take_line(&rest), b = take_line(&rest), topic = take_line(&rest);
    bool is_topic = topic_fault(topic) == NULL;
    if (topic_filter_fault(a) != NULL || topic_filter_fault(b) != NULL) {
        return 0;
    }
    size_t length = topic_intersect(a, b, out);
    struct bytes both = bytes_of(out, length);
    assert(length <= TOPIC_BYTES_MAX && (length == 0 || topic_filter_fault(both) == NULL));
    assert(length == 0 || (topic_covers(a, both) && topic_covers(b, both)));
    assert(topic_covers(a, a) && topic_covers(b, b));
    if (!is_topic) {
        return 0;
    }
    bool by_a = topic_matches(a, topic), by_b = topic_matches(b, topic);
    assert((by_a && by_b) == (length > 0 && topic_matches(both, topic)));
    assert(!topic_covers(a, b) || by_a || !by_b);
    assert(!topic_covers(b, a) || by_b || !by_a);
    return 0;
}
