/* status.h - the one list of outcomes of the broker's own functions, and their words.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BROKER_BASE_STATUS_H
#define BROKER_BASE_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_NOT_FOUND, /* nothing there */
    STATUS_CONFLICT,  /* the tail is not the one named */
    STATUS_FULL,      /* no room; nothing changed */
    STATUS_CORRUPT,   /* bytes on disk are not what was written */
    STATUS_UNKNOWN,   /* a commit's outcome is not known: stop */
    STATUS_VERSION,   /* a format of another version; left untouched */
    STATUS_INVALID,   /* bad input from outside */
    STATUS_DENIED,    /* the system refused access */
    STATUS_BUSY,      /* taken by another process, or try again */
    STATUS_IO,        /* the system reported an error; errno was kept in the text */
    STATUS_MEMORY,    /* no memory */
    STATUS_CLOSED     /* the other side is gone */
};

/* Every function that returns a status is declared with this. */
#define STATUS_MUST_CHECK __attribute__((warn_unused_result))

/* The status in words, static. */
const char *status_text(enum status status);

#endif
