/* link_zmq.h - one connection to the broker over ZeroMQ: a DEALER socket, made anew for every
 * session.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One thread. libzmq's own reconnecting is off: the client machine decides when.
 */
#ifndef CLIENTS_C_SRC_LINK_ZMQ_H
#define CLIENTS_C_SRC_LINK_ZMQ_H

#include "proto/c/bytes.h"

enum { LINK_KEY_TEXT_BYTES = 41 /* Z85 with NUL */ };

struct link_zmq_options {
    char endpoint[256];
    char broker_key[LINK_KEY_TEXT_BYTES]; /* "": a plain connection, only to ipc:// or this host */
    char public_key[LINK_KEY_TEXT_BYTES];
    char secret_key[LINK_KEY_TEXT_BYTES];
};

enum link_zmq_event {
    LINK_ZMQ_NOTHING,
    LINK_ZMQ_CONNECTED,   /* the handshake succeeded */
    LINK_ZMQ_LOST,        /* no connection, or not any more */
    LINK_ZMQ_AUTH_FAILED, /* the broker refused the key */
    LINK_ZMQ_MESSAGE,
    LINK_ZMQ_BAD /* a message of more than two frames or beyond the bounds */
};

struct link_zmq;

/* A key of 40 characters of Z85 as 32 bytes. False: it is none. */
bool link_zmq_key_read(const char *text, uint8_t key[32]);

/* Copies the options. NULL: no memory or no descriptors. */
struct link_zmq *link_zmq_new(const struct link_zmq_options *options);
void link_zmq_free(struct link_zmq *net);

/* Starts to connect. False: it cannot be tried (errno). */
bool link_zmq_open(struct link_zmq *net);

/* Ends the connection at once; nothing is reported after. */
void link_zmq_close(struct link_zmq *net);

/* What is on its way still gets `linger_ms` after the next link_zmq_close(). */
void link_zmq_linger(struct link_zmq *net, int linger_ms);

/* Waits until something happens on the connection or `wake_fd` is readable. */
void link_zmq_wait(struct link_zmq *net, int wake_fd, int timeout_ms);

/* The next event without waiting. Frames live until the next call. */
enum link_zmq_event link_zmq_next(struct link_zmq *net, struct bytes *first, struct bytes *second);

/* Sends one or two frames; copied. False: it did not leave, the connection is of no use. */
bool link_zmq_send(struct link_zmq *net, struct bytes first, struct bytes second);

#endif
