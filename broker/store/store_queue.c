/* store_queue.c - two rings, each under a lock of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/store/store_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum status store_queue_init(struct store_queue *queue, uint32_t room)
{
    assert(room > 0);
    *queue = (struct store_queue){.room = room};
    queue->slots = calloc(room, sizeof queue->slots[0]);
    if (queue->slots == NULL) {
        return STATUS_MEMORY;
    }
    /* A step of the wall clock must not stretch a wait. */
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->lock, NULL);
    return STATUS_OK;
}

void store_queue_deinit(struct store_queue *queue)
{
    if (queue->slots == NULL) {
        return;
    }
    for (; queue->count > 0; queue->count--) {
        blob_drop(queue->slots[queue->head].bytes);
        queue->head = (queue->head + 1) % queue->room;
    }
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue->slots);
    queue->slots = NULL;
}

void store_queue_push(struct store_queue *queue, const struct store_request *request)
{
    pthread_mutex_lock(&queue->lock);
    assert(queue->count < queue->room && !queue->is_closing);
    queue->slots[(queue->head + queue->count) % queue->room] = *request;
    queue->count++;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void store_queue_close(struct store_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closing = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static struct timespec moment_after(uint32_t wait_ms)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += wait_ms / 1000;
    moment.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_nsec -= 1000000000;
        moment.tv_sec++;
    }
    return moment;
}

static void wait_for_request(struct store_queue *queue, uint32_t wait_ms)
{
    struct timespec until = moment_after(wait_ms);
    int error = 0;
    while (queue->count == 0 && !queue->is_closing && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    }
}

bool store_queue_take(struct store_queue *queue, struct store_request *requests, uint32_t most,
                      uint32_t wait_ms, uint32_t *count)
{
    pthread_mutex_lock(&queue->lock);
    if (wait_ms > 0) {
        wait_for_request(queue, wait_ms);
    }
    for (*count = 0; *count < most && queue->count > 0; ++*count) {
        requests[*count] = queue->slots[queue->head];
        queue->head = (queue->head + 1) % queue->room;
        queue->count--;
    }
    bool is_open = *count > 0 || !queue->is_closing;
    pthread_mutex_unlock(&queue->lock);
    return is_open;
}

enum status store_completions_init(struct store_completions *completions, uint32_t room)
{
    assert(room > 0);
    *completions = (struct store_completions){.room = room, .descriptor = -1};
    completions->slots = calloc(room, sizeof completions->slots[0]);
    if (completions->slots == NULL) {
        return STATUS_MEMORY;
    }
    completions->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (completions->descriptor < 0) {
        free(completions->slots);
        completions->slots = NULL;
        return STATUS_IO;
    }
    pthread_mutex_init(&completions->lock, NULL);
    return STATUS_OK;
}

void store_completions_deinit(struct store_completions *completions)
{
    if (completions->slots == NULL) {
        return;
    }
    struct store_done done;
    while (store_completions_pop(completions, &done)) {
        blob_drop(done.blob);
    }
    close(completions->descriptor);
    pthread_mutex_destroy(&completions->lock);
    free(completions->slots);
    completions->slots = NULL;
}

/* The descriptor changes only with «something» and «nothing», always under the lock: so that it is
 * readable exactly while something is there, at one system call each way. */
static void raise_descriptor(int descriptor)
{
    ssize_t written = write(descriptor, &(uint64_t){1}, sizeof(uint64_t));
    assert(written == (ssize_t)sizeof(uint64_t));
}

static void lower_descriptor(int descriptor)
{
    uint64_t raised = 0;
    ssize_t taken = read(descriptor, &raised, sizeof raised);
    assert(taken == (ssize_t)sizeof raised && raised == 1);
}

void store_completions_push(struct store_completions *completions, const struct store_done *done,
                            uint32_t count)
{
    if (count == 0) {
        return;
    }
    pthread_mutex_lock(&completions->lock);
    assert(count <= completions->room - completions->count);
    if (completions->count == 0) {
        raise_descriptor(completions->descriptor);
    }
    for (uint32_t index = 0; index < count; index++) {
        uint32_t slot = (completions->head + completions->count) % completions->room;
        completions->slots[slot] = done[index];
        completions->count++;
    }
    pthread_mutex_unlock(&completions->lock);
}

bool store_completions_pop(struct store_completions *completions, struct store_done *done)
{
    pthread_mutex_lock(&completions->lock);
    bool is_there = completions->count > 0;
    if (is_there) {
        *done = completions->slots[completions->head];
        completions->head = (completions->head + 1) % completions->room;
        completions->count--;
        if (completions->count == 0) {
            lower_descriptor(completions->descriptor);
        }
    }
    pthread_mutex_unlock(&completions->lock);
    return is_there;
}
