/* codes.h - the one list of stable codes that a refusal, an error or an ended follow can carry.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_C_CODES_H
#define PROTO_C_CODES_H

#include "proto/c/bytes.h"

/* How the sender of what was refused should take it. */
enum code_class {
    CODE_DEFINITIVE, /* never will be done as it stands: drop it, tell a person */
    CODE_RETRYABLE,  /* the same again later may succeed */
    CODE_PROTOCOL,   /* part of the dialogue; a library answers it by itself */
    CODE_FATAL       /* this session or follow is over */
};

struct code {
    const char *name; /* "CONFLICT" */
    enum code_class class;
    const char *meaning;    /* one sentence, English */
    const char *meaning_id; /* the same in Indonesian */
    const char *remedy;     /* what to do, English */
    const char *remedy_id;
};

/* The entry of `name`, or NULL. Static. */
const struct code *code_find(struct bytes name);

/* Entry `index` from 0, or NULL past the end: for `kentong explain` and the protocol page. */
const struct code *code_at(size_t index);

#endif
