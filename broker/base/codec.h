/* codec.h - reads and writes big-endian integers and bytes within bounds.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first step over the bound sets a flag that stays; later steps do nothing, reads give zeros
 * and empty views. So a caller encodes or decodes a whole value and asks once, at its end.
 */
#ifndef BROKER_BASE_CODEC_H
#define BROKER_BASE_CODEC_H

#include "proto/c/bytes.h"

struct codec_writer {
    uint8_t *data;
    size_t room;
    size_t used;
    bool is_over; /* something did not fit */
};

struct codec_reader {
    struct bytes left;
    bool is_over; /* more was asked for than there was */
};

/* A writer into `room` bytes at `data`, which stay the caller's. */
struct codec_writer codec_writer_of(void *data, size_t room);

void codec_put_u8(struct codec_writer *writer, uint8_t value);
void codec_put_u16(struct codec_writer *writer, uint16_t value);
void codec_put_u32(struct codec_writer *writer, uint32_t value);
void codec_put_u64(struct codec_writer *writer, uint64_t value);

/* The bytes as they are, without their length. */
void codec_put_bytes(struct codec_writer *writer, struct bytes value);

/* The length as u16, then the bytes; longer than 65,535 is over. */
void codec_put_text(struct codec_writer *writer, struct bytes value);

/* What was written; empty when it is over. */
struct bytes codec_written(const struct codec_writer *writer);

/* A reader of `bytes`; the views that it gives live as long as they do. */
struct codec_reader codec_reader_of(struct bytes bytes);

uint8_t codec_get_u8(struct codec_reader *reader);
uint16_t codec_get_u16(struct codec_reader *reader);
uint32_t codec_get_u32(struct codec_reader *reader);
uint64_t codec_get_u64(struct codec_reader *reader);

/* A view of the next `length` bytes. */
struct bytes codec_get_bytes(struct codec_reader *reader, size_t length);

/* A copy of the next `length` bytes; zeros when there are not so many. */
void codec_get_copy(struct codec_reader *reader, void *out, size_t length);

/* What codec_put_text() wrote. */
struct bytes codec_get_text(struct codec_reader *reader);

/* Everything was there, and nothing is left over. */
bool codec_is_done(const struct codec_reader *reader);

#endif
