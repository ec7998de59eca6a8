/* prescan_message.c - one loop over a stack of messages that are not yet walked to their ends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/prescan_message.h"

#include <assert.h>

#include "proto/c/field.h"
#include "proto/c/text.h"

enum { SHAPE_FIELDS_MAX = 64 };

/* A message that is being walked. */
struct frame {
    const struct kt_body_shape *shape;
    struct bytes rest;
    const char *name; /* of the field that holds it; "" for the outermost */
    size_t next;      /* fields come in rising order: the likely place of the next in the shape */
    uint64_t seen;    /* singular fields, by their place in the shape */
    bool is_strict;
};

struct walk {
    struct frame frames[PRESCAN_DEPTH_MAX];
    uint32_t depth;
    uint32_t fields;
    const struct prescan_bounds *bounds;
    struct scan_fault *fault;
};

static bool walk_refuse(struct walk *walk, const char *code, const char *field, const char *reason)
{
    *walk->fault = (struct scan_fault){.code = code, .field = field, .reason = reason};
    return false;
}

static bool walk_count(struct walk *walk, const char *name, size_t fields)
{
    if (fields > walk->bounds->fields - walk->fields) {
        return walk_refuse(walk, "TOO_MANY", name, "There are too many fields.");
    }
    walk->fields += (uint32_t)fields;
    return true;
}

static bool walk_enter(struct walk *walk, struct frame frame)
{
    assert(frame.shape->count <= SHAPE_FIELDS_MAX);
    if (walk->depth == walk->bounds->depth) {
        return walk_refuse(walk, "TOO_DEEP", frame.name, "Messages are nested too deeply.");
    }
    walk->frames[walk->depth++] = frame;
    return true;
}

static const struct kt_body_field *frame_find(struct frame *frame, uint32_t number)
{
    const struct kt_body_shape *shape = frame->shape;
    const struct kt_body_field *field = NULL;
    if (frame->next < shape->count && shape->fields[frame->next].number == number) {
        field = &shape->fields[frame->next];
    } else {
        field = kt_body_find_field(shape, number);
    }
    if (field != NULL) {
        /* A repeated field is likely followed by itself. */
        frame->next = (size_t)(field - shape->fields) + (field->is_repeated ? 0 : 1);
    }
    return field;
}

/* How many integers there are in a packed list; 0: it is malformed. */
static size_t packed_count(struct bytes list)
{
    size_t count = 0;
    uint64_t value;
    while (list.length > 0) {
        if (!field_take_varint(&list, &value)) {
            return 0;
        }
        count++;
    }
    return count;
}

/* The wire type of a number's form, and its size when packed; 0: it varies. */
static enum field_type number_type(uint8_t form, size_t *packed_bytes)
{
    *packed_bytes = form == KT_BODY_FIXED32 ? 4 : form == KT_BODY_FIXED64 ? 8 : 0;
    return form == KT_BODY_FIXED32   ? FIELD_FIXED32
           : form == KT_BODY_FIXED64 ? FIELD_FIXED64
                                     : FIELD_VARINT;
}

static bool walk_number(struct walk *walk, const struct kt_body_field *known,
                        const struct field *field)
{
    size_t each;
    if (field->type == number_type(known->form, &each)) {
        return true;
    }
    if (field->type != FIELD_BYTES || !known->is_repeated) {
        return walk_refuse(walk, "MALFORMED", known->name, "The field has another wire type.");
    }
    size_t length = field->bytes.length;
    size_t count = each == 0 ? packed_count(field->bytes) : length / each;
    if ((length > 0 && count == 0) || (each > 0 && length % each != 0)) {
        return walk_refuse(walk, "MALFORMED", known->name, "The packed list is malformed.");
    }
    return walk_count(walk, known->name, count);
}

static bool walk_text(struct walk *walk, const char *name, struct bytes text)
{
    if (text_is_valid(text)) {
        return true;
    }
    if (memchr(text.data, 0, text.length) != NULL) {
        return walk_refuse(walk, "NUL_IN_TEXT", name, "The text holds a NUL.");
    }
    return walk_refuse(walk, "UTF8_INVALID", name, "The text is not valid UTF-8.");
}

static bool walk_known(struct walk *walk, const struct frame *frame,
                       const struct kt_body_field *known, const struct field *field)
{
    if (known->form < KT_BODY_TEXT) {
        return walk_number(walk, known, field);
    }
    if (field->type != FIELD_BYTES) {
        return walk_refuse(walk, "MALFORMED", known->name, "The field has another wire type.");
    }
    if (known->form == KT_BODY_TEXT) {
        return walk_text(walk, known->name, field->bytes);
    }
    if (known->form == KT_BODY_BLOB) {
        return true;
    }
    uint32_t open_from = walk->depth == 1 ? walk->bounds->open_from : 0;
    bool is_open = open_from > 0 && known->number >= open_from;
    return walk_enter(walk, (struct frame){.shape = known->shape,
                                           .rest = field->bytes,
                                           .name = known->name,
                                           .is_strict = frame->is_strict && !is_open});
}

static bool walk_field(struct walk *walk, struct frame *frame)
{
    struct field field;
    if (!field_take(&frame->rest, &field)) {
        return walk_refuse(walk, "MALFORMED", frame->name, "The bytes are not protobuf.");
    }
    if (!walk_count(walk, frame->name, 1)) {
        return false;
    }
    const struct kt_body_field *known = frame_find(frame, field.number);
    if (known == NULL) {
        return !frame->is_strict ||
               walk_refuse(walk, "VERSION", frame->name, "There is a field of another version.");
    }
    uint64_t bit = UINT64_C(1) << (known - frame->shape->fields);
    if (frame->is_strict && !known->is_repeated && (frame->seen & bit) != 0) {
        return walk_refuse(walk, "DUPLICATE_FIELD", known->name, "The field stands twice.");
    }
    frame->seen |= bit;
    return walk_known(walk, frame, known, &field);
}

bool prescan_message(struct bytes wire_form, const struct kt_body_shape *shape,
                     const struct prescan_bounds *bounds, struct scan_fault *fault)
{
    assert(bounds->depth >= 1 && bounds->depth <= PRESCAN_DEPTH_MAX);
    struct walk walk;
    walk.depth = 0;
    walk.fields = 0;
    walk.bounds = bounds;
    walk.fault = fault;
    *fault = (struct scan_fault){.field = "", .reason = ""};
    bool is_fine = walk_enter(
        &walk, (struct frame){
                   .shape = shape, .rest = wire_form, .name = "", .is_strict = bounds->is_strict});
    while (is_fine && walk.depth > 0) {
        struct frame *frame = &walk.frames[walk.depth - 1];
        if (frame->rest.length == 0) {
            walk.depth--;
        } else {
            is_fine = walk_field(&walk, frame);
        }
    }
    return is_fine;
}
