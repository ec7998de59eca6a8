/* gets.c - two lists through one array: free places, and those that are ready.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/core/gets.h"

#include <assert.h>
#include <stdlib.h>

struct gets {
    struct get *gets;
    uint32_t room;
    uint32_t free_place;
    uint32_t first, last; /* ready */
};

struct gets *gets_new(uint32_t room)
{
    assert(room > 0);
    struct gets *gets = calloc(1, sizeof *gets);
    if (gets == NULL) {
        return NULL;
    }
    gets->gets = calloc(room, sizeof *gets->gets);
    if (gets->gets == NULL) {
        gets_free(gets);
        return NULL;
    }
    gets->room = room;
    gets->first = gets->last = GETS_NONE;
    for (uint32_t index = 0; index < room; index++) {
        gets->gets[index].next = index + 1 < room ? index + 1 : GETS_NONE;
    }
    return gets;
}

void gets_free(struct gets *gets)
{
    if (gets != NULL) {
        free(gets->gets);
        free(gets);
    }
}

struct get *gets_at(const struct gets *gets, uint32_t index)
{
    assert(index < gets->room && gets->gets[index].is_taken);
    return &gets->gets[index];
}

uint32_t gets_take(struct gets *gets, const struct get *get)
{
    uint32_t index = gets->free_place;
    if (index != GETS_NONE) {
        gets->free_place = gets->gets[index].next;
        gets->gets[index] = *get;
        gets->gets[index].is_taken = true;
        gets->gets[index].is_ready = false;
    }
    return index;
}

void gets_set_ready(struct gets *gets, uint32_t index, bool is_ready)
{
    struct get *get = gets_at(gets, index);
    if (get->is_ready == is_ready) {
        return;
    }
    get->is_ready = is_ready;
    if (is_ready) {
        get->next = GETS_NONE;
        get->before = gets->last;
        *(gets->last == GETS_NONE ? &gets->first : &gets->gets[gets->last].next) = index;
        gets->last = index;
        return;
    }
    *(get->before == GETS_NONE ? &gets->first : &gets->gets[get->before].next) = get->next;
    *(get->next == GETS_NONE ? &gets->last : &gets->gets[get->next].before) = get->before;
}

void gets_give(struct gets *gets, uint32_t index)
{
    gets_set_ready(gets, index, false);
    gets->gets[index] = (struct get){.next = gets->free_place};
    gets->free_place = index;
}

uint32_t gets_first_ready(const struct gets *gets)
{
    return gets->first;
}
